//! A terminal to run a program at.

use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Instant;

use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::{PtyMaster, Winsize, grantpt, openpty, posix_openpt, ptsname_r, unlockpt};

use super::PATIENCE;
use super::home::Home;
use super::run::{Stream, unignoring};

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

/// Rows and columns of a [`Terminal`].
pub const SIZE: (usize, usize) = (24, 200);

/// A terminal that nobody is at yet. No process inherits an end of it but by [`Terminal::attach`]: it would last as long as
/// the longest of the processes that other tests start meanwhile.
pub struct Terminal {
    master: PtyMaster,
    slave: File,
    device: PathBuf,
}

impl Terminal {
    pub fn open() -> Self {
        let master = posix_openpt(OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let device = PathBuf::from(ptsname_r(&master).unwrap());
        let mut options = OpenOptions::new();
        let slave = options.read(true).write(true).custom_flags(OFlag::O_NOCTTY.bits()).open(&device).unwrap();
        let terminal = Self { master, slave, device };
        set_columns(&terminal.device, SIZE.1);
        terminal
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

fn set_columns(device: &PathBuf, columns: usize) {
    let mut command = Command::new("stty");
    command.arg("-F").arg(device).args(["rows", &SIZE.0.to_string(), "cols", &columns.to_string()]);
    assert!(command.status().unwrap().success());
}

/// What is typed at a terminal goes in here. The terminal hangs up when this is dropped and its screen has ended.
pub struct Keyboard {
    master: File,
    _plug: UnixStream,
}

impl Keyboard {
    pub fn press(&mut self, keys: &str) {
        self.master.write_all(keys.as_bytes()).unwrap();
    }
}

/// What is written to a terminal comes out here, until nobody has the terminal open or its keyboard is dropped.
pub struct Screen {
    master: File,
    socket: UnixStream,
}

impl Read for Screen {
    fn read(&mut self, piece: &mut [u8]) -> io::Result<usize> {
        let mut ends = [self.master.as_fd(), self.socket.as_fd()].map(|end| PollFd::new(end, PollFlags::POLLIN));
        poll(&mut ends, PollTimeout::NONE)?;
        if ends[1].any() == Some(true) {
            return Ok(0);
        }
        self.master.read(piece)
    }
}

/// A terminal with a session on it, as a terminal emulator or sshd starts one.
pub struct Console {
    child: Child,
    home: Home,
    device: PathBuf,
    keyboard: Keyboard,
    told: Stream,
    /// What was waited for lies before this.
    seen: usize,
}

impl Console {
    /// Starts `words` as the leader of a session whose controlling terminal this is. `otel-run` and `test-child` are
    /// variables that hold the paths of the programs.
    pub fn open(home: &Home, words: &[impl AsRef<OsStr>]) -> Self {
        let terminal = Terminal::open();
        let device = terminal.device.clone();
        let mut command = unignoring("setsid");
        terminal.attach(&mut command);
        command.arg("--ctty").args(words).current_dir(home.work()).env_clear();
        command.env("PATH", std::env::var_os("PATH").expect("tests need PATH")).envs(home.variables());
        command.env("TERM", "dumb").env("PS1", "outer> ").env("OTEL_RUN", env!("CARGO_BIN_EXE_otel-run"));
        command.env("CHILD", super::test_child());
        let child = command.spawn().unwrap();
        // The terminal's end that the session has must not be open here as well.
        drop(command);
        let (keyboard, screen) = terminal.started();
        let told = Stream::of(screen);
        Self { child, home: home.clone(), device, keyboard, told, seen: 0 }
    }

    /// A shell with job control.
    pub fn shell(home: &Home) -> Self {
        let mut console = Self::open(home, &["bash", "--norc", "--noprofile", "-i"]);
        console.wait_for("outer> ");
        console
    }

    /// Types a line.
    pub fn enter(&mut self, line: &str) {
        self.press(&format!("{line}\n"));
    }

    /// Presses keys.
    pub fn press(&mut self, keys: &str) {
        self.keyboard.press(keys);
    }

    /// Waits until the terminal is told `text`, behind what was waited for before; gives what stands before it.
    #[track_caller]
    pub fn wait_for(&mut self, text: &str) -> String {
        let begun = Instant::now();
        loop {
            let told = String::from_utf8_lossy(&self.told.so_far()[self.seen..]).into_owned();
            if let Some(at) = told.find(text) {
                self.seen += at + text.len();
                return told[..at].to_owned();
            }
            assert!(begun.elapsed() < PATIENCE, "waited for {text:?} in {told:?}");
            std::thread::yield_now();
        }
    }

    /// Gives the window another size.
    pub fn resize(&self, columns: usize) {
        set_columns(&self.device, columns);
    }

    /// Waits for the end of the session.
    pub fn end(mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }
}

/// What a test leaves at its terminal must not live on.
impl Drop for Console {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
