//! The printed form of a plan: what `otel-run plan -- COMMAND` and `--dry-run` show.

use std::borrow::Cow;

use super::page::{Page, quote, words};
use super::shown::{self, Around};
use super::{Action, Collection, CollectorAddress, Destination, Plan, Untold, Value};
use crate::agent::{self, Mask, RecognisedFrom};
use crate::settings::{AgentChoice, Content, Detail, GenAi, Nest, Origin, Required, duration, size};

impl Plan {
    /// The plan for the user to read.
    pub fn in_words(&self, around: &Around<'_>) -> String {
        let mut page = Page(String::new());
        page.row("Command", self.command_words());
        page.row("Agent", words(&self.agent_text()));
        if let Some(name) = &self.service_name {
            page.row("Service", words(&format!("{} ({})", quote(name.value.as_ref()), name.origin)));
        }
        if let Some(file) = &self.private_file {
            let text = format!(
                "{}, which is there for this run alone, sets {}: what the agent's own files say of it comes before its environment",
                file.path.display(),
                file.names().join(", ")
            );
            page.row("Settings", words(&text));
        }
        if self.collection == Collection::Disabled {
            page.row("Collector", words(&self.collection_text()));
        } else {
            self.run_rows(around, &mut page);
        }
        self.process_rows(&mut page);
        self.added_arguments(&mut page);
        self.said_again(&mut page);
        self.set_variables(Some(around), &mut page);
        self.removed_variables(&mut page);
        if !self.warnings.is_empty() {
            page.heading("Warnings");
            for warning in &self.warnings {
                page.paragraph("  - ", 4, words(&warning.text));
            }
        }
        around.blank(page.0)
    }

    /// What of the command line the user did not type.
    fn added_arguments(&self, page: &mut Page) {
        if self.arguments.is_empty() {
            return;
        }
        page.heading("Added to the command's arguments");
        for inserted in &self.arguments {
            let before = inserted.sets.and_then(|key| self.led_away(key));
            if let (Some(key), Some((url, origin))) = (inserted.sets, before) {
                page.paragraph("  - ", 6, words(&format!("{key}: {url} ({origin})")));
            }
            let added =
                inserted.words.iter().map(|word| word.instead().map_or_else(|| quote(word.expose()), str::to_owned));
            page.paragraph("  + ", 6, added.map(Cow::Owned).collect());
            page.paragraph("      ", 6, words(inserted.reason));
        }
    }

    /// Where the user's own configuration of the agent has what `key` sets now.
    fn led_away(&self, key: &str) -> Option<(&str, &Origin)> {
        let signal = agent::own::signal_of(key)?;
        let own = self.destinations.iter().find(|destination| agent::own::is_of_an_agent(&destination.name))?;
        let (_, endpoint) = own.signal_endpoints.iter().find(|(of, _)| *of == signal)?;
        Some((&endpoint.value, &endpoint.origin))
    }

    /// What a file of the agent says, and the run's own file says instead.
    fn said_again(&self, page: &mut Page) {
        let Some(file) = &self.private_file else { return };
        let profile = self.agent.profile;
        page.heading("Said again in the settings of the run");
        for again in &file.variables {
            let before = shown::users(profile, &again.name, again.before.expose().as_ref());
            page.paragraph("  - ", 6, words(&format!("{}={before} ({})", again.name, again.origin)));
            page.paragraph(
                "  + ",
                6,
                words(&format!("{}={}", again.name, shown::ours(profile, &again.name, &again.value))),
            );
        }
    }

    fn genai_text(&self) -> String {
        let newest = &self.newest_genai;
        let names = if newest.value && self.genai.value != GenAi::Off {
            format!(", the newest ones ({})", newest.origin)
        } else {
            String::new()
        };
        format!("{} ({}){names}", genai_text(self.genai.value), self.genai.origin)
    }

