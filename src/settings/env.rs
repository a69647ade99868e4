//! Environment variables as two layers: `OTEL_RUN_*`, and what the OpenTelemetry specification has.
//!
//! Empty is unset, as the specification asks for every variable; it is so for ours as well.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::header::{self, HeaderValue, Headers};
use super::layer::{self, Layer};
use super::upstream::{Destination, Identity, Transport, Upstream};
use super::value::{AgentChoice, Complaint, Fault, Origin, Required, Sampler, Sourced};
use super::{attributes, choice, duration, exit_code, home, signals, size, variables};
use crate::environment::Environment;
use crate::otlp::{PerSignal, Signal};
use crate::secret::Secret;

/// What `OTEL_RUN_*` says.
pub fn otel_run_layer(environment: &Environment) -> (Layer, Vec<Complaint>) {
    let mut reader = Reader { environment, place: &variable, complaints: Vec::new() };
    reader.unknown_names();
    let mut layer = Layer::default();
    layer.destination.endpoint = reader.text(variables::RUN_ENDPOINT);
    layer.destination.headers = reader.headers(variables::RUN_HEADERS, HeaderSyntax::References).unwrap_or_default();
    layer.destination.headers_helper = reader.path(variables::RUN_HEADERS_HELPER);
    let identity = Identity {
        certificate: reader.path(variables::RUN_CLIENT_CERTIFICATE),
        key: reader.path(variables::RUN_CLIENT_KEY),
    };
    layer.destination.identity = PerSignal::from_fn(|_| identity.clone());
    layer.transport = PerSignal::all(&Transport {
        protocol: reader.value(variables::RUN_PROTOCOL, |text| choice::read(choice::PROTOCOL, text)),
        gzip: reader.value(variables::RUN_COMPRESSION, |text| choice::read(choice::COMPRESSION, text)),
        timeout: reader.value(variables::RUN_EXPORT_TIMEOUT, duration::read_limit),
        certificate: reader.path(variables::RUN_CERTIFICATE),
        insecure: reader.boolean(variables::RUN_INSECURE),
        sent: None,
    })
    .choose(reader.value(variables::RUN_SIGNALS, signals::read).as_ref());
    layer.required = reader.required(variables::RUN_REQUIRE_TELEMETRY);
    layer.expire_after = reader.value(variables::RUN_EXPIRE_AFTER, duration::read_time_limit);
    layer.temporality =
        reader.value(variables::RUN_METRICS_TEMPORALITY, |text| choice::read(choice::TEMPORALITY, text));
    layer.service_name = reader.text(variables::RUN_SERVICE_NAME);
    layer.resource_attributes = reader.attributes(variables::RUN_RESOURCE_ATTRIBUTES);
    layer.agent = reader.value(variables::RUN_AGENT, |text| Ok(AgentChoice::read(text)));
    layer.agent_destinations =
        reader.value(variables::RUN_AGENT_DESTINATIONS, |text| choice::read(choice::SWITCH, text));
    layer.nest = reader.value(variables::RUN_NEST, |text| choice::read(choice::NEST, text));
    layer.content = reader.value(variables::RUN_CONTENT, |text| choice::read(choice::CONTENT, text));
    layer.detail = reader.value(variables::RUN_DETAIL, |text| choice::read(choice::DETAIL, text));
    layer.redact = reader.names(variables::RUN_REDACT);
    layer.redact_except = reader.names(variables::RUN_REDACT_EXCEPT);
    layer.genai = reader.value(variables::RUN_GENAI, |text| choice::read(choice::GENAI, text));
    layer.drain_deadline = reader.value(variables::RUN_DRAIN_DEADLINE, duration::read);
    layer.time_limit = reader.value(variables::RUN_TIMEOUT, duration::read_time_limit);
    layer.kill_after = reader.value(variables::RUN_KILL_AFTER, duration::read_time_limit);
    layer.success_codes = reader.value(variables::RUN_SUCCESS_CODES, exit_code::read_list);
    layer.reap = reader.boolean(variables::RUN_REAP);
    layer.die_with_parent = reader.boolean(variables::RUN_DIE_WITH_PARENT);
    layer.heartbeat = reader.value(variables::RUN_HEARTBEAT, duration::read);
    layer.collector = reader.value(variables::RUN_COLLECTOR, |text| choice::read(choice::SWITCH, text));
    layer.state_dir = reader.path(variables::RUN_STATE_DIR);
    layer.keep_age = reader.value(variables::RUN_KEEP_AGE, duration::read_age);
    layer.keep_runs = reader.value(variables::RUN_KEEP_RUNS, read_count);
    layer.keep_size = reader.value(variables::RUN_KEEP_SIZE, size::read);
    layer.quiet = reader.boolean(variables::RUN_QUIET);
    (layer, reader.complaints)
}

