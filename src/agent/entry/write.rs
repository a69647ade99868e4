//! A profile as an entry of a settings file.

use std::fmt::Write as _;

use super::parts::PROTOCOL;
use super::words::{LAST_BATCHES, MEANS, RESOURCE_ATTRIBUTES, word};
use crate::agent::{
    Alternative, Argument, Caution, ContentSwitch, Edit, Event, Flush, Injection, Modes, OTHER, Profile, RecognisedBy,
    Service, Speaks, Telemetry, Variable,
};
use crate::settings::written::{key, list, text};

/// `profile` as an entry that says how it differs from the profile of any other command.
pub fn write(profile: &Profile) -> String {
    // Without `..`, so that a new field of profiles is not forgotten here, in `read`, and in docs/your-agent.md.
    let Profile {
        name,
        title,
        versions,
        recognised_by: RecognisedBy { base_names, packages, scripts },
        modes,
        service: Service { names, tells_version },
        telemetry,
        speaks: Speaks { protocols, signals },
        takes_parent,
        ignores,
        records_unasked,
        flush,
        events,
        environment: _,
        resource_attributes,
        arguments,
        content_attributes,
        housekeeping,
        operations,
        genai_attributes,
        content,
        content_arguments,
        probe,
        cautions,
        launcher_keeps_signals,
    } = *profile;
    let mut page = Page(String::new());
    page.table(&format!("agents.{}", key(name)));
    page.field("like", &text(OTHER.name));
    page.field("title", &text(title));
    page.list("versions", versions);
    if profile.recognised_by == NOTHING && name != OTHER.name {
        // Otherwise it would be recognised by its name.
        page.field("base_names", "[]");
    }
    page.list("base_names", base_names);
    page.list("packages", packages);
    page.list("scripts", scripts);
    page.words("protocols", protocols.iter().map(|protocol| protocol.as_str()));
    page.words("signals", signals.iter().map(|signal| signal.as_str()));
    page.field("takes_parent", &text(takes_parent.as_str()));
    page.list("ignores", ignores);
    page.list("records_unasked", records_unasked);
    page.list("content_attributes", content_attributes);
    page.list("housekeeping", housekeeping);
    page.field("resource_attributes", &text(word(RESOURCE_ATTRIBUTES, resource_attributes)));
    page.field("launcher_keeps_signals", if launcher_keeps_signals { "true" } else { "false" });
    page.leave(profile);

    let path = format!("agents.{}", key(name));
    if profile.service != OTHER.service {
        page.table(&format!("{path}.service"));
        page.list("names", names);
        page.field("tells_version", if tells_version { "true" } else { "false" });
    }
    if telemetry != OTHER.telemetry {
        page.telemetry(&path, &telemetry);
    }
    let Flush { at_end, on_signal } = flush;
    page.table(&format!("{path}.flush"));
    page.field("at_end", &text(word(LAST_BATCHES, at_end)));
    page.field("on_signal", &text(word(LAST_BATCHES, on_signal)));
    page.modes(&path, &modes);
    page.variables(&path, profile);
    for (field, pairs) in [("operations", operations), ("genai_attributes", genai_attributes)] {
        if !pairs.is_empty() {
            page.table(&format!("{path}.{field}"));
            pairs.iter().for_each(|(name, value)| page.field(&key(name), &text(value)));
        }
    }
    page.arguments(&format!("{path}.arguments"), arguments);
    if !content.is_empty() {
        page.table(&format!("{path}.content_switches"));
        for ContentSwitch { name, on, off, of } in content {
            let (on, off, of) = (change(on), change(off), text(of));
            page.field(&key(name), &format!("{{ on = {on}, off = {off}, of = {of} }}"));
        }
    }
    page.arguments(&format!("{path}.content_arguments"), content_arguments);
    if let Some(probe) = probe {
        page.table(&format!("{path}.probe"));
        page.list_even_if_empty("arguments", probe.arguments);
        for Alternative { when_answer_has, argument } in probe.alternatives {
            page.element(&format!("{path}.probe.alternatives"));
            page.field("when_answer_has", &text(when_answer_has));
            page.table(&format!("{path}.probe.alternatives.argument"));
            page.argument(argument);
        }
    }
    for Caution { modes, option, text: said } in cautions {
        page.element(&format!("{path}.cautions"));
        page.list("modes", modes);
        if let Some(option) = option {
            page.field("option", &text(option));
        }
        page.field("text", &text(said));
    }
    for Event { signal, name, means } in events {
        page.element(&format!("{path}.events"));
        page.field("signal", &text(signal.as_str()));
        page.field("name", &text(name));
        page.field("means", &text(word(MEANS, *means)));
    }
    page.0
}

const NOTHING: RecognisedBy = RecognisedBy { base_names: &[], packages: &[], scripts: &[] };

/// Longer lists have a line for each element.
const WIDTH: usize = 100;

struct Page(String);

impl Page {
    fn line(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }

    fn head(&mut self, head: &str) {
        if !self.0.is_empty() {
            self.0.push('\n');
        }
        self.line(head);
    }

    fn table(&mut self, path: &str) {
        self.head(&format!("[{path}]"));
    }

    fn element(&mut self, path: &str) {
        self.head(&format!("[[{path}]]"));
    }