    fn run_rows(&self, around: &Around<'_>, page: &mut Page) {
        page.row("Trace", words(&self.trace_text()));
        page.row("Run span", words(&self.span_text()));
        page.row("Collector", words(&self.collection_text()));
        // Both are about what the collector receives.
        if matches!(self.collection, Collection::Redirected(_) | Collection::NotTold(..)) {
            page.row("Nesting", words(&format!("{} ({})", nest_text(self.nest.value), self.nest.origin)));
            page.row("Content", words(&format!("{} ({})", content_text(self.content.value), self.content.origin)));
            self.blanked_rows(around, page);
            if self.detail.origin != Origin::Default {
                page.row("Detail", words(&format!("{} ({})", detail_text(self.detail.value), self.detail.origin)));
            }
            if self.genai.origin != Origin::Default || self.newest_genai.value {
                page.row("GenAI", words(&self.genai_text()));
            }
        }
        destinations(&self.destinations, page);
        let deadline = self.drain_deadline.value.as_secs_f64();
        let origin = &self.drain_deadline.origin;
        page.row("Delivery", words(&format!("at most {deadline} s after the command ended ({origin})")));
        match &self.state_dir {
            Some(folder) => page.row("Runs", vec![quote(folder.value.as_os_str()).into(), origin_word(&folder.origin)]),
            None => page.row("Runs", words("nowhere: no folder for them can be named")),
        }
        if let Some(required) = &self.required {
            page.row("Required", words(&format!("{} ({})", required_text(&required.value), required.origin)));
        }
        let (age, runs, size) = (&self.keep_age, &self.keep_runs, &self.keep_size);
        if [&age.origin, &runs.origin, &size.origin].into_iter().any(|origin| *origin != Origin::Default) {
            let age_text = age.value.map_or("of any age".to_owned(), |age| format!("for {}", duration::text(age)));
            let runs_text = runs.value.map_or("any number".to_owned(), |runs| format!("{runs} runs"));
            let size_text = size.value.map_or("any size".to_owned(), size::text);
            let (age, runs, size) = (&age.origin, &runs.origin, &size.origin);
            page.row("Kept", words(&format!("{age_text} ({age}), {runs_text} ({runs}), {size_text} ({size})")));
        }
        let codes = &self.success_codes;
        if !codes.value.is_empty() {
            let list: Vec<String> = codes.value.iter().map(ToString::to_string).collect();
            page.row("Success", words(&format!("exit codes 0, {} ({})", list.join(", "), codes.origin)));
        }
        let heartbeat = &self.heartbeat;
        if heartbeat.origin != Origin::Default {
            let text = heartbeat.value.map_or("none".to_owned(), |every| format!("every {} s", every.as_secs_f64()));
            page.row("Heartbeat", words(&format!("{text} ({})", heartbeat.origin)));
        }
    }

    /// Whose values are blanked in all that the run keeps.
    fn blanked_rows(&self, around: &Around<'_>, page: &mut Page) {
        let all = match around.blanked {
            [] => "what is known by its look".to_owned(),
            names => format!("the values of {}, and what is known by its look", names.join(", ")),
        };
        page.row("Blanked", words(&all));
        for (what, list) in [("named", &self.redact), ("not blanked", &self.redact_except)] {
            for name in list {
                page.row("", words(&format!("{what}: {} ({})", name.value, name.origin)));
            }
        }
    }

    /// What is done with the command's processes, whether or not anything is recorded. Most runs have none of it.
    fn process_rows(&self, page: &mut Page) {
        if let Some(limit) = &self.time_limit {
            let mut text = format!("{} s, then TERM ({})", limit.value.as_secs_f64(), limit.origin);
            if let Some(grace) = &self.kill_after {
                text.push_str(&format!(" and KILL {} s later ({})", grace.value.as_secs_f64(), grace.origin));
            }
            page.row("Time limit", words(&text));
        }
        let facts = [
            (&self.reap, "otel-run adopts what the command leaves behind"),
            (&self.die_with_parent, "the command is killed when otel-run is killed"),
        ];
        let mut title = "Processes";
        for (fact, text) in facts.iter().filter(|(fact, _)| fact.value) {
            page.row(title, words(&format!("{text} ({})", fact.origin)));
            title = "";
        }
    }