/// What the variables of the OpenTelemetry specification say.
pub fn otel_layer(environment: &Environment) -> (Layer, Vec<Complaint>) {
    let mut reader = Reader { environment, place: &variable, complaints: Vec::new() };
    let mut layer = Layer { destination: reader.otlp_destination(), ..Layer::default() };
    let of_all = reader.otlp_transport(None);
    layer.transport = PerSignal::from_fn(|signal| Transport {
        sent: reader.is_exported(signal),
        ..reader.otlp_transport(Some(signal)).over(of_all.clone())
    });
    layer.temporality = reader.value(variables::OTLP_TEMPORALITY, |text| choice::read(choice::TEMPORALITY, text));
    layer.service_name = reader.text(variables::OTEL_SERVICE_NAME);
    layer.resource_attributes = reader.attributes(variables::OTEL_RESOURCE_ATTRIBUTES);
    layer.sdk_disabled = reader.boolean(variables::OTEL_SDK_DISABLED);
    layer.sampler = reader.sampler();
    layer.newest_genai = reader.newest_genai();
    if let Some(said) = reader.propagators() {
        layer.propagate_trace_context = Some(Sourced::new(said.trace_context, variable(variables::OTEL_PROPAGATORS)));
        layer.propagate_baggage = Some(Sourced::new(said.baggage, variable(variables::OTEL_PROPAGATORS)));
    }
    (layer, reader.complaints)
}

/// The upstream that variables of the OTLP exporter describe which are set at another place than in otel-run's environment:
/// `place` says where. None where they name no endpoint.
pub fn otlp_upstream(
    name: &str,
    environment: &Environment,
    place: &dyn Fn(&str) -> Origin,
) -> (Option<Upstream>, Vec<Complaint>) {
    let mut reader = Reader { environment, place, complaints: Vec::new() };
    let destination = reader.otlp_destination();
    let of_all = reader.otlp_transport(None);
    let transport = PerSignal::from_fn(|signal| reader.otlp_transport(Some(signal)).over(of_all.clone()));
    let mut complaints = reader.complaints;
    let upstream = Upstream { name: name.to_owned(), destination, transport };
    let has_endpoint = upstream.destination.any_endpoint().is_some();
    let upstream = Some(upstream).filter(|_| has_endpoint);
    (upstream.and_then(|upstream| layer::checked(upstream, &mut complaints)), complaints)
}

fn variable(name: &str) -> Origin {
    Origin::Variable(name.to_owned())
}

/// OTLP exporter, "Timeout": whole milliseconds, 0 is no limit.
fn milliseconds(text: &str) -> Result<Duration, String> {
    let read = text.trim().parse().map(Duration::from_millis).ok().filter(|read| *read <= duration::NO_LIMIT);
    read.map(duration::limit)
        .ok_or_else(|| format!("\"{}\" is not a number of milliseconds, such as 10000", text.trim()))
}

fn read_count(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("\"{text}\" is not a number such as 1000"))
}

/// Which values a list of headers may hold.
#[derive(Clone, Copy, PartialEq, Eq)]
enum HeaderSyntax {
    /// Values only.
    Literal,
    /// Values, `env:NAME` and `file:PATH`. A value that begins like one of these is written with its colon as `%3A`.
    References,
}

struct Propagators {
    trace_context: bool,
    baggage: bool,
}

