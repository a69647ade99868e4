//! What is shown to a backend to get in there: whether it can be had, whether it still holds, and whether it is what it seems.
//! No value of a header is ever part of a finding.

use std::time::Duration;

use super::jwt;
use super::{Finding, Grade, Subject, span};
use crate::environment::Environment;
use crate::secret::Secret;
use crate::settings::{HeaderValue, Origin, variables};

/// A header that a run would send.
#[derive(Debug, Clone)]
pub struct Header {
    /// What the upstream is called.
    pub upstream: String,
    /// Its name, in lower case.
    pub name: String,
    /// Where it was said.
    pub origin: Origin,
    /// Where its value stands.
    pub source: HeaderValue,
    /// The value; the error is a sentence. A value that a program prints is not known here.
    pub value: Result<Option<Secret>, String>,
    /// The mode of the file that it stands in, if it stands in one (`st_mode`).
    pub mode: Option<u32>,
}

/// A program that prints headers, and what came of starting it.
#[derive(Debug, Clone)]
pub struct Printed {
    /// What the upstream is called.
    pub upstream: String,
    /// The program, in words.
    pub program: String,
    /// Where it was said.
    pub origin: Origin,
    /// The headers by their names; the error is a sentence without anything of what was printed.
    pub headers: Result<Vec<(String, Secret)>, String>,
    /// How long it took.
    pub took: Duration,
}

/// A file that TLS needs.
#[derive(Debug, Clone)]
pub struct File {
    /// What it holds, in words.
    pub what: &'static str,
    /// Its path.
    pub path: String,
    /// Where it was said.
    pub origin: Origin,
    /// Whether it is a secret that only its owner should read.
    pub is_secret: bool,
    /// Its mode; the error is the rest of a sentence.
    pub mode: Result<u32, String>,
}

/// What the credentials are found out from.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The headers of all upstreams.
    pub headers: Vec<Header>,
    /// What programs printed.
    pub printed: Vec<Printed>,
    /// The files for TLS.
    pub files: Vec<File>,
    /// The time, in seconds since 1970.
    pub now: i64,
}

/// A token that ends sooner is worth a word.
const SOON: i64 = 60 * 60;
/// A program that takes longer is noticed at the start of delivery.
const SLOW: Duration = Duration::from_secs(1);

/// What is to be said of the credentials.
pub fn findings(facts: &Facts) -> Vec<Finding> {
    let mut findings = Vec::new();
    for header in &facts.headers {
        match &header.value {
            Ok(None) => {}
            Ok(Some(value)) => findings.extend(of_value(header, value.expose(), facts.now)),
            Err(reason) => findings.push(not_there(header, reason)),
        }
        findings.extend(open_file(header));
    }
    for printed in &facts.printed {
        findings.extend(of_program(printed, facts.now));
    }
    findings.extend(facts.files.iter().filter_map(of_file));
    findings
}

/// What an agent makes of headers that it is left with, because nothing leads it to the run's collector.
pub fn undecoded(agent: &str, environment: &Environment) -> Vec<Finding> {
    let (splits_naively, decodes_nothing) = match agent {
        "opencode" => (true, true),
        // Over HTTP.
        "claude" => (false, true),
        _ => return Vec::new(),
    };
    let mut findings = Vec::new();
    for name in [variables::OTLP_HEADERS, variables::OTLP_TRACES_HEADERS] {
        let Some(text) = environment.get(name) else { continue };
        let said = |grade, what: String| {
            Finding::new(Subject::Credentials, grade, "credentials.agent", what)
                .said_at(&Origin::Variable(name.to_owned()))
        };
        if splits_naively && text.split(',').skip(1).any(|member| member.starts_with(char::is_whitespace)) {
            let what = format!("{agent} is left with {name}, and a space behind a comma makes it lose every export");
            findings.push(said(Grade::Loss, what).remedy("write the list without spaces: a=1,b=2"));
        }
        if decodes_nothing && text.contains('%') {
            let what = format!("{agent} is left with {name} and sends percent-escapes as they stand, as in Bearer%20");
            findings.push(
                said(Grade::Warning, what)
                    .remedy("write a plain space for this agent, or let otel-run send the headers: --collector on"),
            );
        }
    }
    findings
}

