//! Where a span lies between the start and the end of its run.

use std::time::Duration;

use crate::view::text::{Symbols, between};
use crate::view::tree::{Node, Tree};

/// The time that the bars stand for.
pub(super) struct Scale {
    start: u64,
    end: u64,
    columns: usize,
}

/// One bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bar {
    /// Empty columns in front.
    pub(super) offset: usize,
    /// Length in eighths of a column, at least one.
    pub(super) eighths: usize,
}

impl Scale {
    /// From the start to the end of the run's own span where it is known, so that one span with a broken clock does
    /// not spoil the picture; else over all spans that have a time.
    pub(super) fn of(tree: &Tree<'_>, root: Option<[u8; 8]>, columns: usize) -> Self {
        let whole = root.and_then(|root| tree.nodes.iter().find(|node| node.span.span_id == root));
        let (start, end) = match whole.filter(|node| node.end > node.start) {
            Some(node) => (node.start, node.end),
            None => {
                let timed = || tree.nodes.iter().filter(|node| node.start > 0);
                let start = timed().map(|node| node.start).min().unwrap_or(0);
                (start, timed().map(|node| node.end).max().unwrap_or(start))
            }
        };
        Self { start, end, columns }
    }

    /// The time that the whole width stands for.
    pub(super) fn length(&self) -> Duration {
        between(self.start, self.end)
    }

    /// The bar of `node`. What lies outside is moved to the edge.
    pub(super) fn bar(&self, node: &Node<'_>) -> Bar {
        let eighths = self.columns * 8;
        let start = self.position(node.start, eighths);
        let end = self.position(node.end, eighths);
        // A bar begins at a full column, since there are no blocks that fill a column from the right.
        let offset = (start / 8).min(self.columns.saturating_sub(1));
        Bar { offset, eighths: (end - start).clamp(1, (eighths - offset * 8).max(1)) }
    }

    fn position(&self, time: u64, eighths: usize) -> usize {
        let time = u128::from(time.clamp(self.start, self.end) - self.start);
        let length = u128::from((self.end - self.start).max(1));
        usize::try_from((time * eighths as u128 + length / 2) / length).unwrap_or(eighths)
    }
}

impl Bar {
    pub(super) fn text(self, symbols: Symbols) -> String {
        const PARTS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
        match symbols {
            Symbols::Unicode => "█".repeat(self.eighths / 8) + PARTS[self.eighths % 8],
            Symbols::Ascii => "#".repeat((self.eighths.saturating_add(4) / 8).max(1)),
        }
    }
}
