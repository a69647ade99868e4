//! The fields of an entry that hold several things each.

use super::fields;
use super::read::Place;
use super::values::{
    exact, injected, json, keep, key, known_agent, list, scope, sentence, switch, variable, word, wrong_type,
};
use super::words::{LAST_BATCHES, MEANS, SIGNAL};
use crate::agent::{
    Alternative, Argument, Caution, ContentSwitch, Edit, Event, Flush, Injection, Modes, Probe, Profile, Service,
    Telemetry, Variable,
};
use crate::settings::{Given, Origin, Protocol, duration, keys};

pub(super) fn modes(place: &mut Place<'_>, modes: &mut Modes) {
    for (name, said) in place.fields(fields::MODES) {
        let mut place = place.below(name, said);
        match name.as_str() {
            "working" => place.put(&mut modes.working, list(exact)),
            "other" => place.put(&mut modes.other, list(exact)),
            "without_subcommand" => place.put(&mut modes.without_subcommand, some(exact)),
            "with_words" => place.put(&mut modes.with_words, some(exact)),
            "without_terminal" => place.put(&mut modes.without_terminal, some(exact)),
            "by_option" => modes.by_option = by_option(&mut place),
            "interactive" => place.put(&mut modes.interactive, list(exact)),
            "serving" => place.put(&mut modes.serving, list(exact)),
            "options_with_value" => place.put(&mut modes.options_with_value, list(exact)),
            _ => {}
        }
    }
}

fn some<T>(read: impl Fn(&Given) -> Result<T, String>) -> impl Fn(&Given) -> Result<Option<T>, String> {
    move |given| read(given).map(Some)
}

