//! What was said in a run, as text: prompts, answers, tool data, one piece after the other.

use serde::Serialize;

use super::json::{hex, time};
use super::terminal::Options;
use super::text::{Page, Style, moment, safe};

/// One piece of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// When, in nanoseconds since 1970.
    pub unix_nano: u64,
    /// The span that it belongs to; empty where the agent does not say.
    pub span_id: Vec<u8>,
    /// The name of the span or the event that it stands on.
    pub owner: String,
    /// The attribute that it was in, or `body`.
    pub name: String,
    /// The piece itself.
    pub text: String,
}

/// The pieces, each below a line that says whose it is. Their own lines are as long as they came.
pub fn render(pieces: &[Piece], options: &Options) -> String {
    let mut page = Page::new(usize::MAX, options.colour, options.symbols);
    if pieces.is_empty() {
        page.put("Nothing of prompts, answers and tool data was kept (--content).", Style::Dim);
        page.end_line();
        return page.finish();
    }
    for piece in pieces {
        page.put(&safe(&moment(piece.unix_nano, &options.zone)), Style::Dim);
        page.put(options.symbols.separator(), Style::Dim);
        page.put(&safe(&piece.owner), Style::Bold);
        page.put(options.symbols.separator(), Style::Dim);
        page.put(&safe(&piece.name), Style::Cyan);
        page.end_line();
        for line in piece.text.lines() {
            page.move_to(2);
            page.put(&safe(line), Style::Plain);
            page.end_line();
        }
    }
    page.finish()
}

/// A piece in JSON.
#[derive(Serialize)]
pub(super) struct Line<'a> {
    time: Option<String>,
    span_id: Option<String>,
    owner: &'a str,
    name: &'a str,
    text: &'a str,
}

impl<'a> Line<'a> {
    pub(super) fn of(piece: &'a Piece) -> Self {
        let Piece { unix_nano, span_id, owner, name, text } = piece;
        let span_id = (!span_id.is_empty()).then(|| hex(span_id));
        Self { time: time(*unix_nano), span_id, owner, name, text }
    }
}
