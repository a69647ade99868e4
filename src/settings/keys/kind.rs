//! What values of settings can be.

use super::Key;

/// What the value of a key can be, in the types of TOML.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A string that is not blank.
    Text,
    /// A string, which may be empty.
    AnyText,
    /// A URL, or another place that telemetry is sent to.
    Endpoint,
    /// A path; one that is not absolute is meant from the folder of the file.
    Path,
    /// `true` or `false`.
    Switch,
    /// The same, or `"on"` or `"off"`.
    OnOff,
    /// Nothing but `true`.
    True,
    /// One of these words, whatever its case.
    Word(&'static [&'static str]),
    /// A length of time: `"5s"`, or a number of seconds.
    Time,
    /// The same, and all that timeout(1) takes, `"7d"`.
    TimeLimit,
    /// The same with its unit, but for 0.
    Age,
    /// A size with its unit, `"5GiB"`, or 0.
    Size,
    /// A whole number from 0.
    Count,
    /// An exit code that can be an answer, from 1 to 255.
    ExitCode,
    /// One of several kinds.
    Either(&'static [Kind]),
    /// A list.
    List(&'static Kind),
    /// A table with these keys.
    Table(&'static [Key]),
    /// A table with any names as its keys.
    Names(&'static Kind),
    /// The same, where a name that has dots in it may be written as tables in each other.
    DottedNames(&'static Kind),
    /// Tables by the names of agents. What is in them is for the agents' room to say.
    Agents,
}

impl Kind {
    /// What it is, in a few words.
    pub fn words(&self) -> String {
        match self {
            Kind::Text | Kind::AnyText => "text".to_owned(),
            Kind::Endpoint => "URL".to_owned(),
            Kind::Path => "path".to_owned(),
            Kind::Switch => "`true` or `false`".to_owned(),
            Kind::OnOff => "`true` or `false`, `\"on\"` or `\"off\"`".to_owned(),
            Kind::True => "`true`".to_owned(),
            Kind::Word(words) => {
                let words: Vec<String> = words.iter().map(|word| format!("`\"{word}\"`")).collect();
                words.join(", ")
            }
            Kind::Time | Kind::TimeLimit => "time".to_owned(),
            Kind::Age => "age".to_owned(),
            Kind::Size => "size".to_owned(),
            Kind::Count => "number".to_owned(),
            Kind::ExitCode => "exit code".to_owned(),
            Kind::Either(kinds) => kinds.iter().map(Kind::words).collect::<Vec<_>>().join(", or "),
            Kind::List(kind @ Kind::Table(_)) => format!("list of tables with {}", kind.names()),
            Kind::List(kind) => format!("list of: {}", kind.words()),
            Kind::Table(_) => format!("table with {}", self.names()),
            Kind::Names(kind) | Kind::DottedNames(kind) => format!("table of names, each with: {}", kind.words()),
            Kind::Agents => "tables by the names of agents".to_owned(),
        }
    }

    /// The keys of a table.
    fn names(&self) -> String {
        let Kind::Table(keys) = self else { return String::new() };
        keys.iter().map(|key| format!("`{}`", key.name)).collect::<Vec<_>>().join(", ")
    }
}

/// The words of a table of choices as a [`Kind::Word`].
macro_rules! word_of {
    ($choices:expr) => {
        $crate::settings::keys::Kind::Word(
            const { &$crate::settings::choice::words::<_, { $choices.len() }>($choices) },
        )
    };
}

pub(crate) use word_of;
