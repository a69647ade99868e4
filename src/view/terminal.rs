//! One run as text: what it was, what it came to, and its tree beside a common time scale.

use std::time::Duration;

use jiff::tz::TimeZone;
use opentelemetry_proto::tonic::trace::v1::ResourceSpans;

use super::State;
use super::text::{Page, Style, Symbols, between, clipped, count, duration, safe, width};
use super::tree::{Detail, Node, Tree, build, inputs};
use crate::signals::Activity;
use crate::store::facts::Summary;

mod header;
mod scale;

use scale::Scale;

/// How a run is drawn.
#[derive(Debug, Clone)]
pub struct Options {
    /// Columns of the terminal; no line is wider.
    pub width: usize,
    /// Whether colours are used: the caller knows the terminal and `NO_COLOR`.
    pub colour: bool,
    /// Whether every span is shown, under its own name.
    pub all: bool,
    /// What may be drawn with.
    pub symbols: Symbols,
    /// The zone that times are shown in.
    pub zone: TimeZone,
}

/// The run that `summary` tells of, with its `spans`. Every line ends in a line break.
pub fn render(summary: &Summary, state: State, spans: &[ResourceSpans], options: &Options) -> String {
    let detail = if options.all { Detail::All } else { Detail::Essential };
    let tree = build(&inputs(spans), super::span_id(&summary.started.span_id), detail);
    let mut page = Page::new(options.width, options.colour, options.symbols);
    header::put(&mut page, summary, state, options);
    page.end_line();
    if tree.nodes.is_empty() {
        page.put("No spans have been recorded.", Style::Dim);
        page.end_line();
        return page.finish();
    }
    let labels: Vec<Label> = tree.nodes.iter().map(|node| Label::of(node, options)).collect();
    let columns = Columns::fit(&tree, &labels, options);
    let scale = Scale::of(&tree, super::span_id(&summary.started.span_id), columns.bar);
    columns.put_heads(&mut page, &scale, options.symbols);
    let mut branches = Branches::default();
    for (index, (node, label)) in tree.nodes.iter().zip(&labels).enumerate() {
        branches.go_to(node);
        put_node(&mut page, node, label, &branches, &columns, &scale, options);
        if node.failed && !node.message.is_empty() {
            let has_children = tree.nodes.get(index + 1).is_some_and(|next| next.depth > node.depth);
            page.put(&branches.below(has_children, columns.deepest, options.symbols), Style::Dim);
            page.put("  ", Style::Plain);
            page.put(&safe(node.message), Style::Red);
            page.end_line();
        }
    }
    if tree.folded > 0 {
        page.end_line();
        let folded = format!("{} of {} spans are housekeeping", tree.folded, tree.spans);
        page.put_facts(&[(folded, Style::Dim), ("--all shows them".to_owned(), Style::Dim)]);
    }
    page.finish()
}

/// What stands in front of a bar: a kind and a name.
struct Label {
    kind: &'static str,
    name: String,
    note: String,
    style: Style,
    failed: bool,
    width: usize,
}

impl Label {
    fn of(node: &Node<'_>, options: &Options) -> Self {
        let (kind, name, note, style) = if options.all { Self::as_span(node) } else { Self::as_activity(node) };
        let note = if note.is_empty() { note } else { format!(" ({})", safe(&note)) };
        let mut label = Self { kind, name: safe(&name).into_owned(), note, style, failed: node.failed, width: 0 };
        let mark = if label.failed { 2 } else { 0 };
        label.width = mark + width(kind) + width(&label.name) + width(&label.note);
        label
    }