    fn field(&mut self, name: &str, value: &str) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.0, "{name} = {value}");
    }

    fn list(&mut self, name: &str, words: &[&str]) {
        self.words(name, words.iter().copied());
    }

    fn words<'a>(&mut self, name: &str, words: impl Iterator<Item = &'a str>) {
        let words: Vec<&str> = words.collect();
        if !words.is_empty() {
            self.list_even_if_empty(name, &words);
        }
    }

    fn list_even_if_empty(&mut self, name: &str, words: &[&str]) {
        let short = list(words.iter().copied());
        if name.len() + 3 + short.len() <= WIDTH {
            return self.field(name, &short);
        }
        self.line(&format!("{name} = ["));
        for word in words {
            self.line(&format!("    {},", text(word)));
        }
        self.line("]");
    }

    fn telemetry(&mut self, path: &str, Telemetry { like, scopes }: &Telemetry) {
        self.head("# What is content in it, its names for GenAI, what is counted and what is housekeeping are known of this agent, in");
        self.line("# these scopes and under the names of the service. Further ones can be said in this entry (docs/your-agent.md).");
        self.line(&format!("[{path}.telemetry]"));
        if let Some(like) = like {
            self.field("like", &text(like));
        }
        self.list("scopes", scopes);
    }

    fn modes(&mut self, path: &str, modes: &Modes) {
        let Modes {
            working,
            other,
            without_subcommand,
            by_option,
            with_words,
            without_terminal,
            interactive,
            serving,
            options_with_value,
        } = *modes;
        if *modes == OTHER.modes {
            return;
        }
        self.table(&format!("{path}.modes"));
        self.list("working", working);
        self.list("other", other);
        let defaults = [
            ("without_subcommand", without_subcommand),
            ("with_words", with_words),
            ("without_terminal", without_terminal),
        ];
        for (name, mode) in defaults {
            if let Some(mode) = mode {
                self.field(name, &text(mode));
            }
        }
        if !by_option.is_empty() {
            self.line("by_option = [");
            for (option, mode) in by_option {
                let mode = mode.map(|mode| format!(", mode = {}", text(mode))).unwrap_or_default();
                self.line(&format!("    {{ option = {}{mode} }},", text(option)));
            }
            self.line("]");
        }
        self.list("interactive", interactive);
        self.list("serving", serving);
        self.list("options_with_value", options_with_value);
    }

    /// What any other command has and this one has not.
    fn leave(&mut self, profile: &Profile) {
        let missing = |name: &str| !profile.variables().any(|variable| variable.name == name);
        let left = OTHER.variables().map(|variable| variable.name).filter(|name| missing(name));
        self.words("leave", left);
    }

    fn variables(&mut self, path: &str, profile: &Profile) {
        // What is said of protocols decides on this one, unless it is said itself.
        let is_derived = |name: &str| name == PROTOCOL && !profile.speaks.protocols.is_empty();
        let is_new =
            |variable: &&Variable| is_derived(variable.name) || !OTHER.variables().any(|other| other == *variable);
        for kind in KINDS {
            let mut of_kind =
                profile.variables().filter(is_new).filter(|variable| parts(&variable.injection).0 == kind).peekable();
            if of_kind.peek().is_some() {
                self.table(&format!("{path}.{kind}"));
            }
            for Variable { name, injection, reason } in of_kind {
                let reason = text(reason);
                let value = match parts(injection).1 {
                    None => reason,
                    Some(parts) => format!("{{ {parts}, reason = {reason} }}"),
                };
                self.field(&key(name), &value);
            }
        }
    }

    fn arguments(&mut self, path: &str, arguments: &[Argument]) {
        for argument in arguments {
            self.element(path);
            self.argument(argument);
        }
    }

    fn argument(&mut self, Argument { modes, sets, edit, reason }: &Argument) {
        match edit {
            Edit::InsertBefore(words) => self.list_even_if_empty("before", words),
            Edit::InsertAfter(words) => self.list_even_if_empty("after", words),
            Edit::Settings { option, key } => {
                self.field("settings", &format!("{{ option = {}, key = {} }}", text(option), text(key)));
            }
        }
        self.list("modes", modes);
        if let Some(sets) = sets {
            self.field("sets", &text(sets));
        }
        self.field("reason", &text(reason));
    }
}

/// What can be done with a variable, in the order in which it is printed.
const KINDS: [&str; 7] = ["set", "set_if_unset", "prepend", "add_to_list", "merge_json", "exempt_loopback", "remove"];

/// The kind of a change, and the fields that say more about it, if it has any.
fn parts(injection: &Injection) -> (&'static str, Option<String>) {
    let value = |word: &str| Some(format!("value = {}", text(word)));
    match injection {
        Injection::Set(word) => ("set", value(word)),
        Injection::SetIfUnset(word) => ("set_if_unset", value(word)),
        Injection::AddToList(word) => ("add_to_list", value(word)),
        Injection::Prepend { text: added, separator } => {
            ("prepend", Some(format!("text = {}, separator = {}", text(added), text(separator))))
        }
        Injection::MergeJsonc { path, value, without_it } => {
            let (path, json, without_it) = (list(path.iter().copied()), text(value), text(without_it));
            ("merge_json", Some(format!("path = {path}, json = {json}, without_it = {without_it}")))
        }
        Injection::ExemptLoopback => ("exempt_loopback", None),
        Injection::Remove => ("remove", None),
    }
}

/// A change to a variable that is named elsewhere.
fn change(injection: &Injection) -> String {
    match parts(injection) {
        (kind, None) => format!("{{ {kind} = true }}"),
        (kind, Some(parts)) => format!("{{ {kind} = {{ {parts} }} }}"),
    }
}
