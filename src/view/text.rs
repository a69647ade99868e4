//! Text that fits: columns, colours, numbers, and names made safe for a terminal.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use unicode_width::UnicodeWidthChar as _;

/// Which characters may be used to draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Symbols {
    /// Box drawing, block elements and arrows.
    Unicode,
    /// ASCII only, for terminals and locales without the rest. Names keep the characters that they have.
    Ascii,
}

impl Symbols {
    pub(super) fn pick<T>(self, unicode: T, ascii: T) -> T {
        match self {
            Symbols::Unicode => unicode,
            Symbols::Ascii => ascii,
        }
    }

    pub(super) fn separator(self) -> &'static str {
        self.pick(" · ", " | ")
    }

    fn ellipsis(self) -> char {
        self.pick('…', '~')
    }
}

/// How a piece of a line looks where colours are on (ECMA-48, "SGR").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Bold,
    Dim,
    Red,
    Green,
    Yellow,
    Blue,
    Magenta,
    Cyan,
}

impl Style {
    fn code(self) -> Option<&'static str> {
        match self {
            Style::Plain => None,
            Style::Bold => Some("1"),
            Style::Dim => Some("2"),
            Style::Red => Some("31"),
            Style::Green => Some("32"),
            Style::Yellow => Some("33"),
            Style::Blue => Some("34"),
            Style::Magenta => Some("35"),
            Style::Cyan => Some("36"),
        }
    }
}

/// `text` with everything written as `\u{..}` that would not simply be shown: control characters, which could move the
/// cursor or set the title, and the characters that change the direction of text or hide in it.
pub(super) fn safe(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '\n' => safe.push_str("\\n"),
            '\t' => safe.push_str("\\t"),
            '\r' => safe.push_str("\\r"),
            _ if is_unsafe(character) => safe.extend(character.escape_unicode()),
            _ => safe.push(character),
        }
    }
    Cow::Owned(safe)
}

/// Whether a terminal would do something else with `character` than show it.
pub(super) fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// The columns that `text` takes.
pub(super) fn width(text: &str) -> usize {
    text.chars().map(|character| character.width().unwrap_or(0)).sum()
}

/// `text`, or as much of it as fits into `columns` with an ellipsis behind it.
pub(super) fn clipped(text: &str, columns: usize, symbols: Symbols) -> Cow<'_, str> {
    // No character is wider than it has bytes.
    if text.len() <= columns || width(text) <= columns {
        return Cow::Borrowed(text);
    }
    let mut clipped = String::with_capacity(columns + 4);
    let mut used = 0;
    for character in text.chars() {
        let wide = character.width().unwrap_or(0);
        if used + wide + 1 > columns {
            break;
        }
        clipped.push(character);
        used += wide;
    }
    if columns > 0 {
        clipped.push(symbols.ellipsis());
    }
    Cow::Owned(clipped)
}

/// Lines of pieces, none wider than the page.
pub(super) struct Page {
    text: String,
    width: usize,
    colour: bool,
    symbols: Symbols,
    used: usize,
    /// Blanks that are written only if something follows, so that no line ends in blanks.
    blanks: usize,
}

impl Page {
    pub(super) fn new(width: usize, colour: bool, symbols: Symbols) -> Self {
        Self { text: String::new(), width, colour, symbols, used: 0, blanks: 0 }
    }

    /// The columns that the line has taken so far.
    pub(super) fn used(&self) -> usize {
        self.used + self.blanks
    }

    /// Goes on with the line; what does not fit is cut off. `text` must be safe.
    pub(super) fn put(&mut self, text: &str, style: Style) {
        let room = self.width.saturating_sub(self.used());
        let text = clipped(text, room, self.symbols);
        if text.is_empty() {
            return;
        }
        self.text.extend(std::iter::repeat_n(' ', self.blanks));
        self.used += self.blanks + width(&text);
        self.blanks = 0;
        match style.code().filter(|_| self.colour) {
            Some(code) => {
                // Writing to a String cannot fail.
                let _ = write!(self.text, "\x1b[{code}m{text}\x1b[0m");
            }
            None => self.text.push_str(&text),
        }
    }

    /// Goes on at `column`, if the line is not there yet.
    pub(super) fn move_to(&mut self, column: usize) {
        self.blanks += column.saturating_sub(self.used());
    }

    /// Puts `text` so that it ends before `column`.
    pub(super) fn put_right(&mut self, text: &str, column: usize, style: Style) {
        self.move_to(column.saturating_sub(width(text)));
        self.put(text, style);
        self.move_to(column);
    }

    pub(super) fn end_line(&mut self) {
        self.text.push('\n');
        self.used = 0;
        self.blanks = 0;
    }

    /// Puts `facts` one after the other, on as many lines as it takes.
    pub(super) fn put_facts(&mut self, facts: &[(String, Style)]) {
        let separator = self.symbols.separator();
        for (fact, style) in facts {
            if self.used() > 0 {
                if self.used() + width(separator) + width(fact) > self.width {
                    self.end_line();
                } else {
                    self.put(separator, Style::Dim);
                }
            }
            self.put(fact, *style);
        }
        self.end_line();
    }

    pub(super) fn finish(self) -> String {
        self.text
    }
}

