//! What one place said: a layer of settings, all of them optional, and the one rule by which layers are merged.

use std::path::PathBuf;
use std::time::Duration;

use super::given::Given;
use super::upstream::{DEFAULT_NAME, Destination, Transport, Upstream};
use super::value::{
    AgentChoice, Complaint, Content, Detail, Fault, GenAi, Nest, Origin, Required, Sampler, Sourced, Temporality,
};
use super::{attributes, endpoint};
use crate::otlp::{PerSignal, Signal};

/// Everything that one place (the flags, the variables, one file) said.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Layer {
    /// Endpoints and credentials, which are merged as one value.
    pub destination: Destination,
    /// Further upstreams, each with everything that belongs to it.
    pub upstreams: Vec<Upstream>,
    /// How to speak to the backend at `destination`.
    pub transport: PerSignal<Transport>,
    /// Which telemetry there must be; none of it is a word as well, which a lower place cannot take back.
    pub required: Option<Sourced<Option<Required>>>,
    /// How old telemetry may become before it is not sent any more; zero is any age.
    pub expire_after: Option<Sourced<Duration>>,
    /// The temporality of the run's own metrics.
    pub temporality: Option<Sourced<Temporality>>,
    /// `service.name`.
    pub service_name: Option<Sourced<String>>,
    /// Resource attributes, each key once.
    pub resource_attributes: Vec<(String, Sourced<String>)>,
    /// Which profile.
    pub agent: Option<Sourced<AgentChoice>>,
    /// What is said about agents, by their names.
    pub agents: Vec<(String, Sourced<Given>)>,
    /// Whether the run also goes to where the agent exports to by its own configuration.
    pub agent_destinations: Option<Sourced<bool>>,
    /// How to nest.
    pub nest: Option<Sourced<Nest>>,
    /// Whether content is kept.
    pub content: Option<Sourced<Content>>,
    /// Which spans are kept.
    pub detail: Option<Sourced<Detail>>,
    /// Variables whose values are secrets, whatever they are called.
    pub redact: Vec<Sourced<String>>,
    /// Variables whose values are none.
    pub redact_except: Vec<Sourced<String>>,
    /// How the names of the GenAI conventions come in.
    pub genai: Option<Sourced<GenAi>>,
    /// Whether these are the newest names.
    pub newest_genai: Option<Sourced<bool>>,
    /// How long delivery may go on after the command ended.
    pub drain_deadline: Option<Sourced<Duration>>,
    /// How long the command may take; zero is no limit.
    pub time_limit: Option<Sourced<Duration>>,
    /// How long after TERM it is killed; zero is never.
    pub kill_after: Option<Sourced<Duration>>,
    /// Exit codes that are no errors, beside 0.
    pub success_codes: Option<Sourced<Vec<i32>>>,
    /// Whether otel-run adopts what the command leaves behind.
    pub reap: Option<Sourced<bool>>,
    /// Whether the command dies with otel-run.
    pub die_with_parent: Option<Sourced<bool>>,
    /// How often a running run says that it runs; zero is never.
    pub heartbeat: Option<Sourced<Duration>>,
    /// Whether the embedded collector is used.
    pub collector: Option<Sourced<bool>>,
    /// The folder that holds the runs.
    pub state_dir: Option<Sourced<PathBuf>>,
    /// How long a run is kept; zero is for ever.
    pub keep_age: Option<Sourced<Duration>>,
    /// How many runs are kept; zero is all.
    pub keep_runs: Option<Sourced<u64>>,
    /// How many bytes on disk all runs may take together; zero is any number.
    pub keep_size: Option<Sourced<u64>>,
    /// Whether to say nothing.
    pub quiet: Option<Sourced<bool>>,
    /// `OTEL_SDK_DISABLED`.
    pub sdk_disabled: Option<Sourced<bool>>,
    /// How the run's own span is sampled.
    pub sampler: Option<Sourced<Sampler>>,
    /// Whether trace context is propagated.
    pub propagate_trace_context: Option<Sourced<bool>>,
    /// Whether baggage is propagated.
    pub propagate_baggage: Option<Sourced<bool>>,
}

