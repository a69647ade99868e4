//! What `otel-run agents NAME` says: what is known of an agent, and what would be injected here and now.

use super::page::{Page, quote, words};
use super::text::content_text;
use super::{Collection, Plan};
use crate::agent::{Alternative, Argument, Caution, Edit, Injection, LastBatches, Modes, Profile, TakesParent};
use crate::environment::Environment;
use crate::settings::Content;

impl Plan {
    /// What is known of the plan's agent, and what of it applies in `environment`, the one that the plan was made for.
    /// `said_at` is the line of the user's file that the agent comes from; none for a built-in one.
    pub fn agent_in_words(&self, environment: &Environment, said_at: Option<&str>) -> String {
        let profile = self.agent.profile;
        let mut page = Page(String::new());
        known(profile, said_at, &mut page);
        let records = profile.records_unasked;
        if !records.is_empty() {
            page.row("Content", words(&format!("it records without being asked: {}", records.join("; "))));
            page.row("", words(&format!("{} ({})", content_text(self.content.value), self.content.origin)));
        } else if self.content.value == Content::On {
            page.row("Content", words(&format!("{} ({})", content_text(self.content.value), self.content.origin)));
        }
        if !profile.content_attributes.is_empty() {
            page.row("", words(&format!("content as well: {}", profile.content_attributes.join(", "))));
        }
        page.row("Collector", words(&self.collection_text()));
        self.set_variables(None, &mut page);
        self.removed_variables(&mut page);
        if matches!(self.collection, Collection::Redirected(_)) {
            self.arguments(&mut page);
            yours(profile, environment, &mut page);
        }
        let cautions = profile.cautions.iter().map(|Caution { modes, option, text }| {
            let modes = match modes {
                [] => "always".to_owned(),
                modes => format!("in mode {}", modes.join(", ")),
            };
            let option = option.map(|option| format!(" with {option}")).unwrap_or_default();
            format!("{modes}{option}: {text}")
        });
        let warnings: Vec<String> = self.warnings.iter().map(|warning| warning.text.clone()).chain(cautions).collect();
        if !warnings.is_empty() {
            page.heading("Warnings");
            warnings.iter().for_each(|warning| page.paragraph("  - ", 4, words(warning)));
        }
        page.0
    }

    fn arguments(&self, page: &mut Page) {
        let profile = self.agent.profile;
        let of_content = if self.content.value == Content::Off { &[][..] } else { profile.content_arguments };
        if profile.arguments.is_empty() && of_content.is_empty() {
            return;
        }
        page.heading("Arguments");
        profile.arguments.iter().chain(of_content).for_each(|argument| self.argument(argument, "  ", page));
        let Some(probe) = profile.probe else { return };
        page.paragraph("  ", 6, words(&format!("{} is asked first: {}", profile.title, probe.arguments.join(" "))));
        for Alternative { when_answer_has, argument } in probe.alternatives {
            page.paragraph("      ", 6, words(&format!("where the answer has \"{when_answer_has}\", instead:")));
            self.argument(argument, "      ", page);
        }
    }

    fn argument(&self, Argument { modes, edit, reason, .. }: &Argument, indent: &str, page: &mut Page) {
        let further = indent.len() + 4;
        let (place, given) = match edit {
            Edit::InsertBefore(given) => ("in front of yours", given.iter().map(|word| self.filled(word)).collect()),
            Edit::InsertAfter(given) => ("behind yours", given.iter().map(|word| self.filled(word)).collect()),
            Edit::Settings { option, key } => (
                "merged with yours, where a file of the agent says otherwise",
                vec![quote(option.as_ref()), format!("{{\"{key}\": ...}}")],
            ),
        };
        page.paragraph(indent, further, given.into_iter().map(Into::into).collect());
        let modes = match modes {
            [] => String::new(),
            modes => format!(", in mode {}", modes.join(", ")),
        };
        page.paragraph(&" ".repeat(further), further, words(&format!("{place}{modes}: {reason}")));
    }

    /// A word that is injected, as it may be shown.
    fn filled(&self, word: &str) -> String {
        let Collection::Redirected(collector) = &self.collection else { return quote(word.as_ref()) };
        let token = collector.token.expose();
        let bare = collector.base_url.trim_end_matches(token).trim_end_matches('/');
        let endpoint = format!("{bare}/(token)");
        let word = word.replace("{endpoint}", &endpoint).replace("{collector}", bare).replace("{token}", "(token)");
        quote(word.as_ref())
    }
}

