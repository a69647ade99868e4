//! One run as text: what it was, what it came to, and its tree beside a common time scale.

use std::time::Duration;

use jiff::tz::TimeZone;
use opentelemetry_proto::tonic::trace::v1::ResourceSpans;

use super::State;
use super::text::{Page, Style, Symbols, between, clipped, count, duration, safe, width};
use super::tree::{Detail, Node, Tree, build, inputs};
use crate::signals::Activity;
use crate::store::facts::Summary;

mod branches;
mod header;
mod label;
mod scale;

use branches::{Branches, Indent};
use label::Label;
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

/// What a run came to, in one line without colours, if possible of at most `width` columns: for the end of a run at a
/// terminal.
pub fn closing_line(summary: &Summary, width: usize, symbols: Symbols) -> String {
    header::line(summary, width, symbols)
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
            branches.put_below(&mut page, has_children, columns.indent, options.symbols);
            page.put(&safe(node.message), Style::Red);
            page.end_line();
        }
    }
    if tree.folded > 0 {
        page.end_line();
        let folded = format!("{} of {} spans folded as housekeeping", tree.folded, tree.spans);
        page.put_facts(&[(folded, Style::Dim), ("--all shows everything".to_owned(), Style::Dim)]);
    }
    page.finish()
}

const GAP: usize = 2;
/// `99.9 ms`, `59m 59s`
const TIME: usize = 7;

/// The widths of the columns; 0 for those that are left out.
struct Columns {
    label: usize,
    indent: Indent,
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
            // Every span means deep trees, which need room.
            _ if options.all => room / 4,
            _ => room * 2 / 5,
        };
        let for_bar = if wanted_bar == 0 { 0 } else { wanted_bar + GAP };
        let most = room.saturating_sub(for_bar);
        let deepest = tree.nodes.iter().map(|node| node.depth).max().unwrap_or(0);
        let indent = Indent::fit(deepest, most * 3 / 5);
        let natural = tree.nodes.iter().zip(labels).map(|(node, label)| indent.columns(node.depth) + label.width);
        let label = natural.max().unwrap_or(0).min(most);
        let bar = if wanted_bar == 0 { 0 } else { room - label - GAP };
        Self { label, indent, tokens, cached, first, bar }
    }

    fn put_heads(&self, page: &mut Page, scale: &Scale, symbols: Symbols) {
        page.move_to(self.label);
        self.put_numbers(page, symbols.pick("in → out", "in > out"), "cached", "first token", "time");
        if self.bar > 0 {
            page.move_to(page.used() + GAP);
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
    branches.put_before(page, label.failed, columns.indent, symbols);
    let style = if label.failed { Style::Red } else { label.style };
    let room = |page: &Page| columns.label.saturating_sub(page.used());
    page.put(&clipped(label.kind, room(page), symbols), style);
    let name = match (label.kind.is_empty(), node.depth) {
        (true, 0) => Style::Bold,
        (true, _) => style,
        (false, _) => Style::Plain,
    };
    page.put(&clipped(&label.name, room(page), symbols), name);
    // Half a note looks like a longer name.
    if width(&label.note) <= room(page) {
        page.put(&label.note, Style::Dim);
    }
    page.move_to(columns.label);

    let tokens = node.tokens().map(|tokens| token_text(tokens, symbols)).unwrap_or_default();
    let cached = node.tokens().map(|tokens| tokens.cache_read).filter(|cached| *cached > 0);
    let first = first_chunk(node).map(|first| duration(first, symbols)).unwrap_or_default();
    let time = duration(between(node.start, node.end), symbols);
    columns.put_numbers(page, &tokens, &cached.map(count).unwrap_or_default(), &first, &time);
    if columns.bar > 0 {
        page.move_to(page.used() + GAP);
        let bar = scale.bar(node);
        page.move_to(page.used() + bar.offset);
        page.put(&bar.text(symbols), if label.failed { Style::Red } else { label.style });
    }
    page.end_line();
}

#[cfg(test)]
mod tests;
