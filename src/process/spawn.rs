//! Starts the command with everything inherited: same group, same terminal, same descriptors.

use std::ffi::{OsStr, OsString};
use std::io;
use std::process::Command;

/// A command that was started. It is waited for by [`super::supervise`] and by nobody else.
#[derive(Debug)]
pub struct Child {
    pub(super) pid: i32,
}

impl Child {
    /// The process id.
    pub fn pid(&self) -> u32 {
        self.pid.unsigned_abs()
    }
}

/// The command could not be started.
#[derive(Debug, thiserror::Error)]
#[error("cannot run {}: {source}", .program.to_string_lossy())]
pub struct ExecError {
    /// What was to be run.
    pub program: OsString,
    /// What the system said.
    pub source: io::Error,
}

impl ExecError {
    /// 127 where there is no such command, 126 where it cannot be run, as env(1) has them.
    pub fn exit_code(&self) -> i32 {
        match self.source.raw_os_error() {
            Some(libc::ENOENT) => 127,
            _ => 126,
        }
    }

    /// The symbolic name of the error, as in `ENOENT`; `_OTHER` for one that is not known.
    pub fn errno_name(&self) -> String {
        match self.source.raw_os_error() {
            Some(errno) => format!("{:?}", nix::errno::Errno::from_raw(errno)),
            None => "_OTHER".to_owned(),
        }
    }
}

/// Starts `argv` with the changes in `environment` (a value to set, none to remove) applied to our own.
///
/// A script without `#!` is run by `/bin/sh`, as `execvp(3)` and so env(1) do it.
///
/// # Errors
///
/// What the system said when the command could not be executed.
pub fn spawn(argv: &[OsString], environment: &[(OsString, Option<OsString>)]) -> Result<Child, ExecError> {
    let (program, arguments) = argv
        .split_first()
        .ok_or_else(|| ExecError { program: OsString::new(), source: io::Error::from_raw_os_error(libc::ENOENT) })?;
    let failed = |source| ExecError { program: program.clone(), source };
    match start(program, arguments, environment) {
        Err(error) if error.raw_os_error() == Some(libc::ENOEXEC) => {
            let script = which::which(program).map_err(|_| failed(error))?;
            let mut shell_arguments = vec![script.into_os_string()];
            shell_arguments.extend_from_slice(arguments);
            start(OsStr::new("/bin/sh"), &shell_arguments, environment).map_err(failed)
        }
        started => started.map_err(failed),
    }
}

fn start(program: &OsStr, arguments: &[OsString], environment: &[(OsString, Option<OsString>)]) -> io::Result<Child> {
    let mut command = Command::new(program);
    command.args(arguments);
    // Single changes instead of a cleared environment: the standard library can then use the fast way to spawn.
    for (name, value) in environment {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let child = command.spawn()?;
    Ok(Child { pid: child.id().cast_signed() })
}
