//! A folder of its own for everything that is measured, and otel-run in it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The binary that is measured.
pub(super) const OTEL_RUN: &str = env!("CARGO_BIN_EXE_otel-run");

/// The folder: home, settings, state and working folder. It is removed at the end.
pub(super) struct Place(PathBuf);

impl Place {
    pub(super) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("otel-run-bench-{}-{name}", std::process::id()));
        std::fs::create_dir_all(path.join("work")).expect("a folder in TMPDIR");
        Self(path)
    }

    /// otel-run with these arguments, which reads nothing and whose words go nowhere.
    pub(super) fn otel_run(&self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
        self.command(OTEL_RUN, arguments)
    }

    /// The same for another program, in the same environment.
    pub(super) fn command(
        &self,
        program: impl AsRef<OsStr>,
        arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
    ) -> Command {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(self.0.join("work"));
        command.env_clear().env("PATH", std::env::var_os("PATH").expect("PATH is set")).env("HOME", &self.0);
        command.env("XDG_STATE_HOME", self.path("state")).env("XDG_CONFIG_HOME", self.path("config"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// The runs of this place as `otel-run runs --json` tells them, the latest first.
    pub(super) fn runs(&self) -> Vec<serde_json::Value> {
        let output = self.otel_run(["runs", "--json"]).stdout(Stdio::piped()).output().expect("otel-run starts");
        let mut told: serde_json::Value = serde_json::from_slice(&output.stdout).expect("runs --json prints JSON");
        match told["runs"].take() {
            serde_json::Value::Array(runs) => runs,
            other => panic!("runs --json printed {other}"),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl AsRef<Path> for Place {
    fn as_ref(&self) -> &Path {
        &self.0
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