fn finding(grade: Grade, check: &'static str, what: impl Into<String>) -> Finding {
    Finding::new(Subject::Credentials, grade, check, what)
}

/// The header, with its upstream where that has a name that somebody gave it.
fn shown(upstream: &str, name: &str) -> String {
    let of = if upstream == crate::settings::DEFAULT_NAME { String::new() } else { format!(" of {upstream}") };
    format!("the header {name}{of}")
}

fn not_there(header: &Header, reason: &str) -> Finding {
    let what = format!("{} has no value: {reason}", shown(&header.upstream, &header.name));
    let remedy = match &header.source {
        HeaderValue::Env(variable) => format!("export {variable} where otel-run is started"),
        HeaderValue::File(path) => {
            format!("put the value into {} as its only line, readable for you", path.display())
        }
        HeaderValue::Literal(_) | HeaderValue::Command(_) => "say the header again".to_owned(),
    };
    finding(Grade::Loss, "credentials.source", what).said_at(&header.origin).remedy(remedy)
}

/// What can be wrong with a value that is there.
fn of_value(header: &Header, value: &str, now: i64) -> Vec<Finding> {
    let shown = shown(&header.upstream, &header.name);
    let mut findings = Vec::new();
    let mut add = |grade, check, what: String, remedy: &str| {
        findings.push(finding(grade, check, what).said_at(&header.origin).remedy(remedy));
    };
    let trimmed = value.trim();
    if is_scheme_alone(trimmed) {
        add(
            Grade::Loss,
            "credentials.empty",
            format!(
                "{shown} is \"{trimmed}\" with nothing behind it: the variable that it was made of was probably not set"
            ),
            "set the variable, or name it: authorization=env:NAME",
        );
    } else if looks_like_a_placeholder(trimmed) {
        add(
            Grade::Warning,
            "credentials.placeholder",
            format!("{shown} looks like a placeholder that nobody has filled in"),
            "put the token in its place; a shell fills in $NAME between double quotes, and not between single ones",
        );
    }
    if trimmed.starts_with(['"', '\'']) {
        add(
            Grade::Warning,
            "credentials.quoted",
            format!("{shown} begins with a quotation mark, which is sent as it stands"),
            "take the quotation marks out",
        );
    }
    if has_escapes(trimmed) {
        add(
            Grade::Warning,
            "credentials.escaped",
            format!("{shown} has percent-escapes, and is sent as it stands"),
            "write a plain space: only OTEL_EXPORTER_OTLP_HEADERS and OTEL_RUN_HEADERS are percent-decoded",
        );
    }
    if let (Origin::Flag(flag), HeaderValue::Literal(_)) = (&header.origin, &header.source)
        && is_credential(&header.name)
    {
        findings.push(
            finding(
                Grade::Note,
                "credentials.readable",
                format!("{shown} stands in the command line, which everybody who can list processes can read"),
            )
            .said_at(&header.origin)
            .remedy(format!("say {flag} {}=env:NAME or {}=file:PATH", header.name, header.name)),
        );
    }
    match of_time(&shown, value, now) {
        Some(of_time) => findings.push(of_time.said_at(&header.origin)),
        None if findings.is_empty() => {
            let source = header.source.source().map(|source| format!(" from {source}")).unwrap_or_default();
            findings.push(
                finding(Grade::Fine, "credentials.header", format!("{shown}{source} is there")).said_at(&header.origin),
            );
        }
        None => {}
    }
    findings
}

