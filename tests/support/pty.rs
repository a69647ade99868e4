//! A terminal to run a program at.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};

use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::{PtyMaster, Winsize, grantpt, openpty, posix_openpt, ptsname_r, unlockpt};

use super::home::Home;

/// Runs `otel-run` with stdin, stdout and stderr at a terminal of so many columns, in an environment of nothing but
/// `PATH`, the home's variables and `variables`. Gives its exit status and what the terminal was told.
#[track_caller]
pub fn at_terminal(home: &Home, columns: u16, variables: &[(&str, &str)], words: &[&str]) -> (i32, String) {
    let size = Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    let terminal = openpty(&size, None).unwrap();
    let end = || Stdio::from(terminal.slave.try_clone().unwrap());
    let mut command = Command::new(env!("CARGO_BIN_EXE_otel-run"));
    command.args(words).current_dir(home.work()).env_clear();
    command.env("PATH", std::env::var_os("PATH").expect("tests need PATH")).env("TERM", "xterm-256color");
    command.envs(home.variables()).envs(variables.iter().copied()).stdin(end()).stdout(end()).stderr(end());
    let mut child = command.spawn().unwrap();
    // The terminal ends when nobody has its other end open any more.
    drop((command, terminal.slave));
    let mut told = Vec::new();
    let mut piece = [0; 4096];
    let mut reader = File::from(terminal.master);
    // Linux reports the end as an error.
    while let Ok(length @ 1..) = reader.read(&mut piece) {
        told.extend_from_slice(&piece[..length]);
    }
    let code = child.wait().unwrap().code().expect("otel-run exits");
    // The terminal's driver puts a carriage return before each line break.
    (code, String::from_utf8(told).unwrap().replace("\r\n", "\n"))
}

/// A terminal that nobody is at yet. None of its ends is inherited but by [`Terminal::attach`].
pub struct Terminal {
    master: PtyMaster,
    slave: File,
}

impl Terminal {
    pub fn open() -> Self {
        let flags = OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
        let master = posix_openpt(flags).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname_r(&master).unwrap();
        let slave = OpenOptions::new().read(true).write(true).custom_flags(OFlag::O_NOCTTY.bits()).open(name).unwrap();
        Self { master, slave }
    }

    /// Makes it stdin, stdout and stderr of the command.
    pub fn attach(&self, command: &mut Command) {
        let end = || Stdio::from(self.slave.try_clone().unwrap());
        command.stdin(end()).stdout(end()).stderr(end());
    }

    /// What is left of it here when the command has its end.
    pub fn started(self) -> (Keyboard, Screen) {
        let master = OwnedFd::from(self.master);
        let (plug, socket) = UnixStream::pair().unwrap();
        let screen = Screen { master: File::from(master.try_clone().unwrap()), socket };
        (Keyboard { master: File::from(master), _plug: plug }, screen)
    }
}

/// What is typed at a terminal goes in here. The terminal is gone when this is dropped and the screen was read to its end.
pub struct Keyboard {
    master: File,
    _plug: UnixStream,
}

impl Keyboard {
    pub fn press(&mut self, keys: &[u8]) {
        self.master.write_all(keys).unwrap();
    }

    /// Ends the screen, and the terminal with it.
    pub fn unplug(self) {}
}

/// What is written to a terminal comes out here, until nobody has the terminal open or its keyboard is unplugged.
pub struct Screen {
    master: File,
    socket: UnixStream,
}

impl Read for Screen {
    fn read(&mut self, piece: &mut [u8]) -> io::Result<usize> {
        let mut ends = [&self.master.as_fd(), &self.socket.as_fd()].map(|end| PollFd::new(*end, PollFlags::POLLIN));
        poll(&mut ends, PollTimeout::NONE)?;
        if ends[1].any() == Some(true) {
            return Ok(0);
        }
        self.master.read(piece)
    }
}
