//! Resources and scopes: what is known of the machine is added, what holds content is taken out.

use super::content::{self, ErrorText, Family, OwnNames, Place, Verdict};
use super::{Agent, Pass, Unfit, attribute_key, attribute_text, put_attribute, submessage};
use crate::otlp::Signal;
use crate::otlp::wire::{Field, Reader, WireError, put_bytes_field, put_message};

/// What the items of one scope have in common.
#[derive(Debug, Clone, Copy)]
pub(super) struct Origin<'a> {
    /// The name under which the tables know it.
    pub(super) scope: &'a [u8],
    pub(super) family: Family,
}

impl Pass<'_> {
    /// `ResourceSpans`, `ResourceMetrics` or `ResourceLogs`: the resource is field 1, the scopes are field 2.
    pub(super) fn resource_group(&mut self, signal: Signal, group: &[u8], out: &mut Vec<u8>) -> Result<(), Unfit> {
        let resource = submessage(group, 1)?.unwrap_or_default();
        let service = service_name(&resource)?;
        put_message(out, 1, resource.len() + 64, |out| self.resource(service, &resource, out))?;
        for field in Reader::new(group) {
            let field = field?;
            match (field.number, field.value.bytes()) {
                (1, _) => {}
                (2, Some(scope)) => {
                    let (start, before) = (out.len(), self.counts);
                    put_message(out, 2, scope.len() + 64, |out| self.scope_group(signal, service, scope, out))?;
                    if self.counts.only_thinned_since(before) {
                        out.truncate(start);
                    }
                }
                _ => out.extend_from_slice(field.raw),
            }
        }
        Ok(())
    }

    fn resource(&mut self, service: &[u8], resource: &[u8], out: &mut Vec<u8>) -> Result<(), WireError> {
        let family = Family::of_scope(b"", self.rules.service_known_as(service));
        let mut present: Vec<&[u8]> = Vec::new();
        let mut removed: Vec<&[u8]> = Vec::new();
        let renamed = self.rules.service_name.as_deref();
        let agent = self.rules.agent.as_ref();
        let itself = agent.filter(|agent| agent.services.iter().any(|name| name.as_bytes() == service));
        let mut told: Option<&str> = None;
        for field in Reader::new(resource) {
            let field = field?;
            match (field.number, field.value.bytes()) {
                (1, Some(key_value)) => {
                    let key = attribute_key(key_value)?;
                    if self.strips_content() && self.verdict(family, Place::Resource, b"", key) == Verdict::Drop {
                        removed.push(key);
                    } else if key == b"service.name" && renamed.is_some()
                        || key == b"service.instance.id" && itself.is_some()
                    {
                        // Written below, once.
                    } else {
                        if key == b"service.version" && itself.is_some_and(|agent| agent.tells_version) {
                            told = std::str::from_utf8(attribute_text(key_value)?).ok().filter(|told| !told.is_empty());
                        }
                        present.push(key);
                        out.extend_from_slice(field.raw);
                    }
                }
                (3, Some(_)) => {}
                _ => out.extend_from_slice(field.raw),
            }
        }
        if let Some(name) = renamed {
            put_attribute(out, 1, "service.name", name);
        }
        if let Some(agent) = itself {
            put_attribute(out, 1, "service.instance.id", &agent.instance_id);
        }
        let version = told.or_else(|| agent?.version.as_deref());
        if let Some(version) = version.filter(|_| !present.contains(&b"otel_run.agent.version".as_slice())) {
            put_attribute(out, 1, "otel_run.agent.version", version);
        }
        if let Some(told) = told
            && self.sighted.agent_version.is_none()
        {
            self.sighted.agent_version = Some(told.to_owned());
        }
        for (key, value) in &self.rules.resource_attributes {
            if !present.contains(&key.as_bytes()) && !removed.contains(&key.as_bytes()) {
                put_attribute(out, 1, key, value);
            }
        }
        // An entity must not refer to an attribute that is gone (opentelemetry-proto, `EntityRef`).
        for field in Reader::new(resource) {
            let field = field?;
            if let (3, Some(entity)) = (field.number, field.value.bytes()) {
                put_message(out, 3, entity.len(), |out| entity_without(entity, &removed, out))?;
            }
        }
        Ok(())
    }

    /// `ScopeSpans`, `ScopeMetrics` or `ScopeLogs`: the scope is field 1, the items are field 2.
    fn scope_group(&mut self, signal: Signal, service: &[u8], group: &[u8], out: &mut Vec<u8>) -> Result<(), Unfit> {
        let scope = self.rules.scope_known_as(scope_name(group)?);
        let service = self.rules.service_known_as(service);
        let housekeeping = self.rules.thins().and_then(|housekeeping| housekeeping.of_scope(scope));
        let origin = Origin { scope, family: Family::of_scope(scope, service) };
        for field in Reader::new(group) {
            let field = field?;
            match (field.number, field.value.bytes()) {
                (1, Some(bytes)) => put_message(out, 1, bytes.len(), |out| self.scope(origin, bytes, out))?,
                (2, Some(item)) => match signal {
                    Signal::Traces => self.span(origin, housekeeping, item, out)?,
                    Signal::Metrics => put_message(out, 2, item.len(), |out| self.metric(origin, item, out))?,
                    Signal::Logs => put_message(out, 2, item.len() + 64, |out| self.log_record(origin, item, out))?,
                },
                _ => out.extend_from_slice(field.raw),
            }
            self.fits(out)?;
        }
        Ok(())
    }

    fn scope(&mut self, origin: Origin<'_>, scope: &[u8], out: &mut Vec<u8>) -> Result<(), WireError> {
        for field in Reader::new(scope) {
            let field = field?;
            if field.number != 3 || self.keeps(origin, Place::Scope, b"", &field)? {
                out.extend_from_slice(field.raw);
            }
        }
        Ok(())
    }

    /// What becomes of an attribute, by what is known of all and by what is said of this run's agent.
    #[inline]
    pub(super) fn verdict(&self, family: Family, place: Place, owner: &[u8], key: &[u8]) -> Verdict {
        match &self.rules.agent {
            Some(Agent { content, words, .. }) if !content.is_empty() || !words.attributes.is_empty() => {
                OwnNames { attributes: content, renamed: words.attributes }.attribute(family, place, owner, key)
            }
            _ => content::attribute(family, place, owner, key),
        }
    }

    /// Whether an attribute field stays.
    pub(super) fn keeps(
        &self,
        origin: Origin<'_>,
        place: Place,
        owner: &[u8],
        field: &Field<'_>,
    ) -> Result<bool, WireError> {
        if !self.strips_content() {
            return Ok(true);
        }
        let key_value = field.value.bytes().unwrap_or_default();
        Ok(match self.verdict(origin.family, place, owner, attribute_key(key_value)?) {
            Verdict::Keep => true,
            Verdict::Drop => false,
            Verdict::ErrorText => {
                content::error_text(origin.family, owner, attribute_text(key_value)?) == ErrorText::Keep
            }
        })
    }
}

