#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::fmt::Write as _;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{InstrumentationScope, any_value::Value};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::{
    Exemplar, Gauge, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, metric::Data,
};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, span::Link};
use proptest::prelude::*;
use prost::Message;

use super::*;
use crate::otlp::Signal;
use crate::settings::Content;
use crate::signals::{Totals, captures, is_housekeeping, purpose};
use crate::transform::{Counts, Transform};

const TRACE: [u8; 16] = [0xaa; 16];
const RUN: Id = [0xbb; 8];
const AGENT: &str = "opencode";
/// What it shows, and what it does not.
const SHOWN: &str = "Tool.execute";
const HOUSEKEEPING: &str = "sql.execute";

fn rules(nest: Nest) -> Rules {
    Rules {
        nest,
        content: Content::On,
        left_out: Some(Housekeeping::default()),
        genai: crate::settings::GenAi::Off,
        newest_genai: false,
        agent: None,
        trace_id: TRACE,
        span_id: RUN,
        sampled: true,
        service_name: None,
        resource_attributes: Vec::new(),
        secrets: std::sync::Arc::default(),
    }
}

fn id(number: u64) -> Id {
    number.to_be_bytes()
}

fn span(number: u64, parent: Option<u64>, name: &str) -> Span {
    Span {
        trace_id: vec![0x11; 16],
        span_id: id(number).to_vec(),
        parent_span_id: parent.map(|parent| id(parent).to_vec()).unwrap_or_default(),
        name: name.to_owned(),
        start_time_unix_nano: 1000 + number,
        end_time_unix_nano: 2000 + number,
        ..Span::default()
    }
}

fn request(scope: &str, spans: Vec<Span>) -> Vec<u8> {
    let scope = Some(InstrumentationScope { name: scope.to_owned(), ..InstrumentationScope::default() });
    let resource_spans = vec![ResourceSpans {
        scope_spans: vec![ScopeSpans { scope, spans, ..ScopeSpans::default() }],
        ..ResourceSpans::default()
    }];
    ExportTraceServiceRequest { resource_spans }.encode_to_vec()
}

fn records(span_ids: &[u64]) -> Vec<u8> {
    let log_records =
        span_ids.iter().map(|number| LogRecord { span_id: id(*number).to_vec(), ..LogRecord::default() }).collect();
    let resource_logs = vec![ResourceLogs {
        scope_logs: vec![ScopeLogs { log_records, ..ScopeLogs::default() }],
        ..ResourceLogs::default()
    }];
    ExportLogsServiceRequest { resource_logs }.encode_to_vec()
}

/// A run so far: its transforms and what they have let through.
struct Stored {
    transform: Transform,
    spans: Vec<(String, Span)>,
    records: Vec<LogRecord>,
    counts: Counts,
    totals: Totals,
}

impl Stored {
    fn new(rules: Rules) -> Self {
        let (transform, counts, totals) = (Transform::new(rules), Counts::default(), Totals::default());
        Self { transform, spans: Vec::new(), records: Vec::new(), counts, totals }
    }

    fn take(&mut self, signal: Signal, request: &[u8]) {
        let mut out = Vec::new();
        let totals = &mut self.totals;
        let mut observe = |seen: crate::transform::SpanSeen<'_>| seen.add_to(totals);
        let counts = self.transform.apply(signal, request, &mut out, &mut observe).unwrap();
        self.transform.remember();
        match signal {
            Signal::Traces => {
                let groups = ExportTraceServiceRequest::decode(&*out).unwrap().resource_spans.into_iter();
                let mut kept = 0;
                for scope_spans in groups.flat_map(|group| group.scope_spans) {
                    assert!(!scope_spans.spans.is_empty(), "nothing is left of the group");
                    kept += scope_spans.spans.len();
                    let scope = scope_spans.scope.unwrap_or_default().name;
                    self.spans.extend(scope_spans.spans.into_iter().map(|span| (scope.clone(), span)));
                }
                assert_eq!(kept, counts.kept as usize);
                self.counts.kept += counts.kept;
                self.counts.thinned += counts.thinned;
            }
            Signal::Logs => {
                let groups = ExportLogsServiceRequest::decode(&*out).unwrap().resource_logs.into_iter();
                let scopes = groups.flat_map(|group| group.scope_logs);
                self.records.extend(scopes.flat_map(|scope| scope.log_records));
            }
            Signal::Metrics => {}
        }
    }

