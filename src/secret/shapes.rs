//! Tokens that are known by their look: a beginning that nothing else has, and enough random letters behind it.

use std::ops::Range;

/// The bytes that the tokens of one kind are made of, beside letters and digits.
type Also = &'static [u8];

/// A kind of token.
struct Shape {
    /// What is looked for.
    mark: &'static [u8],
    /// What stands in its place, `[redacted:NAME]`.
    name: &'static str,
    tail: Tail,
}

/// What has to follow the mark.
enum Tail {
    /// So many letters, digits and these, at least.
    Run(usize, Also),
    /// So many capital letters and digits, exactly.
    Capitals(usize),
    /// So many letters, digits and these, of which twelve in a row have a letter and a digit; and no letter stands in front.
    Key(usize, Also),
    /// The rest of a JSON Web Token: three parts with dots between them.
    WebToken,
    /// `PRIVATE KEY-----` and all up to its end.
    PrivateKey,
    /// A user, a colon, a password, an at sign.
    UserInfo,
}

use Tail::{Capitals, Key, PrivateKey, Run, UserInfo, WebToken};

const SHAPES: &[Shape] = &[
    Shape { mark: b"sk-", name: "sk-key", tail: Key(20, b"-_") },
    Shape { mark: b"xai-", name: "xai-key", tail: Key(40, b"-_") },
    Shape { mark: b"gsk_", name: "gsk-key", tail: Run(40, b"") },
    Shape { mark: b"ghp_", name: "github-token", tail: Run(30, b"_") },
    Shape { mark: b"gho_", name: "github-token", tail: Run(30, b"_") },
    Shape { mark: b"ghu_", name: "github-token", tail: Run(30, b"_") },
    Shape { mark: b"ghs_", name: "github-token", tail: Run(30, b"_") },
    Shape { mark: b"ghr_", name: "github-token", tail: Run(30, b"_") },
    Shape { mark: b"github_pat_", name: "github-token", tail: Run(40, b"_") },
    Shape { mark: b"glpat-", name: "gitlab-token", tail: Run(20, b"-_.") },
    Shape { mark: b"xoxa-", name: "slack-token", tail: Key(16, b"-") },
    Shape { mark: b"xoxb-", name: "slack-token", tail: Key(16, b"-") },
    Shape { mark: b"xoxp-", name: "slack-token", tail: Key(16, b"-") },
    Shape { mark: b"AKIA", name: "aws-access-key", tail: Capitals(16) },
    Shape { mark: b"ASIA", name: "aws-access-key", tail: Capitals(16) },
    Shape { mark: b"AIza", name: "google-key", tail: Run(35, b"-_") },
    Shape { mark: b"ya29.", name: "google-token", tail: Run(20, b"-_.") },
    Shape { mark: b"npm_", name: "npm-token", tail: Run(36, b"") },
    Shape { mark: b"hf_", name: "hugging-face-token", tail: Run(30, b"") },
    Shape { mark: b"eyJ", name: "jwt", tail: WebToken },
    Shape { mark: b"-----BEGIN ", name: "private-key", tail: PrivateKey },
    Shape { mark: b"://", name: "password", tail: UserInfo },
];

/// Everything that a token begins with.
pub(super) fn marks() -> impl Iterator<Item = &'static [u8]> {
    SHAPES.iter().map(|shape| shape.mark)
}

/// A token in a text.
pub(super) struct Token {
    pub(super) range: Range<usize>,
    pub(super) name: &'static str,
}

/// Whether there can be a token whose mark begins at `at`. `bytes` need not be text alone: what stands around a text is
/// never a reason to say no.
pub(super) fn may_begin(bytes: &[u8], at: usize) -> bool {
    let Some((shape, rest)) = shape_at(bytes, at) else { return false };
    match shape.tail {
        Run(least, also) | Key(least, also) => begins_with_run(rest, least, also),
        Capitals(count) => begins_with_capitals(rest, count),
        WebToken => begins_with_run(rest, LEAST_PART, b"-_"),
        PrivateKey => names_private_key(rest),
        UserInfo => password(rest).is_some(),
    }
}

/// The token in `text` whose mark begins at `at`.
pub(super) fn token(text: &[u8], at: usize) -> Option<Token> {
    let (shape, rest) = shape_at(text, at)?;
    let start = text.len() - rest.len();
    let length = match shape.tail {
        Run(least, also) => begins_with_run(rest, least, also).then(|| run(rest, also))?,
        Key(least, also) => {
            // What many marks in a row could cost is bounded.
            let first = &rest[..run(&rest[..rest.len().min(LONGEST_WORD)], also)];
            (first.len() >= least && is_mixed(first) && is_boundary(&text[..at])).then(|| run(rest, also))?
        }
        Capitals(count) => {
            let ends = !rest.get(count).is_some_and(u8::is_ascii_alphanumeric);
            (begins_with_capitals(rest, count) && ends).then_some(count)?
        }
        WebToken => {
            let begins = !matches!(text[..at].last(), Some(b'-' | b'_')) && is_boundary(&text[..at]);
            begins.then(|| web_token(rest))??
        }
        PrivateKey => names_private_key(rest).then(|| private_key(rest))?,
        UserInfo => {
            let password = password(rest)?;
            return Some(Token { range: start + password.start..start + password.end, name: shape.name });
        }
    };
    Some(Token { range: at..start + length, name: shape.name })
}