    fn command_words(&self) -> Vec<Cow<'_, str>> {
        let token = match &self.collection {
            Collection::Redirected(collector) => Some(&collector.token),
            _ => None,
        };
        self.argv
            .iter()
            .map(|word| {
                let word = quote(word);
                Cow::Owned(token.map_or_else(|| word.clone(), |token| token.mask(&word)))
            })
            .collect()
    }

    fn agent_text(&self) -> String {
        let agent = &self.agent;
        let title = agent.profile.title;
        let mode = agent.mode.map(|mode| format!(", mode {mode}")).unwrap_or_default();
        match agent.recognised_from {
            RecognisedFrom::BaseName => format!("{title}{mode} (recognised by its name)"),
            RecognisedFrom::Package => format!("{title}{mode} (recognised by its package)"),
            RecognisedFrom::Script => format!("{title}{mode} (recognised by its script)"),
            RecognisedFrom::Link => format!("{title}{mode} (recognised by where its link leads)"),
            RecognisedFrom::Choice if self.agent_choice.value == AgentChoice::None => {
                format!("none ({})", self.agent_choice.origin)
            }
            RecognisedFrom::Choice => format!("{title}{mode} ({})", self.agent_choice.origin),
            RecognisedFrom::Nothing => format!("{} is no known agent", agent.program_name),
        }
    }

    fn trace_text(&self) -> String {
        let trace_id = &self.context.trace_id;
        match &self.context.parent_span_id {
            Some(_) => format!("{trace_id}, which TRACEPARENT names"),
            None => format!("{trace_id}, a new one"),
        }
    }

    fn span_text(&self) -> String {
        let context = &self.context;
        let parent = context.parent_span_id.as_ref().map(|parent| format!(", child of {parent}")).unwrap_or_default();
        let sampled = match (context.sampled, context.recording) {
            (true, _) => "sampled",
            (false, true) => "not sampled: recorded and not exported",
            (false, false) => "not sampled: not recorded",
        };
        format!("{}, named \"{}\"{parent}, {sampled}", context.span_id, self.span_name)
    }

    pub(super) fn collection_text(&self) -> String {
        let address = |collector: &CollectorAddress| collector.token.mask(&collector.base_url);
        match &self.collection {
            Collection::Redirected(collector) => format!("{}, which the command exports to", address(collector)),
            Collection::NotTold(collector, why) => {
                let why = match why {
                    Untold::NoAgent => "no agent is wanted",
                    Untold::ConfigFile => "OTEL_CONFIG_FILE decides where it exports to",
                    Untold::SwitchedOff => "OTEL_*_EXPORTER is none",
                };
                format!("{}; the command is not told, since {why}", address(collector))
            }
            Collection::Off(origin) => {
                format!("off: the command exports to wherever it does without otel-run ({origin})")
            }
            Collection::Unavailable => {
                "not available: the command exports to wherever it does without otel-run".to_owned()
            }
            Collection::Disabled => {
                "none: OTEL_SDK_DISABLED is true, so nothing is recorded; the context is passed on as it came"
                    .to_owned()
            }
        }
    }

    /// The variables that are set; with what the user has in `around`, where that is told.
    pub(super) fn set_variables(&self, around: Option<&Around<'_>>, page: &mut Page) {
        let set: Vec<_> = self
            .environment
            .iter()
            .filter_map(|change| match &change.action {
                Action::Set(value) => Some((change, value)),
                Action::Remove => None,
            })
            .collect();
        if set.is_empty() {
            return;
        }
        page.heading("Set in the command's environment");
        for (change, value) in set {
            let profile = self.agent.profile;
            let before = around.and_then(|around| around.environment.raw(&change.name));
            match before {
                Some(before) => {
                    let before = shown::users(profile, &change.name, before);
                    page.paragraph("  - ", 6, vec![format!("{}={before}", change.name).into()]);
                    let now = shown::ours(profile, &change.name, value);
                    page.paragraph("  + ", 6, vec![format!("{}={now}", change.name).into()]);
                }
                None => page.paragraph("  ", 6, vec![assignment(&change.name, value).into()]),
            }
            page.paragraph("      ", 6, words(&change.reason));
        }
    }

    /// Names first and their common reason below, because most of them share a few reasons.
    pub(super) fn removed_variables(&self, page: &mut Page) {
        let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
        for change in self.environment.iter().filter(|change| change.action == Action::Remove) {
            match groups.iter_mut().find(|(reason, _)| *reason == change.reason) {
                Some((_, names)) => names.push(&change.name),
                None => groups.push((&change.reason, vec![&change.name])),
            }
        }
        if groups.is_empty() {
            return;
        }
        page.heading("Removed from the command's environment");
        for (reason, names) in groups {
            for name in names {
                page.paragraph("  ", 2, words(name));
            }
            page.paragraph("      ", 6, words(reason));
        }
    }
}

