//! The settings that hold, as a settings file that means the same: each with where it comes from, and no secret.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::otlp::Signal;
use crate::secret::Secrets;
use crate::settings::keys::{self, Unset};
use crate::settings::{
    DEFAULT_NAME, HeaderValue, Headers, Origin, Required, Sampler, Settings, Sourced, Transport, Upstream, choice,
    duration, endpoint, written,
};

/// What the settings themselves do not know.
pub struct Here<'a> {
    /// The current folder, from which paths of flags and variables are meant.
    pub folder: &'a Path,
    /// The folder that holds the runs, if it is known.
    pub state_dir: Option<Sourced<PathBuf>>,
    /// How long delivery may go on.
    pub drain_deadline: Sourced<Duration>,
    /// What is not shown, wherever it stands.
    pub secrets: &'a Secrets,
}

const BEGINNING: &str = "\
# The settings that hold here, each with where it comes from. As a settings file this means the same, but for
# what is not shown: headers whose value itself was given, and secrets in other values.
";

/// The page of `otel-run config`: TOML, of which each line is one setting.
pub fn effective(settings: &Settings, here: &Here<'_>) -> String {
    let mut page = Page { text: BEGINNING.to_owned(), here };
    let (first, further) = in_a_file(&settings.upstreams);
    for (subject, keys) in keys::SUBJECTS {
        page.head(&format!("# {subject}"));
        if std::ptr::eq(*keys, keys::DESTINATION) {
            match &first {
                Some(upstream) => page.upstream(upstream),
                None if further.is_empty() => page.unset("endpoint"),
                None => page.note("endpoint: in [[upstream]] below"),
            }
            continue;
        }
        keys.iter().for_each(|key| page.setting(key.name, settings));
    }
    page.without_key(settings);
    for upstream in &further {
        page.head("[[upstream]]");
        page.value("name", &written::text(&upstream.name), None);
        page.upstream(upstream);
    }
    for (name, said) in &settings.agents {
        let crate::settings::Given::Table(fields) = &said.value else { continue };
        page.head(&format!("[agents.{}]", written::key(name)));
        for (field, said) in fields {
            let value = written::given(&said.value, &|text| page.shown(text));
            page.value(&written::key(field), &value, Some(&said.origin));
        }
    }
    page.text
}

/// What stands at the top of a file about upstreams, and what in its `[[upstream]]`. A file says one thing for all
/// signals of an upstream; where variables say different things, each signal becomes an upstream of its own.
fn in_a_file(upstreams: &[Upstream]) -> (Option<Upstream>, Vec<Upstream>) {
    let (mut first, mut further) = (None, Vec::new());
    for upstream in upstreams {
        let mut used = Signal::ALL.into_iter().filter(|signal| upstream.route(*signal).is_some());
        let one = used.next();
        let alike = one.is_none_or(|one| used.all(|signal| facts(upstream, signal) == facts(upstream, one)));
        if !alike {
            for signal in Signal::ALL.into_iter().filter(|signal| upstream.route(*signal).is_some()) {
                let mut only = upstream.clone().only(&[signal]);
                only.name = format!("{}-{}", upstream.name, signal.as_str());
                further.push(only);
            }
        } else if upstream.name == DEFAULT_NAME {
            first = Some(upstream.clone());
        } else {
            further.push(upstream.clone());
        }
    }
    (first, further)
}

/// What can differ from signal to signal where a file says one thing.
fn facts(upstream: &Upstream, signal: Signal) -> impl PartialEq + use<> {
    let (transport, identity) = (upstream.transport.of(signal), upstream.destination.identity.of(signal));
    let path = |said: &Option<Sourced<PathBuf>>| said.as_ref().map(|said| said.value.clone());
    let headers = upstream.headers(signal).iter().map(|(name, said)| (name.clone(), said.value.clone()));
    (
        transport.protocol(),
        transport.gzip(),
        transport.timeout(),
        transport.insecure(),
        [path(&transport.certificate), path(&identity.certificate), path(&identity.key)],
        headers.collect::<Vec<_>>(),
    )
}

struct Page<'a> {
    text: String,
    here: &'a Here<'a>,
}

