//! `baggage`: what is passed on of it (W3C Baggage, sections 3.3 and 3.4).
//!
//! A list within the limits is passed on byte for byte, also where a member is malformed: without us the command
//! would have seen it as well, and the standard names no consequence. Nothing is ever added, since everything in
//! it travels with every request that the command makes.

use std::borrow::Cow;

/// The members that every participant has to pass on.
const MEMBERS: usize = 64;
/// The bytes that every participant has to pass on.
const BYTES: usize = 8192;

/// What is passed on, and what was found out about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted<'a> {
    /// The list; the text itself where nothing had to go.
    pub text: Cow<'a, str>,
    /// How many members are not `key=value` by the grammar.
    pub malformed: usize,
    /// How many members were dropped because the list was over a limit.
    pub dropped: usize,
}

/// Decides what is passed on of `text`: all of it, up to 64 members and 8192 bytes. Over either limit whole
/// members are dropped, malformed ones first and then the last ones.
pub fn accept(text: &str) -> Accepted<'_> {
    let members: Vec<&str> = text.split(',').filter(|member| !trim(member).is_empty()).collect();
    let malformed = members.iter().filter(|member| !well_formed(member)).count();
    if members.len() <= MEMBERS && text.len() <= BYTES {
        return Accepted { text: Cow::Borrowed(text), malformed, dropped: 0 };
    }
    let mut kept: Vec<&str> = Vec::new();
    let mut length = 0;
    for member in members.iter().copied().filter(|member| well_formed(member)) {
        let longer = length + member.len() + usize::from(!kept.is_empty());
        if kept.len() == MEMBERS || longer > BYTES {
            break;
        }
        kept.push(member);
        length = longer;
    }
    Accepted { dropped: members.len() - kept.len(), text: Cow::Owned(kept.join(",")), malformed }
}

fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

/// Whether `member` is `key=value` with any `;property` and `;property=value` behind it, optional whitespace
/// around each part. `=` is legal inside a value.
fn well_formed(member: &str) -> bool {
    let mut parts = member.split(';');
    let pair = parts.next().and_then(|pair| pair.split_once('='));
    pair.is_some_and(|(key, value)| token(trim(key)) && octets(trim(value)))
        && parts.all(|property| match property.split_once('=') {
            Some((key, value)) => token(trim(key)) && octets(trim(value)),
            None => token(trim(property)),
        })
}

/// A token of HTTP (RFC 9110, section 5.6.2).
fn token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// `baggage-octet`s: printable ASCII without space, `"`, `,`, `;` and `\`, each `%` with its two digits.
fn octets(text: &str) -> bool {
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let fits = match byte {
            b'%' => {
                bytes.next().is_some_and(|digit| digit.is_ascii_hexdigit())
                    && bytes.next().is_some_and(|digit| digit.is_ascii_hexdigit())
            }
            b'"' | b',' | b';' | b'\\' => false,
            other => other.is_ascii_graphic(),
        };
        if !fits {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lists_within_the_limits_pass_byte_for_byte() {
        let table = [
            ("a=1", 0),
            ("a=1,b=2;p;q=3 , c = x=y ", 0),
            ("empty=", 0),
            ("user=J%C3%B6rg%20%25,invalid-utf8=%ff", 0),
            ("a=1,,b=2,", 0),
            ("no-equals", 1),
            ("a=1,=2,b", 2),
            ("a=1 2", 1),
            ("a=\"x\"", 1),
            ("a=100%", 1),
            ("a=%4", 1),
            ("a=\u{e9}", 1),
            ("a b=1", 1),
            ("a=1;=x", 1),
            ("a=1;", 1),
        ];
        for (text, malformed) in table {
            let accepted = accept(text);
            assert!(matches!(accepted.text, Cow::Borrowed(same) if same == text), "{text}");
            assert_eq!((accepted.malformed, accepted.dropped), (malformed, 0), "{text}");
        }
    }

    #[test]
    fn the_limits_themselves_are_within_them() {
        let members = (0..64).map(|n| format!("k{n}=v")).collect::<Vec<_>>().join(",");
        assert_eq!(accept(&members).dropped, 0);
        let bytes = format!("k={}", "v".repeat(8190));
        assert_eq!(accept(&bytes).text, bytes.as_str());
    }

    #[test]
    fn over_the_limits_whole_members_go() {
        let many = (0..70).map(|n| format!("k{n}=v")).collect::<Vec<_>>();
        let joined = many.join(",");
        let accepted = accept(&joined);
        assert_eq!((accepted.text.as_ref(), accepted.dropped), (many[..64].join(",").as_str(), 6));

        let mut with_malformed = many[..64].to_vec();
        with_malformed.insert(3, "malformed".to_owned());
        let joined = with_malformed.join(",");
        let accepted = accept(&joined);
        assert_eq!(accepted.text, many[..64].join(","));
        assert_eq!((accepted.malformed, accepted.dropped), (1, 1));

        let long = format!("a=1,b={},c={}", "x".repeat(5000), "y".repeat(5000));
        let accepted = accept(&long);
        assert_eq!(accepted.text, format!("a=1,b={}", "x".repeat(5000)));

        let one = format!("a={}", "x".repeat(8191));
        assert_eq!((accept(&one).text.as_ref(), accept(&one).dropped), ("", 1));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn never_panics(text in ".{0,300}") {
            let _ = accept(&text);
        }

        #[test]
        fn malformed_members_are_counted_and_go_first(
            members in prop::collection::vec(
                ("[a-z]{1,8}=[!#-+.-:<-\\[\\]-~&&[^%]]{0,9}", any::<bool>()), 1..100,
            ),
            wrong in "[a-z]{1,3}|=[a-z]{0,3}|[a-z]=%[g-z]{2}|[a-z]=\\\\|[a-z] [a-z]=v|[a-z]=v;",
        ) {
            let member = |(text, fits): &(String, bool)| if *fits { text.clone() } else { wrong.clone() };
            let all: Vec<String> = members.iter().map(member).collect();
            let text = all.join(",");
            let accepted = accept(&text);
            let malformed = members.iter().filter(|(_, fits)| !fits).count();
            prop_assert_eq!(accepted.malformed, malformed);
            if all.len() <= MEMBERS {
                prop_assert_eq!(accepted.text, text.as_str());
            } else {
                let fitting = all.iter().zip(&members).filter(|(_, (_, fits))| *fits).map(|(text, _)| text.as_str());
                prop_assert_eq!(accepted.text, fitting.take(MEMBERS).collect::<Vec<_>>().join(","));
            }
        }

        #[test]
        fn what_is_passed_is_within_the_limits_and_whole(
            members in prop::collection::vec("[a-z]{1,8}=[!#-+.-:<-\\[\\]-~&&[^%]]{0,300}", 1..80),
        ) {
            let text = members.join(",");
            let accepted = accept(&text);
            prop_assert!(accepted.text.len() <= BYTES);
            let passed: Vec<&str> = accepted.text.split(',').filter(|member| !member.is_empty()).collect();
            prop_assert!(passed.len() <= MEMBERS);
            prop_assert_eq!(passed.len() + accepted.dropped, members.len());
            prop_assert!(passed.iter().zip(&members).all(|(passed, member)| passed == member));
        }
    }
}
