//! Who is whose parent, and in which order everything stands. No step recurses: spans may be nested as deep as
//! somebody likes.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::Input;
use crate::signals::is_stand_in;

type Id = ([u8; 16], [u8; 8]);

/// The id of a span, unless it is invalid: of another length or all zeros (OTLP, trace.proto).
fn id(trace: &[u8], span: &[u8]) -> Option<Id> {
    let span: [u8; 8] = span.try_into().ok().filter(|id| *id != [0; 8])?;
    Some((trace.try_into().ok()?, span))
}

/// `inputs`, each id once. Spans without a valid id are all kept.
pub(super) fn without_duplicates<'a>(inputs: &[Input<'a>]) -> Vec<Input<'a>> {
    let mut kept: Vec<Input<'a>> = Vec::with_capacity(inputs.len());
    let mut seen: HashMap<Id, usize> = HashMap::with_capacity(inputs.len());
    for input in inputs {
        match id(&input.span.trace_id, &input.span.span_id) {
            None => kept.push(*input),
            Some(id) => match seen.get(&id) {
                None => {
                    seen.insert(id, kept.len());
                    kept.push(*input);
                }
                Some(&index) if rank(input) > rank(&kept[index]) => kept[index] = *input,
                Some(_) => {}
            },
        }
    }
    kept
}

/// A span that was made up gives way to the real one, an unfinished one to the finished one.
fn rank(input: &Input<'_>) -> (bool, u64) {
    (!is_stand_in(input.span), input.span.end_time_unix_nano)
}

/// The index of each span's parent, without circles.
pub(super) fn parents(inputs: &[Input<'_>], root: Option<[u8; 8]>) -> Vec<Option<usize>> {
    let ids: HashMap<Id, usize> = inputs
        .iter()
        .enumerate()
        .filter_map(|(index, input)| Some((id(&input.span.trace_id, &input.span.span_id)?, index)))
        .collect();
    let root = root.and_then(|root| inputs.iter().position(|input| input.span.span_id == root));
    let mut parents: Vec<Option<usize>> = inputs
        .iter()
        .enumerate()
        .map(|(index, input)| {
            if Some(index) == root {
                return None;
            }
            let parent = id(&input.span.trace_id, &input.span.parent_span_id);
            parent.and_then(|parent| ids.get(&parent).copied()).or(root)
        })
        .collect();
    open_circles(inputs, &mut parents, root);
    parents
}

fn open_circles(inputs: &[Input<'_>], parents: &mut [Option<usize>], root: Option<usize>) {
    #[derive(Clone, Copy, PartialEq)]
    enum Seen {
        Never,
        OnThisWalk,
        Before,
    }
    let mut seen = vec![Seen::Never; inputs.len()];
    let mut walk = Vec::new();
    for start in 0..inputs.len() {
        let mut at = Some(start);
        while let Some(index) = at.filter(|index| seen[*index] == Seen::Never) {
            seen[index] = Seen::OnThisWalk;
            walk.push(index);
            at = parents[index];
        }
        if let Some(meeting) = at.filter(|index| seen[*index] == Seen::OnThisWalk) {
            let circle = walk.iter().skip_while(|index| **index != meeting);
            let first = circle.min_by_key(|index| (inputs[**index].span.start_time_unix_nano, **index));
            if let Some(&first) = first {
                parents[first] = root;
            }
        }
        for index in walk.drain(..) {
            seen[index] = Seen::Before;
        }
    }
}

/// A span's place among the others.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) index: usize,
    pub(super) depth: usize,
    /// Whether it is the last child of its parent.
    pub(super) last: bool,
}

/// All spans, parents before their children.
pub(super) fn order(inputs: &[Input<'_>], parents: &[Option<usize>]) -> Vec<usize> {
    order_of(inputs, parents, |_| true).into_iter().map(|place| place.index).collect()
}

/// The spans that are `shown`, each followed by its children by their start. The parent of a shown span is shown.
pub(super) fn order_of(inputs: &[Input<'_>], parents: &[Option<usize>], shown: impl Fn(usize) -> bool) -> Vec<Place> {
    // Children are linked in a chain from the last to the first, so that they come off the stack in their order.
    let mut sorted: Vec<usize> = (0..inputs.len()).filter(|index| shown(*index)).collect();
    sorted.sort_by_key(|index| {
        let span = inputs[*index].span;
        (span.start_time_unix_nano, Reverse(span.end_time_unix_nano), *index)
    });
    let mut last_child = vec![None; inputs.len()];
    let mut previous = vec![None; inputs.len()];
    let mut last_top = None;
    for index in sorted {
        let last = match parents[index] {
            Some(parent) => &mut last_child[parent],
            None => &mut last_top,
        };
        previous[index] = last.replace(index);
    }

    let mut places = Vec::new();
    let mut stack = Vec::new();
    let push = |stack: &mut Vec<Place>, last: Option<usize>, depth: usize| {
        let mut next = last;
        while let Some(index) = next {
            stack.push(Place { index, depth, last: Some(index) == last });
            next = previous[index];
        }
    };
    push(&mut stack, last_top, 0);
    while let Some(place) = stack.pop() {
        places.push(place);
        push(&mut stack, last_child[place.index], place.depth + 1);
    }
    places
}
