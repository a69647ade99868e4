//! A `.env` file that its readers read alike: Node.js (`--env-file`, `util.parseEnv`), python-dotenv, and those like them.

use super::notes::heading;
use super::text::{Comments, Text};
use super::{Form, Platform};

/// All of it.
pub(super) fn write(platform: &Platform) -> String {
    let mut out = String::new();
    let mut comments = Comments { out: &mut out, indent: "" };
    comments.say(&heading(platform, Form::Dotenv));
    for note in &platform.notes {
        comments.gap();
        comments.say(note);
    }
    if !platform.references.is_empty() {
        comments.gap();
        comments.say(
            "Not all readers put variables into values, so what holds something that is yours to supply is a comment here: \
             put that in, and take the # away.",
        );
    }
    for variable in platform.with_attributes(Vec::new()) {
        out.push('\n');
        let mut comments = Comments { out: &mut out, indent: "" };
        comments.say(&variable.reason);
        match variable.value.known() {
            Some(text) => match quoted(text) {
                Some(value) => out.push_str(&format!("{}={value}\n", variable.name)),
                None => comments.say(&format!(
                    "{} is not set: its value has quotes, backslashes or ${{ in it that readers of such files read differently.",
                    variable.name
                )),
            },
            None => {
                for name in variable.value.references() {
                    let holds = platform.references.iter().find(|known| known.name == name);
                    let holds = holds.map_or("yours to supply", |known| &known.holds);
                    comments.say(&format!("{name} is {holds}."));
                }
                comments.line(&format!("{}='{}'", variable.name, with_places(&variable.value)));
            }
        }
    }
    if platform.command.is_some() {
        out.push('\n');
    }
    Comments { out: &mut out, indent: "" }.command(&platform.command);
    out
}

/// The value with the names of what is missing in it.
fn with_places(value: &Text) -> String {
    let parts = value.parts().map(|part| match part {
        super::Part::Plain(text) | super::Part::Native(text) => text.clone(),
        super::Part::Reference(name) => format!("<{name}>"),
    });
    parts.collect()
}

/// The text in quotes; none where there are none in which all readers see the same. In single quotes Node.js takes
/// everything for itself, and python-dotenv unescapes `\\` and `\'`. In double quotes Node.js makes a line break of `\n` and
/// knows no other escape. python-dotenv replaces `${NAME}` in both.
pub(super) fn quoted(text: &str) -> Option<String> {
    // A carriage return ends a line for some.
    if text.contains("${") || text.contains('\r') {
        return None;
    }
    let escapes = |letters: &[char]| {
        let after = text.match_indices('\\').map(|(at, _)| text.get(at + 1..).and_then(|rest| rest.chars().next()));
        after.into_iter().any(|next| next.is_none_or(|next| letters.contains(&next)))
    };
    if !text.contains('\'') && !escapes(&['\\', '\'']) {
        return Some(format!("'{text}'"));
    }
    (!text.contains('"') && !text.contains('\\')).then(|| format!("\"{text}\""))
}