/// The name of the scope of a `ScopeSpans`, `ScopeMetrics` or `ScopeLogs`.
pub(super) fn scope_name(group: &[u8]) -> Result<&[u8], WireError> {
    let mut name: &[u8] = &[];
    for field in Reader::new(group) {
        let field = field?;
        if let (1, Some(scope)) = (field.number, field.value.bytes()) {
            for field in Reader::new(scope) {
                let field = field?;
                if field.number == 1 {
                    name = field.value.bytes().unwrap_or_default();
                }
            }
        }
    }
    Ok(name)
}

fn service_name(resource: &[u8]) -> Result<&[u8], WireError> {
    for field in Reader::new(resource) {
        let field = field?;
        if let (1, Some(key_value)) = (field.number, field.value.bytes())
            && attribute_key(key_value)? == b"service.name"
        {
            return attribute_text(key_value);
        }
    }
    Ok(&[])
}

/// Copies an `EntityRef` without the keys in `removed`: `id_keys` is field 3, `description_keys` is field 4.
fn entity_without(entity: &[u8], removed: &[&[u8]], out: &mut Vec<u8>) -> Result<(), WireError> {
    for field in Reader::new(entity) {
        let field = field?;
        match (field.number, field.value.bytes()) {
            (3 | 4, Some(key)) if removed.contains(&key) => {}
            (number, Some(bytes)) => put_bytes_field(out, number, bytes),
            _ => out.extend_from_slice(field.raw),
        }
    }
    Ok(())
}