    /// In the words of a person. Kinds of siblings are as wide as each other, so that the names stand below each other.
    fn as_activity(node: &Node<'_>) -> (&'static str, String, String, Style) {
        let owned = |name: &Option<String>| name.clone().unwrap_or_default();
        let named = |kind: &'static str, name: &Option<String>, style| match name {
            Some(name) => (kind, name.clone(), String::new(), style),
            None => (kind.trim_end(), String::new(), String::new(), style),
        };
        match &node.activity {
            Some(Activity::Prompt) => ("prompt", String::new(), String::new(), Style::Blue),
            Some(Activity::ModelCall(call)) => {
                ("model ", owned(&call.model), node.purpose.unwrap_or("").to_owned(), Style::Cyan)
            }
            Some(Activity::ModelStep { model, .. }) => {
                ("model ", owned(model), node.purpose.unwrap_or("steps").to_owned(), Style::Plain)
            }
            Some(Activity::ToolCall { name, .. }) => {
                let note = if node.delegates { "sub-agent" } else { "" };
                ("tool  ", name.clone(), note.to_owned(), if node.delegates { Style::Magenta } else { Style::Yellow })
            }
            Some(Activity::ToolEcho { name, .. }) => {
                let name = name.clone().unwrap_or_else(|| node.span.name.clone());
                ("tool  ", name, String::new(), Style::Yellow)
            }
            Some(Activity::AgentTurn { name }) => named("agent ", name, Style::Magenta),
            Some(Activity::SubAgent { name }) => named("sub-agent ", name, Style::Magenta),
            Some(Activity::ModelUsage { .. }) | None => Self::as_span(node),
        }
    }

    /// By the span's own name.
    fn as_span(node: &Node<'_>) -> (&'static str, String, String, Style) {
        let (note, style) = match &node.activity {
            Some(Activity::ModelCall(call)) => (call.model.clone(), Style::Cyan),
            Some(Activity::ToolCall { name, .. }) => (Some(name.clone()), Style::Yellow),
            Some(Activity::ToolEcho { name, .. }) => (name.clone(), Style::Yellow),
            Some(Activity::AgentTurn { name } | Activity::SubAgent { name }) => (name.clone(), Style::Magenta),
            Some(Activity::Prompt) => (None, Style::Blue),
            Some(Activity::ModelStep { .. } | Activity::ModelUsage { .. }) | None => (None, Style::Plain),
        };
        let name = if node.span.name.is_empty() { "(no name)".to_owned() } else { node.span.name.clone() };
        ("", name, note.unwrap_or_default(), style)
    }
}

/// The lines that lead to a node.
#[derive(Default)]
struct Branches {
    /// For each node above the current one, from the top, and for itself: whether it is the last of its siblings.
    last: Vec<bool>,
}

impl Branches {
    fn go_to(&mut self, node: &Node<'_>) {
        self.last.truncate(node.depth);
        self.last.push(node.last);
    }

    /// In front of the node, in at most `deepest` levels; further up is left out.
    fn before(&self, deepest: usize, symbols: Symbols) -> String {
        let Some((last, above)) = self.last.get(1..).and_then(<[bool]>::split_last) else { return String::new() };
        let mut text = Self::lines(above, deepest.saturating_sub(1), symbols);
        text.push_str(if *last { symbols.pick("└─ ", "`- ") } else { symbols.pick("├─ ", "|- ") });
        text
    }

    /// In front of a further line of the node.
    fn below(&self, has_children: bool, deepest: usize, symbols: Symbols) -> String {
        let mut text = Self::lines(self.last.get(1..).unwrap_or(&[]), deepest, symbols);
        text.push_str(if has_children { symbols.pick("│", "|") } else { " " });
        text
    }

    fn lines(levels: &[bool], deepest: usize, symbols: Symbols) -> String {
        let hidden = levels.len().saturating_sub(deepest);
        let mut text = String::new();
        if hidden > 0 && deepest > 0 {
            text.push_str(symbols.pick("⋯  ", "..."));
        }
        for last in levels.iter().skip(if hidden > 0 { hidden + 1 } else { 0 }) {
            text.push_str(if *last { "   " } else { symbols.pick("│  ", "|  ") });
        }
        text
    }
}

const GAP: usize = 2;
/// `99.9 ms`, `59m 59s`
const TIME: usize = 7;
const INDENT: usize = 3;

/// The widths of the columns; 0 for those that are left out.
struct Columns {
    label: usize,
    /// Levels of the tree that are drawn.
    deepest: usize,
    tokens: usize,
    cached: usize,
    first: usize,
    bar: usize,
}

