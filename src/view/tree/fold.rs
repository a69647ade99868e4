//! Which spans are shown, and what becomes of the others.

use std::collections::HashMap;

use super::{Activity, Input, Tree, classify, is_error, is_housekeeping, purpose};
use crate::signals::Attributes;

/// What becomes of one span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Shown,
    /// Not shown, and counted at the nearest ancestor that is.
    Folded,
    /// Part of another span's node.
    MergedInto(usize),
}

/// What was decided about all spans.
pub(super) struct Folding {
    fates: Vec<Fate>,
    /// The parent that each span is shown under.
    pub(super) parents: Vec<Option<usize>>,
    pub(super) activities: Vec<Option<Activity>>,
    purposes: Vec<Option<&'static str>>,
    pub(super) folded: usize,
}

impl Folding {
    pub(super) fn is_shown(&self, index: usize) -> bool {
        self.fates[index] == Fate::Shown
    }

    /// Writes into the nodes of `tree` what the spans that are not shown have to say. `places` are the nodes of the
    /// shown spans.
    pub(super) fn finish<'a>(&self, inputs: &[Input<'a>], places: &HashMap<usize, usize>, tree: &mut Tree<'a>) {
        for (index, fate) in self.fates.iter().enumerate() {
            let holder = match fate {
                Fate::Shown => Some(index),
                Fate::Folded => self.parents[index],
                Fate::MergedInto(other) => Some(*other),
            };
            let node = holder.and_then(|holder| places.get(&holder)).and_then(|place| tree.nodes.get_mut(*place));
            let Some(node) = node else { continue };
            match fate {
                Fate::Shown => {
                    if matches!(node.activity, Some(Activity::ModelCall(_) | Activity::ModelStep { .. })) {
                        node.purpose = self.purposes[index];
                    }
                }
                Fate::Folded => node.folded += 1,
                Fate::MergedInto(_) => {
                    let span = inputs[index].span;
                    node.merged.push(span);
                    // A failed HTTP request may have been one of several attempts at a call that went well.
                    let Some(activity) = &self.activities[index] else { continue };
                    node.failed |= is_error(span) || activity.failed();
                    if node.message.is_empty() {
                        node.message = span.status.as_ref().map_or("", |status| status.message.as_str());
                    }
                    match (&mut node.activity, activity) {
                        (Some(Activity::ModelCall(call)), Activity::ModelUsage { tokens }) => call.tokens.add(tokens),
                        (Some(Activity::ToolCall { .. }), Activity::SubAgent { .. } | Activity::Prompt) => {
                            node.delegates = true;
                        }
                        _ => {}
                    }
                }
            }
        }
    }
}

/// Every span as it is.
pub(super) fn all(inputs: &[Input<'_>], parents: &[Option<usize>]) -> Folding {
    Folding {
        fates: vec![Fate::Shown; inputs.len()],
        parents: parents.to_vec(),
        activities: inputs.iter().map(|input| classify(input.scope, input.span)).collect(),
        purposes: vec![None; inputs.len()],
        folded: 0,
    }
}

/// What a person wants to see. `order` has parents before their children.
pub(super) fn essential(inputs: &[Input<'_>], parents: &[Option<usize>], order: &[usize]) -> Folding {
    let mut folding = all(inputs, parents);
    let housekeeping: Vec<bool> = inputs
        .iter()
        .zip(&folding.activities)
        .map(|(input, activity)| activity.is_none() && is_housekeeping(input.scope, input.span))
        .collect();
    let calls = tool_calls(&folding.activities);
    let steps = calls_of_steps(&folding.activities, &housekeeping, parents, order);

    for &index in order {
        // The nearest ancestor that is shown; parents have been decided before their children.
        let above = parents[index].and_then(|parent| match folding.fates[parent] {
            Fate::Shown => Some(parent),
            Fate::Folded | Fate::MergedInto(_) => folding.parents[parent],
        });
        let activity = |index: usize| folding.activities[index].as_ref();
        let activity_above = above.and_then(activity);
        let fate = match activity(index) {
            None if housekeeping[index] => Fate::Folded,
            // The HTTP request that carries a model call is the model call.
            None => match (above, activity_above) {
                (Some(call), Some(Activity::ModelCall(_))) if parents[index] == above && is_http(&inputs[index]) => {
                    Fate::MergedInto(call)
                }
                _ => Fate::Shown,
            },
            Some(Activity::ModelUsage { .. } | Activity::ModelFailure) => {
                nearest_model_call(above, &folding).map_or(Fate::Folded, Fate::MergedInto)
            }
            Some(Activity::ToolEcho { call_id: Some(id), .. }) => {
                calls.get(id.as_str()).map_or(Fate::Shown, |call| Fate::MergedInto(*call))
            }
            Some(Activity::ModelStep { .. }) => match steps.get(&index).map(Vec::as_slice) {
                Some([call]) => Fate::MergedInto(*call),
                _ => Fate::Shown,
            },
            Some(Activity::SubAgent { .. }) => match (above, activity_above) {
                (Some(call), Some(Activity::ToolCall { .. })) => Fate::MergedInto(call),
                _ => Fate::Shown,
            },
            // A sub-agent's prompt is the sub-agent.
            Some(Activity::Prompt) => match (above, activity_above) {
                (Some(agent), Some(Activity::SubAgent { .. } | Activity::ToolCall { .. })) => Fate::MergedInto(agent),
                _ => Fate::Shown,
            },
            Some(_) => Fate::Shown,
        };
        folding.purposes[index] = purpose(inputs[index].scope, inputs[index].span)
            .or_else(|| parents[index].and_then(|parent| folding.purposes[parent]));
        folding.fates[index] = fate;
        folding.parents[index] = above;
        folding.folded += usize::from(fate == Fate::Folded);
    }
    folding
}

/// Tool calls by their call id; of several the first.
fn tool_calls(activities: &[Option<Activity>]) -> HashMap<&str, usize> {
    let mut calls = HashMap::new();
    for (index, activity) in activities.iter().enumerate() {
        if let Some(Activity::ToolCall { call_id: Some(id), .. }) = activity {
            calls.entry(id.as_str()).or_insert(index);
        }
    }
    calls
}

/// The model calls right beneath each step, housekeeping aside.
fn calls_of_steps(
    activities: &[Option<Activity>],
    housekeeping: &[bool],
    parents: &[Option<usize>],
    order: &[usize],
) -> HashMap<usize, Vec<usize>> {
    let mut step_above: Vec<Option<usize>> = vec![None; parents.len()];
    let mut calls: HashMap<usize, Vec<usize>> = HashMap::new();
    for &index in order {
        step_above[index] = parents[index].and_then(|parent| match activities[parent] {
            Some(Activity::ModelStep { .. }) => Some(parent),
            _ if housekeeping[parent] => step_above[parent],
            _ => None,
        });
        if let (Some(Activity::ModelCall(_)), Some(step)) = (&activities[index], step_above[index]) {
            calls.entry(step).or_default().push(index);
        }
    }
    calls
}

fn nearest_model_call(above: Option<usize>, folding: &Folding) -> Option<usize> {
    let mut at = above;
    while let Some(index) = at {
        if matches!(folding.activities[index], Some(Activity::ModelCall(_))) {
            return Some(index);
        }
        at = folding.parents[index];
    }
    None
}

fn is_http(input: &Input<'_>) -> bool {
    let attributes = Attributes(&input.span.attributes);
    attributes.has("http.request.method") || attributes.has("http.method")
}
