//! The page that tells users what is removed, written from the table.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::Kind;
use super::table::{GENERIC, KEPT, ROWS, Shape};

const INTRODUCTION: &str = "\
# Content and secrets

| `--content` | on this machine's disk | at backends |
| --- | --- | --- |
| `off`, the default | none | none |
| `local` | in a file of its own beside the run's log, for `otel-run show --conversation` | none: what is delivered is what `off` delivers, now, by `flush`, or by another otel-run |
| `on` | as it came | as it came |

A project's settings file cannot set it. Secrets are blanked in every mode (see below).

# What counts as content

Unless content is turned on, otel-run removes what follows from everything that a command sends, before anything is
written to disk or sent on. A name that ends in `.*` stands for itself and for every name below it. A removed
attribute goes whole, with whatever is nested in its value.

Names that stand under an agent are removed only from what that agent wrote, unless they carry its own prefix; all others
are removed wherever they stand.
";

const BODIES: &str = "
## Bodies of log records

* Records that are one message of a conversation (`gen_ai.user.message`, `gen_ai.choice` and the like) lose their body.
* opencode's records keep the messages that are known to hold no content, each with the details that hold none: a
  permission's kind stays, the command line that it was asked for goes.
* Other agents' records keep their body where it is the event's name or a sentence that the agent is known to write,
  up to the place where the sentence quotes an error.
* opencode's records lose all attributes but ids.
* Bodies of other programs stay.

## Text of errors

The text of an error repeats arguments, output and parts of the prompt, so it is removed from everything that a known agent
wrote, and from spans of model and tool calls whoever wrote them: the status message of spans and the attributes listed
under \"error text\". What stays is the class of the error (`exception.type`, `error.type`, a text that is nothing but a class
name), a few fixed phrases, and the HTTP status where the text names one. Errors of other programs stay whole.
";

const SECRETS: &str = "
# Secrets

Whatever content is set to, these are blanked before anything is written to disk or sent, in all texts of all signals: names, keys and
values of attributes, bodies, events, status messages, resources, scopes, exemplars, at any depth. In their place stands
`[redacted:NAME]`. Ids, times and numbers are never touched.

* Values of environment variables whose names look like those of secrets: a word of them is `TOKEN`, `SECRET`, `PASSWORD`,
  `PASSWD`, `PASSPHRASE`, `CREDENTIAL(S)`, `COOKIE`, `JWT`, `DSN`, `WEBHOOK` or the like, or the last one is `KEY`, `PASS`, `PWD`, `AUTH`,
  `PAT`; `PUBLIC_KEY` and names that tell where something is (`..._FILE`, `..._SOCK`) are not among them. Values of fewer than 8 bytes,
  numbers, paths, plain URLs, a few words (`localhost`, `changeme`) and what `HOME`, `USER` and the like hold are not either.
* Passwords in URLs that any variable holds, and secrets in variables that hold headers.
* Values of the variables that you name: `--redact NAME`, `OTEL_RUN_REDACT`, `redact = [\"NAME\"]`, from 4 bytes on. All places that
  name some count together; a project's file may add to them.
* Not those that you except: `--redact-except NAME`, `OTEL_RUN_REDACT_EXCEPT`, `redact_except = [\"NAME\"]`, not in a project's file.
* otel-run's own: the values of headers for backends as far as they are known when the run starts (those that programs print are
  not), and the token of its collector.
* Tokens that are known by their look, wherever they come from: `sk-`, `ghp_` `gho_` `ghu_` `ghs_` `ghr_` `github_pat_`, `glpat-`,
  `xoxa-` `xoxb-` `xoxp-`, `AKIA` `ASIA`, `AIza`, `ya29.`, `npm_`, `hf_`, `gsk_`, `xai-`, each with enough random letters behind it; JSON Web
  Tokens; PEM private keys; the password in `scheme://user:password@`.

A value is also found where it is written in JSON, in JSON inside of JSON, or percent-encoded, and in the middle of a word. What cannot
be known: a secret of which an agent has cut off the end, one in another encoding (base64, a hash), and one that is in no variable and
looks like nothing. How many were blanked is `redacted` in `otel-run runs --json`.
";

/// The page `docs/content.md`.
pub fn documentation() -> String {
    let mut kinds: BTreeMap<Kind, BTreeMap<&str, Vec<String>>> = BTreeMap::new();
    for row in ROWS {
        let names = row.names.iter().map(|name| match name.shape {
            Shape::Exact => format!("`{}`", name.text),
            Shape::Tree => format!("`{}.*`", name.text),
        });
        kinds.entry(row.kind).or_default().entry(row.source).or_default().extend(names);
    }
    for (word, kind) in GENERIC {
        kinds.entry(*kind).or_default().entry(WORDS).or_default().push(format!("`{word}`"));
    }
    let mut page = String::from(INTRODUCTION);
    for (kind, sources) in kinds {
        let _ = writeln!(page, "\n## {}\n", heading(kind));
        for (source, names) in sources {
            let _ = writeln!(page, "* {source}: {}", names.join(", "));
        }
    }
    page.push_str(BODIES);
    page.push_str("\n## Exceptions\n\nThese stay although a name above covers them:\n\n");
    for name in KEPT {
        let _ = writeln!(page, "* `{name}`");
    }
    page.push_str(SECRETS);
    page
}

const WORDS: &str = "known agents except opencode, as a whole key or as its last part";

fn heading(kind: Kind) -> &'static str {
    match kind {
        Kind::Prompt => "Prompts",
        Kind::Answer => "Answers",
        Kind::Reasoning => "Reasoning",
        Kind::ToolArguments => "Tool arguments",
        Kind::ToolResult => "Tool results",
        Kind::SystemInstructions => "System instructions",
        Kind::ToolDefinitions => "Tool definitions",
        Kind::Headers => "Headers",
        Kind::CommandLine => "Command lines and environments",
        Kind::ErrorText => "Error text",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    /// Rewrites the page instead of comparing it when `UPDATE_DOCS` is set.
    #[test]
    fn the_page_is_the_table() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/content.md");
        let page = super::documentation();
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(path, &page).unwrap();
        }
        let written = std::fs::read_to_string(path).unwrap();
        assert_eq!(written, page, "run the test again with UPDATE_DOCS=1");
    }
}
