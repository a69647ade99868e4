//! The lines that lead to a node.

use crate::view::text::{Page, Style, Symbols};
use crate::view::tree::Node;

/// How far each level is moved to the right.
#[derive(Debug, Clone, Copy)]
pub(super) struct Indent {
    /// Columns of one level, from 1 to 3.
    step: usize,
    /// Levels that are drawn; of deeper ones the nearest.
    levels: usize,
}

impl Indent {
    /// The widest that lets a node at depth `deepest` begin within `columns`.
    pub(super) fn fit(deepest: usize, columns: usize) -> Self {
        let step = (1..=3).rev().find(|step| deepest * step <= columns).unwrap_or(1);
        Self { step, levels: deepest.min((columns / step).max(1)) }
    }

    /// The column at which a node at `depth` begins.
    pub(super) fn columns(self, depth: usize) -> usize {
        depth.min(self.levels) * self.step
    }
}

/// Where the current node stands.
#[derive(Default)]
pub(super) struct Branches {
    /// For each node above the current one, from the top, and for itself: whether it is the last of its siblings.
    last: Vec<bool>,
}

impl Branches {
    /// Makes `node` the current one; nodes come in the order of the tree.
    pub(super) fn go_to(&mut self, node: &Node<'_>) {
        self.last.truncate(node.depth);
        self.last.push(node.last);
    }

    /// Puts what stands in front of the node. A failed node's mark takes the place of the line that leads to it, so
    /// that names stand below each other.
    pub(super) fn put_before(&self, page: &mut Page, failed: bool, indent: Indent, symbols: Symbols) {
        let mark = symbols.pick("✗", "x");
        let Some((last, above)) = self.last.get(1..).and_then(<[bool]>::split_last) else {
            if failed {
                page.put(mark, Style::Red);
                page.move_to(page.used() + 1);
            }
            return;
        };
        let end = page.used() + indent.columns(self.last.len() - 1);
        Self::put_lines(page, above, indent.levels.saturating_sub(1), indent, symbols);
        let corner = if *last { symbols.pick("└", "`") } else { symbols.pick("├", "|") };
        match (indent.step, failed) {
            (1, true) => page.put(mark, Style::Red),
            (1, false) => page.put(corner, Style::Dim),
            (_, true) => {
                page.put(corner, Style::Dim);
                page.put(mark, Style::Red);
            }
            (2, false) => page.put(corner, Style::Dim),
            (_, false) => {
                page.put(corner, Style::Dim);
                page.put(symbols.pick("─", "-"), Style::Dim);
            }
        }
        page.move_to(end);
    }

    /// Puts what stands in front of a further line of the node.
    pub(super) fn put_below(&self, page: &mut Page, has_children: bool, indent: Indent, symbols: Symbols) {
        Self::put_lines(page, self.last.get(1..).unwrap_or(&[]), indent.levels, indent, symbols);
        if has_children {
            page.put(symbols.pick("│", "|"), Style::Dim);
        } else {
            page.move_to(page.used() + 1);
        }
        page.move_to(page.used() + 1);
    }

    fn put_lines(page: &mut Page, levels: &[bool], most: usize, indent: Indent, symbols: Symbols) {
        let hidden = levels.len().saturating_sub(most);
        for (level, last) in levels.iter().skip(hidden).enumerate() {
            let end = page.used() + indent.step;
            match (level, hidden, last) {
                (0, 1.., _) => page.put(symbols.pick("⋯", ":"), Style::Dim),
                (_, _, true) => {}
                (_, _, false) => page.put(symbols.pick("│", "|"), Style::Dim),
            }
            page.move_to(end);
        }
    }
}
