//! Which values are secrets that can be blanked without blanking everything, and how they may be written.

use std::collections::BTreeSet;

use super::{Secret, names};

/// A shorter value stands in too many other texts.
const LEAST: usize = 8;
/// The same of a variable that the user has named.
const LEAST_NAMED: usize = 4;

/// Values of these stand in every other path and line.
const ORDINARY: &[&str] = &[
    "HOME", "USER", "LOGNAME", "HOSTNAME", "HOST", "SHELL", "PWD", "OLDPWD", "LANG", "TERM", "TZ", "PATH", "TMPDIR",
    "EDITOR", "PAGER", "DISPLAY",
];

/// What people write where a secret should be, or in place of a choice.
const WORDS: &[&str] = &[
    "localhost",
    "password",
    "changeme",
    "disabled",
    "required",
    "optional",
    "undefined",
    "production",
    "development",
    "postgres",
    "anonymous",
    "keychain",
    "keyring",
    "automatic",
    "unlimited",
    "placeholder",
    "api-key",
    "oauth-personal",
];

/// A secret and what is written in its place, `[redacted:LABEL]`.
pub type Labelled = (String, Secret);

/// The secrets among `variables`: by their names, those that the user lists in `named`, and passwords in URLs whatever the
/// name. Those in `except` are none, unless they are named as well.
pub fn of_variables(variables: &[(&str, &str)], named: &[String], except: &[String]) -> Vec<Labelled> {
    let ordinary: Vec<&str> =
        variables.iter().filter(|(name, _)| ORDINARY.contains(name)).map(|(_, value)| *value).collect();
    let mut found = Vec::new();
    for &(name, value) in variables {
        let value = value.trim();
        let labelled = |value: &str| (label(name), Secret::new(value));
        if named.iter().any(|wanted| wanted == name) {
            if value.len() >= LEAST_NAMED {
                found.push(labelled(value));
            }
            continue;
        }
        if except.iter().any(|other| other == name) {
            continue;
        }
        if names::is_secret(name) {
            let value = without_scheme(value);
            if is_worth_it(value, &ordinary) {
                found.push(labelled(value));
            }
        } else if name.to_ascii_uppercase().ends_with("HEADERS") {
            for (header, value) in value.split([',', '\n']).filter_map(|one| one.split_once(['=', ':'])) {
                found.extend(of_header(header.trim(), value));
            }
        }
        if let Some(password) = password(value).filter(|password| is_worth_it(password, &ordinary)) {
            found.push(labelled(password));
        }
    }
    found
}

/// The secret in the value of a header, if its name or its look tells that it holds one.
pub fn of_header(name: &str, value: &str) -> Option<Labelled> {
    let value = without_scheme(value.trim());
    let is_one = names::is_secret(name) || is_random(value);
    (is_one && is_worth_it(value, &[])).then(|| (label(name), Secret::new(value)))
}

/// What stands in place of a secret has nothing in it that needs to be escaped anywhere.
fn label(name: &str) -> String {
    name.chars()
        .map(|letter| if letter.is_ascii_alphanumeric() || "_-.".contains(letter) { letter } else { '_' })
        .collect()
}

/// What is behind `Bearer `, `Basic ` and the like; also where the blank is percent-encoded.
fn without_scheme(value: &str) -> &str {
    let scheme = |end: &usize| value[..*end].chars().all(|letter| letter.is_ascii_alphabetic());
    match value.find(' ').filter(scheme).map(|end| end + 1).or(value.find("%20").filter(scheme).map(|end| end + 3)) {
        Some(start) => value[start..].trim_start(),
        None => value,
    }
}

fn is_worth_it(value: &str, ordinary: &[&str]) -> bool {
    let lower = value.to_ascii_lowercase();
    value.len() >= LEAST
        && value.parse::<f64>().is_err()
        && !WORDS.contains(&lower.as_str())
        && !ordinary.contains(&value)
        && !is_path(value, ordinary)
        && !is_plain_url(value)
        // One character over and over.
        && value.bytes().any(|byte| Some(&byte) != value.as_bytes().first())
}

/// Base64 may begin with a slash as well, so a path is one by where it leads.
fn is_path(value: &str, ordinary: &[&str]) -> bool {
    const ROOTS: &[&str] = &[
        "home",
        "Users",
        "root",
        "var",
        "run",
        "tmp",
        "etc",
        "usr",
        "opt",
        "mnt",
        "srv",
        "proc",
        "dev",
        "private",
        "app",
        "data",
        "work",
        "workspace",
        "workspaces",
        "builds",
        "bin",
        "nix",
        "snap",
        "secrets",
    ];
    let root = value.strip_prefix('/').and_then(|rest| rest.split('/').next());
    value.starts_with("~/")
        || value.starts_with("./")
        || value.starts_with("../")
        || root.is_some_and(|root| ROOTS.contains(&root))
        || ordinary.iter().any(|folder| folder.len() > 1 && folder.starts_with('/') && value.starts_with(folder))
}

/// A URL without anything in it that lets somebody in: neither user, nor query, nor a path of random letters.
fn is_plain_url(value: &str) -> bool {
    let Some((scheme, rest)) = value.split_once("://") else { return false };
    scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+.-".contains(&byte))
        && !rest.contains(['@', '?', '#'])
        && !rest.split('/').skip(1).any(is_random)
}

