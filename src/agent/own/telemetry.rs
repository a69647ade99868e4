//! The `telemetry` object in the settings of Gemini CLI, and of Qwen Code, which descends from it.

use std::path::PathBuf;

use super::json::{Dialect, Entry, entries};
use super::{Circumstances, Found, Own, Place, Wanted, is_true, unreadable, warnings};
use crate::otlp::{PerSignal, Signal};
use crate::settings::{self, Destination, FileText, Origin, Protocol, Sourced, Transport, Upstream};

/// One of the two.
pub(super) struct Telemetry {
    title: &'static str,
    /// The folder of its settings, in the home and in a project.
    folder: &'static str,
    /// The machine's settings.
    machine: &'static str,
    /// How its variables begin.
    prefix: &'static str,
    /// What the destination in its settings is called.
    pub(super) destination: &'static str,
}

pub(super) static GEMINI: Telemetry = Telemetry {
    title: "Gemini CLI",
    folder: ".gemini",
    machine: "/etc/gemini-cli/settings.json",
    prefix: "GEMINI_TELEMETRY_",
    destination: "gemini-settings",
};

pub(super) static QWEN: Telemetry = Telemetry {
    title: "Qwen Code",
    folder: ".qwen",
    machine: "/etc/qwen-code/settings.json",
    prefix: "QWEN_TELEMETRY_",
    destination: "qwen-settings",
};

/// Where they send to if nobody says where.
const DEFAULT_ENDPOINT: &str = "http://localhost:4317";

/// What one place says.
type Said = Vec<(String, Sourced<String>)>;

impl Telemetry {
    pub(super) fn wanted(&self, circumstances: &Circumstances<'_>) -> Vec<Wanted> {
        let name = "settings.json";
        let user = circumstances.below_home(None, self.folder, name);
        let project = circumstances.folder.join(self.folder).join(name);
        // In the home folder the two are one file, and the user's.
        let project = Some(project).filter(|project| user.as_ref() != Some(project));
        let mut wanted: Vec<Wanted> = user.map(|path| Wanted::file(Place::User, path)).into_iter().collect();
        wanted.extend(project.map(|path| Wanted::file(Place::Project, path)));
        wanted.push(Wanted::file(Place::Machine, self.machine));
        wanted
    }

    pub(super) fn read(&self, circumstances: &Circumstances<'_>, found: &[Found]) -> Own {
        let mut own = Own { warnings: unreadable(found).collect(), ..Own::default() };
        // The endpoint that is otel-run's own destination comes before theirs.
        let theirs = circumstances.environment.get("OTEL_EXPORTER_OTLP_ENDPOINT").is_none();
        let mut said = Said::new();
        let mut of_project = None;
        for found in found {
            let Ok(file) = &found.file else { continue };
            match in_file(file) {
                Ok(more) if found.place == Place::Project => {
                    of_project = more.into_iter().find(|(key, _)| key.ends_with("ndpoint")).map(|(_, url)| url.origin);
                }
                Ok(more) => put(&mut said, more),
                Err(why) => {
                    own.warnings.push(format!("{} {why}; what it says of telemetry is not known", file.path.display()))
                }
            }
        }
        put(&mut said, self.in_environment(circumstances));
        let value = |key: &str| said.iter().find(|(known, _)| known == key).map(|(_, value)| value);
        if !value("enabled").is_some_and(|enabled| is_true(&enabled.value)) {
            return own;
        }
        if let Some(origin) = of_project {
            own.warnings.push(format!(
                "{origin}: nothing is sent to the endpoint of a project's file, which comes with its repository; put it into \
                 your own settings"
            ));
        }
        if let Some(place) = value("outfile").filter(|file| !file.value.is_empty()) {
            own.warnings.push(format!(
                "{}: {} does not write its telemetry into that file during this run, because a file would take the place of \
                 the run's collector",
                place.origin, self.title
            ));
        } else if let Some(target) = value("target").filter(|target| target.value != "local") {
            own.warnings.push(format!(
                "{}: {} does not export to {} during this run, and otel-run cannot do so in its place",
                target.origin, self.title, target.value
            ));
        } else {
            let explicit = value("otlpEndpoint").is_some_and(|endpoint| matches!(endpoint.origin, Origin::Variable(_)));
            let mut complaints = Vec::new();
            if theirs || explicit {
                own.upstreams
                    .extend(self.upstream(&said).and_then(|upstream| settings::checked(upstream, &mut complaints)));
            }
            own.warnings.extend(warnings(complaints));
        }
        own
    }

    /// The destination that a file names.
    pub(super) fn again(&self, file: &FileText) -> Option<Upstream> {
        settings::checked(self.upstream(&in_file(file).ok()?)?, &mut Vec::new())
    }

    fn upstream(&self, said: &Said) -> Option<Upstream> {
        let value = |key: &str| said.iter().find(|(known, _)| known == key).map(|(_, value)| value);
        let own = |signal| match signal {
            Signal::Traces => value("otlpTracesEndpoint"),
            Signal::Metrics => value("otlpMetricsEndpoint"),
            Signal::Logs => value("otlpLogsEndpoint"),
        };
        let signal_endpoints = PerSignal::from_fn(|signal| own(signal).cloned());
        let default = value("enabled").map(|said| Sourced::new(DEFAULT_ENDPOINT.to_owned(), said.origin.clone()));
        let any = signal_endpoints.iter().any(|(_, endpoint)| endpoint.is_some());
        let endpoint = value("otlpEndpoint").cloned().or(default.filter(|_| !any));
        let protocol = value("otlpProtocol").map_or(Sourced::default_value(Protocol::Grpc), |said| {
            let protocol = if said.value == "http" { Protocol::HttpJson } else { Protocol::Grpc };
            Sourced::new(protocol, said.origin.clone())
        });
        let transport = Transport { protocol: Some(protocol), ..Transport::default() };
        let destination = Destination { endpoint, signal_endpoints, ..Destination::default() };
        Some(Upstream { name: self.destination.to_owned(), destination, transport: PerSignal::all(&transport) })
    }

    fn in_environment(&self, circumstances: &Circumstances<'_>) -> Said {
        const NAMES: [(&str, &str); 8] = [
            ("ENABLED", "enabled"),
            ("TARGET", "target"),
            ("OTLP_ENDPOINT", "otlpEndpoint"),
            ("OTLP_PROTOCOL", "otlpProtocol"),
            ("OTLP_TRACES_ENDPOINT", "otlpTracesEndpoint"),
            ("OTLP_METRICS_ENDPOINT", "otlpMetricsEndpoint"),
            ("OTLP_LOGS_ENDPOINT", "otlpLogsEndpoint"),
            ("OUTFILE", "outfile"),
        ];
        let set = NAMES.into_iter().filter_map(|(name, key)| {
            let name = format!("{}{name}", self.prefix);
            let value = circumstances.environment.get(&name)?.to_owned();
            Some((key.to_owned(), Sourced::new(value, Origin::Variable(name))))
        });
        set.collect()
    }
}

fn in_file(file: &FileText) -> Result<Said, &'static str> {
    if !file.text.contains("telemetry") {
        return Ok(Said::new());
    }
    let said = entries(&file.text, &["telemetry"], Dialect::WithComments)?;
    let origin = |line| Origin::File { path: PathBuf::clone(&file.path), line };
    Ok(said.into_iter().map(|Entry { key, value, line }| (key, Sourced::new(value, origin(line)))).collect())
}

fn put(said: &mut Said, more: Said) {
    for (key, value) in more {
        settings::attributes::upsert(said, key, value);
    }
}
