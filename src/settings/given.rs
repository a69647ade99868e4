//! What a settings file says where the settings themselves do not know what it means: values as they stand there, each
//! with its line.

use super::value::Sourced;

/// A value as it was written.
#[derive(Debug, Clone, PartialEq)]
pub enum Given {
    /// A text.
    Text(String),
    /// A whole number.
    Number(i64),
    /// `true` or `false`.
    Switch(bool),
    /// A list.
    List(Vec<Sourced<Given>>),
    /// A table, in the order in which it was written.
    Table(Vec<(String, Sourced<Given>)>),
    /// Something that no setting takes, by the name of its type.
    Other(&'static str),
}

impl Given {
    /// Its type, in the words of TOML, with an article.
    pub fn type_name(&self) -> String {
        let name = match self {
            Given::Text(_) => "string",
            Given::Number(_) => "integer",
            Given::Switch(_) => "boolean",
            Given::List(_) => "array",
            Given::Table(_) => "table",
            Given::Other(name) => name,
        };
        with_article(name)
    }
}

/// `a string`, `an array`.
pub(super) fn with_article(name: &str) -> String {
    format!("{} {name}", if name.starts_with(['a', 'i']) { "an" } else { "a" })
}
