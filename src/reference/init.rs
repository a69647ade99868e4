//! The commented file that `otel-run config init` writes: every key with what it means, commented out.

use std::fmt::Write as _;

use super::schema;
use crate::agent::FIELDS;
use crate::settings::file::FileKind;
use crate::settings::keys::{Key, Kind, SUBJECTS, UPSTREAM, Unset};

/// How long lines of prose are.
const WIDTH: usize = 100;

const USER: &str = "\
The user's settings of otel-run. Flags, OTEL_RUN_* and OTEL_* variables and a project's .otel-run.toml beat it.";

const PROJECT: &str = "\
A project's settings of otel-run: what they describe holds for everybody who runs commands in this folder or below. \
The user's own file, variables and flags say the rest. Flags, OTEL_RUN_* and OTEL_* variables beat this file, which beats \
the user's.";

const HOW: &str = "\
A line that begins with # and no space is a setting: take the # away. `otel-run config check` says what is wrong with this \
file, `otel-run config` what holds in the end.";

/// The file of this kind. Its first line is for editors (taplo, Even Better TOML) and names the schema.
pub fn init(kind: FileKind) -> String {
    let mut page = Page(format!("#:schema {}\n\n", schema::place(kind)));
    page.prose(if kind == FileKind::User { USER } else { PROJECT });
    page.prose(HOW);
    if !schema::place(kind).contains("://") {
        let project = if kind == FileKind::User { "" } else { " --project" };
        page.prose(&format!("Editors find keys by the schema in the first line: `otel-run config schema{project}` prints it, to be put beside this file."));
    }
    let may = |key: &&Key| kind == FileKind::User || key.project;
    let keys = || SUBJECTS.iter().map(|(subject, keys)| (subject, keys.iter().filter(may)));
    for (subject, keys) in keys() {
        let mut keys = keys.filter(|key| !is_table(key)).peekable();
        if keys.peek().is_some() {
            let _ = writeln!(page.0, "\n# ---- {subject}");
        }
        keys.for_each(|key| page.key(key));
    }
    // In TOML everything behind the head of a table belongs to it, so tables stand at the end.
    keys().flat_map(|(_, keys)| keys.filter(is_table)).for_each(|key| page.table(key));
    page.0
}

fn is_table(key: &&Key) -> bool {
    matches!(key.kind, Kind::Names(_) | Kind::DottedNames(_) | Kind::Agents | Kind::List(Kind::Table(_)))
}

struct Page(String);

impl Page {
    fn prose(&mut self, text: &str) {
        let mut line = String::from("#");
        for word in text.split(' ') {
            if line.len() + 1 + word.len() > WIDTH {
                let _ = writeln!(self.0, "{line}");
                line = String::from("#");
            }
            line.push(' ');
            line.push_str(word);
        }
        let _ = writeln!(self.0, "{line}");
    }

    fn setting(&mut self, line: &str) {
        let _ = writeln!(self.0, "#{line}");
    }

    /// What a key means, what it can be, and what says the same.
    fn about(&mut self, key: &Key) {
        self.0.push('\n');
        self.prose(&sentence(key.meaning));
        let mut facts = Vec::new();
        if let Kind::Word(words) = key.kind {
            facts.push(format!("one of {}", words.join(", ")));
        }
        facts.push(match key.unset {
            Unset::Required => "needed".to_owned(),
            unset => format!("default: {unset}"),
        });
        let mut facts = sentence(&facts.join("; "));
        let same: Vec<&str> = key.flag.iter().chain(key.variables).copied().collect();
        if !same.is_empty() {
            facts.push_str(&format!(" The same: {}.", same.join(", ")));
        }
        self.prose(&facts);
    }

    fn key(&mut self, key: &Key) {
        self.about(key);
        self.setting(&format!("{} = {}", key.name, key.example));
    }

