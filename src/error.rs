//! What can go wrong before a command runs, or in a verb: one sentence, what to do about it, and an exit status.

// Addresses are values; it is listening that has an effect.
use core::net::SocketAddr;
use std::io;
use std::path::PathBuf;

use crate::store::run::FindError;

/// An error of otel-run itself.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The settings have mistakes, which only a run forgives.
    #[error("{}", .0.join("\n"))]
    Settings(Vec<String>),
    /// Signals cannot be handled.
    #[error("cannot install signal handlers: {0}")]
    Signals(std::io::Error),
    /// No run is meant, or no single one.
    #[error(transparent)]
    Find(#[from] FindError),
    /// A run cannot be read.
    #[error("cannot read the run {run}: {reason}")]
    Unreadable {
        /// The run.
        run: String,
        /// Why.
        reason: String,
    },
    /// No folder can be named that holds the runs.
    #[error("no folder for runs is known, because neither XDG_STATE_HOME nor HOME is set")]
    NoStateFolder,
    /// There is something to deliver, and nowhere to deliver it to.
    #[error("no upstream is configured")]
    NoUpstream,
    /// An upstream cannot be dialled as it is configured.
    #[error("{0}")]
    Upstream(String),
    /// Not everything could be delivered.
    #[error("{0}")]
    Undelivered(String),
    /// The command was a success, and its telemetry is not there though it was required.
    #[error("the telemetry that is required is not there: {0}")]
    Lacking(String),
    /// The collector of `serve` gets no address.
    #[error("cannot listen on {address}: {reason}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        reason: io::Error,
    },
    /// Other machines could reach the collector of `serve`, and that was not said to be wanted, or there is no token for it.
    #[error("{address} can be reached from other machines, which needs {}", missing(*.allowed, *.token))]
    Open {
        /// The address.
        address: SocketAddr,
        /// Whether it was said that others may send.
        allowed: bool,
        /// Whether the user gave a token.
        token: bool,
    },
    /// The service manager has left something that is no use for `serve`.
    #[error("cannot take the socket that the service manager hands over: {0}")]
    HandedOver(String),
    /// The token of `serve` is none.
    #[error("--token: {0}")]
    Token(String),
    /// `serve` cannot do its work.
    #[error("{0}")]
    Serve(String),
    /// No agent has that name.
    #[error("{0}")]
    NoSuchAgent(String),
    /// A settings file cannot be written.
    #[error("{0}")]
    SettingsFile(String),
    /// There is a settings file already.
    #[error("{} is there already, and is left as it is", .0.display())]
    SettingsThere(PathBuf),
    /// No folder can be named that holds the user's settings file.
    #[error("no folder for the settings file is known, because neither XDG_CONFIG_HOME nor HOME is set")]
    NoSettingsFolder,
    /// A platform would set nothing for the command.
    #[error("{0}")]
    NothingToSet(String),
    /// Runs could not be removed.
    #[error("{0}")]
    Unremoved(String),
    /// There is nothing that a diagnosis could be made of.
    #[error("{0}")]
    Undiagnosed(String),
    /// The result cannot be printed.
    #[error("cannot print: {0}")]
    Print(#[from] io::Error),
}

impl Error {
    /// The exit status: 125 for a failure before the command was started, as env(1) has it, and for a
    /// diagnosis that cannot be made, since the others say what it is; 1 for a verb.
    pub fn exit_code(&self) -> u8 {
        match self {
            Error::Signals(_) | Error::Lacking(_) | Error::Undiagnosed(_) => 125,
            Error::Settings(_)
            | Error::Find(_)
            | Error::Unreadable { .. }
            | Error::NoStateFolder
            | Error::NoUpstream
            | Error::Upstream(_)
            | Error::Undelivered(_)
            | Error::Listen { .. }
            | Error::Open { .. }
            | Error::HandedOver(_)
            | Error::Token(_)
            | Error::Serve(_)
            | Error::NoSuchAgent(_)
            | Error::SettingsFile(_)
            | Error::SettingsThere(_)
            | Error::NoSettingsFolder
            | Error::NothingToSet(_)
            | Error::Unremoved(_)
            | Error::Print(_) => 1,
        }
    }

    /// What the user can do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Error::Find(FindError::Unknown(_) | FindError::Ambiguous { .. }) => Some("`otel-run runs` lists them"),
            Error::Find(FindError::Empty(_)) => Some("run one: otel-run -- COMMAND"),
            Error::NoStateFolder => Some("say where with --state-dir FOLDER or OTEL_RUN_STATE_DIR"),
            Error::SettingsThere(_) => Some("--force replaces it, --stdout prints it instead"),
            Error::NoSettingsFolder => Some("say where with --config FILE or OTEL_RUN_CONFIG"),
            Error::NoUpstream => Some("say where with --endpoint URL or OTEL_EXPORTER_OTLP_ENDPOINT"),
            Error::Undelivered(_) => Some("everything is kept; run `otel-run flush` again when the backend takes it"),
            Error::Listen { reason, .. } => match reason.kind() {
                io::ErrorKind::AddrInUse => Some(
                    "another program has the port; end it, or say another one with --listen (port 0 is any free one)",
                ),
                io::ErrorKind::AddrNotAvailable => Some(
                    "--listen takes an address of this machine, such as 127.0.0.1, [::1], or 0.0.0.0 for all of them",
                ),
                io::ErrorKind::PermissionDenied => {
                    Some("take a port from 1024 on, or let the service manager hand over the socket")
                }
                _ => None,
            },
            Error::Open { .. } => Some(
                "say --allow-remote and a token of your own (--token env:NAME or file:PATH), or listen on loopback: \
                 --listen 127.0.0.1:4318",
            ),
            Error::HandedOver(_) => Some("in the .socket unit say ListenStream=127.0.0.1:4318, and not Accept=yes"),
            Error::Token(_) => Some("say --token env:NAME or file:PATH, or leave it out to have one made"),
            Error::Settings(_) => Some("`otel-run --help` and the page otel-run-config(5) explain every setting"),
            Error::Signals(_) => {
                Some("a sandbox may forbid it: start the command without otel-run, or otel-run outside")
            }
            Error::Find(FindError::Unreadable { .. }) => {
                Some("see who owns that folder and who may read it, or name another one with --state-dir")
            }
            Error::Unreadable { .. } => Some("the others can be read all the same: `otel-run runs` lists them"),
            Error::Upstream(_) => Some("`otel-run plan -- true` says where each setting of the destination comes from"),
            Error::Lacking(_) => {
                Some("`otel-run show` has what came, and `otel-run plan -- COMMAND` what the command was told to send")
            }
            Error::NoSuchAgent(_) => Some(
                "an agent of your own is described in the settings file, below [agents.NAME]: see otel-run-config(5)",
            ),
            Error::SettingsFile(_) => Some("`otel-run config path` says which files are read; see who may write there"),
            Error::NothingToSet(_) => Some("unset OTEL_SDK_DISABLED, and name an agent or leave --agent out"),
            Error::Unremoved(_) => Some("see who owns them; otel-run removes only what its user may remove"),
            Error::Print(_) => Some("see where stdout leads"),
            // Its sentences have their remedies in them.
            Error::Serve(_) | Error::Undiagnosed(_) => None,
        }
    }
}

/// What an address that others can reach lacks.
fn missing(allowed: bool, token: bool) -> &'static str {
    match (allowed, token) {
        (false, false) => "--allow-remote and --token",
        (false, true) => "--allow-remote",
        (true, _) => "--token",
    }
}
