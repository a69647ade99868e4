//! A plan for programs: `plan --format json`.
//!
//! One JSON object, which `docs/plan.md` describes. `version` is 1 and grows when a field changes its meaning or goes; fields may
//! be added without. There are no secrets in it: a value that holds one is told by `shown`.

use serde::Serialize;

use super::shown::{self, Around};
use super::{Action, Collection, CollectorAddress, Destination, Plan, Untold};
use crate::agent::{Mask, RecognisedFrom};
use crate::otlp::Signal;
use crate::settings::{Required, Sourced};

/// Grows when a field changes its meaning or goes.
pub const VERSION: u32 = 1;

#[derive(Serialize)]
struct Json<'a> {
    version: u32,
    command: Vec<String>,
    agent: Agent<'a>,
    service_name: Option<Said<String>>,
    span: Span<'a>,
    collection: Collected,
    environment: Vec<Change<'a>>,
    arguments: Vec<Inserted>,
    settings_file: Option<SettingsFile>,
    destinations: Vec<Place>,
    required: Option<Said<Vec<&'static str>>>,
    nest: Said<&'static str>,
    content: Said<&'static str>,
    detail: Said<&'static str>,
    genai: Said<&'static str>,
    newest_genai: Said<bool>,
    redact: Redact<'a>,
    drain_deadline_ms: Said<u64>,
    time_limit_ms: Option<Said<u64>>,
    kill_after_ms: Option<Said<u64>>,
    success_codes: Said<&'a [i32]>,
    reap: Said<bool>,
    die_with_parent: Said<bool>,
    heartbeat_ms: Said<Option<u64>>,
    keep_age_ms: Said<Option<u64>>,
    keep_runs: Said<Option<u64>>,
    keep_bytes: Said<Option<u64>>,
    state_dir: Option<Said<String>>,
    warnings: Vec<String>,
}

/// A value, and who said it.
#[derive(Serialize)]
struct Said<T> {
    value: T,
    origin: String,
}

#[derive(Serialize)]
struct Agent<'a> {
    name: &'a str,
    title: &'a str,
    known: bool,
    recognised_by: &'static str,
    mode: Option<&'a str>,
    interface: &'static str,
    takes_parent: &'static str,
    chosen: Said<String>,
}

#[derive(Serialize)]
struct Span<'a> {
    name: String,
    trace_id: &'a str,
    span_id: &'a str,
    parent_span_id: Option<&'a str>,
    sampled: bool,
    recording: bool,
}

#[derive(Serialize)]
struct Collected {
    state: &'static str,
    reason: Option<String>,
    address: Option<String>,
}

#[derive(Serialize)]
struct Change<'a> {
    name: &'a str,
    action: &'static str,
    /// None where it holds what must not be shown, and where the variable is removed.
    value: Option<String>,
    shown: Option<String>,
    /// What the user's own value was, as far as it may be shown; none where there was none.
    before: Option<String>,
    reason: String,
}

#[derive(Serialize)]
struct Inserted {
    words: Vec<String>,
    sets: Option<&'static str>,
    reason: &'static str,
}

#[derive(Serialize)]
struct SettingsFile {
    path: String,
    variables: Vec<SaidAgain>,
}

#[derive(Serialize)]
struct SaidAgain {
    name: String,
    before: String,
    origin: String,
    shown: String,
}

#[derive(Serialize)]
struct Place {
    name: String,
    endpoint: Option<Said<String>>,
    signal_endpoints: Vec<OfSignal>,
    protocols: Vec<Spoken>,
    headers: Vec<Header>,
    means: Vec<Said<String>>,
}

#[derive(Serialize)]
struct OfSignal {
    signal: &'static str,
    endpoint: Said<String>,
}

#[derive(Serialize)]
struct Spoken {
    signals: Vec<&'static str>,
    protocol: Said<&'static str>,
}

#[derive(Serialize)]
struct Header {
    name: String,
    signal: Option<&'static str>,
    source: Option<String>,
    origin: String,
}