    fn table(&mut self, key: &Key) {
        let _ = writeln!(self.0, "\n# ---- {}", key.name);
        self.about(key);
        match key.kind {
            Kind::List(_) => {
                self.setting(&format!("[[{}]]", key.name));
                UPSTREAM.iter().for_each(|key| self.setting(&format!("{} = {}", key.name, key.example)));
            }
            Kind::Agents => {
                self.setting(&format!("[{}.goose]", key.name));
                FIELDS.iter().for_each(|key| {
                    self.prose(&sentence(key.meaning));
                    self.setting(&format!("{} = {}", key.name, key.example));
                });
            }
            _ => {
                self.setting(&format!("[{}]", key.name));
                let entries = key.example.trim_start_matches("{ ").trim_end_matches(" }");
                // The outer braces alone: what is in them has its own.
                let closed = entries.matches('{').count() > entries.matches('}').count();
                self.setting(&format!("{entries}{}", if closed { " }" } else { "" }));
            }
        }
    }
}

/// `text` with a capital letter, unless it begins with a name, and with a full stop.
fn sentence(text: &str) -> String {
    let first = text.split(' ').next().unwrap_or_default();
    let is_name = first.contains(['.', '_', '-', '{', '$']) || ["auto", "otel-run"].contains(&first);
    let mut letters = text.chars();
    match letters.next() {
        Some(letter) if !is_name => format!("{}{}.", letter.to_uppercase(), letters.as_str()),
        _ => format!("{text}."),
    }
}

#[cfg(test)]
pub(super) mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use std::path::PathBuf;

    use super::*;
    use crate::agent::Agents;
    use crate::environment::Environment;
    use crate::settings::{FileText, Layer, Settings, keys, resolve};

    /// Every setting of it, with the `#` taken away as its words say.
    pub(in super::super) fn uncommented(page: &str) -> String {
        let setting = |line: &str| match line.strip_prefix('#') {
            Some(rest) if !rest.starts_with([' ', ':']) && !rest.is_empty() => rest.to_owned(),
            _ => line.to_owned(),
        };
        page.lines().map(setting).collect::<Vec<_>>().join("\n")
    }

    fn meant(kind: FileKind, text: &str) -> (Settings, Vec<crate::settings::Complaint>) {
        let file = Some(FileText { path: PathBuf::from("/u/c"), text: text.to_owned() });
        let (project, user) = if kind == FileKind::Project { (file, None) } else { (None, file) };
        let (settings, mut complaints) = resolve(Layer::default(), &Environment::default(), project, user);
        complaints.extend(Agents::with(&settings.agents).1);
        (settings, complaints)
    }

    #[test]
    fn as_it_is_it_says_nothing() {
        for kind in [FileKind::User, FileKind::Project] {
            assert_eq!(meant(kind, &init(kind)), (Settings::default(), Vec::new()));
            assert!(init(kind).starts_with("#:schema "));
        }
    }

    #[test]
    fn every_line_of_it_can_be_used() {
        for kind in [FileKind::User, FileKind::Project] {
            let text = uncommented(&init(kind));
            let (settings, complaints) = meant(kind, &text);
            assert_eq!(complaints, [], "{text}");
            assert_ne!(settings, Settings::default());
            let table: toml::Table = toml::from_str(&text).unwrap();
            let expected: Vec<&str> =
                keys::all().filter(|key| kind == FileKind::User || key.project).map(|key| key.name).collect();
            assert_eq!(table.len(), expected.len());
            assert!(expected.iter().all(|name| table.contains_key(*name)), "{text}");
            if kind == FileKind::User {
                assert!(FIELDS.iter().all(|field| table["agents"]["goose"].get(field.name).is_some()));
                assert!(UPSTREAM.iter().all(|key| table["upstream"][0].get(key.name).is_some()));
            }
        }
    }

    #[test]
    fn lines_are_short_enough_to_read() {
        let long = |line: &&str| line.starts_with("# ") && line.len() > WIDTH;
        assert_eq!(init(FileKind::User).lines().find(long), None);
    }
}
