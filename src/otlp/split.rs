//! Export requests cut in two, for a receiver that takes no more at once.
//!
//! The three requests have the same shape: groups by resource (field 1), in them groups by scope (field 2), in them spans,
//! metrics or log records (field 2). Everything else in a group goes into both halves.

use std::ops::Range;

use super::Signal;
use super::wire::{Reader, WireError, put_message};

/// Two export requests that were one.
pub type Halves = (Vec<u8>, Vec<u8>);

/// The two halves of `request`, which hold all of its spans, metrics or log records in order; none if there are fewer than
/// two. A metric is never cut, however many points it has.
///
/// # Errors
///
/// When `request` is no export request.
pub fn halves(request: &[u8]) -> Result<Option<Halves>, WireError> {
    let mut whole = 0;
    each_leaf(request, |_| {
        whole += 1;
        Ok(())
    })?;
    if whole < 2 {
        return Ok(None);
    }
    Ok(Some((part(request, 0..whole / 2)?, part(request, whole / 2..whole)?)))
}

/// How many items are in `request`: spans, data points or log records.
///
/// # Errors
///
/// When `request` is no export request.
pub fn items(signal: Signal, request: &[u8]) -> Result<u64, WireError> {
    let mut items = 0;
    each_leaf(request, |leaf| {
        items += if signal == Signal::Metrics { points(leaf)? } else { 1 };
        Ok(())
    })?;
    Ok(items)
}

/// Data points of a metric (opentelemetry-proto, `Metric`): the first field of whichever kind of data it has.
fn points(metric: &[u8]) -> Result<u64, WireError> {
    let mut points = 0;
    for data in fields(metric).filter(|field| matches!(field, Ok((5 | 7 | 9 | 10 | 11, _)))) {
        points += fields(data?.1).filter(|field| matches!(field, Ok((1, _)))).count() as u64;
    }
    Ok(points)
}

/// The fields of a message that have a length, with their numbers.
fn fields(message: &[u8]) -> impl Iterator<Item = Result<(u32, &[u8]), WireError>> {
    Reader::new(message).filter_map(|field| match field {
        Ok(field) => field.value.bytes().map(|bytes| Ok((field.number, bytes))),
        Err(error) => Some(Err(error)),
    })
}

fn each_leaf(request: &[u8], mut each: impl FnMut(&[u8]) -> Result<(), WireError>) -> Result<(), WireError> {
    for group in fields(request) {
        let (1, group) = group? else { continue };
        for scope in fields(group) {
            let (2, scope) = scope? else { continue };
            for leaf in fields(scope) {
                if let (2, leaf) = leaf? {
                    each(leaf)?;
                }
            }
        }
    }
    Ok(())
}

/// The leaves whose places are in `kept`, in the groups that they are in.
fn part(request: &[u8], kept: Range<usize>) -> Result<Vec<u8>, WireError> {
    let (mut place, mut out) = (0, Vec::with_capacity(request.len() / 2 + 256));
    for field in Reader::new(request) {
        let field = field?;
        match (field.number, field.value.bytes()) {
            (1, Some(group)) => in_group(group, 1, &mut out, |group, out| {
                let before = out.len();
                for field in Reader::new(group) {
                    let field = field?;
                    if let (2, Some(scope)) = (field.number, field.value.bytes()) {
                        in_group(scope, 2, out, |scope, out| leaves(scope, &kept, &mut place, out))?;
                    }
                }
                Ok(out.len() > before)
            })?,
            _ => out.extend_from_slice(field.raw),
        }
    }
    Ok(out)
}

/// Writes a group with what `inner` keeps of it, or nothing if that is nothing.
fn in_group(
    group: &[u8],
    number: u32,
    out: &mut Vec<u8>,
    inner: impl FnOnce(&[u8], &mut Vec<u8>) -> Result<bool, WireError>,
) -> Result<(), WireError> {
    let before = out.len();
    let kept = put_message(out, number, group.len(), |out| {
        for field in Reader::new(group) {
            let field = field?;
            if field.number != 2 {
                out.extend_from_slice(field.raw);
            }
        }
        inner(group, out)
    })?;
    if !kept {
        out.truncate(before);
    }
    Ok(())
}

