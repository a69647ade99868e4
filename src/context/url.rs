//! URLs from CI variables, without the credentials that some systems put into them.

/// The page of a repository, from any way to clone it: `http` or `https`, no user, no query, no `.git`.
/// `None` for what cannot be turned into one, such as a path.
pub fn repository(text: &str) -> Option<String> {
    let text = text.trim();
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme @ ("http" | "https"), rest)) => (scheme, rest.to_owned()),
        // The port of these is not the one of the pages.
        Some(("ssh" | "git" | "git+ssh", rest)) => ("https", without_port(rest)?),
        Some(_) => return None,
        // As ssh and scp write it: user@host:path
        None => match text.split_once(':')? {
            (host, path) if !host.contains('/') => ("https", format!("{host}/{path}")),
            _ => return None,
        },
    };
    let rest = rest.split(['?', '#']).next()?;
    let (host, path) = rest.split_once('/')?;
    let path = path.trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path).trim_end_matches('/');
    let host = host_and_port(host)?;
    (!path.is_empty() && !path.contains('@')).then(|| format!("{scheme}://{host}/{path}"))
}

/// A page, without a user in it; query and fragment stay. `None` for what is not `http` or `https`.
pub fn page(text: &str) -> Option<String> {
    let (scheme @ ("http" | "https"), rest) = text.trim().split_once("://")? else { return None };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, rest) = rest.split_at(end);
    // A password may hold a slash, and what follows it would then look like a path.
    let path = rest.split(['?', '#']).next().unwrap_or_default();
    let host = host_and_port(host)?;
    (!path.contains('@')).then(|| format!("{scheme}://{host}{rest}"))
}

fn without_port(rest: &str) -> Option<String> {
    let (authority, path) = rest.split_once('/')?;
    let host = authority.rsplit('@').next()?;
    let host = host.split_once(':').map_or(host, |(host, _)| host);
    Some(format!("{host}/{path}"))
}

/// What stands behind the last `@` of an authority, if it is a host name with at most a port.
fn host_and_port(authority: &str) -> Option<&str> {
    let host_and_port = authority.rsplit('@').next()?;
    let (host, port) = match host_and_port.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (host_and_port, None),
    };
    let named = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    let bracketed = |text: &str| {
        let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
        inner.is_some_and(|inner| inner.bytes().all(|byte| byte.is_ascii_hexdigit() || b":.".contains(&byte)))
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (!host.is_empty() && (named(host) || bracketed(host)) && port.is_none_or(digits)).then_some(host_and_port)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn repositories() {
        let table = [
            ("https://github.com/acme/widgets", Some("https://github.com/acme/widgets")),
            ("https://github.com/acme/widgets.git", Some("https://github.com/acme/widgets")),
            ("https://github.com/acme/widgets.git/", Some("https://github.com/acme/widgets")),
            ("https://user:s3cret@github.com/acme/widgets.git", Some("https://github.com/acme/widgets")),
            ("https://s3cret@github.com/acme/widgets", Some("https://github.com/acme/widgets")),
            ("https://u:p@ss@github.com/acme/widgets", Some("https://github.com/acme/widgets")),
            ("http://git.local:3000/acme/widgets?token=s3cret#x", Some("http://git.local:3000/acme/widgets")),
            ("git@github.com:acme/widgets.git", Some("https://github.com/acme/widgets")),
            ("github.com:acme/widgets", Some("https://github.com/acme/widgets")),
            ("ssh://git@gitlab.local:2222/group/sub/widgets.git", Some("https://gitlab.local/group/sub/widgets")),
            ("git://github.com/acme/widgets.git", Some("https://github.com/acme/widgets")),
            ("https://[::1]:3000/acme/widgets", Some("https://[::1]:3000/acme/widgets")),
            ("https://user:s3/cret@github.com/acme/widgets", None),
            ("https://user:12/s3cret@github.com/acme/widgets", None),
            ("https://github.com", None),
            ("https://github.com/", None),
            ("file:///srv/git/widgets", None),
            ("/srv/git/widgets", None),
            ("./widgets:x", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(repository(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn pages() {
        let table = [
            ("https://ci.local/build?buildId=7#step", Some("https://ci.local/build?buildId=7#step")),
            ("https://u:s3cret@ci.local/build/7/", Some("https://ci.local/build/7/")),
            ("https://ci.local", Some("https://ci.local")),
            ("https://u:s3/cret@ci.local/build/7", None),
            ("ftp://ci.local/", None),
            ("unconfigured-jenkins-location/job/x", None),
        ];
        for (text, expected) in table {
            assert_eq!(page(text).as_deref(), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in ".{0,60}", url in "(https?://|ssh://)?[a-z@:/?#\\[\\].0-9]{0,40}") {
            for text in [text, url] {
                let _ = (repository(&text), page(&text));
            }
        }

        #[test]
        fn no_password_survives(password in "[!-~]{1,20}") {
            let url = format!("https://user:XX{password}XX@github.com/acme/widgets");
            prop_assert!(repository(&url).is_none_or(|url| !url.contains("XX")));
        }
    }
}