#[derive(Serialize)]
struct Redact<'a> {
    /// The variables whose values are blanked.
    variables: &'a [String],
    named: Vec<Said<String>>,
    except: Vec<Said<String>>,
}

impl Plan {
    /// The plan as one JSON object, with a line break at its end.
    pub fn in_json(&self, around: &Around<'_>) -> Result<String, serde_json::Error> {
        let blank = |text: String| around.blank(text);
        let milliseconds = |time: std::time::Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let json = Json {
            version: VERSION,
            command: self.argv.iter().map(|word| blank(self.masked(&word.to_string_lossy()))).collect(),
            agent: self.agent_json(),
            service_name: self.service_name.as_ref().map(|name| said(name, |name| blank(name.clone()))),
            span: Span {
                name: blank(self.span_name.clone()),
                trace_id: &self.context.trace_id,
                span_id: &self.context.span_id,
                parent_span_id: self.context.parent_span_id.as_deref(),
                sampled: self.context.sampled,
                recording: self.context.recording,
            },
            collection: collected(&self.collection),
            environment: self.changes_json(around),
            arguments: self.arguments_json(around),
            settings_file: self.settings_file_json(around),
            destinations: self.destinations.iter().map(place).collect(),
            required: self.required.as_ref().map(|required| said(required, signals)),
            nest: said(&self.nest, |nest| nest.as_str()),
            content: said(&self.content, |content| content.as_str()),
            detail: said(&self.detail, |detail| detail.as_str()),
            genai: said(&self.genai, |genai| genai.as_str()),
            newest_genai: said(&self.newest_genai, |newest| *newest),
            redact: Redact {
                variables: around.blanked,
                named: self.redact.iter().map(|name| said(name, String::clone)).collect(),
                except: self.redact_except.iter().map(|name| said(name, String::clone)).collect(),
            },
            drain_deadline_ms: said(&self.drain_deadline, |time| milliseconds(*time)),
            time_limit_ms: self.time_limit.as_ref().map(|limit| said(limit, |time| milliseconds(*time))),
            kill_after_ms: self.kill_after.as_ref().map(|grace| said(grace, |time| milliseconds(*time))),
            success_codes: Said { value: &self.success_codes.value, origin: self.success_codes.origin.to_string() },
            reap: said(&self.reap, |reap| *reap),
            die_with_parent: said(&self.die_with_parent, |die| *die),
            heartbeat_ms: said(&self.heartbeat, |every| every.map(milliseconds)),
            keep_age_ms: said(&self.keep_age, |age| age.map(milliseconds)),
            keep_runs: said(&self.keep_runs, |runs| *runs),
            keep_bytes: said(&self.keep_size, |size| *size),
            state_dir: self.state_dir.as_ref().map(|folder| said(folder, |folder| folder.display().to_string())),
            warnings: self.warnings.iter().map(|warning| blank(warning.text.clone())).collect(),
        };
        Ok(serde_json::to_string_pretty(&json)? + "\n")
    }