impl Page<'_> {
    fn head(&mut self, head: &str) {
        self.text.push_str(&format!("\n{head}\n"));
    }

    /// One setting that somebody said, or that holds because nobody did.
    fn value(&mut self, key: &str, value: &str, origin: Option<&Origin>) {
        let comment = origin.map(|origin| format!("  # {}", one_line(origin))).unwrap_or_default();
        self.text.push_str(&format!("{key} = {value}{comment}\n"));
    }

    /// One that a file cannot say, or must not.
    fn note(&mut self, note: &str) {
        self.text.push_str(&format!("# {note}\n"));
    }

    /// One that nobody said: its default, where a value says that.
    fn unset(&mut self, name: &str) {
        match keys::all().find(|key| key.name == name).map(|key| key.unset) {
            Some(Unset::Value(value)) => self.value(name, value, Some(&Origin::Default)),
            Some(other) => self.note(&format!("{name}: {other}  # default")),
            None => {}
        }
    }

    fn said<T>(&mut self, name: &str, said: Option<&Sourced<T>>, value: impl Fn(&T) -> String) {
        match said {
            Some(said) => self.value(name, &value(&said.value), Some(&said.origin)),
            None => self.unset(name),
        }
    }

    /// A text without secrets.
    fn shown(&self, text: &str) -> String {
        self.here.secrets.blanked_text(text).unwrap_or_else(|| text.to_owned())
    }

    fn text(&self, text: &str) -> String {
        written::text(&self.shown(text))
    }

    /// A path that means the same in whatever folder.
    fn path(&mut self, name: &str, said: Option<&Sourced<PathBuf>>) {
        let Some(said) = said else { return self.unset(name) };
        let begins_later = said.value.starts_with("~") || said.value.to_string_lossy().starts_with("${");
        let path = if begins_later { said.value.clone() } else { self.here.folder.join(&said.value) };
        match path.to_str() {
            Some(path) => self.value(name, &self.text(path), Some(&said.origin)),
            None => self.note(&format!(
                "{name} = {}  # {}: no text can say this path, which is not UTF-8",
                self.text(&path.to_string_lossy()),
                one_line(&said.origin)
            )),
        }
    }

    /// Everything at the top of a file but what is about its upstream.
    fn setting(&mut self, name: &str, settings: &Settings) {
        let word = |word: &str| written::text(word);
        let time = |length: &Duration| written::time(*length);
        let with_days = |length: &Duration| written::time_with_days(*length);
        let or_zero = |length: &Option<Duration>| written::time_with_days(length.unwrap_or_default());
        let switch = |on: &bool| on.to_string();
        match name {
            // They stand behind all others.
            "upstream" | "agents" => {}
            "expire_after" => self.said(name, Some(&settings.expire_after), or_zero),
            "drain_deadline" if self.here.drain_deadline.origin == Origin::Default => self.unset(name),
            "drain_deadline" => self.said(name, Some(&self.here.drain_deadline), time),
            "require_telemetry" => self.said(name, settings.required.as_ref(), required),
            "service_name" => {
                let said = settings.service_name.as_ref();
                let said = said.map(|said| Sourced::new(self.text(said.value.as_written()), said.origin.clone()));
                self.said(name, said.as_ref(), String::clone);
            }
            "resource_attributes" if settings.resource_attributes.is_empty() => self.unset(name),
            "resource_attributes" => {
                for (attribute, said) in &settings.resource_attributes {
                    let key = format!("{name}.{}", written::key(attribute));
                    self.value(&key, &self.text(&said.value), Some(&said.origin));
                }
            }
            "metrics_temporality" => self.said(name, Some(&settings.temporality), |value| word(value.as_str())),
            "agent" => {
                let agent = self.text(&settings.agent.value.to_string());
                self.value(name, &agent, Some(&settings.agent.origin));
            }
            "agent_destinations" => self.said(name, Some(&settings.agent_destinations), switch),
            "nest" => self.said(name, Some(&settings.nest), |value| word(value.as_str())),
            "content" => self.said(name, Some(&settings.content), |value| word(value.as_str())),
            "detail" => self.said(name, Some(&settings.detail), |value| word(choice::word(choice::DETAIL, *value))),
            "redact" => self.names(name, &settings.redact),
            "redact_except" => self.names(name, &settings.redact_except),
            "genai" => self.said(name, Some(&settings.genai), |value| word(choice::word(choice::GENAI, *value))),
            "collector" => self.said(name, Some(&settings.collector), switch),
            // Who said that there is no limit is not known any more.
            "timeout" if settings.time_limit.is_none() => self.text.push_str("timeout = 0  # no limit\n"),
            "timeout" => self.said(name, settings.time_limit.as_ref(), with_days),
            "kill_after" if settings.kill_after.is_none() => self.text.push_str("kill_after = 0  # never\n"),
            "kill_after" => self.said(name, settings.kill_after.as_ref(), with_days),
            "success_codes" => self.said(name, Some(&settings.success_codes), |codes| format!("{codes:?}")),
            "reap" => self.said(name, Some(&settings.reap), switch),
            "die_with_parent" => self.said(name, Some(&settings.die_with_parent), switch),
            "heartbeat" => self.said(name, Some(&settings.heartbeat), |every| time(&every.unwrap_or_default())),
            "quiet" => self.said(name, Some(&settings.quiet), switch),
            "state_dir" => match &self.here.state_dir {
                Some(said) if said.origin == Origin::Default => {
                    let shown = self.text(&said.value.to_string_lossy());
                    self.note(&format!("{name} = {shown}  # default"));
                }
                said => self.path(name, said.clone().as_ref()),
            },
            "keep_age" => self.said(name, Some(&settings.keep_age), or_zero),
            "keep_runs" => self.said(name, Some(&settings.keep_runs), |runs| runs.unwrap_or_default().to_string()),
            "keep_size" => self.said(name, Some(&settings.keep_size), |size| written::size(size.unwrap_or_default())),
            other => self.note(&format!("{other} is not shown")),
        }
    }

    /// Names that several places may add to.
    fn names(&mut self, name: &str, names: &[Sourced<String>]) {
        if names.is_empty() {
            return self.unset(name);
        }
        let value = written::list(names.iter().map(|said| said.value.as_str()));
        self.text.push_str(&format!("{name} = {value}  # {}\n", origins(names)));
    }

    /// The keys of one upstream.
    fn upstream(&mut self, upstream: &Upstream) {
        let Upstream { destination, .. } = upstream;
        let own = Signal::ALL.map(|signal| destination.signal_endpoints.of(signal));
        let endpoints = [("endpoint", destination.endpoint.as_ref())]
            .into_iter()
            .chain(["traces_endpoint", "metrics_endpoint", "logs_endpoint"].into_iter().zip(own.map(Option::as_ref)));
        for (name, said) in endpoints {
            let Some(said) = said else { continue };
            let shown = endpoint::without_credentials(&said.value);
            let whole = shown == said.value.trim();
            self.value(name, &self.text(&shown), Some(&said.origin));
            if !whole {
                self.note(&format!("{name} has more to it, which may be a secret and is not shown"));
            }
        }
        // All signals that go anywhere have the same.
        let signal = Signal::ALL.into_iter().find(|signal| upstream.route(*signal).is_some());
        let Some(signal) = signal else { return };
        let Transport { protocol, gzip, timeout, certificate, insecure, sent: _ } = upstream.transport.of(signal);
        self.said("protocol", protocol.as_ref(), |protocol| written::text(protocol.as_str()));
        self.said("compression", gzip.as_ref(), |gzip| written::text(choice::word(choice::COMPRESSION, *gzip)));
        self.said("export_timeout", timeout.as_ref(), |limit| match *limit {
            duration::NO_LIMIT => "0".to_owned(),
            limit => written::time(limit),
        });
        self.path("certificate", certificate.as_ref());
        let identity = destination.identity.of(signal);
        self.path("client_certificate", identity.certificate.as_ref());
        self.path("client_key", identity.key.as_ref());
        self.said("insecure", insecure.as_ref(), bool::to_string);
        self.path("headers_helper", destination.headers_helper.as_ref());
        self.headers(upstream.headers(signal));
        self.signals(upstream);
    }

    /// Which signals are sent, where somebody chose.
    fn signals(&mut self, upstream: &Upstream) {
        let said: Vec<_> = upstream.transport.iter().filter_map(|(_, transport)| transport.sent.as_ref()).collect();
        if said.is_empty() {
            return self.unset("signals");
        }
        let sent = Signal::ALL.into_iter().filter(|signal| upstream.route(*signal).is_some());
        let value = written::list(sent.map(Signal::as_str));
        self.text.push_str(&format!("signals = {value}  # {}\n", origins(said)));
    }

    fn headers(&mut self, headers: &Headers) {
        if headers.is_empty() {
            self.unset("headers");
        }
        for (name, said) in headers {
            let key = format!("headers.{}", written::key(name));
            let value = match &said.value {
                HeaderValue::Literal(_) => {
                    let origin = one_line(&said.origin);
                    self.note(&format!("{key} = \"REDACTED\"  # {origin}: a literal value is not shown"));
                    continue;
                }
                HeaderValue::Env(variable) => format!("{{ env = {} }}", written::text(variable)),
                HeaderValue::File(path) => {
                    let path = if path.starts_with("~") { path.clone() } else { self.here.folder.join(path) };
                    format!("{{ file = {} }}", self.text(&path.to_string_lossy()))
                }
                HeaderValue::Command(words) => {
                    let words: Vec<String> = words.iter().map(|word| self.shown(word)).collect();
                    format!("{{ command = {} }}", written::list(words.iter().map(String::as_str)))
                }
            };
            self.value(&key, &value, Some(&said.origin));
        }
    }

    /// What only variables of OpenTelemetry can say.
    fn without_key(&mut self, settings: &Settings) {
        let said = [
            (settings.sdk_disabled.origin.clone(), settings.sdk_disabled.value.to_string()),
            (settings.sampler.origin.clone(), sampler(settings.sampler.value)),
            (settings.propagate_trace_context.origin.clone(), propagators(settings)),
            (settings.newest_genai.origin.clone(), "gen_ai_latest_experimental".to_owned()),
        ];
        let said: Vec<_> = said.into_iter().filter(|(origin, _)| *origin != Origin::Default).collect();
        if !said.is_empty() {
            self.head("# Said by variables that have no key");
        }
        said.iter().for_each(|(origin, value)| self.note(&format!("{}: {value}", one_line(origin))));
    }
}