impl Layer {
    /// This layer on top of `lower`: what this layer says holds, the rest is `lower`'s. Attributes are merged by key, and of
    /// the variables that are secrets or none every layer may name some: none takes away what another one said.
    /// Destination and upstreams are not merged but chosen, the highest one that names an endpoint.
    pub fn over(mut self, lower: Layer) -> Layer {
        self.name_by_attribute();
        let mut lower = lower;
        lower.name_by_attribute();
        let mut resource_attributes = lower.resource_attributes;
        for (key, value) in self.resource_attributes {
            attributes::upsert(&mut resource_attributes, key, value);
        }
        Layer {
            destination: self.destination,
            upstreams: self.upstreams,
            transport: self.transport.over(lower.transport),
            required: self.required.or(lower.required),
            expire_after: self.expire_after.or(lower.expire_after),
            temporality: self.temporality.or(lower.temporality),
            service_name: self.service_name.or(lower.service_name),
            resource_attributes,
            agent: self.agent.or(lower.agent),
            agents: [self.agents, lower.agents].concat(),
            agent_destinations: self.agent_destinations.or(lower.agent_destinations),
            nest: self.nest.or(lower.nest),
            content: self.content.or(lower.content),
            detail: self.detail.or(lower.detail),
            redact: together(self.redact, lower.redact),
            redact_except: together(self.redact_except, lower.redact_except),
            genai: self.genai.or(lower.genai),
            newest_genai: self.newest_genai.or(lower.newest_genai),
            drain_deadline: self.drain_deadline.or(lower.drain_deadline),
            time_limit: self.time_limit.or(lower.time_limit),
            kill_after: self.kill_after.or(lower.kill_after),
            success_codes: self.success_codes.or(lower.success_codes),
            reap: self.reap.or(lower.reap),
            die_with_parent: self.die_with_parent.or(lower.die_with_parent),
            heartbeat: self.heartbeat.or(lower.heartbeat),
            collector: self.collector.or(lower.collector),
            state_dir: self.state_dir.or(lower.state_dir),
            keep_age: self.keep_age.or(lower.keep_age),
            keep_runs: self.keep_runs.or(lower.keep_runs),
            keep_size: self.keep_size.or(lower.keep_size),
            quiet: self.quiet.or(lower.quiet),
            sdk_disabled: self.sdk_disabled.or(lower.sdk_disabled),
            sampler: self.sampler.or(lower.sampler),
            propagate_trace_context: self.propagate_trace_context.or(lower.propagate_trace_context),
            propagate_baggage: self.propagate_baggage.or(lower.propagate_baggage),
        }
    }

    /// Takes `service.name` out of the attributes. Within one layer the setting of its own beats it (SDK environment
    /// variables, `OTEL_SERVICE_NAME`); against other layers it counts as the name that this layer gives.
    fn name_by_attribute(&mut self) {
        let Some(index) = self.resource_attributes.iter().position(|(key, _)| key == "service.name") else { return };
        let (_, name) = self.resource_attributes.remove(index);
        if self.service_name.is_none() && !name.value.is_empty() {
            self.service_name = Some(name);
        }
    }
}

/// Both lists, each name once.
fn together(mut higher: Vec<Sourced<String>>, lower: Vec<Sourced<String>>) -> Vec<Sourced<String>> {
    for name in lower {
        if higher.iter().all(|known| known.value != name.value) {
            higher.push(name);
        }
    }
    higher
}

/// The upstreams of the highest layer that sets any endpoint; `layers` are their destinations and upstreams, sorted from the
/// highest down. Credentials never travel to an endpoint that was set elsewhere: those that no endpoint of their own
/// layer goes with are a complaint. A destination that is overridden as a whole, credentials and all, is not.
pub(super) fn choose(layers: Vec<(Destination, Vec<Upstream>)>) -> ((Destination, Vec<Upstream>), Vec<Complaint>) {
    let any_endpoint = |(destination, upstreams): &(Destination, Vec<Upstream>)| {
        let further = upstreams.iter().find_map(|upstream| upstream.destination.any_endpoint().cloned());
        destination.any_endpoint().cloned().or(further).map(|endpoint| endpoint.origin)
    };
    let mut complaints = Vec::new();
    let chosen = layers.iter().position(|layer| any_endpoint(layer).is_some());
    let decides = chosen.and_then(|index| any_endpoint(&layers[index]));
    for (destination, _) in layers.iter().filter(|(destination, _)| destination.any_endpoint().is_none()) {
        if let Some(credential) = destination.any_credential() {
            complaints.push(homeless(credential, decides.as_ref()));
        }
    }
    (chosen.and_then(|index| layers.into_iter().nth(index)).unwrap_or_default(), complaints)
}