impl Columns {
    /// Names and bars share what the numbers leave; where there is little room, numbers go first.
    fn fit(tree: &Tree<'_>, labels: &[Label], options: &Options) -> Self {
        let widest = |texts: &mut dyn Iterator<Item = String>, head: usize| {
            texts.map(|text| width(&text)).max().map_or(0, |widest| widest.max(head))
        };
        let calls = || tree.nodes.iter().filter_map(Node::tokens);
        let tokens = widest(&mut calls().map(|tokens| token_text(tokens, options.symbols)), 8);
        let tokens = if options.width < 56 { 0 } else { tokens };
        let wide = options.width >= 120;
        let has_cached = wide && calls().any(|tokens| tokens.cache_read > 0);
        let has_first = wide && tree.nodes.iter().any(|node| first_chunk(node).is_some());
        let (cached, first) = (if has_cached { 6 } else { 0 }, if has_first { 11 } else { 0 });
        let numbers: usize =
            [tokens, cached, first, TIME].iter().filter(|width| **width > 0).map(|width| width + GAP).sum();
        let room = options.width.saturating_sub(numbers);
        let wanted_bar = match options.width {
            ..40 => 0,
            40..60 => 8,
            _ => room * 2 / 5,
        };
        let for_bar = if wanted_bar == 0 { 0 } else { wanted_bar + GAP };
        let most = room.saturating_sub(for_bar);
        let deepest = (most / 2 / INDENT).max(1);
        let natural = tree.nodes.iter().zip(labels).map(|(node, label)| node.depth.min(deepest) * INDENT + label.width);
        let label = natural.max().unwrap_or(0).min(most);
        let bar = if wanted_bar == 0 { 0 } else { room - label - GAP };
        Self { label, deepest, tokens, cached, first, bar }
    }

    fn put_heads(&self, page: &mut Page, scale: &Scale, symbols: Symbols) {
        page.to_column(self.label);
        self.put_numbers(page, symbols.pick("in → out", "in > out"), "cached", "first token", "time");
        if self.bar > 0 {
            page.to_column(page.used() + GAP);
            let start = page.used();
            page.put("0", Style::Dim);
            let end = duration(scale.length(), symbols);
            if self.bar > width(&end) + 2 {
                page.put_right(&end, start + self.bar, Style::Dim);
            }
        }
        page.end_line();
    }

    fn put_numbers(&self, page: &mut Page, tokens: &str, cached: &str, first: &str, time: &str) {
        for (text, width) in [(tokens, self.tokens), (cached, self.cached), (first, self.first), (time, TIME)] {
            if width > 0 {
                page.put_right(text, page.used() + GAP + width, Style::Dim);
            }
        }
    }
}

fn token_text(tokens: &crate::signals::Tokens, symbols: Symbols) -> String {
    format!("{}{}{}", count(tokens.input), symbols.pick(" → ", " > "), count(tokens.output))
}

fn first_chunk(node: &Node<'_>) -> Option<Duration> {
    match &node.activity {
        Some(Activity::ModelCall(call)) => call.time_to_first_chunk,
        _ => None,
    }
}

fn put_node(
    page: &mut Page,
    node: &Node<'_>,
    label: &Label,
    branches: &Branches,
    columns: &Columns,
    scale: &Scale,
    options: &Options,
) {
    let symbols = options.symbols;
    page.put(&branches.before(columns.deepest, symbols), Style::Dim);
    if label.failed {
        page.put(symbols.pick("✗ ", "x "), Style::Red);
    }
    let style = if label.failed { Style::Red } else { label.style };
    let name = if label.kind.is_empty() && node.depth == 0 { Style::Bold } else { Style::Plain };
    let room = |page: &Page| columns.label.saturating_sub(page.used());
    page.put(&clipped(label.kind, room(page), symbols), style);
    let name = if label.kind.is_empty() && node.depth > 0 { style } else { name };
    page.put(&clipped(&label.name, room(page), symbols), name);
    page.put(&clipped(&label.note, room(page), symbols), Style::Dim);
    page.to_column(columns.label);

    let tokens = node.tokens().map(|tokens| token_text(tokens, symbols)).unwrap_or_default();
    let cached = node.tokens().map(|tokens| tokens.cache_read).filter(|cached| *cached > 0);
    let first = first_chunk(node).map(|first| duration(first, symbols)).unwrap_or_default();
    let time = duration(between(node.start, node.end), symbols);
    columns.put_numbers(page, &tokens, &cached.map(count).unwrap_or_default(), &first, &time);
    if columns.bar > 0 {
        page.to_column(page.used() + GAP);
        let bar = scale.bar(node);
        page.to_column(page.used() + bar.offset);
        page.put(&bar.text(symbols), if label.failed { Style::Red } else { label.style });
    }
    page.end_line();
}

#[cfg(test)]
mod tests;
