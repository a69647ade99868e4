//! Many runs as a table, one line each.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::columns::{self, Align, Cell, Column, KEPT};
use super::text::{Page, Style, Symbols, between, count, duration, safe, timestamp};
use super::{State, exit_style, has_served};
use crate::store::facts::{Outcome, Summary};

/// One run and how far it has come.
#[derive(Debug, Clone)]
pub struct Run {
    /// What is known about it.
    pub summary: Summary,
    /// How far it has come.
    pub state: State,
}

/// How the table is drawn.
#[derive(Debug, Clone)]
pub struct Options {
    /// Columns of the terminal; no line is wider.
    pub width: usize,
    /// Whether colours are used.
    pub colour: bool,
    /// What may be drawn with.
    pub symbols: Symbols,
    /// The time that `5 min ago` is counted from.
    pub now: Timestamp,
    /// The zone that times are shown in.
    pub zone: TimeZone,
}

/// The table of `runs` in the order given. Every line ends in a line break.
pub fn render(runs: &[Run], options: &Options) -> String {
    let mut page = Page::new(options.width, options.colour, options.symbols);
    if runs.is_empty() {
        page.put("No runs yet: otel-run -- COMMAND starts one", Style::Plain);
        page.end_line();
        return page.finish();
    }
    columns::put(&mut page, columns_of(runs, options), runs.len(), COMMAND, options.width, options.symbols);
    page.finish()
}

/// The column that takes what room there is.
const COMMAND: &str = "COMMAND";

fn columns_of(runs: &[Run], options: &Options) -> Vec<Column> {
    let column = |head: &'static str, align, worth, cell: &dyn Fn(&Run) -> Cell| {
        Column::new(head, align, worth, runs.iter().map(cell).collect())
    };
    let plain = |text: String| (text, Style::Plain);
    vec![
        column("RUN", Align::Left, KEPT, &|run| (safe(&run.summary.started.run_id).into_owned(), Style::Bold)),
        column("STARTED", Align::Left, 4, &|run| (ago(run.summary.started.started_unix_nano, options), Style::Dim)),
        column(COMMAND, Align::Left, KEPT, &|run| plain(safe(&run.summary.started.name).into_owned())),
        column("AGENT", Align::Left, 1, &|run| {
            (run.summary.started.agent.as_ref().map(|agent| safe(agent).into_owned()).unwrap_or_default(), Style::Dim)
        }),
        column("END", Align::Left, KEPT, &ending),
        column("TIME", Align::Right, 6, &|run| {
            let ended = run.summary.ended.as_ref();
            plain(ended.map_or(String::new(), |ended| {
                duration(between(run.summary.started.started_unix_nano, ended.ended_unix_nano), options.symbols)
            }))
        }),
        column("CALLS", Align::Right, 3, &|run| {
            let totals = &run.summary.totals;
            let style = if totals.failed_model_calls > 0 { Style::Red } else { Style::Plain };
            (if totals.model_calls > 0 { count(totals.model_calls) } else { String::new() }, style)
        }),
        column(options.symbols.pick("IN → OUT", "IN > OUT"), Align::Right, 5, &|run| {
            let tokens = &run.summary.totals.tokens;
            let arrow = options.symbols.pick("→", ">");
            plain(if tokens.is_zero() {
                String::new()
            } else {
                format!("{} {arrow} {}", count(tokens.input), count(tokens.output))
            })
        }),
        column("TOOLS", Align::Right, 2, &|run| {
            let calls = run.summary.totals.tools.values().fold(0_u64, |sum, calls| sum.saturating_add(*calls));
            let style = if run.summary.totals.failed_tools > 0 { Style::Red } else { Style::Plain };
            (if calls > 0 { count(calls) } else { String::new() }, style)
        }),
        column("THINNED", Align::Right, 0, &|run| {
            let thinned = run.summary.intake.values().map(|intake| intake.thinned).fold(0, u64::saturating_add);
            (if thinned > 0 { count(thinned) } else { String::new() }, Style::Dim)
        }),
        column("DELIVERY", Align::Left, 7, &delivery),
    ]
}

fn ending(run: &Run) -> Cell {
    match (&run.summary.ended, run.state) {
        (Some(ended), _) => match (&ended.signal, ended.exit_code, &ended.interrupted_by) {
            _ if ended.timed_out => ("timed out".to_owned(), Style::Red),
            _ if ended.out_of_memory => ("out of memory".to_owned(), Style::Red),
            (Some(signal), ..) => (safe(signal).into_owned(), Style::Red),
            (None, Some(code), Some(by)) => (format!("exit {code}, {}", safe(by)), Style::Yellow),
            (None, Some(code), None) => (format!("exit {code}"), exit_style(ended)),
            (None, None, _) if has_served(&run.summary, ended) => ("served".to_owned(), Style::Green),
            (None, None, _) => ("lost".to_owned(), Style::Red),
        },
        (None, State::Running) if run.summary.started.listen.is_some() => ("serving".to_owned(), Style::Cyan),
        (None, State::Running) => ("running".to_owned(), Style::Cyan),
        (None, _) => ("lost".to_owned(), Style::Red),
    }
}

fn delivery(run: &Run) -> Cell {
    // A run that was to stay local may have been delivered since.
    if run.summary.is_local() {
        return ("local".to_owned(), Style::Dim);
    }
    let Outcome { pending, rejected, expired, .. } = run.summary.sum();
    let stored = run.summary.intake.values().map(|intake| intake.stored).fold(0, u64::saturating_add);
    if run.summary.deliveries.is_empty() && stored > 0 {
        // Nothing is known about any item yet.
        return (format!("{stored} pending"), Style::Yellow);
    }
    let counts = [(pending, "pending"), (rejected, "rejected"), (expired, "expired")];
    let words: Vec<String> =
        counts.iter().filter(|(number, _)| *number > 0).map(|(number, what)| format!("{number} {what}")).collect();
    match (words.is_empty(), rejected + expired) {
        (true, _) => ("delivered".to_owned(), Style::Green),
        (false, 0) => (words.join(", "), Style::Yellow),
        (false, _) => (words.join(", "), Style::Red),
    }
}

/// How long ago, for a day; then the day and the time.
fn ago(unix_nano: u64, options: &Options) -> String {
    let Some(time) = timestamp(unix_nano) else { return "unknown".to_owned() };
    let seconds = options.now.as_second().saturating_sub(time.as_second());
    match seconds {
        ..0 | 86_400.. => time.to_zoned(options.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string(),
        0..60 => format!("{seconds} s ago"),
        60..3600 => format!("{} min ago", seconds / 60),
        _ => format!("{} h ago", seconds / 3600),
    }
}

#[cfg(test)]
mod tests;
