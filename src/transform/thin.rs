//! Leaving out housekeeping while the tree stays whole, without remembering every span of a long run.
//!
//! # Constraints
//!
//! * What was acknowledged is stored already, so a decision is never taken back.
//! * Children mostly come before their parents, in other requests, and now and then long after them.
//!
//! # Invariants
//!
//! * No span that was stored is above another one only by its id: what a stored item has named is kept when it comes, and
//!   what is left out is named by nobody that comes later.
//! * What is not remembered any more can be named again. Its children are orphans then, as those of a lost span.

use std::collections::VecDeque;

use super::ids::{ById, Id, Ids};
use super::resource::scope_name;
use super::spans::Identity;
use super::{Pass, Rules, messages};
use crate::otlp::wire::WireError;
use crate::settings::Nest;
use crate::signals::{Housekeeping, OfScope};

/// Spans that were left out and are remembered, with the parent of each.
const REMEMBERED: usize = 1 << 15;
/// Spans that log records, links and exemplars have named and that are remembered.
const NAMED: usize = 1 << 14;
/// The longest way up through spans that were left out.
const HIGHEST: usize = 1 << 10;

/// Spans that were left out, with their parents; none for a span without one.
pub(super) type Thinned = ById<Option<Id>>;

/// What is remembered of what was left out, and of what must not be.
#[derive(Debug, Default)]
pub(super) struct Thinning {
    thinned: Thinned,
    order: VecDeque<Id>,
    named: Ids,
    named_order: VecDeque<Id>,
}

impl Thinning {
    /// Remembers a span that is left out.
    pub(super) fn left_out(&mut self, span_id: Id, parent: Option<Id>) {
        if self.thinned.insert(span_id, parent).is_none() {
            self.order.push_back(span_id);
            if self.order.len() > REMEMBERED
                && let Some(oldest) = self.order.pop_front()
            {
                self.thinned.remove(&oldest);
            }
        }
    }

    /// Remembers that a span was named by something that is kept.
    pub(super) fn named(&mut self, span_id: Id) {
        if self.named.insert(span_id) {
            self.named_order.push_back(span_id);
            if self.named_order.len() > NAMED
                && let Some(oldest) = self.named_order.pop_front()
            {
                self.named.remove(&oldest);
            }
        }
    }

    /// Whether something that is kept has named this span, not as its parent.
    pub(super) fn is_named(&self, span_id: Id) -> bool {
        self.named.contains(&span_id)
    }
}

/// Where the way up from a span leads, past all that is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Above {
    /// To the span itself: it is not left out.
    Itself,
    /// To another one, which is kept or has not come yet.
    Kept(Id),
    /// To no span of the command.
    Nothing,
}

/// Goes up from `span_id` past what was left out before, and past what of this batch is.
pub(super) fn above(before: &Thinning, of_this_batch: &Thinned, span_id: Id) -> Above {
    let mut at = span_id;
    for step in 0..HIGHEST {
        match of_this_batch.get(&at).or_else(|| before.thinned.get(&at)) {
            None if step == 0 => return Above::Itself,
            None => return Above::Kept(at),
            Some(Some(parent)) => at = *parent,
            Some(None) => return Above::Nothing,
        }
    }
    // A circle, or as good as one.
    Above::Nothing
}

/// Finds what of a request of traces is to be left out. It is known for the whole request before any of it is written, so
/// that no span needs a parent that comes later in it.
pub(super) fn find(
    rules: &Rules,
    housekeeping: &Housekeeping,
    request: &[u8],
    is_needed: impl Fn(Id) -> bool,
    found: &mut Thinned,
) -> Result<(), WireError> {
    for group in messages(request, 1) {
        for scope_spans in messages(group?, 2) {
            let scope_spans = scope_spans?;
            let scope = rules.scope_known_as(scope_name(scope_spans)?);
            let Some(housekeeping) = housekeeping.of_scope(scope) else { continue };
            for span in messages(scope_spans, 2) {
                let span = span?;
                let identity = Identity::read(span)?;
                if let Some((span_id, parent)) = thinnable(rules, housekeeping, &identity, span)
                    && !is_needed(span_id)
                {
                    found.insert(span_id, parent);
                }
            }
        }
    }
    Ok(())
}

/// The ids of a span that can be left out, its own and its parent's; none where it has to stay.
fn thinnable(
    rules: &Rules,
    housekeeping: OfScope<'_>,
    identity: &Identity<'_>,
    span: &[u8],
) -> Option<(Id, Option<Id>)> {
    let span_id: Id = identity.span_id.try_into().ok()?;
    let parent = match identity.parent {
        // Without its first span a trace of the command's own would fall apart.
        [] if rules.nest != Nest::Adopt => return None,
        [] => None,
        parent => Some(parent.try_into().ok()?),
    };
    housekeeping.has(identity.name, span).then_some((span_id, parent))
}

impl Pass<'_> {
    /// Whether this span is left out; it is noted then.
    pub(super) fn leaves_out(
        &mut self,
        housekeeping: Option<OfScope<'_>>,
        identity: &Identity<'_>,
        span: &[u8],
    ) -> bool {
        let Some(housekeeping) = housekeeping else { return false };
        if !identity.span_id.try_into().is_ok_and(|span_id: Id| self.sighted.thinned.contains_key(&span_id)) {
            return false;
        }
        // Another span may have the same id and stay.
        let Some((span_id, parent)) = thinnable(self.rules, housekeeping, identity, span) else { return false };
        self.sighted.left_out.push((span_id, parent));
        self.counts.thinned += 1;
        true
    }

    /// Where the way up from the span with this id leads.
    pub(super) fn above(&self, span_id: &[u8]) -> Above {
        match span_id.try_into() {
            Ok(span_id) if self.thins() => above(self.thinning, &self.sighted.thinned, span_id),
            _ => Above::Itself,
        }
    }

    /// The id by which something other than a span names a span: of one that is kept.
    pub(super) fn named(&mut self, span_id: &[u8]) -> Option<Id> {
        if !self.thins() {
            return None;
        }
        let other = match self.above(span_id) {
            Above::Itself => None,
            Above::Kept(other) => Some(other),
            Above::Nothing => Some(self.rules.span_id).filter(|_| self.rules.nest == Nest::Adopt),
        };
        if let Some(named) = other.or_else(|| span_id.try_into().ok()) {
            self.sighted.named.push(named);
        }
        other
    }
}

#[cfg(test)]
mod tests;