    fn spans(&mut self, scope: &str, spans: Vec<Span>) {
        self.take(Signal::Traces, &request(scope, spans));
    }

    /// Number and parent's number of each span, the run's being 0.
    fn tree(&self) -> Vec<(u64, u64)> {
        let number = |id: &[u8]| match id {
            [] => 0,
            id if *id == RUN => 0,
            id => u64::from_be_bytes(id.try_into().unwrap()),
        };
        self.spans.iter().map(|(_, span)| (number(&span.span_id), number(&span.parent_span_id))).collect()
    }

    /// Ids of the stand-ins.
    fn stand_ins(&mut self) -> BTreeSet<Id> {
        let spans = &self.spans;
        let came = |came: &mut dyn FnMut(Id)| {
            spans.iter().for_each(|(_, span)| came(span.span_id.as_slice().try_into().unwrap()));
            Ok::<(), Infallible>(())
        };
        self.transform.stand_ins(came).unwrap().into_iter().map(|stand_in| stand_in.span_id).collect()
    }

    /// Ids that are named as parents and are no span.
    fn missing(&self) -> BTreeSet<&[u8]> {
        let there: BTreeSet<&[u8]> = self.spans.iter().map(|(_, span)| span.span_id.as_slice()).collect();
        let parents = self.spans.iter().map(|(_, span)| span.parent_span_id.as_slice());
        parents.filter(|parent| !parent.is_empty() && *parent != RUN && !there.contains(parent)).collect()
    }

    /// Fails unless every span leads up to the run, or to the first span of its trace.
    fn assert_whole(&mut self) {
        let stand_ins = self.stand_ins();
        let parents: BTreeMap<Id, &[u8]> = self
            .spans
            .iter()
            .map(|(_, span)| (span.span_id.as_slice().try_into().unwrap(), span.parent_span_id.as_slice()))
            .collect();
        for (start, mut parent) in &parents {
            for step in 0.. {
                let Ok(at) = Id::try_from(*parent) else { break };
                if at == RUN || stand_ins.contains(&at) {
                    break;
                }
                parent = parents.get(&at).unwrap_or_else(|| panic!("{at:?} is above {start:?} and is not there"));
                assert!(step < parents.len(), "{start:?} is its own ancestor");
            }
        }
    }
}

fn text<'a>(span: &'a Span, key: &str) -> Option<&'a str> {
    let value = span.attributes.iter().find(|attribute| attribute.key == key)?.value.as_ref()?.value.as_ref()?;
    if let Value::StringValue(text) = value { Some(text) } else { None }
}

#[test]
fn what_agents_really_sent() {
    let mut told = String::new();
    for name in captures::names() {
        for nest in [Nest::Adopt, Nest::Link, Nest::Off] {
            let mut full = Stored::new(Rules { left_out: None, ..rules(nest) });
            let mut thin = Stored::new(rules(nest));
            for (signal, request) in captures::requests(&name) {
                full.take(signal, &request);
                thin.take(signal, &request);
            }
            if nest == Nest::Adopt {
                thin.assert_whole();
            }
            assert!(thin.missing().is_subset(&full.missing()), "{name}");
            assert_eq!(thin.totals, full.totals, "{name}");
            assert_eq!((thin.counts.kept + thin.counts.thinned, full.counts.thinned), (full.counts.kept, 0), "{name}");
            assert_eq!(thin.records.len(), full.records.len());
            let inner =
                |(scope, span): &&(String, Span)| is_housekeeping(scope, span) && purpose(scope, span).is_none();
            let shown = |stored: &Stored| -> Vec<Vec<u8>> {
                stored.spans.iter().filter(|span| !inner(span)).map(|(_, span)| span.span_id.clone()).collect()
            };
            assert_eq!(shown(&thin), shown(&full), "{name}");
            let structure = thin.spans.iter().filter(inner).count();
            let moved =
                thin.spans.iter().filter(|(_, span)| text(span, "otel_run.original_parent_id").is_some()).count();
            let (kept, all) = (thin.counts.kept, full.counts.kept);
            writeln!(
                told,
                "{name} {nest:?}: {kept} of {all} kept, {structure} of them housekeeping, {moved} with another parent"
            )
            .unwrap();
        }
    }
    insta::assert_snapshot!(told);
}