fn destinations(destinations: &[Destination], page: &mut Page) {
    if destinations.is_empty() {
        return page.row("Destination", words("none: the run stays on disk"));
    }
    for one in destinations {
        // A single one needs no name, unless nobody told otel-run of it.
        let name = if destinations.len() > 1 || agent::own::is_of_an_agent(&one.name) {
            format!("{}: ", one.name)
        } else {
            String::new()
        };
        destination(one, &name, page);
    }
}

fn destination(destination: &Destination, name: &str, page: &mut Page) {
    let mut title = "Destination";
    if let Some(endpoint) = &destination.endpoint {
        page.row(title, words(&format!("{name}{} ({})", endpoint.value, endpoint.origin)));
        title = "";
    }
    for (signal, endpoint) in &destination.signal_endpoints {
        page.row(title, words(&format!("{name}{}: {} ({})", signal.as_str(), endpoint.value, endpoint.origin)));
        title = "";
    }
    for (signals, protocol) in &destination.protocols {
        let which = if destination.protocols.len() > 1 {
            let signals: Vec<&str> = signals.iter().map(|signal| signal.as_str()).collect();
            format!("{} ", signals.join(" and "))
        } else {
            String::new()
        };
        page.row(title, words(&format!("{which}by {} ({})", protocol.value.as_str(), protocol.origin)));
        title = "";
    }
    for header in &destination.headers {
        let signal = header.signal.map(|signal| format!(" for {}", signal.as_str())).unwrap_or_default();
        let source = header.source.as_ref().map(|source| format!(" from {source}")).unwrap_or_default();
        page.row("", words(&format!("header {}{signal}{source} ({})", header.name, header.origin)));
    }
    for means in &destination.means {
        page.row("", words(&format!("{} ({})", means.value, means.origin)));
    }
}

fn required_text(required: &Required) -> String {
    let what = match required {
        Required::Any => "some telemetry".to_owned(),
        Required::Each(signals) => {
            signals.iter().map(|signal| format!("some {}", signal.items())).collect::<Vec<_>>().join(", ")
        }
    };
    format!("{what} from the command, taken by every destination; exit status 125 otherwise")
}

fn genai_text(genai: GenAi) -> &'static str {
    match genai {
        GenAi::Off => "off: model and tool calls keep the agent's own names alone",
        GenAi::Add => "add: model and tool calls get the GenAI conventions' names beside the agent's own",
        GenAi::Replace => "replace: model and tool calls get the GenAI conventions' names in place of the agent's own",
    }
}

fn nest_text(nest: Nest) -> &'static str {
    match nest {
        Nest::Adopt => "adopt: the command's telemetry moves under the run span",
        Nest::Link => "link: the command's traces stay its own and are linked with the run span",
        Nest::Off => "off: the command's telemetry stays as it is",
    }
}

pub(super) fn content_text(content: Content) -> &'static str {
    match content {
        Content::Off => "off: prompts, answers, tool arguments and results are not stored",
        Content::Local => "local: prompts, answers, tool arguments and results are stored, and not sent",
        Content::On => "on: prompts, answers, tool arguments and results are stored and sent",
    }
}

fn detail_text(detail: Detail) -> &'static str {
    match detail {
        Detail::Full => "full: every span is stored and sent",
        Detail::Agent => "agent: housekeeping spans of known agents are left out and counted",
    }
}

fn origin_word(origin: &Origin) -> Cow<'static, str> {
    format!("({origin})").into()
}

fn assignment(name: &str, value: &Value) -> String {
    match value.instead() {
        Some(shown) => format!("{name}={shown}"),
        None => format!("{name}={}", quote(value.expose())),
    }
}