struct Reader<'a> {
    environment: &'a Environment,
    /// Where a variable is set.
    place: &'a dyn Fn(&str) -> Origin,
    complaints: Vec<Complaint>,
}

impl Reader<'_> {
    fn complain(&mut self, name: &str, message: impl Into<String>) {
        self.complain_of(Fault::Value, name, message);
    }

    fn complain_of(&mut self, fault: Fault, name: &str, message: impl Into<String>) {
        self.complaints.push(Complaint::new(fault, (self.place)(name), message));
    }

    /// The value without spaces around it. A value of nothing else is as good as empty.
    fn get(&mut self, name: &str) -> Option<String> {
        let raw = self.environment.raw(name)?;
        if raw.to_str().is_none() {
            self.complain(name, "this is not UTF-8 and is ignored");
        }
        raw.to_str().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    fn text(&mut self, name: &str) -> Option<Sourced<String>> {
        self.get(name).map(|text| Sourced::new(text, (self.place)(name)))
    }

    fn value<T>(&mut self, name: &str, read: impl Fn(&str) -> Result<T, String>) -> Option<Sourced<T>> {
        match read(&self.get(name)?) {
            Ok(value) => Some(Sourced::new(value, (self.place)(name))),
            Err(message) => {
                self.complain(name, format!("{message}; it is ignored"));
                None
            }
        }
    }

    /// Names with commas between them.
    fn names(&mut self, name: &str) -> Vec<Sourced<String>> {
        let text = self.get(name).unwrap_or_default();
        let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
        names.map(|one| Sourced::new(one.to_owned(), variable(name))).collect()
    }

    /// A path need not be UTF-8.
    fn path(&self, name: &str) -> Option<Sourced<PathBuf>> {
        let blank = |path: &&std::ffi::OsStr| path.to_str().is_some_and(|text| text.trim().is_empty());
        let path = self.environment.raw(name).filter(|path| !blank(path))?;
        Some(Sourced::new(home::expand(Path::new(path), self.environment), (self.place)(name)))
    }

    /// Endpoints and credentials of the OTLP exporter, for all signals and for single ones.
    fn otlp_destination(&mut self) -> Destination {
        let mut endpoint = |signal| self.text(&variables::otlp(signal, "ENDPOINT"));
        let (of_all, signal_endpoints) = (endpoint(None), PerSignal::from_fn(|signal| endpoint(Some(signal))));
        let mut headers = |signal| self.headers(&variables::otlp(signal, "HEADERS"), HeaderSyntax::Literal);
        let (headers_of_all, signal_headers) =
            (headers(None).unwrap_or_default(), PerSignal::from_fn(|signal| headers(Some(signal))));
        let identity = |signal| Identity {
            certificate: self.path(&variables::otlp(signal, "CLIENT_CERTIFICATE")),
            key: self.path(&variables::otlp(signal, "CLIENT_KEY")),
        };
        let identity_of_all = identity(None);
        let identity = PerSignal::from_fn(|signal| {
            let own = identity(Some(signal));
            Identity {
                certificate: own.certificate.or_else(|| identity_of_all.certificate.clone()),
                key: own.key.or_else(|| identity_of_all.key.clone()),
            }
        });
        Destination {
            endpoint: of_all,
            signal_endpoints,
            headers: headers_of_all,
            signal_headers,
            headers_helper: None,
            identity,
        }
    }

    /// How the OTLP exporter speaks, for all signals or for one.
    fn otlp_transport(&mut self, signal: Option<Signal>) -> Transport {
        let name = |option| variables::otlp(signal, option);
        Transport {
            protocol: self.value(&name("PROTOCOL"), |text| choice::read(choice::PROTOCOL, text)),
            gzip: self.value(&name("COMPRESSION"), |text| choice::read(choice::COMPRESSION, text)),
            timeout: self.value(&name("TIMEOUT"), milliseconds),
            certificate: self.path(&name("CERTIFICATE")),
            insecure: self.boolean(&name("INSECURE")),
            sent: None,
        }
    }

    /// `none` is no exporter (SDK environment variables, "Exporter Selection"). What else can stand there says with what the
    /// command exports, not otel-run.
    fn is_exported(&mut self, signal: Signal) -> Option<Sourced<bool>> {
        let name = &variables::exporter(signal);
        let none = self.get(name)?.eq_ignore_ascii_case("none");
        none.then(|| Sourced::new(false, (self.place)(name)))
    }

    /// `true` for any telemetry, `false` for none, or a list of signals.
    fn required(&mut self, name: &str) -> Option<Sourced<Option<Required>>> {
        self.value(name, |text| match text.to_ascii_lowercase().as_str() {
            "true" => Ok(Some(Required::Any)),
            "false" => Ok(None),
            _ => Required::read(text).map(Some).map_err(|message| format!("{message}, and neither true nor false")),
        })
    }

    /// SDK environment variables, "Boolean": only `true` is true, whatever its case, and all else is false.
    fn boolean(&mut self, name: &str) -> Option<Sourced<bool>> {
        let text = self.get(name)?;
        let value = text.eq_ignore_ascii_case("true");
        if !value && !text.eq_ignore_ascii_case("false") {
            self.complain_of(Fault::Boolean, name, format!("\"{text}\" means false; only true means true"));
        }
        Some(Sourced::new(value, (self.place)(name)))
    }

    /// Resource SDK: a mistake anywhere voids the whole variable.
    fn attributes(&mut self, name: &str) -> Vec<(String, Sourced<String>)> {
        let Some(text) = self.get(name) else { return Vec::new() };
        match attributes::parse(&text) {
            Ok(list) => list.into_iter().map(|(key, value)| (key, Sourced::new(value, (self.place)(name)))).collect(),
            Err(message) => {
                self.complain_of(
                    Fault::Attributes,
                    name,
                    format!("{message}, so the whole variable is ignored; write %25 for %, %2C for a comma"),
                );
                Vec::new()
            }
        }
    }

    /// OTLP exporter, "Specifying headers via environment variables": the syntax of W3C Baggage without properties,
    /// so values are percent-encoded. A value that cannot be decoded is sent as it stands.
    fn headers(&mut self, name: &str, syntax: HeaderSyntax) -> Option<Headers> {
        let mut headers = Headers::new();
        let text = self.get(name)?;
        for (index, member) in text.split(',').enumerate() {
            let member = member.trim();
            if member.is_empty() {
                continue;
            }
            let number = index + 1;
            let Some((written, raw)) = member.split_once('=') else {
                self.complain_of(
                    Fault::Credentials,
                    name,
                    format!(
                        "member {number} of the list has no `=` and is ignored; write NAME=VALUE, and %2C for a comma"
                    ),
                );
                continue;
            };
            let raw = raw.trim();
            let decoded = attributes::decode(raw).unwrap_or_else(|| {
                self.complain_of(Fault::Credentials, name, format!("the value of member {number} is not percent-encoded UTF-8 and is sent as it stands; write %25 for %"));
                raw.to_owned()
            });
            let value = match syntax {
                HeaderSyntax::References if raw.starts_with("env:") || raw.starts_with("file:") => {
                    HeaderValue::read(&decoded)
                }
                _ => HeaderValue::Literal(Secret::new(decoded)),
            };
            match header::header(written, value) {
                Ok((header, value)) => {
                    attributes::upsert(&mut headers, header, Sourced::new(value, (self.place)(name)))
                }
                Err(message) => self.complain_of(
                    Fault::Credentials,
                    name,
                    format!("{message}; member {number} of the list is ignored"),
                ),
            }
        }
        Some(headers)
    }

    /// SDK environment variables, "General SDK Configuration": an argument that is no ratio from 0 to 1 is ignored,
    /// and the ratio is 1.
    fn sampler(&mut self) -> Option<Sourced<Sampler>> {
        let name = variables::OTEL_TRACES_SAMPLER;
        let text = self.get(name)?.to_ascii_lowercase();
        let sampler = match text.as_str() {
            "always_on" => Sampler::AlwaysOn,
            "always_off" => Sampler::AlwaysOff,
            "traceidratio" => Sampler::TraceIdRatio(self.ratio()),
            "parentbased_always_on" => Sampler::ParentBasedAlwaysOn,
            "parentbased_always_off" => Sampler::ParentBasedAlwaysOff,
            "parentbased_traceidratio" => Sampler::ParentBasedTraceIdRatio(self.ratio()),
            "jaeger_remote" | "parentbased_jaeger_remote" | "xray" => {
                self.complain_of(
                    Fault::Unsupported,
                    name,
                    format!("{text} is not supported, so parentbased_always_on is used for the run's span"),
                );
                return None;
            }
            _ => {
                let known = [
                    "always_on",
                    "always_off",
                    "traceidratio",
                    "parentbased_always_on",
                    "parentbased_always_off",
                    "parentbased_traceidratio",
                ];
                let hint = choice::did_you_mean(&text, known);
                self.complain(name, format!("\"{text}\" is not one of {}{hint}; it is ignored", known.join(", ")));
                return None;
            }
        };
        Some(Sourced::new(sampler, (self.place)(name)))
    }

    /// What several instrumentations are told with one list: whether they use names that are not stable yet. What is
    /// meant for others is passed over.
    fn newest_genai(&mut self) -> Option<Sourced<bool>> {
        let name = variables::OTEL_SEMCONV_STABILITY_OPT_IN;
        let opted_in = self.get(name)?.split(',').any(|member| member.trim() == "gen_ai_latest_experimental");
        opted_in.then(|| Sourced::new(true, variable(name)))
    }

    fn ratio(&mut self) -> f64 {
        let read = |text: &str| match text.parse::<f64>() {
            Ok(ratio) if (0.0..=1.0).contains(&ratio) => Ok(ratio),
            _ => Err(format!("\"{text}\" is not a ratio from 0 to 1")),
        };
        self.value(variables::OTEL_TRACES_SAMPLER_ARG, read).map_or(1.0, |ratio| ratio.value)
    }

    /// SDK environment variables, `OTEL_PROPAGATORS`. Formats that are known and not supported count as said: where
    /// `tracecontext` is not in the list, `TRACEPARENT` is left alone.
    fn propagators(&mut self) -> Option<Propagators> {
        let name = variables::OTEL_PROPAGATORS;
        let text = self.get(name)?.to_ascii_lowercase();
        let mut said: Option<Propagators> = None;
        for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            let none = Propagators { trace_context: false, baggage: false };
            match word {
                "tracecontext" => said.get_or_insert(none).trace_context = true,
                "baggage" => said.get_or_insert(none).baggage = true,
                "none" => return Some(none),
                "b3" | "b3multi" | "jaeger" | "xray" | "ottrace" => {
                    said.get_or_insert(none);
                    self.complain_of(
                        Fault::Unsupported,
                        name,
                        format!("{word} is not supported; its variables and headers are left as they are"),
                    );
                }
                _ => {
                    let hint = choice::did_you_mean(word, ["tracecontext", "baggage", "none"]);
                    self.complain(
                        name,
                        format!("\"{word}\" is not one of tracecontext, baggage, none{hint}; it is ignored"),
                    );
                }
            }
        }
        said
    }

    fn unknown_names(&mut self) {
        let known = || variables::ALL.iter().map(|variable| variable.name).filter(|name| name.starts_with("OTEL_RUN_"));
        for (name, value) in self.environment.iter() {
            let name = name.to_string_lossy();
            if name.starts_with("OTEL_RUN_") && !value.is_empty() && !known().any(|known| known == name) {
                let tail = |name: &'static str| name.trim_start_matches("OTEL_RUN_");
                let hint = choice::did_you_mean(name.trim_start_matches("OTEL_RUN_"), known().map(tail));
                let hint = hint.replace("did you mean ", "did you mean OTEL_RUN_");
                self.complain_of(Fault::Unknown, &name, format!("there is no such setting{hint}"));
            }
        }
    }
}

#[cfg(test)]
mod tests;
