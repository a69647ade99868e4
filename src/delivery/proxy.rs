//! Which proxy stands between us and an upstream, by the variables that everybody reads for it.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use http::{HeaderValue, Uri};
use hyper_util::client::proxy::matcher::Matcher;

/// What the variables say about proxies.
#[derive(Clone, Default)]
pub struct Proxies(Option<Arc<Known>>);

/// Which proxies there are, and which variables say so.
struct Known {
    matcher: Matcher,
    https: Option<String>,
    http: Option<String>,
}

/// One proxy.
#[derive(Clone, PartialEq)]
pub(super) struct Proxy {
    pub(super) uri: Uri,
    /// For the `Proxy-Authorization` header.
    pub(super) authorization: Option<HeaderValue>,
    /// The variable that names it.
    pub(super) variable: String,
}

impl Proxies {
    /// Reads `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` with `get`, or their names in lower case.
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Self {
        let either = |name: &str| {
            let lower = name.to_ascii_lowercase();
            get(name).map(|value| (name.to_owned(), value)).or_else(|| Some((lower.clone(), get(&lower)?)))
        };
        let (https, http, all) = (either("HTTPS_PROXY"), either("HTTP_PROXY"), either("ALL_PROXY"));
        if https.is_none() && http.is_none() && all.is_none() {
            return Self(None);
        }
        // A program that answers HTTP requests by CGI has a request's header `Proxy` in HTTP_PROXY.
        let http = http.filter(|_| get("REQUEST_METHOD").is_none());
        let value = |said: &Option<(String, String)>| said.as_ref().map(|(_, value)| value.clone()).unwrap_or_default();
        let name = |said: &Option<(String, String)>| said.as_ref().or(all.as_ref()).map(|(name, _)| name.clone());
        let builder = Matcher::builder().no(value(&either("NO_PROXY")));
        let matcher = builder.https(value(&https)).http(value(&http)).all(value(&all)).build();
        Self(Some(Arc::new(Known { matcher, https: name(&https), http: name(&http) })))
    }

    /// The proxy on the way to `uri`; none where there is none, or for this machine itself, which a proxy would look for at
    /// its own place.
    pub(super) fn to(&self, uri: &Uri) -> Option<Proxy> {
        let known = self.0.as_ref().filter(|_| !is_this_machine(uri))?;
        let intercept = known.matcher.intercept(uri)?;
        let variable = if uri.scheme() == Some(&http::uri::Scheme::HTTPS) { &known.https } else { &known.http };
        let variable = variable.clone().unwrap_or_default();
        Some(Proxy { uri: intercept.uri().clone(), authorization: intercept.basic_auth().cloned(), variable })
    }
}

fn is_this_machine(uri: &Uri) -> bool {
    let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

impl fmt::Debug for Proxies {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(if self.0.is_some() { "Proxies(..)" } else { "Proxies(none)" })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    #[test]
    fn the_variables_choose_the_proxy() {
        type Case<'a> = (&'a [(&'a str, &'a str)], &'a str, Option<&'a str>);
        let both: &[(&str, &str)] = &[("HTTPS_PROXY", "http://s:1"), ("http_proxy", "http://p:2")];
        let cases: [Case<'_>; 13] = [
            (&[], "https://c", None),
            (both, "https://c", Some("http://s:1/")),
            (both, "http://c:4318", Some("http://p:2/")),
            (both, "http://localhost:4318", None),
            (both, "https://127.8.8.8", None),
            (both, "http://[::1]:4318", None),
            (&[("ALL_PROXY", "http://a")], "https://c", Some("http://a/")),
            (&[("all_proxy", "a:3128")], "http://c", Some("http://a:3128/")),
            (&[("HTTPS_PROXY", "http://s"), ("NO_PROXY", "c.example")], "https://in.c.example", None),
            (&[("HTTPS_PROXY", "http://s"), ("no_proxy", "*")], "https://c", None),
            (&[("HTTPS_PROXY", "http://s"), ("NO_PROXY", "10.0.0.0/8")], "https://10.2.3.4", None),
            (&[("HTTP_PROXY", "http://p"), ("REQUEST_METHOD", "GET")], "http://c", None),
            (&[("HTTPS_PROXY", "http://s"), ("HTTP_PROXY", "")], "http://c", None),
        ];
        for (variables, uri, expected) in cases {
            let get = |name: &str| {
                let found = variables.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned()).filter(|value| !value.is_empty())
            };
            let proxy = Proxies::read(get).to(&uri.parse().unwrap());
            assert_eq!(proxy.map(|proxy| proxy.uri.to_string()).as_deref(), expected, "{variables:?} {uri}");
        }
    }

    #[test]
    fn a_password_is_for_the_proxy_and_is_not_shown() {
        let proxies = Proxies::read(|name| (name == "HTTPS_PROXY").then(|| "http://me:hunter2@s:1".to_owned()));
        let proxy = proxies.to(&Uri::from_static("https://c")).unwrap();
        assert_eq!(proxy.authorization.unwrap(), "Basic bWU6aHVudGVyMg==");
        assert!(!proxy.uri.to_string().contains("hunter2") && !format!("{proxies:?}").contains("hunter2"));
    }
}