fn leaves(scope: &[u8], kept: &Range<usize>, place: &mut usize, out: &mut Vec<u8>) -> Result<bool, WireError> {
    let mut any = false;
    for field in Reader::new(scope) {
        let field = field?;
        if field.number == 2 && field.value.bytes().is_some() {
            if kept.contains(place) {
                out.extend_from_slice(field.raw);
                any = true;
            }
            *place += 1;
        }
    }
    Ok(any)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
    use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
    use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value};
    use opentelemetry_proto::tonic::metrics::v1::{
        Gauge, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, metric::Data,
    };
    use opentelemetry_proto::tonic::resource::v1::Resource;
    use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
    use proptest::prelude::*;
    use prost::Message;

    use super::*;

    /// Resources with scopes with so many spans each.
    fn request(shape: &[Vec<usize>]) -> ExportTraceServiceRequest {
        let mut number = 0;
        let mut span = || {
            number += 1;
            Span { name: format!("span {number}"), ..Span::default() }
        };
        let resource_spans = shape.iter().enumerate().map(|(r, scopes)| ResourceSpans {
            resource: Some(Resource {
                attributes: vec![KeyValue {
                    key: "service.name".to_owned(),
                    value: Some(AnyValue { value: Some(Value::StringValue(format!("service {r}"))) }),
                    ..KeyValue::default()
                }],
                ..Resource::default()
            }),
            scope_spans: scopes
                .iter()
                .map(|spans| ScopeSpans {
                    scope: Some(InstrumentationScope { name: format!("scope of {spans}"), ..Default::default() }),
                    spans: (0..*spans).map(|_| span()).collect(),
                    schema_url: "https://schema".to_owned(),
                })
                .collect(),
            schema_url: "https://schema".to_owned(),
        });
        ExportTraceServiceRequest { resource_spans: resource_spans.collect() }
    }

    /// Every span with the resource and the scope it is in.
    fn placed(request: &ExportTraceServiceRequest) -> Vec<String> {
        let mut all = Vec::new();
        for group in &request.resource_spans {
            for scope in &group.scope_spans {
                for span in &scope.spans {
                    all.push(format!("{:?} {:?} {} {}", group.resource, scope.scope, scope.schema_url, span.name));
                }
            }
        }
        all
    }

    proptest! {
        #[test]
        fn halves_hold_everything_once_in_order(
            shape in proptest::collection::vec(proptest::collection::vec(0..5_usize, 0..4), 0..4),
        ) {
            let whole = request(&shape);
            let spans = placed(&whole);
            let bytes = whole.encode_to_vec();
            prop_assert_eq!(items(Signal::Traces, &bytes).unwrap(), spans.len() as u64);
            let Some((first, second)) = halves(&bytes).unwrap() else {
                prop_assert!(spans.len() < 2);
                return Ok(());
            };
            let parts = [first, second].map(|part| placed(&ExportTraceServiceRequest::decode(&part[..]).unwrap()));
            prop_assert!(parts.iter().all(|part| !part.is_empty()));
            prop_assert_eq!(parts.concat(), spans);
        }

        #[test]
        fn whatever_is_no_request_is_an_error_or_nothing(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = halves(&bytes);
            let _ = items(Signal::Metrics, &bytes);
        }
    }

    #[test]
    fn points_are_counted_and_a_metric_is_not_cut() {
        let points = |count| vec![NumberDataPoint::default(); count];
        let metric = |count| Metric {
            name: "m".to_owned(),
            data: Some(Data::Gauge(Gauge { data_points: points(count) })),
            ..Metric::default()
        };
        let request = |metrics| {
            let scope_metrics = vec![ScopeMetrics { metrics, ..ScopeMetrics::default() }];
            let resource_metrics = vec![ResourceMetrics { scope_metrics, ..ResourceMetrics::default() }];
            ExportMetricsServiceRequest { resource_metrics }.encode_to_vec()
        };
        assert_eq!(items(Signal::Metrics, &request(vec![metric(3), metric(4)])).unwrap(), 7);
        assert_eq!(halves(&request(vec![metric(9)])).unwrap(), None);
        let (first, second) = halves(&request(vec![metric(1), metric(2), metric(3)])).unwrap().unwrap();
        assert_eq!(items(Signal::Metrics, &first).unwrap(), 1);
        assert_eq!(items(Signal::Metrics, &second).unwrap(), 5);
    }
}