/// What a token says of its own time.
fn of_time(shown: &str, value: &str, now: i64) -> Option<Finding> {
    let jwt::Times { ends, begins } = jwt::times(value)?;
    if let Some(begins) = begins.filter(|begins| *begins > now) {
        let what = format!("{shown} is a token that holds in {} and not before", span((begins - now).unsigned_abs()));
        let remedy = "look at the clock of this machine, and at the token";
        return Some(finding(Grade::Loss, "credentials.not_yet", what).remedy(remedy));
    }
    let left = ends? - now;
    if left <= 0 {
        let what = format!("{shown} is a token that expired {} ago", span(left.unsigned_abs()));
        let remedy = "get a new one; a program that prints a fresh one every time can be named with --headers-helper";
        return Some(finding(Grade::Loss, "credentials.expired", what).remedy(remedy));
    }
    let what = format!("{shown} is a token that expires in {}", span(left.unsigned_abs()));
    Some(if left < SOON {
        let remedy = "runs that take longer need a new one: name a program that prints it with --headers-helper";
        finding(Grade::Warning, "credentials.expires", what).remedy(remedy)
    } else {
        finding(Grade::Fine, "credentials.expires", what)
    })
}

fn of_program(printed: &Printed, now: i64) -> Vec<Finding> {
    let Printed { upstream, program, origin, headers, took } = printed;
    let headers = match headers {
        Err(reason) => {
            let remedy = "start it by hand and look at what it prints: a JSON object of strings, such as {\"authorization\": \
                          \"Bearer ...\"}, or for one header its value alone";
            return vec![finding(Grade::Loss, "credentials.helper", reason).said_at(origin).remedy(remedy)];
        }
        Ok(headers) if headers.is_empty() => {
            let what = format!("{program} prints no headers");
            let remedy = "let it print {\"authorization\": \"Bearer ...\"}";
            return vec![finding(Grade::Warning, "credentials.helper.empty", what).said_at(origin).remedy(remedy)];
        }
        Ok(headers) => headers,
    };
    let names: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
    let mut findings = Vec::new();
    for (name, value) in headers {
        let of_time = of_time(&shown(upstream, name), value.expose(), now);
        findings.extend(of_time.filter(|finding| finding.grade > Grade::Fine).map(|finding| finding.said_at(origin)));
    }
    let what = format!("{program} prints {}", names.join(", "));
    findings.push(if *took > SLOW {
        let what = format!("{what}, and takes {:.1} s for it", took.as_secs_f64());
        finding(Grade::Note, "credentials.helper.slow", what)
            .said_at(origin)
            .remedy("delivery waits for it at the start of every run")
    } else {
        finding(Grade::Fine, "credentials.helper", what).said_at(origin)
    });
    findings
}

/// Others who can read a file with a secret in it.
fn open_file(header: &Header) -> Option<Finding> {
    let HeaderValue::File(path) = &header.source else { return None };
    let mode = header.mode.filter(|mode| mode & 0o077 != 0)?;
    let path = path.display();
    let what = format!(
        "{path}, which holds {}, can be read by others (mode {:03o})",
        shown(&header.upstream, &header.name),
        mode & 0o777
    );
    let remedy = format!("chmod 600 {path}");
    Some(finding(Grade::Warning, "credentials.file.open", what).said_at(&header.origin).remedy(remedy))
}

fn of_file(file: &File) -> Option<Finding> {
    let File { what, path, origin, is_secret, mode } = file;
    match mode {
        Err(reason) => {
            let what = format!("{path}, {what}, {reason}");
            let remedy = "name a PEM file that is there and that you can read";
            Some(finding(Grade::Loss, "credentials.file", what).said_at(origin).remedy(remedy))
        }
        Ok(mode) if *is_secret && mode & 0o077 != 0 => {
            let what = format!("{path}, {what}, can be read by others (mode {:03o})", mode & 0o777);
            let remedy = format!("chmod 600 {path}");
            Some(finding(Grade::Warning, "credentials.file.open", what).said_at(origin).remedy(remedy))
        }
        Ok(_) => None,
    }
}

/// The name of a scheme, and no credentials (RFC 9110, section 11.4).
fn is_scheme_alone(value: &str) -> bool {
    ["basic", "bearer", "token", "apikey", "api-key"].iter().any(|scheme| value.eq_ignore_ascii_case(scheme))
}

