//! Spans as a tree that shows what happened, however whole, honest or orderly they are.
//!
//! Agents send a thousand spans where a dozen mean something, and often two spans for one thing. With
//! [`Detail::Essential`] housekeeping is folded into the nearest ancestor that is shown, and spans that tell of the
//! same call become one node. [`Detail::All`] shows each span.

use std::collections::HashMap;

use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, Span, status::StatusCode};

use crate::signals::{Activity, Attributes, Tokens, classify, is_housekeeping, purpose};

mod fold;
mod links;

/// A span and what it was wrapped in.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// The span.
    pub span: &'a Span,
    /// The name of its instrumentation scope.
    pub scope: &'a str,
    /// `service.name` of its resource.
    pub service: &'a str,
}

/// Each span in `spans`, in their order.
pub fn inputs(spans: &[ResourceSpans]) -> Vec<Input<'_>> {
    let mut inputs = Vec::with_capacity(spans.iter().flat_map(|r| &r.scope_spans).map(|s| s.spans.len()).sum());
    for resource in spans {
        let attributes = resource.resource.as_ref().map_or(&[][..], |resource| &resource.attributes);
        let service = Attributes(attributes).text(&["service.name"]).unwrap_or("");
        for scope in &resource.scope_spans {
            let name = scope.scope.as_ref().map_or("", |scope| scope.name.as_str());
            inputs.extend(scope.spans.iter().map(|span| Input { span, scope: name, service }));
        }
    }
    inputs
}

/// How much is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// What a person wants to see.
    Essential,
    /// Every span once.
    All,
}

/// One line of the tree.
#[derive(Debug, Clone)]
pub struct Node<'a> {
    /// The span that it stands for.
    pub span: &'a Span,
    /// The name of its instrumentation scope.
    pub scope: &'a str,
    /// `service.name` of its resource.
    pub service: &'a str,
    /// What it reports; a model call's tokens include those of spans merged into it.
    pub activity: Option<Activity>,
    /// What a model call is for, where an agent tells it (`title`).
    pub purpose: Option<&'static str>,
    /// Whether a tool call set another agent to work.
    pub delegates: bool,
    /// Whether it ended in an error, by itself or by a span merged into it.
    pub failed: bool,
    /// What went wrong, as the span says it; empty where it does not say.
    pub message: &'a str,
    /// Start and end in nanoseconds since 1970; the end is never before the start.
    pub start: u64,
    /// See `start`.
    pub end: u64,
    /// How many nodes are above it.
    pub depth: usize,
    /// The index of the node above it.
    pub parent: Option<usize>,
    /// Whether it is the last one beneath its parent.
    pub last: bool,
    /// Housekeeping spans beneath it that are not shown.
    pub folded: usize,
    /// Spans that tell of the same thing and are shown as part of it.
    pub merged: Vec<&'a Span>,
}

/// Nodes in the order in which they are shown: each is followed by what is beneath it, siblings by their start.
#[derive(Debug, Clone, Default)]
pub struct Tree<'a> {
    /// The nodes.
    pub nodes: Vec<Node<'a>>,
    /// Spans that were given, without duplicates.
    pub spans: usize,
    /// Housekeeping spans that are not shown.
    pub folded: usize,
}

/// The tree of `inputs`. `root` is the id of the run's own span: what has no parent, or one that is not there, hangs
/// under it. Of spans with the same id the one that ended last is kept. A circle of parents is opened at its
/// earliest span.
pub fn build<'a>(inputs: &[Input<'a>], root: Option<[u8; 8]>, detail: Detail) -> Tree<'a> {
    let inputs = links::without_duplicates(inputs);
    let parents = links::parents(&inputs, root);
    let order = links::order(&inputs, &parents);
    let folding = match detail {
        Detail::Essential => fold::essential(&inputs, &parents, &order),
        Detail::All => fold::all(&inputs, &parents),
    };

    let shown = links::order_of(&inputs, &folding.parents, |index| folding.is_shown(index));
    let mut places: HashMap<usize, usize> = HashMap::with_capacity(shown.len());
    let mut tree = Tree { nodes: Vec::with_capacity(shown.len()), spans: inputs.len(), folded: folding.folded };
    for place in shown {
        let input = &inputs[place.index];
        let parent = folding.parents[place.index].and_then(|parent| places.get(&parent).copied());
        places.insert(place.index, tree.nodes.len());
        let mut node = Node::new(input, parent, place.depth, place.last);
        node.activity = folding.activities[place.index].clone();
        node.failed |= node.activity.as_ref().is_some_and(Activity::failed);
        tree.nodes.push(node);
    }
    folding.finish(&inputs, &places, &mut tree);
    tree
}

impl<'a> Node<'a> {
    fn new(input: &Input<'a>, parent: Option<usize>, depth: usize, last: bool) -> Self {
        let span = input.span;
        Self {
            span,
            scope: input.scope,
            service: input.service,
            activity: None,
            purpose: None,
            delegates: false,
            failed: is_error(span),
            message: span.status.as_ref().map_or("", |status| status.message.as_str()),
            start: span.start_time_unix_nano,
            end: span.end_time_unix_nano.max(span.start_time_unix_nano),
            depth,
            parent,
            last,
            folded: 0,
            merged: Vec::new(),
        }
    }

    /// The tokens of a model call; none for anything else, or where the agent does not say.
    pub fn tokens(&self) -> Option<&Tokens> {
        match &self.activity {
            Some(Activity::ModelCall(call)) => Some(&call.tokens).filter(|tokens| !tokens.is_zero()),
            _ => None,
        }
    }
}

fn is_error(span: &Span) -> bool {
    span.status.as_ref().is_some_and(|status| status.code() == StatusCode::Error)
}

#[cfg(test)]
mod tests;