fn by_option(place: &mut Place<'_>) -> &'static [(&'static str, Option<&'static str>)] {
    let elements = place.elements();
    let read = |said| {
        let mut place = place.element(said);
        let (mut option, mut mode) = (None, None);
        for (field, said) in place.fields(fields::BY_OPTION) {
            let mut place = place.below(field, said);
            match field.as_str() {
                "option" => option = place.value(exact),
                "mode" => mode = place.value(exact),
                _ => {}
            }
        }
        match option {
            Some(option) => Some((option, mode)),
            None => place.lacks("write { option = \"--option\", mode = \"...\" }, or { option = \"--option\" }"),
        }
    };
    keep(elements.iter().filter_map(read).collect())
}

pub(super) fn service(place: &mut Place<'_>, service: &mut Service) {
    for (name, said) in place.fields(fields::SERVICE) {
        let mut place = place.below(name, said);
        match name.as_str() {
            "names" => place.put(&mut service.names, list(exact)),
            "tells_version" => place.put(&mut service.tells_version, switch),
            _ => {}
        }
    }
}

pub(super) fn telemetry(place: &mut Place<'_>, telemetry: &mut Telemetry) {
    for (name, said) in place.fields(fields::TELEMETRY) {
        let mut place = place.below(name, said);
        match name.as_str() {
            "like" => place.put(&mut telemetry.like, some(known_agent)),
            "scopes" => place.put(&mut telemetry.scopes, list(scope)),
            _ => {}
        }
    }
}

pub(super) fn flush(place: &mut Place<'_>, flush: &mut Flush) {
    for (name, said) in place.fields(fields::FLUSH) {
        let mut place = place.below(name, said);
        match name.as_str() {
            "at_end" => place.put(&mut flush.at_end, word(LAST_BATCHES)),
            "on_signal" => place.put(&mut flush.on_signal, word(LAST_BATCHES)),
            _ => {}
        }
    }
}

pub(super) fn events(place: &mut Place<'_>) -> &'static [Event] {
    let elements = place.elements();
    let read = |said| {
        let mut place = place.element(said);
        let (mut signal, mut name, mut means) = (None, None, None);
        for (field, said) in place.fields(fields::EVENTS) {
            let mut place = place.below(field, said);
            match field.as_str() {
                "signal" => signal = place.value(word(SIGNAL)),
                "name" => name = place.value(exact),
                "means" => means = place.value(word(MEANS)),
                _ => {}
            }
        }
        match (signal, name, means) {
            (Some(signal), Some(name), Some(means)) => Some(Event { signal, name, means }),
            _ => place.lacks("an event has `signal`, `name` and `means`"),
        }
    };
    keep(elements.iter().filter_map(read).collect())
}

pub(super) fn cautions(place: &mut Place<'_>) -> &'static [Caution] {
    let elements = place.elements();
    let read = |said| {
        let mut place = place.element(said);
        let (mut modes, mut option, mut text): (&[_], _, _) = (&[], None, None);
        for (field, said) in place.fields(fields::CAUTION) {
            let mut place = place.below(field, said);
            match field.as_str() {
                "modes" => place.put(&mut modes, list(exact)),
                "option" => option = place.value(exact),
                "text" => text = place.value(sentence),
                _ => {}
            }
        }
        match text {
            Some(text) => Some(Caution { modes, option, text }),
            None => place.lacks("a caution has a `text`"),
        }
    };
    keep(elements.iter().filter_map(read).collect())
}

pub(super) fn probe(place: &mut Place<'_>) -> Option<Probe> {
    let (mut arguments, mut alternatives) = (None, Vec::new());
    for (field, said) in place.fields(fields::PROBE) {
        let mut place = place.below(field, said);
        match field.as_str() {
            "arguments" => arguments = place.value(list(exact)),
            "alternatives" => {
                let elements = place.elements();
                alternatives.extend(elements.iter().filter_map(|said| alternative(&mut place.element(said))));
            }
            _ => {}
        }
    }
    match arguments {
        Some(arguments) => Some(Probe { arguments, alternatives: keep(alternatives) }),
        None => place.lacks("a probe has `arguments`"),
    }
}

fn alternative(place: &mut Place<'_>) -> Option<Alternative> {
    let (mut answer, mut instead) = (None, None);
    for (field, said) in place.fields(fields::ALTERNATIVE) {
        let mut place = place.below(field, said);
        match field.as_str() {
            "when_answer_has" => answer = place.value(exact),
            "argument" => instead = argument(&mut place),
            _ => {}
        }
    }
    match (answer, instead) {
        (Some(when_answer_has), Some(argument)) => Some(Alternative { when_answer_has, argument }),
        _ => place.lacks("an alternative has `when_answer_has` and `argument`"),
    }
}

pub(super) fn arguments(place: &mut Place<'_>) -> &'static [Argument] {
    let elements = place.elements();
    keep(elements.iter().filter_map(|said| argument(&mut place.element(said))).collect())
}

fn argument(place: &mut Place<'_>) -> Option<Argument> {
    let mut edits = Vec::new();
    let (mut modes, mut sets, mut reason): (&[_], _, _) = (&[], None, None);
    let complained = place.complaints.len();
    for (field, said) in place.fields(fields::ARGUMENT) {
        let mut place = place.below(field, said);
        match field.as_str() {
            "before" => edits.extend(place.value(list(injected)).map(Edit::InsertBefore)),
            "after" => edits.extend(place.value(list(injected)).map(Edit::InsertAfter)),
            "settings" => edits.extend(settings(&mut place)),
            "modes" => place.put(&mut modes, list(exact)),
            "sets" => sets = place.value(exact),
            "reason" => reason = place.value(sentence),
            _ => {}
        }
    }
    match (edits.as_slice(), place.complaints.len() == complained) {
        ([edit], true) => {
            let reason = reason.unwrap_or_else(|| by_the_file(&place.said.origin));
            Some(Argument { modes, sets, edit: *edit, reason })
        }
        // Half of an argument is another one, and in another mode it may do harm.
        (_, false) => place.lacks("something in it is wrong"),
        _ => place.lacks("each of the arguments has one of `before`, `after` and `settings`"),
    }
}

fn settings(place: &mut Place<'_>) -> Option<Edit> {
    let (mut option, mut named) = (None, None);
    for (field, said) in place.fields(fields::SETTINGS) {
        let mut place = place.below(field, said);
        match field.as_str() {
            "option" => option = place.value(exact),
            "key" => named = place.value(key),
            _ => {}
        }
    }
    match (option, named) {
        (Some(option), Some(key)) => Some(Edit::Settings { option, key }),
        _ => place.lacks("it has `option` and `key`"),
    }
}

/// A table of names, each with what `read` makes of what stands there. `a.b = "x"` is two tables in TOML, and one name here.
pub(super) fn pairs(
    place: &mut Place<'_>,
    read: fn(&Given) -> Result<&'static str, String>,
) -> &'static [(&'static str, &'static str)] {
    fn below(
        place: &mut Place<'_>,
        prefix: &str,
        read: fn(&Given) -> Result<&'static str, String>,
        pairs: &mut Vec<(&'static str, &'static str)>,
    ) {
        for (name, said) in place.table() {
            let mut place = place.below(name, said);
            let name = format!("{prefix}{name}");
            if matches!(said.value, Given::Table(_)) {
                below(&mut place, &format!("{name}."), read, pairs);
            } else if let Some(value) = place.value(read) {
                pairs.push((name.leak(), value));
            }
        }
    }
    let mut pairs = Vec::new();
    below(place, "", read, &mut pairs);
    keep(pairs)
}

pub(super) fn content_switches(place: &mut Place<'_>) -> &'static [ContentSwitch] {
    let mut switches = Vec::new();
    for (name, said) in place.table() {
        let mut place = place.below(name, said);
        let Some(name) = place.value(|_| variable(name)) else { continue };
        if has_credentials(name) {
            place.complain(CREDENTIALS);
            continue;
        }
        let (mut on, mut off, mut of) = (None, None, None);
        for (field, said) in place.fields(fields::CONTENT_SWITCH) {
            let mut place = place.below(field, said);
            match field.as_str() {
                "on" => on = change(&mut place),
                "off" => off = change(&mut place),
                "of" => of = place.value(sentence),
                _ => {}
            }
        }
        match (on, off) {
            (Some(on), Some(off)) => {
                switches.push(ContentSwitch {
                    name,
                    on,
                    off,
                    of: of.unwrap_or_else(|| by_the_file(&place.said.origin)),
                });
            }
            _ => place.lacks("write { on = { set = \"...\" }, off = { remove = true } }").unwrap_or_default(),
        }
    }
    keep(switches)
}

/// A change to a variable that is named elsewhere, as `{ set = "..." }`.
fn change(place: &mut Place<'_>) -> Option<Injection> {
    match place.table() {
        [(kind, said)] => {
            let mut place = place.below(kind, said);
            match kind.as_str() {
                "remove" | "exempt_loopback" => match place.value(switch)? {
                    true if kind == "remove" => Some(Injection::Remove),
                    true => Some(Injection::ExemptLoopback),
                    false => place.lacks("it is true or absent"),
                },
                kind if keys::named(fields::CHANGES, kind).is_some() => {
                    injection(kind, &mut place).map(|(injection, _)| injection)
                }
                _ => {
                    place.unknown(fields::CHANGES);
                    None
                }
            }
        }
        _ => place.lacks("write one change, as in { set = \"...\" }"),
    }
}

impl Place<'_> {
    /// That a table says too little. What is no table has its complaint.
    fn lacks<T>(&mut self, what: &str) -> Option<T> {
        if matches!(self.said.value, Given::Table(_)) {
            self.complain(what);
        }
        None
    }
}

fn by_the_file(origin: &Origin) -> &'static str {
    format!("{origin} says so").leak()
}

/// The changes to variables, each variable once.
pub(super) struct Variables {
    changes: Vec<Variable>,
    /// Which of them the entry itself names, and where.
    named: Vec<(&'static str, Origin)>,
    /// How often batches are to be sent.
    delay: Option<(&'static str, Origin)>,
}

/// The variables of SDKs for how long a batch of spans or log records waits. That for metrics is not among them: some SDKs
/// do not start where it is shorter than the time that one export may take.
const DELAYS: [&str; 2] = ["OTEL_BSP_SCHEDULE_DELAY", "OTEL_BLRP_SCHEDULE_DELAY"];
/// Headers for a backend stay with otel-run, whatever else an agent is given.
fn has_credentials(variable: &str) -> bool {
    variable.starts_with("OTEL_EXPORTER_OTLP_") && variable.ends_with("HEADERS")
}

const CREDENTIALS: &str = "it may hold a backend's credentials, which the command never gets: it can be set or removed";
pub(super) const PROTOCOL: &str = "OTEL_EXPORTER_OTLP_PROTOCOL";

impl Variables {
    /// Those of the profile that an entry begins with.
    pub(super) fn of(profile: &Profile) -> Self {
        Self { changes: profile.variables().copied().collect(), named: Vec::new(), delay: None }
    }

    /// Reads the field `kind`.
    pub(super) fn read(&mut self, kind: &str, place: &mut Place<'_>) {
        if kind == "flush_delay" {
            let delay = place.value(milliseconds);
            self.delay = delay.map(|delay| (delay, place.said.origin.clone()));
            return;
        }
        if let ("exempt_loopback" | "remove" | "leave", Given::List(names)) = (kind, &place.said.value) {
            for said in names {
                let mut place = place.element(said);
                if let Some(name) = place.value(sentence).and_then(|name| place.value(|_| variable(name))) {
                    self.change(kind, name, by_the_file(&said.origin), &mut place);
                }
            }
            return;
        }
        for (name, said) in place.table() {
            let mut place = place.below(name, said);
            let Some(name) = place.value(|_| variable(name)) else { continue };
            match kind {
                "exempt_loopback" | "remove" | "leave" => {
                    if let Some(reason) = place.value(sentence) {
                        self.change(kind, name, reason, &mut place);
                    }
                }
                _ => {
                    if let Some((injection, reason)) = injection(kind, &mut place) {
                        let reason = reason.unwrap_or_else(|| by_the_file(&said.origin));
                        self.put(Variable { name, injection, reason }, &mut place);
                    }
                }
            }
        }
    }

    fn change(&mut self, kind: &str, name: &'static str, reason: &'static str, place: &mut Place<'_>) {
        match kind {
            "remove" => self.put(Variable { name, injection: Injection::Remove, reason }, place),
            "exempt_loopback" => self.put(Variable { name, injection: Injection::ExemptLoopback, reason }, place),
            _ if has_credentials(name) => place.complain(CREDENTIALS),
            _ => {
                if self.names(name, place) {
                    self.changes.retain(|change| change.name != name);
                }
            }
        }
    }

    fn put(&mut self, variable: Variable, place: &mut Place<'_>) {
        if has_credentials(variable.name) && !matches!(variable.injection, Injection::Set(_) | Injection::Remove) {
            place.complain(CREDENTIALS);
        } else if self.names(variable.name, place) {
            self.set(variable);
        }
    }

    fn set(&mut self, variable: Variable) {
        self.changes.retain(|change| change.name != variable.name);
        self.changes.push(variable);
    }

    /// Notes that the entry names a variable. It may do so once.
    fn names(&mut self, name: &'static str, place: &mut Place<'_>) -> bool {
        if let Some((_, before)) = self.named.iter().find(|(named, _)| *named == name) {
            let what = format!("{before} says something else of {name} already");
            place.complain(&what);
            return false;
        }
        self.named.push((name, place.said.origin.clone()));
        true
    }

    /// All of them for an agent that speaks `protocols`.
    pub(super) fn finish(mut self, protocols: &[Protocol]) -> &'static [Variable] {
        let is_named = |name: &str| self.named.iter().any(|(named, _)| *named == name);
        let mut further = Vec::new();
        if let Some((delay, origin)) = &self.delay {
            let reason = by_the_file(origin);
            let delays = DELAYS.into_iter().filter(|name| !is_named(name));
            further.extend(delays.map(|name| Variable { name, injection: Injection::SetIfUnset(delay), reason }));
        }
        let asked = self.changes.iter().find(|change| change.name == PROTOCOL).map(|change| change.injection);
        if let (Some(Injection::Set(asked)), Some(first), false) = (asked, protocols.first(), is_named(PROTOCOL))
            && !protocols.iter().any(|protocol| protocol.as_str() == asked)
        {
            let reason = "the first protocol of those that it speaks";
            further.push(Variable { name: PROTOCOL, injection: Injection::Set(first.as_str()), reason });
        }
        further.into_iter().for_each(|variable| self.set(variable));
        keep(self.changes)
    }
}

/// What is done with one variable, and why if that is said. A text alone is a value.
fn injection(kind: &str, place: &mut Place<'_>) -> Option<(Injection, Option<&'static str>)> {
    let plain = |text| match kind {
        "set" => Injection::Set(text),
        "set_if_unset" => Injection::SetIfUnset(text),
        _ => Injection::AddToList(text),
    };
    if let (Given::Text(_), "set" | "set_if_unset" | "add_to_list") = (&place.said.value, kind) {
        return place.value(injected).map(|text| (plain(text), None));
    }
    let (mut text, mut reason) = (None, None);
    let (mut separator, mut path, mut value, mut without_it) = (None, None, None, None);
    let complained = place.complaints.len();
    let known = match kind {
        "prepend" => fields::PREPEND,
        "merge_json" => fields::MERGE_JSON,
        _ => fields::VALUED,
    };
    for (field, said) in place.fields(known) {
        let mut place = place.below(field, said);
        match (kind, field.as_str()) {
            ("prepend", "text") | ("set" | "set_if_unset" | "add_to_list", "value") => text = place.value(injected),
            ("prepend", "separator") => separator = place.value(injected),
            ("merge_json", "path") => path = place.value(list(key)),
            ("merge_json", "json") => value = place.value(json),
            ("merge_json", "without_it") => without_it = place.value(sentence),
            (_, "reason") => reason = place.value(sentence),
            _ => {}
        }
    }
    if place.complaints.len() > complained {
        return None;
    }
    let injection = match (kind, text, separator, path, value) {
        ("prepend", Some(text), Some(separator), ..) => Injection::Prepend { text, separator },
        ("prepend", ..) => return place.lacks("write { text = \"...\", separator = \"...\" }"),
        ("merge_json", .., Some(path), Some(value)) => {
            let without_it = without_it.unwrap_or("what it is for is missing");
            Injection::MergeJsonc { path, value, without_it }
        }
        ("merge_json", ..) => return place.lacks("write { path = [\"...\"], json = \"...\" }"),
        (_, Some(text), ..) => plain(text),
        _ => return place.lacks("write a string in quotes, or { value = \"...\", reason = \"...\" }"),
    };
    Some((injection, reason))
}

/// A length of time in milliseconds, as SDKs read it.
fn milliseconds(given: &Given) -> Result<&'static str, String> {
    let text = match given {
        Given::Text(text) => text.clone(),
        Given::Number(seconds) => seconds.to_string(),
        other => return Err(wrong_type("a length of time such as \"200ms\", or a number of seconds,", other)),
    };
    match duration::read(&text)?.as_millis() {
        0 => Err("it is shorter than a millisecond".to_owned()),
        milliseconds => Ok(milliseconds.to_string().leak()),
    }
}
