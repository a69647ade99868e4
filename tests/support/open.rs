//! A run whose command waits, so that the test itself can talk to the run's collector.

use std::collections::BTreeMap;

use nix::unistd::Pid;

use super::client::{Client, Http2};
use super::run::{Ran, Run, Running};

/// Says what the command was given, and waits for the end of its input.
const SCRIPT: &str = "env; echo command_pid=$$; echo ready; exec cat";

/// The run, until it is ended.
pub struct Open {
    pub running: Running,
    pub variables: BTreeMap<String, String>,
}

impl Open {
    /// Starts `run` with such a command.
    #[track_caller]
    pub fn start(run: Run) -> Self {
        let running = run.stdin_open().child(["sh", "-c", SCRIPT]).spawn();
        running.wait_for_stdout("\nready\n");
        let said = running.stdout_so_far();
        let pairs = said.lines().filter_map(|line| line.split_once('='));
        let variables = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Self { running, variables }
    }

    /// A variable of the command.
    #[track_caller]
    pub fn variable(&self, name: &str) -> &str {
        self.variables.get(name).unwrap_or_else(|| panic!("{name} is not set for the command"))
    }

    /// The endpoint that the command was given, without a slash at its end.
    pub fn endpoint(&self) -> &str {
        self.variable("OTEL_EXPORTER_OTLP_ENDPOINT").trim_end_matches('/')
    }

    /// `127.0.0.1:PORT`
    pub fn authority(&self) -> &str {
        let rest = self.endpoint().strip_prefix("http://").expect("the endpoint is plain HTTP");
        rest.split('/').next().unwrap()
    }

    /// The path of the endpoint: a slash and the token.
    pub fn path(&self) -> &str {
        let at = self.endpoint().find(self.authority()).unwrap() + self.authority().len();
        &self.endpoint()[at..]
    }

    /// The header that the command was given, name and value.
    pub fn header(&self) -> (&str, &str) {
        self.variable("OTEL_EXPORTER_OTLP_HEADERS").split_once('=').expect("there is one header")
    }

    pub fn client(&self) -> Client {
        Client::connect(self.authority())
    }

    pub fn http2(&self) -> Http2 {
        Http2::connect(self.authority())
    }

    pub fn command_pid(&self) -> Pid {
        Pid::from_raw(self.variable("command_pid").parse().unwrap())
    }

    /// Lets the command end well, and waits for the end of the run. A client that is still connected holds it up.
    #[track_caller]
    pub fn end(self) -> Ran {
        self.running.expect_exit(0)
    }
}
