//! `tracestate`: whether it may be passed on, and what to drop where it is too long
//! (W3C Trace Context level 2, section 3.3).
//!
//! Nothing is ever added: only samplers write OpenTelemetry's own member `ot`, and none of ours does.

use std::borrow::Cow;

/// The most members that a list may have.
const MEMBERS: usize = 32;
/// The most characters of a key, and of a value.
const CHARACTERS: usize = 256;
/// Members longer than this are the first to go.
const LONG: usize = 128;

/// Why a text is no `tracestate`. Nothing of the text is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// Not text at all.
    #[error("it is not UTF-8 text")]
    NotText,
    /// A member without `=`.
    #[error("member {0} has no `=`")]
    NoEquals(usize),
    /// A key outside the grammar; the number counts members from 1.
    #[error("the key of member {0} is not 1 to 256 of `a-z 0-9 _ - * / @` that begin with a letter or digit")]
    Key(usize),
    /// A value outside the grammar; the number counts members from 1.
    #[error("the value of member {0} is not 1 to 256 printable ASCII characters without `,` and `=`")]
    Value(usize),
}

/// What is passed on of a `tracestate`: `text` itself, byte for byte, while it has at most 32 members; else as many
/// whole members as that, without those of more than 128 characters first and then without the last ones.
/// `None` where the list has no members at all.
///
/// # Errors
///
/// What makes the list unreadable; it is then discarded as a whole, which says nothing about `traceparent`.
pub fn accept(text: &str) -> Result<Option<Cow<'_, str>>, Invalid> {
    let mut members = Vec::new();
    for member in text.split(',').map(|member| member.trim_matches([' ', '\t'])) {
        if member.is_empty() {
            continue;
        }
        let number = members.len() + 1;
        let (key, value) = member.split_once('=').ok_or(Invalid::NoEquals(number))?;
        if !valid_key(key) {
            return Err(Invalid::Key(number));
        }
        if !valid_value(value) {
            return Err(Invalid::Value(number));
        }
        members.push(member);
    }
    if members.is_empty() {
        return Ok(None);
    }
    if members.len() <= MEMBERS {
        return Ok(Some(Cow::Borrowed(text)));
    }
    let mut surplus = members.len() - MEMBERS;
    members.retain(|member| {
        let drop = surplus > 0 && member.len() > LONG;
        surplus -= usize::from(drop);
        !drop
    });
    members.truncate(MEMBERS);
    Ok(Some(Cow::Owned(members.join(","))))
}

fn valid_key(key: &str) -> bool {
    let first = key.bytes().next();
    key.len() <= CHARACTERS
        && first.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-*/@".contains(&byte))
}

/// The last character may not be a space, which trimming the member has seen to.
fn valid_value(value: &str) -> bool {
    (1..=CHARACTERS).contains(&value.len())
        && value.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b',' && byte != b'=')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;
    use proptest::prelude::*;

    #[test]
    fn valid_lists_pass_byte_for_byte() {
        let longest = format!("{}={}", "k".repeat(256), "v".repeat(256));
        let full = (0..32).map(|n| format!("k{n}=v")).collect::<Vec<_>>().join(",");
        for text in [
            "foo=1",
            "foo=1,bar=2",
            "foo=1 , \tbar=2",
            "foo=1,,bar=2,",
            "ot=th:c;rv:0123456789abcd,vendor=x",
            "tenant@system=a b  c",
            "0_-*/@=!\"#$%&'()*+-./:;<>?@[]^_`{|}~",
            "foo=1,foo=1",
            "foo= leading",
            &longest,
            &full,
        ] {
            let passed = accept(text).unwrap_or_else(|error| panic!("{text}: {error}")).unwrap();
            assert!(matches!(passed, Cow::Borrowed(same) if same == text), "{text}");
        }
    }

    #[test]
    fn invalid_lists_say_what_is_wrong() {
        let table = [
            ("foo", Invalid::NoEquals(1)),
            ("foo=1,bar", Invalid::NoEquals(2)),
            ("foo=1;bar=2", Invalid::Value(1)),
            ("=1", Invalid::Key(1)),
            ("Foo=1", Invalid::Key(1)),
            ("foo =1", Invalid::Key(1)),
            ("foo=1,-bar=1", Invalid::Key(2)),
            ("@foo=1", Invalid::Key(1)),
            ("foo.bar=1", Invalid::Key(1)),
            ("foo=", Invalid::Value(1)),
            ("foo=bar=baz", Invalid::Value(1)),
            ("foo=b\u{e4}r", Invalid::Value(1)),
            ("foo=a\u{7f}", Invalid::Value(1)),
            ("foo=a\tb", Invalid::Value(1)),
        ];
        for (text, expected) in table {
            assert_eq!(accept(text), Err(expected), "{text}");
        }
        assert_eq!(accept(&format!("{}=1", "k".repeat(257))), Err(Invalid::Key(1)));
        assert_eq!(accept(&format!("k={}", "v".repeat(257))), Err(Invalid::Value(1)));
    }

    #[test]
    fn a_list_without_members_is_none() {
        for text in ["", ",", " ,\t, "] {
            assert_eq!(accept(text), Ok(None), "{text:?}");
        }
    }

    #[test]
    fn too_many_members_lose_the_long_ones_first_and_then_the_last() {
        let long = format!("long={}", "x".repeat(124));
        let short = |range: std::ops::Range<usize>| range.map(|n| format!("k{n}=v")).collect::<Vec<_>>().join(",");
        let table = [
            (short(0..33), short(0..32)),
            (format!("{long},{}", short(0..32)), short(0..32)),
            (format!("{long},{long},{}", short(0..31)), format!("{long},{}", short(0..31))),
            (format!("{long},{}", short(0..40)), short(0..32)),
        ];
        for (text, expected) in table {
            assert_eq!(accept(&text).unwrap().unwrap(), expected);
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in ".{0,300}") {
            let _ = accept(&text);
        }

        #[test]
        fn one_wrong_member_makes_a_list_unreadable(
            members in prop::collection::vec("[a-z0-9][a-z0-9_*/@-]{0,9}=[!-+.-<>-~]{1,9}", 0..40),
            wrong in "[A-Z][a-z]{0,3}=v|[a-z]{1,3}|[a-z]{1,3}=|=[a-z]{1,3}|[a-z]=[a-z]=[a-z]|[a-z]=\u{e9}",
            at in any::<prop::sample::Index>(),
        ) {
            let mut members = members;
            let at = at.index(members.len() + 1);
            members.insert(at, wrong);
            let number = at + 1;
            let found = accept(&members.join(",")).unwrap_err();
            prop_assert!(
                [Invalid::NoEquals(number), Invalid::Key(number), Invalid::Value(number)].contains(&found),
                "{found} in {members:?}"
            );
        }

        #[test]
        fn what_is_passed_is_a_valid_list_of_the_same_members(
            members in prop::collection::vec("[a-z0-9][a-z0-9_*/@-]{0,20}=[ -+.-<>-~]{0,150}[!-+]", 1..50),
        ) {
            let text = members.join(",");
            let passed = accept(&text).unwrap().unwrap().into_owned();
            prop_assert!(passed.split(',').count() == members.len().min(32));
            prop_assert!(passed.split(',').all(|member| members.iter().any(|m| m.trim() == member.trim())));
            prop_assert_eq!(accept(&passed).unwrap().unwrap(), passed.as_str());
        }
    }
}