    fn agent_json(&self) -> Agent<'_> {
        let agent = &self.agent;
        Agent {
            name: agent.name(),
            title: agent.profile.title,
            known: !agent.profile.is_other(),
            recognised_by: match agent.recognised_from {
                RecognisedFrom::BaseName => "name",
                RecognisedFrom::Package => "package",
                RecognisedFrom::Script => "script",
                RecognisedFrom::Link => "link",
                RecognisedFrom::Choice => "choice",
                RecognisedFrom::Nothing => "nothing",
            },
            mode: agent.mode,
            interface: agent.interface.as_str(),
            takes_parent: agent.profile.takes_parent.as_str(),
            chosen: said(&self.agent_choice, ToString::to_string),
        }
    }

    fn changes_json(&self, around: &Around<'_>) -> Vec<Change<'_>> {
        let profile = self.agent.profile;
        let changes = self.environment.iter().map(|change| {
            let before = around.environment.raw(&change.name);
            let (action, value, shown) = match &change.action {
                Action::Remove => ("remove", None, None),
                Action::Set(value) => {
                    let open = value.instead().is_none().then(|| value.expose().to_str().map(str::to_owned)).flatten();
                    ("set", open.map(|open| around.blank(open)), Some(shown::ours(profile, &change.name, value)))
                }
            };
            Change {
                name: &change.name,
                action,
                value,
                shown: shown.map(|shown| around.blank(shown)),
                before: before.map(|before| around.blank(shown::users(profile, &change.name, before))),
                reason: around.blank(change.reason.clone()),
            }
        });
        changes.collect()
    }

    fn arguments_json(&self, around: &Around<'_>) -> Vec<Inserted> {
        let arguments = self.arguments.iter().map(|inserted| Inserted {
            words: inserted
                .words
                .iter()
                .map(|word| {
                    let shown = word.instead().map(str::to_owned);
                    around.blank(shown.unwrap_or_else(|| word.expose().to_string_lossy().into_owned()))
                })
                .collect(),
            sets: inserted.sets,
            reason: inserted.reason,
        });
        arguments.collect()
    }

    fn settings_file_json(&self, around: &Around<'_>) -> Option<SettingsFile> {
        let file = self.private_file.as_ref()?;
        let profile = self.agent.profile;
        let variables = file.variables.iter().map(|again| SaidAgain {
            name: again.name.clone(),
            before: around.blank(shown::users(profile, &again.name, again.before.expose().as_ref())),
            origin: again.origin.to_string(),
            shown: around.blank(shown::ours(profile, &again.name, &again.value)),
        });
        Some(SettingsFile { path: file.path.display().to_string(), variables: variables.collect() })
    }

    /// The text without the run's token.
    fn masked(&self, text: &str) -> String {
        match &self.collection {
            Collection::Redirected(collector) => collector.token.mask(text),
            _ => text.to_owned(),
        }
    }
}

fn said<T, V>(sourced: &Sourced<T>, value: impl FnOnce(&T) -> V) -> Said<V> {
    Said { value: value(&sourced.value), origin: sourced.origin.to_string() }
}

fn signals(required: &Required) -> Vec<&'static str> {
    match required {
        Required::Any => Vec::new(),
        Required::Each(signals) => signals.iter().map(|signal| signal.as_str()).collect(),
    }
}

fn collected(collection: &Collection) -> Collected {
    let address = |collector: &CollectorAddress| Some(collector.token.mask(&collector.base_url));
    let of = |state, reason, address| Collected { state, reason, address };
    match collection {
        Collection::Redirected(collector) => of("redirected", None, address(collector)),
        Collection::NotTold(collector, why) => {
            let why = match why {
                Untold::NoAgent => "no_agent",
                Untold::ConfigFile => "config_file",
                Untold::SwitchedOff => "switched_off",
            };
            of("not_told", Some(why.to_owned()), address(collector))
        }
        Collection::Off(origin) => of("off", Some(origin.to_string()), None),
        Collection::Unavailable => of("unavailable", None, None),
        Collection::Disabled => of("disabled", None, None),
    }
}

fn place(destination: &Destination) -> Place {
    let text = |said: &Sourced<String>| Said { value: said.value.clone(), origin: said.origin.to_string() };
    let names = |signals: &[Signal]| signals.iter().map(|signal| signal.as_str()).collect();
    let of_signals = destination.signal_endpoints.iter();
    let protocols = destination.protocols.iter();
    let headers = destination.headers.iter().map(|header| Header {
        name: header.name.clone(),
        signal: header.signal.map(Signal::as_str),
        source: header.source.clone(),
        origin: header.origin.to_string(),
    });
    Place {
        name: destination.name.clone(),
        endpoint: destination.endpoint.as_ref().map(text),
        signal_endpoints: of_signals
            .map(|(signal, endpoint)| OfSignal { signal: signal.as_str(), endpoint: text(endpoint) })
            .collect(),
        protocols: protocols
            .map(|(signals, protocol)| Spoken {
                signals: names(signals),
                protocol: said(protocol, |protocol| protocol.as_str()),
            })
            .collect(),
        headers: headers.collect(),
        means: destination.means.iter().map(text).collect(),
    }
}
