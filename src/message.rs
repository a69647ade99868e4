//! The one voice of otel-run on stderr. stdout belongs to the command, or to what a verb prints.

use std::io::{IsTerminal, Write};

/// What each of otel-run's lines on stderr begins with.
pub const PREFIX: &str = "otel-run: ";

/// Says one thing on stderr, with the program's name in front. If nobody listens any more, that is nobody's fault.
///
/// What is said can quote a repository's file, an agent or a backend, so nothing in it is a command to the terminal.
pub fn say(text: &str) {
    let mut line = String::from(PREFIX);
    for character in text.chars() {
        match character {
            '\n' => line.push('\n'),
            control if control.is_control() => line.extend(control.escape_default()),
            other => line.push(other),
        }
    }
    line.push('\n');
    let _ = std::io::stderr().write_all(line.as_bytes());
}

/// Prints the result of a verb on stdout.
///
/// # Errors
///
/// What the system said; a closed pipe is no error, its reader has seen enough.
pub fn print(text: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Whether somebody reads stderr at a terminal.
pub fn stderr_is_terminal() -> bool {
    std::io::stderr().is_terminal()
}

/// Whether somebody reads stdout at a terminal.
pub fn stdout_is_terminal() -> bool {
    std::io::stdout().is_terminal()
}
