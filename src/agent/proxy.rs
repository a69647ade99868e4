//! Exempting loopback from the user's proxy: exporters that honour a proxy send even loopback to it.

use crate::environment::Environment;

/// What must not go through a proxy.
const LOOPBACK: [&str; 2] = ["127.0.0.1", "localhost"];

/// The variables that name a proxy for the collector's `http` address.
const PROXIES: [&str; 4] = ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];

/// The new value of `name`, which is `NO_PROXY` or `no_proxy`; none where no proxy is set or loopback is exempt already.
///
/// Programs differ in which of the two they read first, so both get the exemption; the one that is unset starts from the
/// value of the other, otherwise it would hide that one from programs that look here first.
pub(super) fn exempt_loopback(name: &str, environment: &Environment) -> Option<String> {
    if !PROXIES.iter().any(|proxy| environment.get(proxy).is_some()) {
        return None;
    }
    let other = if name == "NO_PROXY" { "no_proxy" } else { "NO_PROXY" };
    if [name, other].iter().any(|name| environment.raw(name).is_some_and(|value| value.to_str().is_none())) {
        return None;
    }
    let own = environment.get(name);
    let present = own.or_else(|| environment.get(other)).unwrap_or_default();
    let entries: Vec<&str> = present.split(',').map(str::trim).collect();
    let exempt = |host: &str| entries.iter().any(|entry| *entry == "*" || entry.eq_ignore_ascii_case(host));
    let missing: Vec<&str> = LOOPBACK.into_iter().filter(|host| !exempt(host)).collect();
    if missing.is_empty() {
        return own.is_none().then(|| present.to_owned());
    }
    let kept = present.trim_end_matches([',', ' ']);
    Some([kept].into_iter().filter(|kept| !kept.is_empty()).chain(missing).collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::exempt_loopback;
    use crate::environment::Environment;

    #[test]
    fn both_names_exempt_loopback_where_a_proxy_is_set() {
        let both = "127.0.0.1,localhost";
        for (set, upper, lower) in [
            (vec![], None, None),
            (vec![("NO_PROXY", "corp")], None, None),
            (vec![("HTTPS_PROXY", "http://p")], None, None),
            (vec![("HTTP_PROXY", "")], None, None),
            (vec![("HTTP_PROXY", "http://p")], Some(both), Some(both)),
            (vec![("all_proxy", "http://p")], Some(both), Some(both)),
            (
                vec![("http_proxy", "http://p"), ("NO_PROXY", "corp")],
                Some("corp,127.0.0.1,localhost"),
                Some("corp,127.0.0.1,localhost"),
            ),
            (
                vec![("http_proxy", "http://p"), ("NO_PROXY", "a"), ("no_proxy", "b, LocalHost,")],
                Some("a,127.0.0.1,localhost"),
                Some("b, LocalHost,127.0.0.1"),
            ),
            (vec![("http_proxy", "http://p"), ("NO_PROXY", "*"), ("no_proxy", both)], None, None),
            (vec![("http_proxy", "http://p"), ("NO_PROXY", "*")], None, Some("*")),
        ] {
            let environment: Environment = set.iter().copied().collect();
            assert_eq!(exempt_loopback("NO_PROXY", &environment).as_deref(), upper, "{set:?}");
            assert_eq!(exempt_loopback("no_proxy", &environment).as_deref(), lower, "{set:?}");
        }
    }
}
