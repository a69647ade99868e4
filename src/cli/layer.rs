//! What the options say, as a layer of settings.

use super::Options;
use crate::settings::{
    self, AgentChoice, Complaint, Fault, Identity, Layer, Origin, PerSignal, Sourced, Transport, exit_code,
};

impl Options {
    /// What the options say, as a layer of settings.
    pub fn layer(&self) -> (Layer, Vec<Complaint>) {
        let mut complaints = Vec::new();
        let mut layer = Layer::default();
        let Options { destination, identity: identity_options, agent, run, retention, general } = self;
        layer.destination.endpoint =
            said(&destination.endpoint, "--endpoint").filter(|endpoint| !endpoint.value.trim().is_empty());
        for header in &destination.headers {
            let origin = Origin::Flag("--header");
            match settings::header_of_text(header.expose()) {
                Ok((name, value)) => {
                    settings::attributes::upsert(&mut layer.destination.headers, name, Sourced::new(value, origin));
                }
                Err(message) => {
                    complaints.push(Complaint::new(Fault::Credentials, origin, format!("{message}; it is ignored")));
                }
            }
        }
        layer.destination.headers_helper = said(&destination.headers_helper, "--headers-helper");
        let identity = Identity {
            certificate: said(&destination.client_certificate, "--client-certificate"),
            key: said(&destination.client_key, "--client-key"),
        };
        layer.destination.identity = PerSignal::from_fn(|_| identity.clone());
        let signals = Some(destination.signals.clone()).filter(|signals| !signals.is_empty());
        layer.transport = PerSignal::all(&Transport {
            protocol: said(&destination.protocol, "--protocol"),
            gzip: said(&destination.compression, "--compression"),
            timeout: said(&destination.export_timeout, "--export-timeout"),
            certificate: said(&destination.certificate, "--certificate"),
            insecure: switched_on(destination.insecure, "--insecure"),
            sent: None,
        })
        .choose(said(&signals, "--signals").as_ref());
        layer.expire_after = said(&destination.expire_after, "--expire-after");
        layer.required = said(&run.require_telemetry.clone().map(Some), "--require-telemetry");
        layer.temporality = said(&identity_options.metrics_temporality, "--metrics-temporality");
        layer.service_name =
            said(&identity_options.service_name, "--service-name").filter(|name| !name.value.is_empty());
        for attribute in &identity_options.resource_attributes {
            let origin = Origin::Flag("--resource-attribute");
            match attribute.split_once('=').map(|(key, value)| (key.trim(), value)) {
                Some((key, value)) if !key.is_empty() => settings::attributes::upsert(
                    &mut layer.resource_attributes,
                    key.to_owned(),
                    Sourced::new(value.to_owned(), origin),
                ),
                _ => {
                    let message = format!("\"{attribute}\" is not KEY=VALUE; it is ignored");
                    complaints.push(Complaint::new(Fault::Value, origin, message));
                }
            }
        }
        layer.agent = said(&agent.agent, "--agent")
            .filter(|agent| !agent.value.trim().is_empty())
            .map(|agent| Sourced::new(AgentChoice::read(&agent.value), agent.origin));
        layer.agent_destinations = said(&agent.agent_destinations, "--agent-destinations");
        layer.nest = said(&agent.nest, "--nest");
        layer.content = said(&agent.content, "--content");
        layer.detail = said(&agent.detail, "--detail");
        layer.redact = each(&agent.redact, "--redact");
        layer.redact_except = each(&agent.redact_except, "--redact-except");
        layer.genai = said(&agent.genai, "--genai");
        layer.collector = said(&agent.collector, "--collector");
        layer.drain_deadline = said(&run.drain_deadline, "--drain-deadline");
        layer.time_limit = said(&run.time_limit, "--timeout");
        layer.kill_after = said(&run.kill_after, "--kill-after");
        let codes = Some(exit_code::sorted(run.success_codes.clone())).filter(|codes| !codes.is_empty());
        layer.success_codes = said(&codes, "--success-code");
        layer.reap = switched_on(run.reap, "--reap");
        layer.die_with_parent = switched_on(run.die_with_parent, "--die-with-parent");
        layer.heartbeat = said(&run.heartbeat, "--heartbeat");
        layer.state_dir = said(&general.state_dir, "--state-dir");
        layer.keep_age = said(&retention.keep_age, "--keep-age");
        layer.keep_runs = said(&retention.keep_runs, "--keep-runs");
        layer.keep_size = said(&retention.keep_size, "--keep-size");
        layer.quiet = switched_on(general.quiet, "--quiet");
        (layer, complaints)
    }
}

fn said<T: Clone>(value: &Option<T>, flag: &'static str) -> Option<Sourced<T>> {
    value.clone().map(|value| Sourced::new(value, Origin::Flag(flag)))
}

fn each(names: &[String], flag: &'static str) -> Vec<Sourced<String>> {
    let names = names.iter().map(|name| name.trim()).filter(|name| !name.is_empty());
    names.map(|name| Sourced::new(name.to_owned(), Origin::Flag(flag))).collect()
}

/// A flag without a value says something only where it is given.
fn switched_on(given: bool, flag: &'static str) -> Option<Sourced<bool>> {
    given.then(|| Sourced::new(true, Origin::Flag(flag)))
}