/// What becomes of the tree, to be looked at.
#[test]
fn the_tree_of_an_opencode_run() {
    let mut thin = Stored::new(rules(Nest::Adopt));
    captures::requests("opencode-run-llm-traces").iter().for_each(|(signal, request)| thin.take(*signal, request));
    let mut children: BTreeMap<&[u8], Vec<&Span>> = BTreeMap::new();
    thin.spans.iter().for_each(|(_, span)| children.entry(&span.parent_span_id).or_default().push(span));
    children.values_mut().for_each(|spans| spans.sort_by_key(|span| span.start_time_unix_nano));
    let (mut told, mut stack) = (String::new(), vec![(0, &RUN[..])]);
    while let Some((depth, above)) = stack.pop() {
        if depth > 0 {
            let span = thin.spans.iter().map(|(_, span)| span).find(|span| span.span_id == above).unwrap();
            writeln!(told, "{}{}", "  ".repeat(depth - 1), span.name).unwrap();
        }
        let below = children.get(above).into_iter().flatten().rev();
        stack.extend(below.map(|span| (depth + 1, span.span_id.as_slice())));
    }
    insta::assert_snapshot!(told);
}

#[test]
fn children_move_up_past_what_is_left_out() {
    let mut stored = Stored::new(rules(Nest::Adopt));
    // A chain within a request, whichever way round; then one whose parent came before.
    stored.spans(
        AGENT,
        vec![
            span(4, Some(3), SHOWN),
            span(3, Some(2), HOUSEKEEPING),
            span(2, Some(1), HOUSEKEEPING),
            span(1, None, SHOWN),
        ],
    );
    stored.spans(AGENT, vec![span(10, None, HOUSEKEEPING), span(11, Some(10), HOUSEKEEPING)]);
    stored.spans(AGENT, vec![span(12, Some(11), SHOWN), span(13, Some(2), SHOWN)]);
    assert_eq!(stored.tree(), [(4, 1), (1, 0), (12, 0), (13, 1)]);
    assert_eq!((stored.counts.kept, stored.counts.thinned), (4, 4));
    let named = stored.spans.iter().map(|(_, span)| text(span, "otel_run.original_parent_id")).collect::<Vec<_>>();
    assert_eq!(named, [Some("0000000000000003"), None, Some("000000000000000b"), Some("0000000000000002")]);
    // Its parent is the run's, which is another process's.
    assert_eq!(stored.spans[2].1.flags, 0x300);
    stored.assert_whole();
    assert_eq!(stored.stand_ins(), BTreeSet::new());
}

#[test]
fn what_was_named_before_it_came_is_kept() {
    let mut stored = Stored::new(rules(Nest::Adopt));
    stored.spans(AGENT, vec![span(5, Some(4), SHOWN)]);
    stored.spans(AGENT, vec![span(4, Some(3), HOUSEKEEPING), span(3, Some(2), HOUSEKEEPING)]);
    stored.spans(AGENT, vec![span(2, Some(1), HOUSEKEEPING), span(9, Some(2), HOUSEKEEPING)]);
    stored.spans(AGENT, vec![span(1, None, HOUSEKEEPING)]);
    assert_eq!(stored.tree(), [(5, 4), (4, 2), (2, 1), (1, 0)]);
    assert_eq!(stored.counts.thinned, 2);
    stored.assert_whole();
    assert_eq!(stored.stand_ins(), BTreeSet::new());
}

#[test]
fn spans_of_others_stay() {
    let mut stored = Stored::new(rules(Nest::Adopt));
    stored.spans("anybody", vec![span(2, Some(1), HOUSEKEEPING), span(1, None, "opencode")]);
    // Even one with the id of a span that goes.
    stored.spans(AGENT, vec![span(3, Some(4), HOUSEKEEPING), span(3, Some(4), SHOWN)]);
    assert_eq!(stored.tree(), [(2, 1), (1, 0), (3, 4)]);
    let mut own = rules(Nest::Adopt);
    own.left_out.as_mut().unwrap().add("anybody", "sql.*");
    let mut stored = Stored::new(own);
    stored.spans("anybody", vec![span(2, Some(1), HOUSEKEEPING), span(1, None, "opencode")]);
    assert_eq!(stored.tree(), [(1, 0)]);
}

