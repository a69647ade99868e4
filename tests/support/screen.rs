//! What a person sees at a terminal: programs that draw only what changed write no word in one piece.

use super::pty::SIZE;

/// The characters of a screen, of [`SIZE`].
pub struct Drawn {
    rows: Vec<Vec<char>>,
    row: usize,
    column: usize,
}

impl Drawn {
    /// What was drawn by all that was written so far. Colours, modes and questions draw nothing.
    pub fn by(written: &str) -> Self {
        let (rows, columns) = SIZE;
        let mut drawn = Self { rows: vec![vec![' '; columns]; rows], row: 0, column: 0 };
        let mut rest = written.chars();
        while let Some(next) = rest.next() {
            match next {
                '\x1b' => drawn.escape(&mut rest),
                '\r' => drawn.column = 0,
                '\n' => drawn.line_feed(),
                '\x08' => drawn.column = drawn.column.saturating_sub(1),
                _ if next.is_control() => {}
                _ => drawn.put(next),
            }
        }
        drawn
    }

    /// Whether a row holds this text.
    pub fn shows(&self, text: &str) -> bool {
        self.rows.iter().any(|row| row.iter().collect::<String>().contains(text))
    }

    fn put(&mut self, character: char) {
        if self.column == SIZE.1 {
            self.column = 0;
            self.line_feed();
        }
        self.rows[self.row][self.column] = character;
        // The second half of a wide one is empty.
        let width = unicode_width::UnicodeWidthChar::width(character).unwrap_or(0);
        self.column = (self.column + width).min(SIZE.1);
    }

    fn line_feed(&mut self) {
        if self.row + 1 < SIZE.0 {
            self.row += 1;
        } else {
            self.rows.remove(0);
            self.rows.push(vec![' '; SIZE.1]);
        }
    }

    fn escape(&mut self, rest: &mut std::str::Chars<'_>) {
        match rest.next() {
            Some('[') => {
                let mut parameters = String::new();
                let end = rest.find(|next| {
                    let is_end = ('@'..='~').contains(next);
                    if !is_end {
                        parameters.push(*next);
                    }
                    is_end
                });
                if let Some(end) = end {
                    self.control(end, &parameters);
                }
            }
            // A text for the terminal itself, up to BEL or ESC \.
            Some(']' | 'P' | '_' | '^') => {
                let mut before = ' ';
                rest.find(|next| {
                    let is_end = *next == '\x07' || (before == '\x1b' && *next == '\\');
                    before = *next;
                    is_end
                });
            }
            _ => {}
        }
    }

    fn control(&mut self, end: char, parameters: &str) {
        let mut numbers = parameters.split(';').map(|number| number.parse::<usize>().ok());
        let mut next = || numbers.next().flatten();
        let (rows, columns) = SIZE;
        match end {
            'H' | 'f' => {
                self.row = next().unwrap_or(1).clamp(1, rows) - 1;
                self.column = next().unwrap_or(1).clamp(1, columns) - 1;
            }
            'A' | 'F' => self.row = self.row.saturating_sub(next().unwrap_or(1)),
            'B' | 'E' => self.row = (self.row + next().unwrap_or(1)).min(rows - 1),
            'C' => self.column = (self.column + next().unwrap_or(1)).min(columns - 1),
            'D' => self.column = self.column.saturating_sub(next().unwrap_or(1)),
            'G' => self.column = next().unwrap_or(1).clamp(1, columns) - 1,
            'd' => self.row = next().unwrap_or(1).clamp(1, rows) - 1,
            'J' | 'K' => self.erase(end, next().unwrap_or(0)),
            _ => {}
        }
        if matches!(end, 'E' | 'F') {
            self.column = 0;
        }
    }

    fn erase(&mut self, what: char, kind: usize) {
        let column = self.column.min(SIZE.1 - 1);
        match kind {
            0 => self.rows[self.row][column..].fill(' '),
            1 => self.rows[self.row][..=column].fill(' '),
            _ => self.rows[self.row].fill(' '),
        }
        let others = match (what, kind) {
            ('J', 0) => self.row + 1..SIZE.0,
            ('J', 1) => 0..self.row,
            ('J', _) => 0..SIZE.0,
            _ => 0..0,
        };
        for row in others {
            self.rows[row].fill(' ');
        }
    }
}

#[test]
fn a_word_is_seen_that_was_drawn_in_pieces() {
    let drawn = Drawn::by("\x1b[2J\x1b[3;5Habxd\x1b[3;7Hc\x1b]0;title\x07\x1b[4;1Hold\r\x1b[Knew\x1b[31m!\x1b[m");
    assert!(drawn.shows("abcd") && drawn.shows("new!"));
    assert!(!drawn.shows("abx") && !drawn.shows("old") && !drawn.shows("title"));
}