/// The upstreams that `destination`, spoken to by `transport`, and `further` ones are, without what nothing can be sent to:
/// telemetry stays on disk rather than going to the backend of a lower layer.
pub(super) fn upstreams(
    destination: Destination,
    transport: PerSignal<Transport>,
    further: Vec<Upstream>,
    complaints: &mut Vec<Complaint>,
) -> Vec<Upstream> {
    let first = Upstream { name: DEFAULT_NAME.to_owned(), destination, transport };
    let mut upstreams: Vec<Upstream> = Vec::new();
    for mut upstream in std::iter::once(first).chain(further) {
        let Some(origin) = upstream.destination.any_endpoint().map(|endpoint| endpoint.origin.clone()) else {
            continue;
        };
        check(&mut upstream, complaints);
        let upstream = upstream.without_unsent();
        if upstream.destination.any_endpoint().is_none() {
            continue;
        }
        if upstreams.iter().any(|other| other.name == upstream.name) {
            let message = format!(
                "a second upstream is called \"{}\" and is ignored; give each a name of its own",
                upstream.name
            );
            complaints.push(Complaint::new(Fault::Value, origin, message));
            continue;
        }
        upstreams.push(upstream);
    }
    upstreams
}

/// `upstream` without what cannot work; none where nothing is left.
pub fn checked(mut upstream: Upstream, complaints: &mut Vec<Complaint>) -> Option<Upstream> {
    check(&mut upstream, complaints);
    Some(upstream).filter(|upstream| upstream.destination.any_endpoint().is_some())
}

/// Takes out what cannot work, and says so.
fn check(upstream: &mut Upstream, complaints: &mut Vec<Complaint>) {
    let Upstream { destination, transport, .. } = upstream;
    let slots = std::iter::once((&mut destination.endpoint, Signal::Traces)).chain([
        (&mut destination.signal_endpoints.traces, Signal::Traces),
        (&mut destination.signal_endpoints.metrics, Signal::Metrics),
        (&mut destination.signal_endpoints.logs, Signal::Logs),
    ]);
    for (slot, signal) in slots {
        let Some(said) = slot else { continue };
        let complain = |fault, message| Complaint::new(fault, said.origin.clone(), message);
        if let Err(message) = endpoint::check(&said.value, transport.of(signal)) {
            complaints.push(complain(Fault::Endpoint, format!("{message}; nothing is sent there")));
            *slot = None;
        } else if endpoint::has_user_info(&said.value) {
            complaints.push(complain(Fault::Credentials, format!(
                "the user name and password in the URL of {} are not sent; give them as a header, as in authorization=env:NAME",
                endpoint::without_credentials(&said.value)
            )));
        }
    }
    for signal in Signal::ALL {
        let identity = destination.identity.of_mut(signal);
        let (lonely, other) = match (&identity.certificate, &identity.key) {
            (Some(certificate), None) => (certificate, "its key"),
            (None, Some(key)) => (key, "the certificate that it belongs to"),
            _ => continue,
        };
        let message = format!("a client's certificate and its key go together, and {other} is not set; it is ignored");
        let complaint = Complaint::new(Fault::Credentials, lonely.origin.clone(), message);
        if !complaints.contains(&complaint) {
            complaints.push(complaint);
        }
        *identity = super::upstream::Identity::default();
    }
}

fn homeless(credentials: &Origin, endpoint: Option<&Origin>) -> Complaint {
    let message = match endpoint {
        Some(endpoint) => format!(
            "these credentials are not sent, because the endpoint comes from {endpoint}; credentials belong to the \
             endpoint that is set in the same place, so set both there"
        ),
        None => {
            "these credentials are not sent, because no endpoint is set; set the endpoint in the same place".to_owned()
        }
    };
    Complaint::new(Fault::Credentials, credentials.clone(), message)
}