#[test]
fn an_unsampled_run_counts_its_spans_once() {
    let mut transform = Transform::new(Rules { sampled: false, ..rules(Nest::Adopt) });
    let spans = request(AGENT, vec![span(1, None, HOUSEKEEPING), span(2, Some(1), SHOWN)]);
    let counts = transform.apply(Signal::Traces, &spans, &mut Vec::new(), &mut |_| {}).unwrap();
    assert_eq!(counts, Counts { unsampled: 2, ..Counts::default() });
}

#[test]
fn own_traces_keep_their_first_span() {
    for nest in [Nest::Link, Nest::Off] {
        let mut stored = Stored::new(rules(nest));
        stored.spans(AGENT, vec![span(3, Some(2), HOUSEKEEPING), span(1, None, HOUSEKEEPING)]);
        stored.spans(AGENT, vec![span(2, Some(1), HOUSEKEEPING)]);
        stored.spans(AGENT, vec![span(4, Some(3), SHOWN), span(5, Some(2), SHOWN)]);
        assert_eq!(stored.tree(), [(1, 0), (4, 1), (5, 1)], "{nest:?}");
        assert_eq!(stored.spans[0].1.links.len(), usize::from(nest == Nest::Link));
        stored.assert_whole();
    }
}

#[test]
fn whatever_names_a_span_leads_to_one_that_is_there() {
    let mut stored = Stored::new(rules(Nest::Adopt));
    stored.spans(AGENT, vec![span(1, None, SHOWN), span(2, Some(1), HOUSEKEEPING), span(3, None, HOUSEKEEPING)]);
    // Left out below another, left out at the top, there, and to come.
    stored.take(Signal::Logs, &records(&[2, 3, 1, 7]));
    let ids: Vec<&[u8]> = stored.records.iter().map(|record| record.span_id.as_slice()).collect();
    assert_eq!(ids, [&id(1)[..], &RUN, &id(1), &id(7)]);

    let link = |number: u64| Link { trace_id: vec![0x11; 16], span_id: id(number).to_vec(), ..Link::default() };
    let linking = Span { links: vec![link(2), link(8)], ..span(4, Some(1), SHOWN) };
    stored.spans(AGENT, vec![linking]);
    let links: Vec<&[u8]> = stored.spans[1].1.links.iter().map(|link| link.span_id.as_slice()).collect();
    assert_eq!(links, [id(1), id(8)]);

    let exemplars = [2, 9].map(|number| Exemplar { span_id: id(number).to_vec(), ..Exemplar::default() }).to_vec();
    let point = NumberDataPoint { exemplars, ..NumberDataPoint::default() };
    let data = Some(Data::Gauge(Gauge { data_points: vec![point] }));
    let scope = ScopeMetrics { metrics: vec![Metric { data, ..Metric::default() }], ..ScopeMetrics::default() };
    let group = ResourceMetrics { scope_metrics: vec![scope], ..ResourceMetrics::default() };
    let metrics = ExportMetricsServiceRequest { resource_metrics: vec![group] }.encode_to_vec();
    let mut out = Vec::new();
    stored.transform.apply(Signal::Metrics, &metrics, &mut out, &mut |_| {}).unwrap();
    stored.transform.remember();
    let mut out = ExportMetricsServiceRequest::decode(&*out).unwrap();
    let Some(Data::Gauge(gauge)) = out.resource_metrics.remove(0).scope_metrics.remove(0).metrics.remove(0).data else {
        panic!("it was a gauge")
    };
    let ids: Vec<&[u8]> = gauge.data_points[0].exemplars.iter().map(|exemplar| exemplar.span_id.as_slice()).collect();
    assert_eq!(ids, [id(1), id(9)]);

    // What was named and comes now is kept, whatever it is.
    stored.spans(AGENT, [7, 8, 9, 10].map(|number| span(number, Some(1), HOUSEKEEPING)).to_vec());
    assert_eq!(stored.tree()[2..], [(7, 1), (8, 1), (9, 1)]);
}