/// Below a limit a number is divided, and shown with so many digits and a unit. The limits are where rounding would
/// show one digit more.
type Steps = [(u128, f64, usize, &'static str); 6];

const DURATIONS: Steps = [
    (999_500, 1e3, 0, " µs"),
    (9_995_000, 1e6, 2, " ms"),
    (99_950_000, 1e6, 1, " ms"),
    (999_500_000, 1e6, 0, " ms"),
    (9_995_000_000, 1e9, 2, " s"),
    (59_950_000_000, 1e9, 1, " s"),
];

const COUNTS: Steps = [
    (1_000, 1.0, 0, ""),
    (99_950, 1e3, 1, "k"),
    (999_500, 1e3, 0, "k"),
    (99_950_000, 1e6, 1, "M"),
    (999_500_000, 1e6, 0, "M"),
    (99_950_000_000, 1e9, 1, "G"),
];

fn stepped(number: u128, steps: &Steps) -> Option<String> {
    let (_, divisor, digits, unit) = steps.iter().find(|(limit, ..)| number < *limit)?;
    // Nobody sees the digits that a float loses.
    #[allow(clippy::cast_precision_loss)]
    let quotient = number as f64 / divisor;
    Some(format!("{quotient:.digits$}{unit}"))
}

/// A duration in three digits or minutes and seconds: `850 µs`, `172 ms`, `5.05 s`, `2m 05s`, `1h 02m`, `3d 04h`.
pub(super) fn duration(duration: Duration, symbols: Symbols) -> String {
    if let Some(text) = stepped(duration.as_nanos(), &DURATIONS) {
        return if symbols == Symbols::Ascii { text.replace('µ', "u") } else { text };
    }
    let seconds = duration.as_millis().saturating_add(500) / 1000;
    if seconds < 3600 {
        format!("{}m {:02}s", seconds / 60, seconds % 60)
    } else if seconds < 86_400 {
        format!("{}h {:02}m", seconds / 3600, seconds % 3600 / 60)
    } else {
        format!("{}d {:02}h", seconds / 86_400, seconds % 86_400 / 3600)
    }
}

/// The time from `start` to `end`, in nanoseconds since 1970; none if the clock went backwards.
pub(super) fn between(start: u64, end: u64) -> Duration {
    Duration::from_nanos(end.saturating_sub(start))
}

/// A number in at most five characters, as long as it is one that occurs: `999`, `12.3k`, `1.2M`.
pub(super) fn count(number: u64) -> String {
    stepped(u128::from(number), &COUNTS).unwrap_or_else(|| format!("{}G", number / 1_000_000_000))
}

/// `1 span`, `2 spans`.
pub(super) fn counted(number: u64, singular: &str) -> String {
    if number == 1 { format!("1 {singular}") } else { format!("{number} {singular}s") }
}

/// A point in time in `zone`, as `2026-11-20 11:09:44`; `unknown` beyond the calendar.
pub(super) fn moment(unix_nano: u64, zone: &TimeZone) -> String {
    timestamp(unix_nano).map_or_else(
        || "unknown".to_owned(),
        |time| time.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string(),
    )
}

/// The same as a value.
pub(super) fn timestamp(unix_nano: u64) -> Option<Timestamp> {
    Timestamp::from_nanosecond(i128::from(unix_nano)).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;
    use proptest::prelude::*;
    use unicode_width::UnicodeWidthStr as _;

    #[test]
    fn durations_have_three_digits() {
        let cases: [(u64, &str); 17] = [
            (0, "0 µs"),
            (1, "0 µs"),
            (850_000, "850 µs"),
            (999_499, "999 µs"),
            (999_500, "1.00 ms"),
            (9_994_999, "9.99 ms"),
            (99_949_999, "99.9 ms"),
            (171_900_000, "172 ms"),
            (999_400_000, "999 ms"),
            (999_500_000, "1.00 s"),
            (5_046_000_000, "5.05 s"),
            (59_940_000_000, "59.9 s"),
            (59_960_000_000, "1m 00s"),
            (125_000_000_000, "2m 05s"),
            (3_599_600_000_000, "1h 00m"),
            (93_600_000_000_000, "1d 02h"),
            (u64::MAX, "213503d 23h"),
        ];
        for (nanoseconds, text) in cases {
            assert_eq!(duration(Duration::from_nanos(nanoseconds), Symbols::Unicode), text, "{nanoseconds}");
        }
    }

    #[test]
    fn counts_are_short() {
        let cases = [(0, "0"), (999, "999"), (1_000, "1.0k"), (99_949, "99.9k"), (99_950, "100k"), (999_500, "1.0M")];
        for (number, text) in cases {
            assert_eq!(count(number), text);
        }
        assert_eq!(count(u64::MAX), "18446744073G");
    }

    #[test]
    fn nothing_reaches_the_terminal_but_letters() {
        let cases = [
            ("plain", "plain"),
            ("\x1b]0;owned\x07", "\\u{1b}]0;owned\\u{7}"),
            ("a\nb\tc\r", "a\\nb\\tc\\r"),
            ("\u{9b}31m", "\\u{9b}31m"),
            ("abc\u{202e}cba", "abc\\u{202e}cba"),
            ("über 漢字", "über 漢字"),
        ];
        for (given, expected) in cases {
            assert_eq!(safe(given), expected);
        }
    }

    #[test]
    fn facts_go_on_on_the_next_line() {
        let mut page = Page::new(12, false, Symbols::Ascii);
        let facts = ["12345", "6789", "ab", "much too long for it"].map(|fact| (fact.to_owned(), Style::Plain));
        page.put_facts(&facts);
        assert_eq!(page.finish(), "12345 | 6789\nab\nmuch too lo~\n");
    }

    proptest! {
        #[test]
        fn clipped_fits(text in ".*", columns in 0_usize..40) {
            let text = safe(&text);
            let clipped = clipped(&text, columns, Symbols::Unicode);
            prop_assert!(clipped.width() <= columns, "{} in {columns}", clipped);
            prop_assert!(!clipped.chars().any(char::is_control));
        }
    }
}