/// What holds everywhere.
fn known(profile: &Profile, said_at: Option<&str>, page: &mut Page) {
    let origin = said_at.unwrap_or("built in");
    page.row("Agent", words(&format!("{}: {} ({origin})", profile.name, profile.title)));
    if !profile.versions.is_empty() {
        page.row("Seen working", words(&profile.versions.join(", ")));
    }
    let by = &profile.recognised_by;
    let ways = [("the command", by.base_names), ("the package", by.packages), ("the script", by.scripts)];
    let ways: Vec<String> = ways
        .iter()
        .filter(|(_, names)| !names.is_empty())
        .map(|(what, names)| format!("{what} {}", names.join(", ")))
        .collect();
    let recognised = if ways.is_empty() { "by --agent only".to_owned() } else { format!("by {}", ways.join("; by ")) };
    page.row("Recognised", words(&recognised));
    let modes = modes(profile);
    if !modes.is_empty() {
        page.row("Modes", words(&modes.join(", ")));
    }
    page.row("Nested", words(nested_text(profile.takes_parent)));
    let signals: Vec<&str> = profile.speaks.signals.iter().map(|signal| signal.as_str()).collect();
    let protocols: Vec<&str> = profile.speaks.protocols.iter().map(|protocol| protocol.as_str()).collect();
    if !signals.is_empty() || !protocols.is_empty() {
        let signals = if signals.is_empty() { "nobody knows what".to_owned() } else { signals.join(", ") };
        let by = if protocols.is_empty() { String::new() } else { format!(" by {}", protocols.join(", ")) };
        page.row("Sends", words(&format!("{signals}{by}")));
    }
    page.row("At its end", words(&format!("what it has not sent {}", last_batches(profile.flush.at_end))));
    page.row("On a signal", words(&format!("what it has not sent {}", last_batches(profile.flush.on_signal))));
    if profile.launcher_keeps_signals {
        let text = "its launcher keeps signals to itself, so otel-run sends them to its whole process group";
        page.row("Signals", words(text));
    }
    if !profile.housekeeping.is_empty() {
        page.row("Housekeeping", words(&profile.housekeeping.join(", ")));
    }
    if !profile.ignores.is_empty() {
        page.row("Ignores", words(&profile.ignores.join(", ")));
    }
}

/// The modes in which a model is at work, each once, those of subcommands first.
fn modes(profile: &Profile) -> Vec<&'static str> {
    let Modes { working, by_option, without_subcommand, with_words, without_terminal, .. } = profile.modes;
    let by_option = by_option.iter().filter_map(|(_, mode)| *mode);
    let defaults = [without_subcommand, with_words, without_terminal];
    let mut modes: Vec<&str> = Vec::new();
    for mode in working.iter().copied().chain(by_option).chain(defaults.into_iter().flatten()) {
        if !modes.contains(&mode) {
            modes.push(mode);
        }
    }
    modes
}

fn nested_text(takes_parent: TakesParent) -> &'static str {
    match takes_parent {
        TakesParent::Always => "by itself: it takes its parent from TRACEPARENT",
        TakesParent::Partly => {
            "partly by itself: otel-run puts what does not take its parent from TRACEPARENT under the run"
        }
        TakesParent::Never => "by otel-run: it ignores TRACEPARENT",
        TakesParent::Unknown => "by itself where it knows TRACEPARENT, otherwise by otel-run",
    }
}

fn last_batches(last: LastBatches) -> &'static str {
    match last {
        LastBatches::Sent => "is sent before it ends",
        LastBatches::SentAfterwards => "is sent after the process that was started has ended",
        LastBatches::Lost => "is lost",
        LastBatches::Unknown => "may be sent or lost; nobody knows",
    }
}

/// Variables that the user has set and that meet what would be injected.
fn yours(profile: &Profile, environment: &Environment, page: &mut Page) {
    let set = |name: &str| environment.raw(name).is_some_and(|value| !value.is_empty());
    let mut met = profile.variables().filter_map(|variable| match variable.injection {
        Injection::SetIfUnset(value) if set(variable.name) => {
            Some((variable.name, format!("is kept; it would be {value}")))
        }
        Injection::Set(_) if set(variable.name) => Some((variable.name, "is replaced for the command".to_owned())),
        _ => None,
    });
    let Some(first) = met.next() else { return };
    page.heading("Your own values");
    for (name, what) in std::iter::once(first).chain(met) {
        page.paragraph("  ", 6, words(&format!("{name} {what}")));
    }
}