#[test]
fn what_is_not_kept_is_not_remembered() {
    let mut stored = Stored::new(rules(Nest::Adopt));
    let gone = request(AGENT, vec![span(2, Some(1), HOUSEKEEPING), span(3, Some(5), SHOWN)]);
    let before = stored.transform.apply(Signal::Traces, &gone, &mut Vec::new(), &mut |_| {}).unwrap();
    stored.transform.apply(Signal::Logs, &records(&[5]), &mut Vec::new(), &mut |_| {}).unwrap();
    // Neither that 2 is left out nor that 5 was named.
    stored.spans(AGENT, vec![span(4, Some(2), SHOWN), span(5, None, HOUSEKEEPING)]);
    assert_eq!(stored.tree(), [(4, 2)]);
    // Sent again, 2 is kept, because it was named meanwhile.
    assert_eq!((before.kept, before.thinned), (1, 1));
    stored.take(Signal::Traces, &gone);
    assert_eq!(stored.tree(), [(4, 2), (2, 1), (3, 0)]);
}

#[test]
fn circles_end_at_the_run() {
    for nest in [Nest::Adopt, Nest::Off] {
        let mut stored = Stored::new(rules(nest));
        stored.spans(
            AGENT,
            vec![span(1, Some(2), HOUSEKEEPING), span(2, Some(1), HOUSEKEEPING), span(3, Some(2), SHOWN)],
        );
        stored.spans(AGENT, vec![span(4, Some(5), SHOWN), span(5, Some(4), HOUSEKEEPING)]);
        stored.spans(AGENT, vec![span(6, Some(6), HOUSEKEEPING), span(7, Some(6), SHOWN)]);
        assert_eq!(stored.tree(), [(3, 0), (4, 0), (7, 0)]);
    }
}

#[test]
fn what_is_forgotten_gets_a_stand_in() {
    let mut stored = Stored::new(rules(Nest::Adopt));
    let many = REMEMBERED as u64 + 1;
    stored.spans(AGENT, (1..=many).map(|number| span(number, Some(1_000_000), HOUSEKEEPING)).collect());
    assert_eq!(stored.transform.thinning.thinned.len(), REMEMBERED);
    stored.spans(AGENT, vec![span(2_000_000, Some(1), SHOWN), span(2_000_001, Some(many), SHOWN)]);
    assert_eq!(stored.tree(), [(2_000_000, 1), (2_000_001, 1_000_000)]);
    assert_eq!(stored.stand_ins(), BTreeSet::from([id(1), id(1_000_000)]));

    let mut thinning = Thinning::default();
    (0..2 * NAMED as u64).for_each(|number| thinning.named(id(number)));
    assert_eq!((thinning.named.len(), thinning.named_order.len()), (NAMED, NAMED));
    assert!(!thinning.is_named(id(0)) && thinning.is_named(id(2 * NAMED as u64 - 1)));
}

/// A forest and the order in which it comes: for each span what it is, the place of its parent among the others, if it
/// has one, and whether it is lost; the requests; and which spans a log record names before the first request.
#[derive(Debug, Clone)]
struct Forest {
    nest: Nest,
    spans: Vec<(Kind, Option<usize>, bool)>,
    order: Vec<usize>,
    requests: Vec<usize>,
    refused: Vec<bool>,
    named: Vec<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Shown,
    Housekeeping,
    Foreign,
}

impl Forest {
    fn ancestors(&self, span: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(self.spans[span].1, |above| self.spans[*above].1)
    }

    fn span(&self, place: usize) -> Span {
        let (kind, parent, _) = self.spans[place];
        let name = if kind == Kind::Shown { SHOWN } else { HOUSEKEEPING };
        span(place as u64 + 1, parent.map(|parent| parent as u64 + 1), name)
    }

    fn requests(&self) -> Vec<Vec<usize>> {
        let mut order: Vec<usize> = self.order.iter().copied().filter(|place| !self.spans[*place].2).collect();
        let mut requests = Vec::new();
        let mut sizes = self.requests.iter().cycle();
        while !order.is_empty() {
            let rest = order.split_off(order.len().min(*sizes.next().unwrap()));
            requests.push(std::mem::replace(&mut order, rest));
        }
        requests
    }

