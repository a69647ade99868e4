//! The page `docs/configuration.md`.

use std::fmt::Write as _;

use crate::agent::FIELDS;
use crate::settings::keys::{Key, Kind, SUBJECTS, UPSTREAM};

const BEGINNING: &str = "\
# Settings files

otel-run reads two files of [TOML](https://toml.io): the user's, `$XDG_CONFIG_HOME/otel-run/config.toml` (or what `--config` or
`OTEL_RUN_CONFIG` names), and the project's, `.otel-run.toml` in the folder where the command starts or in one above it, up to the repository's root.

A setting comes from the first of these that has it: flag, `OTEL_RUN_*` variable, `OTEL_*` variable, project file, user file, default. Endpoint and
credentials always come from the same place.

| | |
| --- | --- |
| `otel-run config` | the settings that hold, as such a file, each with the flag, the variable, or the file and line that said it. It takes the options of a run. As the user's file it means the same, but for secrets: a header whose value itself was given stands there as a comment with `\"REDACTED\"`, and what looks like a secret anywhere else is blanked. A signal that goes its own way by variables (`OTEL_EXPORTER_OTLP_LOGS_PROTOCOL`) becomes an `[[upstream]]` of its own. What only variables can say (`OTEL_TRACES_SAMPLER`) is a comment at the end |
| `otel-run config check [FILE]` | all that is wrong with a file at once, with line and nearest known name, whatever variables say; without a name that of the project's and the user's file. `--project` goes by the rules for a project's file, as it does for a file called `.otel-run.toml` |
| `otel-run config init` | writes the user's file with every key explained and commented out, or with `--project` the project's in this folder. A file that is there is left alone without `--force`; `--stdout` prints it |
| `otel-run config path` | which files are read, and whether they are there; `--json` |
| `otel-run config schema` | prints the JSON Schema of the user's file, with `--project` that of a project's |

Their exit status is 0 where all is well and 1 where something is wrong with what was said.

Editors that know taplo (Even Better TOML) complete and check a file by the schema that its first line names, as in what `config init` writes:
`#:schema otel-run.schema.json`. The schemas are in the [repository](../schema); such a line can name a URL, or a file beside the settings file, which
`otel-run config schema > otel-run.schema.json` makes.

A project's file comes with a repository that its visitors may not trust, so it may set only what is marked with *project*.

A *time* is a text such as `\"5s\"`, `\"500ms\"`, `\"1h 30m\"`, or a number of seconds; an *age* and a *size* need their unit (`\"30d\"`, `\"5GiB\"`).
A *path* that is not absolute begins in the folder of the file, and `~` is the home folder.
";

/// The whole page.
pub fn page() -> String {
    let mut page = String::from(BEGINNING);
    for (subject, keys) in SUBJECTS {
        let _ = writeln!(page, "\n## {subject}\n");
        page.push_str("| key | value | default | flag, variables | meaning |\n| --- | --- | --- | --- | --- |\n");
        for key in *keys {
            row(&mut page, key);
        }
    }
    page.push_str("\n## `[[upstream]]`\n\nEach further upstream has the keys of *Destination*, and a name:\n\n");
    table(&mut page, &UPSTREAM[..1]);
    page.push_str("\n## `[agents.NAME]`\n\n[your-agent.md](your-agent.md) says how they work together.\n\n");
    table(&mut page, FIELDS);
    for (path, keys) in nested(FIELDS) {
        let _ = writeln!(page, "\n### `{path}`\n");
        table(&mut page, keys);
    }
    page
}

/// A key at the top of a file.
fn row(page: &mut String, key: &Key) {
    let marked = if key.project { " *project*" } else { "" };
    let said = key.flag.iter().chain(key.variables).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let _ = writeln!(
        page,
        "| `{}`{marked} | {} | {} | {said} | {}, as in `{}` |",
        key.name,
        cell(&value(&key.kind)),
        cell(&key.unset.in_markdown()),
        cell(key.meaning),
        cell(key.example),
    );
}

/// Keys of a table, which nothing else says.
fn table(page: &mut String, keys: &[Key]) {
    page.push_str("| key | value | default | meaning |\n| --- | --- | --- | --- |\n");
    for key in keys {
        let _ = writeln!(
            page,
            "| `{}` | {} | {} | {}, as in `{}` |",
            key.name,
            cell(&value(&key.kind)),
            cell(&key.unset.in_markdown()),
            cell(key.meaning),
            cell(key.example)
        );
    }
}

/// What a value is. The keys of an upstream stand above it, and a header's value is shown by its meaning.
fn value(kind: &Kind) -> String {
    match kind {
        Kind::List(Kind::Table(keys)) if *keys == UPSTREAM => "tables `[[upstream]]`".to_owned(),
        other => other.words(),
    }
}

/// The tables below `keys`, each once, by the path of the first place where they stand.
fn nested(keys: &'static [Key]) -> Vec<(String, &'static [Key])> {
    fn below(path: &str, kind: &'static Kind, found: &mut Vec<(String, &'static [Key])>) {
        match kind {
            Kind::Table(keys) if found.iter().all(|(_, known)| known != keys) => {
                found.push((path.to_owned(), keys));
                keys.iter().for_each(|key| below(&format!("{path}.{}", key.name), &key.kind, found));
            }
            Kind::List(kind) => below(&format!("{path}[]"), kind, found),
            Kind::Names(kind) => below(&format!("{path}.VARIABLE"), kind, found),
            Kind::Either(kinds) => kinds.iter().for_each(|kind| below(path, kind, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    keys.iter().for_each(|key| below(key.name, &key.kind, &mut found));
    found
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    /// `UPDATE_DOCS=1 cargo test --lib reference` writes the page again.
    #[test]
    fn the_page_says_what_the_catalogue_says() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/configuration.md");
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(path, page()).unwrap();
        }
        assert_eq!(std::fs::read_to_string(path).unwrap(), page());
    }
}