/// All places that have a share in a value.
fn origins<'a, T: 'a>(said: impl IntoIterator<Item = &'a Sourced<T>>) -> String {
    let mut origins: Vec<String> = said.into_iter().map(|said| one_line(&said.origin)).collect();
    origins.dedup();
    origins.join(", ")
}

fn one_line(origin: &Origin) -> String {
    origin.to_string().replace(char::is_control, " ")
}

fn required(required: &Required) -> String {
    match required {
        Required::Any => "true".to_owned(),
        Required::Each(signals) => written::list(signals.iter().map(|signal| signal.as_str())),
    }
}

fn sampler(sampler: Sampler) -> String {
    match sampler {
        Sampler::AlwaysOn => "always_on".to_owned(),
        Sampler::AlwaysOff => "always_off".to_owned(),
        Sampler::TraceIdRatio(ratio) => format!("traceidratio, {ratio}"),
        Sampler::ParentBasedAlwaysOn => "parentbased_always_on".to_owned(),
        Sampler::ParentBasedAlwaysOff => "parentbased_always_off".to_owned(),
        Sampler::ParentBasedTraceIdRatio(ratio) => format!("parentbased_traceidratio, {ratio}"),
    }
}

fn propagators(settings: &Settings) -> String {
    let said =
        [(settings.propagate_trace_context.value, "tracecontext"), (settings.propagate_baggage.value, "baggage")];
    let said: Vec<&str> = said.into_iter().filter(|(on, _)| *on).map(|(_, name)| name).collect();
    if said.is_empty() { "none".to_owned() } else { said.join(", ") }
}

#[cfg(test)]
mod tests;
