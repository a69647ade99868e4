//! Single values of an entry. What is read here lives as long as the process: a profile is borrowed for `'static`, since
//! the built-in ones are constants, and the user's are read once, when otel-run starts, and needed until it ends. So
//! their texts and lists are leaked on purpose.

use crate::agent::PROFILES;
use crate::settings::{Given, Sourced, choice};

/// A list that lives as long as the process.
pub(super) fn keep<T>(list: Vec<T>) -> &'static [T] {
    list.leak()
}

pub(super) fn wrong_type(wanted: &str, given: &Given) -> String {
    format!("{wanted} is expected, not {}", given.type_name())
}

/// A text for people.
pub(super) fn sentence(given: &Given) -> Result<&'static str, String> {
    match given {
        Given::Text(text) if text.trim().is_empty() => Err("it is empty".to_owned()),
        Given::Text(text) => Ok(text.trim().to_owned().leak()),
        other => Err(wrong_type("a string in quotes", other)),
    }
}

/// A text that is compared with words of command lines, or becomes one.
pub(super) fn exact(given: &Given) -> Result<&'static str, String> {
    match given {
        Given::Text(text) if text.is_empty() => Err("it is empty".to_owned()),
        Given::Text(text) if text.contains('\0') => Err("a NUL cannot be given to a command".to_owned()),
        Given::Text(text) => Ok(text.clone().leak()),
        other => Err(wrong_type("a string in quotes", other)),
    }
}

/// A text that is injected: a value of a variable, or a word of the command line. It may be empty.
pub(super) fn injected(given: &Given) -> Result<&'static str, String> {
    const KNOWN: [&str; 3] = ["endpoint", "collector", "token"];
    let text = match given {
        Given::Text(text) if text.is_empty() => return Ok(""),
        other => exact(other)?,
    };
    for (at, _) in text.match_indices('{') {
        let Some((word, _)) = text.get(at + 1..).and_then(|rest| rest.split_once('}')) else { continue };
        let is_a_name = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        if is_a_name && !KNOWN.contains(&word) {
            let hint = choice::did_you_mean(word, KNOWN);
            return Err(format!(
                "there is nothing to put in for {{{word}}}, only for {{endpoint}}, {{collector}} and {{token}}{hint}"
            ));
        }
    }
    Ok(text)
}

/// JSON that is injected.
pub(super) fn json(given: &Given) -> Result<&'static str, String> {
    let text = injected(given)?;
    let filled = text.replace("{endpoint}", "").replace("{collector}", "").replace("{token}", "");
    match serde_json::from_str::<serde::de::IgnoredAny>(&filled) {
        Ok(_) => Ok(text),
        Err(error) => Err(format!("it is not JSON: {error}")),
    }
}

/// A key of a JSON object.
pub(super) fn key(given: &Given) -> Result<&'static str, String> {
    let text = exact(given)?;
    if text.contains(['"', '\\']) || text.contains(char::is_control) {
        return Err("a key has neither quotes nor backslashes in it".to_owned());
    }
    Ok(text)
}

/// The name of a variable.
pub(super) fn variable(name: &str) -> Result<&'static str, String> {
    match name {
        "" => Err("a variable has a name".to_owned()),
        name if name.contains(['=', '\0']) => Err("this cannot be the name of a variable".to_owned()),
        name => Ok(name.to_owned().leak()),
    }
}

/// The name of a program without folders.
pub(super) fn base_name(given: &Given) -> Result<&'static str, String> {
    match exact(given)? {
        name if name.contains('/') => {
            Err(format!("\"{name}\" is a path; a base name is what comes after the last slash"))
        }
        name => Ok(name),
    }
}

/// The name of an attribute, or one and all below it.
pub(super) fn attribute(given: &Given) -> Result<&'static str, String> {
    match exact(given)? {
        "*" | ".*" => Err("one has to say which attributes".to_owned()),
        name if name.trim_end_matches(".*").contains('*') => {
            Err(format!("\"{name}\": only `.*` at the end stands for more, for all names below one"))
        }
        name => Ok(name),
    }
}

/// The name of spans, or how names of spans begin.
pub(super) fn span(given: &Given) -> Result<&'static str, String> {
    match exact(given)? {
        "*" => Err("every span would be left out".to_owned()),
        name if name.strip_suffix('*').unwrap_or(name).contains('*') => {
            Err(format!("\"{name}\": only a `*` at the end stands for more"))
        }
        name => Ok(name),
    }
}

/// The name of instrumentation scopes, or how names of scopes begin.
pub(super) fn scope(given: &Given) -> Result<&'static str, String> {
    match exact(given)? {
        "*" => Err("the scopes of libraries would be among them".to_owned()),
        _ => span(given),
    }
}

/// The name of a built-in agent of whose telemetry something is known.
pub(super) fn known_agent(given: &Given) -> Result<&'static str, String> {
    let wanted = exact(given)?;
    let names = || PROFILES.iter().filter(|profile| profile.telemetry.like.is_some()).map(|profile| profile.name);
    names().find(|name| *name == wanted).ok_or_else(|| {
        let (known, hint) = (names().collect::<Vec<_>>().join(", "), choice::did_you_mean(wanted, names()));
        format!("nothing is known of the telemetry of \"{wanted}\" (known: {known}){hint}")
    })
}

/// A name of the GenAI conventions.
pub(super) fn genai(given: &Given) -> Result<&'static str, String> {
    match exact(given)? {
        name if name.starts_with("gen_ai.") => Ok(name),
        name => Err(format!("\"{name}\" is no name of the GenAI conventions, which begin with gen_ai.")),
    }
}

pub(super) fn switch(given: &Given) -> Result<bool, String> {
    match given {
        Given::Switch(switch) => Ok(*switch),
        other => Err(wrong_type("true or false without quotes", other)),
    }
}

/// One word of a closed list.
pub(super) fn word<T: Copy>(choices: choice::Choices<T>) -> impl Fn(&Given) -> Result<T, String> {
    move |given| choice::read(choices, sentence(given)?)
}

/// A list of which each element is read by `read`.
pub(super) fn list<T: 'static>(
    read: impl Fn(&Given) -> Result<T, String>,
) -> impl Fn(&Given) -> Result<&'static [T], String> {
    move |given| match given {
        Given::List(elements) => {
            let elements: Result<Vec<T>, String> = elements.iter().map(|Sourced { value, .. }| read(value)).collect();
            elements.map(keep)
        }
        other => Err(wrong_type("a list in brackets", other)),
    }
}