    fn encoded(&self, places: &[usize]) -> Vec<u8> {
        let of = |foreign: bool| {
            let places = places.iter().filter(move |place| (self.spans[**place].0 == Kind::Foreign) == foreign);
            places.map(|place| self.span(*place)).collect::<Vec<_>>()
        };
        let groups = [(AGENT, of(false)), ("anybody", of(true))].into_iter().filter(|(_, spans)| !spans.is_empty());
        // Requests that follow each other are one.
        groups.flat_map(|(scope, spans)| request(scope, spans)).collect()
    }
}

fn forests() -> impl Strategy<Value = Forest> {
    let kind = prop_oneof![2 => Just(Kind::Shown), 6 => Just(Kind::Housekeeping), 1 => Just(Kind::Foreign)];
    let span = (kind, prop::option::weighted(0.9, any::<prop::sample::Index>()), prop::bool::weighted(0.05));
    let nest = prop_oneof![Just(Nest::Adopt), Just(Nest::Link), Just(Nest::Off)];
    let spans = prop::collection::vec(span, 1..40);
    let more = (prop::collection::vec(1_usize..12, 1..6), prop::collection::vec(any::<bool>(), 1..6));
    (nest, spans, more, prop::collection::vec(any::<prop::sample::Index>(), 0..4)).prop_flat_map(
        |(nest, spans, (requests, refused), named)| {
            let length = spans.len();
            let spans: Vec<_> = spans
                .into_iter()
                .enumerate()
                .map(|(place, (kind, parent, lost))| {
                    // Above a span stands one of those before it.
                    (kind, parent.filter(|_| place > 0).map(|parent| parent.index(place)), lost)
                })
                .collect();
            let named: Vec<usize> = named.into_iter().map(|named| named.index(length)).collect();
            let order: Vec<usize> = (0..length).collect();
            Just(order).prop_shuffle().prop_map(move |order| Forest {
                nest,
                spans: spans.clone(),
                order,
                requests: requests.clone(),
                refused: refused.clone(),
                named: named.clone(),
            })
        },
    )
}

proptest! {
    #[test]
    fn any_forest_in_any_order_stays_whole(forest in forests()) {
        let mut stored = Stored::new(rules(forest.nest));
        stored.take(Signal::Logs, &records(&forest.named.iter().map(|place| *place as u64 + 1).collect::<Vec<_>>()));
        // Ids that something stored has named, and those of the spans that were kept and left out, by the rule as it is told.
        let mut named: BTreeSet<usize> = forest.named.iter().copied().collect();
        let (mut kept, mut gone) = (Vec::new(), BTreeSet::new());
        let mut refused = forest.refused.iter().cycle();
        for places in forest.requests() {
            let request = forest.encoded(&places);
            if *refused.next().unwrap() {
                stored.transform.apply(Signal::Traces, &request, &mut Vec::new(), &mut |_| {}).unwrap();
            }
            stored.take(Signal::Traces, &request);
            let needed = |place: &usize| {
                let (kind, parent, _) = forest.spans[*place];
                kind != Kind::Housekeeping || named.contains(place) || parent.is_none() && forest.nest != Nest::Adopt
            };
            let (stay, go): (Vec<usize>, Vec<usize>) = places.iter().partition(|place| needed(place));
            gone.extend(go);
            for place in stay {
                let above = forest.ancestors(place).find(|above| !gone.contains(above));
                named.extend(above);
                kept.push((place as u64 + 1, above.map_or(0, |above| above as u64 + 1)));
            }
        }
        let mut tree = stored.tree();
        tree.sort_unstable();
        kept.sort_unstable();
        prop_assert_eq!(tree, kept);
        prop_assert_eq!(stored.counts.thinned as usize, gone.len());
        if forest.nest == Nest::Adopt {
            stored.assert_whole();
        }
        let lost: BTreeSet<Id> =
            forest.spans.iter().enumerate().filter(|(_, span)| span.2).map(|(place, _)| id(place as u64 + 1)).collect();
        prop_assert!(stored.stand_ins().is_subset(&lost), "only what was lost is stood in for");
        prop_assert!(stored.missing().iter().all(|missing| lost.iter().any(|lost| lost[..] == **missing)));
    }
}