fn shape_at(bytes: &[u8], at: usize) -> Option<(&'static Shape, &[u8])> {
    let bytes = bytes.get(at..)?;
    SHAPES.iter().find_map(|shape| Some((shape, bytes.strip_prefix(shape.mark)?)))
}

/// The least that a part of a JSON Web Token has.
const LEAST_PART: usize = 10;
/// Within so many letters a key has to look like one.
const LONGEST_WORD: usize = 128;

fn begins_with_capitals(bytes: &[u8], count: usize) -> bool {
    let capital = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    bytes.get(..count).is_some_and(|first| first.iter().all(capital))
}

fn begins_with_run(bytes: &[u8], least: usize, also: Also) -> bool {
    bytes.get(..least).is_some_and(|first| run(first, also) == least)
}

/// How many letters, digits and bytes in `also` stand at the beginning.
fn run(bytes: &[u8], also: Also) -> usize {
    bytes.iter().take_while(|byte| byte.is_ascii_alphanumeric() || also.contains(byte)).count()
}

/// Whether twelve letters and digits in a row are both: words are not.
fn is_mixed(bytes: &[u8]) -> bool {
    bytes
        .split(|byte| !byte.is_ascii_alphanumeric())
        .any(|part| part.len() >= 12 && part.iter().any(u8::is_ascii_digit) && part.iter().any(u8::is_ascii_alphabetic))
}

/// Whether a word can begin behind `before`: no letter stands there, or one that belongs to an escape (`\n`, `\u000a`,
/// `%3D`, the end of a terminal's colour).
fn is_boundary(before: &[u8]) -> bool {
    let hex = |bytes: &[u8]| bytes.iter().all(u8::is_ascii_hexdigit);
    match before {
        [] => true,
        [.., last] if !last.is_ascii_alphanumeric() => true,
        [.., b'\\', _] => true,
        [.., b'%', one, two] if hex(&[*one, *two]) => true,
        [.., b'\\', b'u', a, b, c, d] if hex(&[*a, *b, *c, *d]) => true,
        [colour @ .., b'm'] => {
            let digits = colour.iter().rev().take_while(|byte| byte.is_ascii_digit() || **byte == b';').count();
            colour[..colour.len() - digits].last() == Some(&b'[')
        }
        _ => false,
    }
}

/// The length of what follows `eyJ` in a JSON Web Token: header, payload (an object as well, or encrypted), signature.
fn web_token(rest: &[u8]) -> Option<usize> {
    let part = |from: usize| run(&rest[from..], b"-_");
    let header = part(0);
    if header < LEAST_PART || rest.get(header) != Some(&b'.') {
        return None;
    }
    let body = header + 1 + part(header + 1);
    if body - header - 1 < LEAST_PART || rest.get(body) != Some(&b'.') {
        return None;
    }
    let signed = part(body + 1) >= LEAST_PART || rest[header + 1..].starts_with(b"eyJ");
    signed.then(|| run(rest, b"-_."))
}

/// `ENCRYPTED PRIVATE KEY` and the like are no longer than this.
const LONGEST_NAME: usize = 40;

/// Whether it is a private key that begins with `-----BEGIN `, and not a certificate.
fn names_private_key(rest: &[u8]) -> bool {
    const KEY: &[u8] = b"PRIVATE KEY";
    let name = &rest[..rest.len().min(LONGEST_NAME)];
    let start = name.windows(KEY.len()).position(|window| window == KEY);
    start.is_some_and(|start| name[..start].iter().all(|byte| byte.is_ascii_uppercase() || *byte == b' '))
}

/// The length of what follows `-----BEGIN ` up to the end of a private key. One that was cut off goes to the end.
fn private_key(rest: &[u8]) -> usize {
    const END: &[u8] = b"-----END ";
    let Some(end) = rest.windows(END.len()).position(|window| window == END) else { return rest.len() };
    let last = &rest[end + END.len()..];
    let last = last.windows(5).take(LONGEST_NAME).position(|window| window == b"-----").map_or(0, |dashes| dashes + 5);
    end + END.len() + last
}

/// The bytes that cannot stand in the part of a URL before its host, and the one that ends it.
const ENDS_USER_INFO: [bool; 256] = {
    const THESE: &[u8] = b"/ \"'<>\\?#@[](){}|`,";
    let mut ends = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        ends[byte] = (byte as u8).is_ascii_control();
        byte += 1;
    }
    let mut at = 0;
    while at < THESE.len() {
        ends[THESE[at] as usize] = true;
        at += 1;
    }
    ends
};

