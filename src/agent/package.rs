//! The version of an agent, by what is written about it where it is installed.

use serde_json::Value;

/// The version in a `package.json`, if it is that of one of `packages`.
pub fn version(text: &str, packages: &[&str]) -> Option<String> {
    let facts: Value = serde_json::from_str(text).ok()?;
    let is_one = packages.contains(&facts.get("name")?.as_str()?);
    facts.get("version").and_then(Value::as_str).filter(|version| is_one && is_version(version)).map(str::to_owned)
}

/// The version that a word for a package runner asks for, as in `@openai/codex@0.169.0`; none where it leaves it open, as
/// with `latest` or `^1`.
pub fn asked_for(word: &str) -> Option<&str> {
    let (package, version) = word.rsplit_once('@')?;
    (!package.is_empty() && is_version(version)).then_some(version)
}

/// Whether it is one version, and not a range or a tag: three numbers, and what comes behind them (Semantic Versioning 2.0.0,
/// section 2).
fn is_version(text: &str) -> bool {
    const LONGEST: usize = 64;
    let end = text.find(['-', '+']).unwrap_or(text.len());
    let (numbers, rest) = text.split_at(end);
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let behind = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.');
    text.len() <= LONGEST
        && numbers.split('.').count() == 3
        && numbers.split('.').all(is_number)
        && rest.bytes().all(behind)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    #[test]
    fn a_version_is_that_of_the_agents_own_package() {
        let packages = ["@google/gemini-cli"];
        for (text, expected) in [
            (r#"{"name": "@google/gemini-cli", "version": "0.61.0"}"#, Some("0.61.0")),
            (r#"{"name": "@google/gemini-cli", "version": "0.62.0-nightly.1+a"}"#, Some("0.62.0-nightly.1+a")),
            (r#"{"name": "other", "version": "0.61.0"}"#, None),
            (r#"{"name": "@google/gemini-cli"}"#, None),
            (r#"{"name": "@google/gemini-cli", "version": "\u001b[2J"}"#, None),
            (r#"{"name": "@google/gemini-cli", "version": 5}"#, None),
            ("[]", None),
            ("", None),
        ] {
            assert_eq!(version(text, &packages).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn a_package_runner_may_be_asked_for_one_version() {
        for (word, expected) in [
            ("@openai/codex@0.169.0", Some("0.169.0")),
            ("opencode-ai@1.18.33", Some("1.18.33")),
            ("opencode-ai@latest", None),
            ("opencode-ai@^1.18.33", None),
            ("opencode-ai@1", None),
            ("@openai/codex", None),
            ("@1.2.3", None),
            ("opencode-ai", None),
        ] {
            assert_eq!(asked_for(word), expected, "{word}");
        }
    }
}
