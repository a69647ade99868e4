//! Lines in columns, which fit into the width of a terminal.

use super::text::{Page, Style, Symbols, clipped, width};

pub(super) type Cell = (String, Style);

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Right,
}

pub(super) struct Column {
    pub(super) head: &'static str,
    align: Align,
    /// The smallest goes first where there is no room; [`KEPT`] never goes.
    worth: u8,
    cells: Vec<Cell>,
    width: usize,
}

const GAP: usize = 2;
pub(super) const KEPT: u8 = u8::MAX;
/// A column that may be narrower than its widest cell is never made narrower than this to keep another column.
const NARROWEST: usize = 12;

impl Column {
    pub(super) fn new(head: &'static str, align: Align, worth: u8, cells: Vec<Cell>) -> Self {
        let width = cells.iter().map(|(text, _)| width(text)).max().unwrap_or(0).max(width(head));
        Self { head, align, worth, cells, width }
    }
}

/// Puts `rows` lines under the heads of `columns`. Columns are dropped until the rest fits, then the one with the head
/// `elastic` has what is left. A column without a word in it says nothing.
pub(super) fn put(
    page: &mut Page,
    mut columns: Vec<Column>,
    rows: usize,
    elastic: &str,
    line_width: usize,
    symbols: Symbols,
) {
    columns.retain(|column| column.cells.iter().any(|(text, _)| !text.is_empty()));
    let columns = fit(columns, elastic, line_width);
    put_line(page, &columns, |column| (column.head.to_owned(), Style::Dim), symbols);
    for row in 0..rows {
        let cell = |column: &Column| column.cells.get(row).cloned().unwrap_or((String::new(), Style::Plain));
        put_line(page, &columns, cell, symbols);
    }
}

fn fit(mut columns: Vec<Column>, elastic: &str, line_width: usize) -> Vec<Column> {
    let others = |columns: &[Column]| -> usize {
        let others = columns.iter().filter(|column| column.head != elastic);
        others.map(|column| column.width + GAP).sum()
    };
    let natural = columns.iter().find(|column| column.head == elastic).map_or(0, |column| column.width);
    let least = natural.min(NARROWEST);
    while others(&columns) + least > line_width {
        let Some(worth) = columns.iter().map(|column| column.worth).filter(|worth| *worth != KEPT).min() else { break };
        columns.retain(|column| column.worth != worth);
    }
    let room = line_width.saturating_sub(others(&columns)).max(1);
    for column in columns.iter_mut().filter(|column| column.head == elastic) {
        column.width = column.width.min(room);
    }
    columns
}

fn put_line(page: &mut Page, columns: &[Column], cell: impl Fn(&Column) -> Cell, symbols: Symbols) {
    let mut start = 0;
    for column in columns {
        page.move_to(start);
        let (text, style) = cell(column);
        let text = clipped(&text, column.width, symbols);
        match column.align {
            Align::Left => page.put(&text, style),
            Align::Right => page.put_right(&text, start + column.width, style),
        }
        start += column.width + GAP;
    }
    page.end_line();
}