/// The password in a URL, as it is written there.
fn password(value: &str) -> Option<&str> {
    let (_, rest) = value.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let (user, _) = authority.rsplit_once('@')?;
    user.split_once(':').map(|(_, password)| password)
}

/// Letters and digits as no word has them.
fn is_random(value: &str) -> bool {
    value.len() >= 16
        && !value.contains(char::is_whitespace)
        && value.bytes().filter(u8::is_ascii_digit).count() >= 2
        && value.bytes().filter(u8::is_ascii_alphabetic).count() >= 2
}

/// `value` in all the ways in which it may be written inside of another text: as it is, in JSON, in JSON inside of JSON, and
/// percent-encoded in the ways of several encoders.
pub(super) fn ways(value: &str) -> BTreeSet<Vec<u8>> {
    let json = in_json(value);
    let mut ways = BTreeSet::from([value.as_bytes().to_vec(), in_json(&json).into_bytes(), json.into_bytes()]);
    for kept in ["-_.~", "-_.~/", "-_.~!*'()"] {
        ways.insert(percent_encoded(value, kept));
    }
    ways
}

fn in_json(value: &str) -> String {
    let quoted = serde_json::Value::from(value).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

fn percent_encoded(value: &str, kept: &str) -> Vec<u8> {
    let mut encoded = Vec::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || kept.as_bytes().contains(&byte) {
            encoded.push(byte);
        } else {
            encoded.extend_from_slice(format!("%{byte:02X}").as_bytes());
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(variables: &[(&str, &str)], named: &[&str], except: &[&str]) -> Vec<(String, String)> {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let found = of_variables(variables, &owned(named), &owned(except));
        found.into_iter().map(|(label, secret)| (label, secret.expose().to_owned())).collect()
    }

    #[test]
    fn values_that_are_secrets() {
        for (name, value, expected) in [
            ("API_KEY", "hunter2hunter2", "hunter2hunter2"),
            ("API_KEY", " hunter2hunter2\n", "hunter2hunter2"),
            ("AUTHORIZATION", "Bearer abcdefgh", "abcdefgh"),
            // Base64 may look like a path.
            (
                "AWS_SECRET_ACCESS_KEY",
                "/wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                "/wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            ),
            ("SENTRY_DSN", "https://0123456789abcdef@sentry.example/1", "https://0123456789abcdef@sentry.example/1"),
            (
                "SLACK_WEBHOOK_URL",
                "https://hooks.example/T0/B1/a1b2c3d4e5f6g7h8",
                "https://hooks.example/T0/B1/a1b2c3d4e5f6g7h8",
            ),
            ("DATABASE_URL", "postgres://me:hunter2hunter2@db/app", "hunter2hunter2"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=production,authorization=Basic%20aGk6aG8K", "aGk6aG8K"),
            ("ANTHROPIC_CUSTOM_HEADERS", "X-Team: blue\nX-Api-Key: hunter2hunter2", "hunter2hunter2"),
        ] {
            let values: Vec<String> = found(&[(name, value)], &[], &[]).into_iter().map(|(_, value)| value).collect();
            assert_eq!(values, [expected], "{name}={value}");
        }
    }

    #[test]
    fn values_that_are_none() {
        for (name, value) in [
            ("API_KEY", ""),
            ("API_KEY", "short"),
            ("API_KEY", "1234567890"),
            ("API_KEY", "xxxxxxxxxxxx"),
            ("API_KEY", "changeme"),
            ("DB_PASSWORD", "Password"),
            ("ENABLE_TOKEN", "true"),
            ("SSH_KEY", "/home/me/.ssh/id_ed25519"),
            ("SSH_KEY", "~/.ssh/id_ed25519"),
            ("GOOGLE_APPLICATION_CREDENTIALS", "/srv/key.json"),
            ("ACTIONS_TOKEN_SERVICE", "https://token.example/v1"),
            ("DB_USER_PASS", "somebody-here"),
            ("DATABASE_URL", "postgres://me:pw@db/app"),
            ("OTHER", "hunter2hunter2"),
        ] {
            assert_eq!(found(&[("USER", "somebody-here"), (name, value)], &[], &[]), [], "{name}={value}");
        }
    }

    #[test]
    fn the_user_knows_better() {
        let variables = [("MY_THING", "abcd"), ("CACHE_KEY", "linux-x64-debug"), ("OTHER_KEY", "hunter2hunter2")];
        let one = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            found(&variables, &["MY_THING"], &["CACHE_KEY"]),
            [one("MY_THING", "abcd"), one("OTHER_KEY", "hunter2hunter2")]
        );
        assert_eq!(
            found(&variables, &["CACHE_KEY"], &["CACHE_KEY", "OTHER_KEY"]),
            [one("CACHE_KEY", "linux-x64-debug")]
        );
    }

    #[test]
    fn ways_of_writing() {
        let written = |value: &str| -> Vec<String> {
            ways(value).into_iter().map(|way| String::from_utf8(way).unwrap_or_default()).collect()
        };
        assert_eq!(written("plain-value_1"), ["plain-value_1"]);
        assert_eq!(written("a/b+c="), ["a%2Fb%2Bc%3D", "a/b%2Bc%3D", "a/b+c="]);
        assert_eq!(written("a\"b"), ["a\"b", "a%22b", "a\\\"b", "a\\\\\\\"b"]);
    }
}
