//! What one place said: a layer of settings, all of them optional, and the one rule by which layers are merged.

use std::path::PathBuf;
use std::time::Duration;

use super::upstream::HeaderValue;
use super::value::{AgentChoice, Complaint, Content, Nest, Origin, Protocol, Sampler, Sourced};
use super::{attributes, endpoint};

/// Everything that one place (the flags, the variables, one file) said.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Layer {
    /// Endpoints and headers, which are merged as one value.
    pub destination: Destination,
    /// How to speak to the backend.
    pub protocol: Option<Sourced<Protocol>>,
    /// Whether bodies are sent with gzip.
    pub gzip: Option<Sourced<bool>>,
    /// The longest wait for one request.
    pub export_timeout: Option<Sourced<Duration>>,
    /// `service.name`.
    pub service_name: Option<Sourced<String>>,
    /// Resource attributes, each key once.
    pub resource_attributes: Vec<(String, Sourced<String>)>,
    /// Which profile.
    pub agent: Option<Sourced<AgentChoice>>,
    /// How to nest.
    pub nest: Option<Sourced<Nest>>,
    /// Whether content is kept.
    pub content: Option<Sourced<Content>>,
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

/// The part of a layer that says where telemetry goes, and with which credentials.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Destination {
    /// Base URL.
    pub endpoint: Option<Sourced<String>>,
    /// URL for traces.
    pub traces_endpoint: Option<Sourced<String>>,
    /// URL for metrics.
    pub metrics_endpoint: Option<Sourced<String>>,
    /// URL for logs.
    pub logs_endpoint: Option<Sourced<String>>,
    /// Headers, names in lower case, each once.
    pub headers: Vec<(String, Sourced<HeaderValue>)>,
}

impl Layer {
    /// This layer on top of `lower`: what this layer says holds, the rest is `lower`'s. Attributes are merged by key.
    /// The destination is not merged but chosen, with [`Destination::choose`].
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
            protocol: self.protocol.or(lower.protocol),
            gzip: self.gzip.or(lower.gzip),
            export_timeout: self.export_timeout.or(lower.export_timeout),
            service_name: self.service_name.or(lower.service_name),
            resource_attributes,
            agent: self.agent.or(lower.agent),
            nest: self.nest.or(lower.nest),
            content: self.content.or(lower.content),
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

impl Destination {
    /// The destination of the highest layer that sets any endpoint, `layers` being sorted from the highest down.
    /// Credentials never travel to an endpoint that was set elsewhere: headers that no endpoint of their own layer
    /// goes with are a complaint. A destination that is overridden as a whole, headers and all, is not.
    pub fn choose(layers: Vec<Destination>) -> (Destination, Vec<Complaint>) {
        let mut complaints = Vec::new();
        let chosen = layers.iter().position(|layer| layer.any_endpoint().is_some());
        let decides = chosen.and_then(|index| layers[index].any_endpoint()).map(|endpoint| endpoint.origin.clone());
        for layer in layers.iter().filter(|layer| layer.any_endpoint().is_none()) {
            if let Some((_, header)) = layer.headers.first() {
                complaints.push(homeless(&header.origin, decides.as_ref()));
            }
        }
        let destination = chosen.and_then(|index| layers.into_iter().nth(index)).unwrap_or_default();
        (destination.checked(&mut complaints), complaints)
    }

    /// The first endpoint that is set.
    fn any_endpoint(&self) -> Option<&Sourced<String>> {
        let all = [&self.endpoint, &self.traces_endpoint, &self.metrics_endpoint, &self.logs_endpoint];
        all.into_iter().flatten().next()
    }

    /// Without the endpoints that nothing can be sent to. They are dropped only after the layer was chosen: telemetry
    /// stays on disk rather than going to the backend of a lower layer.
    fn checked(mut self, complaints: &mut Vec<Complaint>) -> Self {
        let all = [&mut self.endpoint, &mut self.traces_endpoint, &mut self.metrics_endpoint, &mut self.logs_endpoint];
        for slot in all {
            let Some(said) = slot else { continue };
            let complain = |message| Complaint { origin: said.origin.clone(), message };
            if let Err(message) = endpoint::check(&said.value) {
                complaints.push(complain(format!("{message}; nothing is sent there")));
                *slot = None;
            } else if endpoint::has_user_info(&said.value) {
                complaints.push(complain(format!(
                    "the user name and password in the URL of {} are not sent; give them as a header, as in authorization=env:NAME",
                    endpoint::without_credentials(&said.value)
                )));
            }
        }
        self
    }

    /// Whether an endpoint is left.
    pub fn has_endpoint(&self) -> bool {
        self.any_endpoint().is_some()
    }
}

fn homeless(headers: &Origin, endpoint: Option<&Origin>) -> Complaint {
    let message = match endpoint {
        Some(endpoint) => format!(
            "these headers are not sent, because the endpoint comes from {endpoint}; headers belong to the endpoint \
             that is set in the same place, so set both there"
        ),
        None => "these headers are not sent, because no endpoint is set; set the endpoint in the same place".to_owned(),
    };
    Complaint { origin: headers.clone(), message }
}
