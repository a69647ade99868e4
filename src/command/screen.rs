//! How the output of a verb may look: by the terminal it goes to, or as plain text where it goes elsewhere.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::environment::Environment;
use crate::message;
use crate::view::text::Symbols;

/// Width where there is no terminal: what fits into most editors, mails and logs.
const WIDTH_ELSEWHERE: usize = 100;

/// What is known of the place that the output goes to.
pub(super) struct Screen {
    pub(super) width: usize,
    pub(super) colour: bool,
    pub(super) symbols: Symbols,
    pub(super) zone: TimeZone,
    pub(super) now: Timestamp,
}

impl Screen {
    /// Looks at stdout. Colours are for terminals only, and not where `NO_COLOR` is set (no-color.org).
    pub(super) fn look(environment: &Environment) -> Self {
        let terminal = message::stdout_is_terminal();
        let dumb = environment.get("TERM") == Some("dumb");
        Self {
            width: width(environment),
            colour: terminal && !dumb && environment.get("NO_COLOR").is_none(),
            symbols: symbols(environment),
            zone: TimeZone::system(),
            now: Timestamp::now(),
        }
    }
}

/// How wide a line may be. A pager has a terminal as well, and otel-run's stderr is still there.
pub(super) fn width(environment: &Environment) -> usize {
    let columns = environment.get("COLUMNS").and_then(|columns| columns.parse().ok());
    let measured = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    columns.or_else(measured).unwrap_or(WIDTH_ELSEWHERE).max(20)
}

/// What may be drawn with, by the locale. Where nothing is set, as in containers, nearly every terminal can show more
/// than ASCII.
pub(super) fn symbols(environment: &Environment) -> Symbols {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(|name| environment.get(name));
    let plain = locale.is_some_and(|locale| {
        let locale = locale.to_ascii_lowercase();
        !locale.contains("utf-8") && !locale.contains("utf8")
    });
    if plain { Symbols::Ascii } else { Symbols::Unicode }
}
