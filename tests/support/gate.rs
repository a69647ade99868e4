//! A place where a tool that an agent runs says that it is there, and stays.

use std::fs::{File, OpenOptions};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::{Home, PATIENCE};

/// Two named pipes in a home: the tool writes into the first, and waits for somebody who opens the second.
pub struct Gate {
    reached: File,
    way: PathBuf,
}

impl Gate {
    /// What the tool has to run, after this command. It is the same for every home.
    pub fn command(before: &str) -> String {
        format!("{before}; echo here >\"$HOME/.gate-reached\"; cat \"$HOME/.gate-way\"")
    }

    pub fn of(home: &Home) -> Self {
        let folder = home.path().join("home");
        let [reached, way] = ["reached", "way"].map(|name| folder.join(format!(".gate-{name}")));
        assert!(Command::new("mkfifo").args([&reached, &way]).status().unwrap().success());
        Self { reached: open(&reached), way }
    }

    /// Waits until the tool is there.
    #[track_caller]
    pub fn wait_until_reached(&self) {
        let mut ends = [PollFd::new(self.reached.as_fd(), PollFlags::POLLIN)];
        let patience = PollTimeout::try_from(2 * PATIENCE).unwrap();
        assert_eq!(poll(&mut ends, patience).unwrap(), 1, "the tool was not run");
    }

    /// Lets the tool go on, if it is still there.
    pub fn open(self) {
        drop(open(&self.way));
    }
}

/// Opens a pipe for both ends, so that nobody waits for the other.
fn open(pipe: &Path) -> File {
    let mut options = OpenOptions::new();
    options.read(true).write(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(pipe).unwrap()
}