fn looks_like_a_placeholder(value: &str) -> bool {
    let token = value.split_whitespace().last().unwrap_or_default();
    let is_bracketed = token.starts_with('<') && token.ends_with('>');
    let is_variable = token.strip_prefix('$').is_some_and(|name| {
        let name = name.trim_start_matches(['{', '(']).trim_end_matches(['}', ')']);
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    });
    let upper = token.to_ascii_uppercase();
    let words = ["YOUR_", "YOUR-", "CHANGEME", "CHANGE_ME", "REPLACE_ME", "XXXX"];
    is_variable
        || is_bracketed
        || token.starts_with("{{") && token.ends_with("}}")
        || token == "..."
        || words.iter().any(|word| upper.starts_with(word))
}

/// Whether there are escapes such as `%20` in it.
fn has_escapes(value: &str) -> bool {
    let bytes = value.as_bytes();
    bytes.windows(3).any(|window| window[0] == b'%' && window[1].is_ascii_hexdigit() && window[2].is_ascii_hexdigit())
}

fn is_credential(name: &str) -> bool {
    ["auth", "key", "token", "secret", "password"].iter().any(|part| name.contains(part))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    const NOW: i64 = 1_700_000_000;

    fn header(value: Result<&str, &str>) -> Header {
        Header {
            upstream: "default".to_owned(),
            name: "authorization".to_owned(),
            origin: Origin::Variable("OTEL_EXPORTER_OTLP_HEADERS".to_owned()),
            source: HeaderValue::Literal(Secret::new("")),
            value: value.map(|value| Some(Secret::new(value))).map_err(str::to_owned),
            mode: None,
        }
    }

    fn of(headers: Vec<Header>) -> Vec<Finding> {
        findings(&Facts { headers, now: NOW, ..Facts::default() })
    }

    /// A token with this payload, in base64 by hand: no room but that of OTLP writes it.
    fn token(payload: &str) -> String {
        const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let bits: String = payload.bytes().map(|byte| format!("{byte:08b}")).collect();
        let digit = |chunk: &[u8]| {
            let chunk = format!("{:0<6}", std::str::from_utf8(chunk).unwrap());
            char::from(DIGITS[usize::from_str_radix(&chunk, 2).unwrap()])
        };
        format!("Bearer e30.{}.x", bits.as_bytes().chunks(6).map(digit).collect::<String>())
    }

    #[test]
    fn values_are_what_they_seem_or_not() {
        for (value, check, grade) in [
            ("Bearer s3cret", "credentials.header", Grade::Fine),
            ("Bearer", "credentials.empty", Grade::Loss),
            ("Bearer ", "credentials.empty", Grade::Loss),
            ("Bearer $TOKEN", "credentials.placeholder", Grade::Warning),
            ("${TOKEN}", "credentials.placeholder", Grade::Warning),
            ("Bearer <s3cret>", "credentials.placeholder", Grade::Warning),
            ("Bearer YOUR_s3cret", "credentials.placeholder", Grade::Warning),
            ("\"Bearer s3cret\"", "credentials.quoted", Grade::Warning),
            ("Bearer%20s3cret", "credentials.escaped", Grade::Warning),
            ("Basic dXM6cDElMg==", "credentials.header", Grade::Fine),
        ] {
            let found = of(vec![header(Ok(value))]);
            let found: Vec<_> = found.iter().map(|finding| (finding.check, finding.grade)).collect();
            assert_eq!(found, [(check, grade)], "{value}");
        }
    }

    #[test]
    fn tokens_end() {
        for (payload, check, grade, part) in [
            ("{\"exp\":1699990000}", "credentials.expired", Grade::Loss, "expired 2 hours ago"),
            ("{\"exp\":1700000300}", "credentials.expires", Grade::Warning, "expires in 5 minutes"),
            ("{\"exp\":1701000000}", "credentials.expires", Grade::Fine, "expires in 11 days"),
            ("{\"nbf\":1700086400}", "credentials.not_yet", Grade::Loss, "holds in 24 hours"),
            ("{}", "credentials.header", Grade::Fine, "is there"),
        ] {
            let found = of(vec![header(Ok(&token(payload)))]);
            assert_eq!(found.len(), 1, "{found:?}");
            assert_eq!((found[0].check, found[0].grade), (check, grade), "{payload}");
            assert!(found[0].what.contains(part), "{}", found[0].what);
        }
    }

    #[test]
    fn sources_that_cannot_be_reached_have_their_own_remedies() {
        let of_source = |source| Header { source, ..header(Err("it is not set")) };
        for (source, remedy) in [
            (HeaderValue::Env("TOKEN".to_owned()), "export TOKEN where otel-run is started"),
            (HeaderValue::File("/t".into()), "put the value into /t as its only line, readable for you"),
        ] {
            let found = of(vec![of_source(source)]);
            assert_eq!((found.len(), found[0].check, found[0].grade), (1, "credentials.source", Grade::Loss));
            assert_eq!(found[0].remedy.as_deref(), Some(remedy));
        }
    }

    #[test]
    fn others_must_not_read_secrets() {
        let in_file =
            |mode| Header { source: HeaderValue::File("/t".into()), mode: Some(mode), ..header(Ok("Bearer s3cret")) };
        let checks = |mode| of(vec![in_file(mode)]).iter().map(|finding| finding.check).collect::<Vec<_>>();
        assert_eq!(checks(0o100_600), ["credentials.header"]);
        assert_eq!(checks(0o100_644), ["credentials.header", "credentials.file.open"]);
        let file = |is_secret, mode| File {
            what: "the client's key",
            path: "/k".to_owned(),
            origin: Origin::Flag("--client-key"),
            is_secret,
            mode,
        };
        for (file, expected) in [
            (file(true, Ok(0o600)), None),
            (file(false, Ok(0o644)), None),
            (file(true, Ok(0o640)), Some(Grade::Warning)),
            (file(false, Err("cannot be read".to_owned())), Some(Grade::Loss)),
        ] {
            assert_eq!(of_file(&file).map(|finding| finding.grade), expected, "{file:?}");
        }
    }

    #[test]
    fn programs_print_what_they_must() {
        let printed = |headers, took| Printed {
            upstream: "default".to_owned(),
            program: "/h".to_owned(),
            origin: Origin::Flag("--headers-helper"),
            headers,
            took,
        };
        let quick = Duration::from_millis(5);
        let good = vec![("authorization".to_owned(), Secret::new("Bearer s3cret"))];
        let expired = vec![("authorization".to_owned(), Secret::new(token("{\"exp\":1}")))];
        for (printed, expected) in [
            (printed(Ok(good.clone()), quick), &[("credentials.helper", Grade::Fine)][..]),
            (printed(Ok(good), Duration::from_secs(2)), &[("credentials.helper.slow", Grade::Note)]),
            (printed(Ok(Vec::new()), quick), &[("credentials.helper.empty", Grade::Warning)]),
            (printed(Err("/h failed".to_owned()), quick), &[("credentials.helper", Grade::Loss)]),
            (printed(Ok(expired), quick), &[("credentials.expired", Grade::Loss), ("credentials.helper", Grade::Fine)]),
        ] {
            let found = of_program(&printed, NOW);
            let found: Vec<_> = found.iter().map(|finding| (finding.check, finding.grade)).collect();
            assert_eq!(found, expected, "{printed:?}");
        }
    }

    #[test]
    fn what_agents_do_not_decode() {
        for (agent, headers, expected) in [
            ("opencode", "a=1,b=2", 0),
            ("opencode", "a=1, b=2", 1),
            ("opencode", "a=Bearer%20x", 1),
            ("opencode", "a=Bearer%20x, b=2", 2),
            ("claude", "a=1, b=2", 0),
            ("claude", "a=Bearer%20x", 1),
            ("codex", "a=Bearer%20x, b=2", 0),
        ] {
            let environment: Environment = [("OTEL_EXPORTER_OTLP_HEADERS", headers)].into_iter().collect();
            assert_eq!(undecoded(agent, &environment).len(), expected, "{agent} {headers}");
        }
    }

    #[test]
    fn no_value_is_ever_told() {
        for value in ["Bearer s3cret", "\"s3cret", "<s3cret>", "YOUR_s3cret", "Bearer%20s3cret", "$s3cret"] {
            let mut flag = header(Ok(value));
            flag.origin = Origin::Flag("--header");
            let told = format!("{:?}", of(vec![flag]));
            assert!(!told.contains("s3cret"), "{told}");
        }
    }
}