/// Where the password is in what follows `://`. One that was blanked already is none.
fn password(rest: &[u8]) -> Option<Range<usize>> {
    const LONGEST: usize = 512;
    let length = rest
        .iter()
        .take(LONGEST)
        .position(|byte| ENDS_USER_INFO[usize::from(*byte)])
        .filter(|length| rest[*length] == b'@')?;
    let colon = rest[..length].iter().position(|byte| *byte == b':')?;
    let password = colon + 1..length;
    // `${PASSWORD}` and `***` say nothing.
    let said = rest[password.clone()].iter().any(|byte| byte.is_ascii_alphanumeric());
    (said && !rest[password.clone()].starts_with(b"$")).then_some(password)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn first(text: &str) -> Option<(&str, &'static str)> {
        let found = (0..text.len()).find_map(|at| token(text.as_bytes(), at))?;
        Some((&text[found.range], found.name))
    }

    const LETTERS: &str = "aB3dE6gH9jK2mN5pQ8sT1vW4xY7zA0cD3fG6iJ9lM2oP5rS8uV1xZ4";

    #[test]
    fn tokens_are_known_by_their_look() {
        let some = |length: usize| LETTERS[..length].to_owned();
        let web = format!("eyJ{}.eyJ{}.{}", some(20), some(30), some(43));
        for (token, name) in [
            (format!("sk-{}", some(48)), "sk-key"),
            (format!("sk-proj-{}_{}", some(20), some(20)), "sk-key"),
            (format!("sk-ant-api03-{}-{}", some(30), some(30)), "sk-key"),
            (format!("ghp_{}", some(36)), "github-token"),
            (format!("gho_{}", some(36)), "github-token"),
            (format!("ghs_{}", some(36)), "github-token"),
            (format!("github_pat_{}_{}", some(22), some(50)), "github-token"),
            (format!("glpat-{}", some(20)), "gitlab-token"),
            (format!("xoxb-123456789012-{}", some(24)), "slack-token"),
            ("AKIAIOSFODNN7EXAMPLE".to_owned(), "aws-access-key"),
            ("ASIAIOSFODNN7EXAMPLE".to_owned(), "aws-access-key"),
            (format!("AIza{}", some(35)), "google-key"),
            (format!("ya29.{}", some(40)), "google-token"),
            (format!("npm_{}", some(36)), "npm-token"),
            (format!("hf_{}", some(34)), "hugging-face-token"),
            (format!("gsk_{}", some(52)), "gsk-key"),
            (web, "jwt"),
        ] {
            for (before, after) in [
                ("", ""),
                ("export KEY=", "\n"),
                ("{\"key\":\"", "\"}"),
                ("line\\n", "\\nline"),
                ("a%3D", "%26b"),
                ("\u{1b}[32m", "\u{1b}[0m"),
                ("\\u000a", " "),
            ] {
                let text = format!("{before}{token}{after}");
                assert_eq!(first(&text), Some((&*token, name)), "{text}");
                let raw = [b"\x12a".as_slice(), token.as_bytes(), b"\x1aa"].concat();
                assert!((0..raw.len()).any(|at| may_begin(&raw, at)), "{text}");
            }
        }
    }

    #[test]
    fn words_are_no_tokens() {
        let long = "x".repeat(60);
        for text in [
            "",
            "sk-",
            "the task-management-system-of-the-desk-has-risk-assessment",
            "task-550e8400e29b41d4a716446655440000",
            "disk-0123456789abcdef0123456789abcdef",
            "sk-estimator-doc-link sk-toggleable__content sk-top-container-2",
            "sk-12345678901234567890",
            "ghp_short npm_config_user_agent hf_hub_download_with_a_long_name_indeed",
            "ASIAPACIFICSOUTHEASTREGION AKIA",
            "eyJhbGciOiJIUzI1NiJ9",
            "eyJhbGciOiJIUzI1NiJ9.short.x",
            "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
            "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----",
            "https://example.com/a:b@c",
            "https://example.com:8080/path?mail=a@b.c",
            "https://me@example.com/",
            "https://me:[redacted:password]@example.com/",
            "https://me:${PASSWORD}@example.com/",
            "https://me:***@example.com/",
            "xoxo-hugs-and-kisses-for-everybody-2024",
            &long,
        ] {
            assert_eq!(first(text), None, "{text}");
        }
    }

    #[test]
    fn passwords_of_urls_go_alone() {
        assert_eq!(first("psql postgres://me:hunter2@db/app"), Some(("hunter2", "password")));
        assert_eq!(first("git clone https://x:p%40ss@host/r.git"), Some(("p%40ss", "password")));
    }

    #[test]
    fn private_keys_go_whole() {
        let key = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk=\n-----END OPENSSH PRIVATE KEY-----";
        assert_eq!(first(&format!("cat id\n{key}\n$ ls")), Some((key, "private-key")));
        let json = key.replace('\n', "\\n");
        assert_eq!(first(&format!("{{\"key\":\"{json}\\n\"}}")), Some((&*json, "private-key")));
        let cut = &key[..50];
        assert_eq!(first(&format!("x{cut}")), Some((cut, "private-key")));
    }
}
