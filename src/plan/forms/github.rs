//! The `env` of a workflow, a job or a step of GitHub Actions.

use super::notes::heading;
use super::text::{Comments, Part, Text};
use super::yaml;
use super::{Form, Platform};

/// All of it.
pub(super) fn write(platform: &Platform) -> String {
    let mut out = String::new();
    let mut comments = Comments { out: &mut out, indent: "" };
    comments.say(&heading(platform, Form::Github));
    for note in &platform.notes {
        comments.gap();
        comments.say(note);
    }
    for reference in &platform.references {
        comments.gap();
        let kind = if reference.is_secret { "secret" } else { "variable" };
        comments.say(&format!("The {kind} {} of the repository holds {}.", reference.name, reference.holds));
    }
    if platform.command.is_some() {
        comments.gap();
    }
    comments.command(&platform.command);
    out.push_str("env:\n");
    for variable in platform.with_attributes(of_the_run()) {
        Comments { out: &mut out, indent: "  " }.say(&variable.reason);
        let value: String = variable.value.parts().map(|part| part_of(part, platform)).collect();
        out.push_str(&format!("  {}: {}\n", yaml::quoted(&variable.name), yaml::quoted(&value)));
    }
    out
}

/// What otel-run would say of the run (`src/context/ci/systems.rs`), as far as nobody outside of the repository has a say in
/// it and nothing in it has to be encoded.
fn of_the_run() -> Vec<(&'static str, Text)> {
    let repository = "${{ github.server_url }}/${{ github.repository }}";
    vec![
        ("cicd.pipeline.run.id", Text::native("${{ github.run_id }}")),
        ("cicd.pipeline.run.url.full", Text::native(format!("{repository}/actions/runs/${{{{ github.run_id }}}}"))),
        ("vcs.ref.head.revision", Text::native("${{ github.sha }}")),
        ("vcs.repository.url.full", Text::native(repository)),
    ]
}

fn part_of(part: &Part, platform: &Platform) -> String {
    match part {
        Part::Plain(text) => escaped(text),
        Part::Native(words) => words.clone(),
        Part::Reference(name) => {
            let is_secret = platform.references.iter().any(|known| known.name == *name && known.is_secret);
            format!("${{{{ {}.{name} }}}}", if is_secret { "secrets" } else { "vars" })
        }
    }
}

/// The text without anything that begins an expression: an expression whose value is that takes its place.
pub(super) fn escaped(text: &str) -> String {
    text.replace("${{", "${{ '${{' }}")
}
