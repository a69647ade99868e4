//! Which variables and headers hold secrets, by their names.

/// Words that make a name secret wherever they stand in it.
const ANYWHERE: &[&str] = &[
    "TOKEN",
    "SECRET",
    "SECRETS",
    "PASSWORD",
    "PASSWORDS",
    "PASSWD",
    "PASSPHRASE",
    "CREDENTIAL",
    "CREDENTIALS",
    "CREDS",
    "APIKEY",
    "APITOKEN",
    "AUTHKEY",
    "AUTHTOKEN",
    "AUTHORIZATION",
    "ACCESSKEY",
    "ACCESSTOKEN",
    "PRIVATEKEY",
    "SECRETKEY",
    "SSHPASS",
    "COOKIE",
    "COOKIES",
    "JWT",
    "BEARER",
    "DSN",
    "WEBHOOK",
];

/// Words that do so at its end.
const AT_THE_END: &[&str] = &["KEY", "KEYS", "PASS", "PWD", "AUTH", "PAT", "TOKENS"];

/// Last words of names that tell about a secret, or where it is, and not what it is.
const ABOUT: &[&str] = &[
    "PATH",
    "FILE",
    "FILENAME",
    "DIR",
    "SOCK",
    "SOCKET",
    "PID",
    "HOST",
    "PORT",
    "NAME",
    "USER",
    "USERNAME",
    "TYPE",
    "KIND",
    "MODE",
    "METHOD",
    "COUNT",
    "LIMIT",
    "MAX",
    "MIN",
    "SIZE",
    "LENGTH",
    "TTL",
    "TIMEOUT",
    "EXPIRY",
    "EXPIRES",
    "LIFETIME",
    "INTERVAL",
    "REGION",
    "VERSION",
    "PREFIX",
    "SUFFIX",
    "ENABLED",
    "DISABLED",
    "HELPER",
    "ASKPASS",
    "COMMAND",
    "ENDPOINT",
    "SCOPE",
    "SCOPES",
    "ISSUER",
    "AUDIENCE",
    "ALGORITHM",
    "HEADER",
    "PROVIDER",
    "URI",
];

/// Words that tell of a key what it is: one that everybody may have, or one of a table.
const HARMLESS_KEYS: &[&str] = &["PUBLIC", "PUB", "PRIMARY", "FOREIGN", "SORT", "PARTITION", "HOT", "SHORTCUT"];

/// Whether a variable of this name, or a header, is to be taken for a secret.
pub(super) fn is_secret(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    let words: Vec<&str> =
        upper.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let Some((last, before)) = words.split_last() else { return false };
    // The shell's folders.
    if before.is_empty() && matches!(*last, "PWD" | "OLDPWD") || ABOUT.contains(last) {
        return false;
    }
    // Half of a pair that is useless without the other, and that is blanked all the same: AWS_ACCESS_KEY_ID.
    if let [.., "ACCESS", "KEY", "ID"] = words[..] {
        return true;
    }
    if matches!(before.last(), Some(word) if HARMLESS_KEYS.contains(word)) || words.contains(&"PUBLIC") {
        return false;
    }
    AT_THE_END.contains(last) || words.iter().any(|word| ANYWHERE.contains(word)) || holds_a_key(&words)
}

/// `API_KEY_2`, `SECRET_KEY_BASE`: a key that something follows.
fn holds_a_key(words: &[&str]) -> bool {
    words.windows(2).any(|pair| {
        pair[1] == "KEY" && matches!(pair[0], "API" | "ACCESS" | "PRIVATE" | "SECRET" | "ENCRYPTION" | "SIGNING")
    })
}

#[cfg(test)]
mod tests {
    use super::is_secret;

    #[test]
    fn secrets_are_known_by_name() {
        for name in [
            "ANTHROPIC_API_KEY",
            "OPENAI_API_KEY",
            "API_KEY_2",
            "GITHUB_TOKEN",
            "GH_TOKEN",
            "npm_config__authToken",
            "NPM_AUTH",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_ACCESS_KEY_ID",
            "AWS_SESSION_TOKEN",
            "PGPASSWORD_PASSWORD",
            "MYSQL_PWD",
            "DB_PASS",
            "SSHPASS",
            "SENTRY_DSN",
            "SECRET_KEY_BASE",
            "DOCKER_AUTH",
            "GH_PAT",
            "SLACK_WEBHOOK_URL",
            "CI_JOB_JWT",
            "SESSION_COOKIE",
            "AZURE_CLIENT_SECRET",
            "authorization",
            "x-api-key",
        ] {
            assert!(is_secret(name), "{name}");
        }
    }

    #[test]
    fn names_that_only_sound_like_one_are_told_apart() {
        for name in [
            "",
            "_",
            "PATH",
            "PWD",
            "OLDPWD",
            "SSH_AUTH_SOCK",
            "XAUTHORITY",
            "KEYBOARD",
            "XKB_DEFAULT_LAYOUT",
            "PUBLIC_KEY",
            "DEPLOY_PUBLIC_KEY",
            "NEXT_PUBLIC_API_KEY",
            "PRIMARY_KEY",
            "TOKEN_TTL",
            "TOKEN_ENDPOINT",
            "GOOGLE_APPLICATION_CREDENTIALS_FILE",
            "SECRET_NAME",
            "PASSWORD_FILE",
            "GIT_ASKPASS",
            "SSH_ASKPASS",
            "MONKEY",
            "COMPASS",
            "AUTHOR",
            "GIT_AUTHOR_EMAIL",
            "TOKENIZERS_PARALLELISM",
            "GEMINI_DEFAULT_AUTH_TYPE",
            "DBUS_SESSION_BUS_ADDRESS",
            "DSNAME",
        ] {
            assert!(!is_secret(name), "{name}");
        }
    }
}
