//! Starts the command with everything inherited: same group, same terminal, same descriptors.

use std::ffi::{CString, OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use super::entry;
use super::supervise::Terms;
use super::terminal::Terminal;

/// Whom the sockets of `LISTEN_FDS` are for (sd_listen_fds(3)).
const LISTEN_PID: &str = "LISTEN_PID";

/// A command that was started. It is waited for by a [`super::Supervisor`] and by nobody else.
#[derive(Debug)]
pub struct Child {
    pub(super) pid: i32,
    /// Whether orphans among its descendants become our children.
    pub(super) adopting: bool,
    pub(super) began: Instant,
    /// The terminal as it was before.
    pub(super) terminal: Option<Terminal>,
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

/// Changes to our own environment: a value to set, none to remove.
pub type EnvironmentChanges = [(OsString, Option<OsString>)];

/// Starts `argv` with the changes in `environment` applied to our own. Of the terms, those are met here that have to be
/// met before the command can do anything.
///
/// A script without `#!` is run by `/bin/sh`, as `execvp(3)` and so env(1) do it.
///
/// # Errors
///
/// What the system said when the command could not be executed.
pub fn spawn(argv: &[OsString], environment: &EnvironmentChanges, terms: &Terms) -> Result<Child, ExecError> {
    let adopting = terms.reap && become_subreaper() || std::process::id() == 1;
    let (terminal, began) = (Terminal::look(), Instant::now());
    // Signals that were blocked at entry stay blocked for the command. We must hear of its end all the same.
    let killed_by = if terms.die_with_parent { Some(libc::SIGKILL) } else { parent_death_signal() };
    let child = prepared(argv, environment, killed_by, |command| {
        if sockets_are_for_us() {
            take_the_sockets(command)?;
        }
        Ok(command.spawn()?.id().cast_signed())
    });
    super::signals::hear_of_children();
    child.map(|pid| Child { pid, adopting, began, terminal })
}

/// Becomes `argv`, with the changes in `environment` applied to our own. Handlers must not have been installed.
pub fn replace(argv: &[OsString], environment: &EnvironmentChanges) -> ExecError {
    match prepared(argv, environment, None, |command| Err::<std::convert::Infallible, _>(command.exec())) {
        Ok(never) => match never {},
        Err(error) => error,
    }
}

fn prepared<T>(
    argv: &[OsString],
    environment: &EnvironmentChanges,
    killed_by: Option<i32>,
    start: impl Fn(&mut Command) -> io::Result<T>,
) -> Result<T, ExecError> {
    let (program, arguments) = argv
        .split_first()
        .ok_or_else(|| ExecError { program: OsString::new(), source: io::Error::from_raw_os_error(libc::ENOENT) })?;
    let failed = |source| ExecError { program: program.clone(), source };
    let start = |program: &OsStr, arguments: &[OsString]| {
        let mut command = command(program, arguments, environment);
        give_back(&mut command, killed_by);
        start(&mut command)
    };
    match start(program, arguments) {
        Err(error) if error.raw_os_error() == Some(libc::ENOEXEC) => {
            let script = found(program, std::env::var_os("PATH")).ok_or_else(|| failed(error))?;
            let mut shell_arguments = vec![script];
            shell_arguments.extend_from_slice(arguments);
            start(OsStr::new("/bin/sh"), &shell_arguments).map_err(failed)
        }
        started => started.map_err(failed),
    }
}

/// The path under which execvp(3) finds `program`: not made absolute, because a script sees it as its name.
fn found(program: &OsStr, path: Option<OsString>) -> Option<OsString> {
    if program.as_bytes().contains(&b'/') {
        return Some(program.to_owned());
    }
    let path = path.unwrap_or_else(|| "/bin:/usr/bin".into());
    let is_executable = |file: &PathBuf| {
        std::fs::metadata(file).is_ok_and(|facts| facts.is_file() && facts.permissions().mode() & 0o111 != 0)
    };
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(is_executable).map(PathBuf::into_os_string)
}

fn command(program: &OsStr, arguments: &[OsString], environment: &EnvironmentChanges) -> Command {
    let mut command = Command::new(program);
    command.args(arguments);
    // Single changes instead of a cleared environment: the standard library can then use the fast way to spawn.
    for (name, value) in environment {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
}

/// Gives the command what this process was started with and the runtime, or we, have changed, and the signal that is to
/// end it with its parent. There is nothing to do for most, which leaves them the fast way to spawn.
fn give_back(command: &mut Command, killed_by: Option<i32>) {
    let ignore: Vec<i32> = [(libc::SIGPIPE, entry::sigpipe_ignored()), (libc::SIGCHLD, entry::sigchld_ignored())]
        .into_iter()
        .filter_map(|(signal, ignored)| ignored.then_some(signal))
        .collect();
    let close: Vec<i32> = entry::closed_streams().collect();
    if ignore.is_empty() && close.is_empty() && killed_by.is_none() {
        return;
    }
    let parent = std::process::id().cast_signed();
    let last_steps = move || {
        for signal in &ignore {
            // SAFETY: to ignore a signal installs no code.
            unsafe { libc::signal(*signal, libc::SIG_IGN) };
        }
        for stream in &close {
            // SAFETY: the descriptor is the runtime's stand-in for a closed stream, and nobody uses it after exec.
            unsafe { libc::close(*stream) };
        }
        killed_by.map_or(Ok(()), |signal| die_with(parent, signal))
    };
    // SAFETY: between fork and exec only signal, close, prctl and getppid are called, which are async-signal-safe; the
    // lists were allocated before.
    unsafe { command.pre_exec(last_steps) };
}

/// Whether systemd has handed us sockets (sd_listen_fds(3)). They are the command's, which takes them only if it finds its
/// own process id.
fn sockets_are_for_us() -> bool {
    std::env::var_os(LISTEN_PID).is_some_and(|pid| pid.to_str() == Some(&std::process::id().to_string()))
}

/// Has the command's process write its own id into the environment, which nobody knows sooner, and execute the command
/// with it.
fn take_the_sockets(command: &mut Command) -> io::Result<()> {
    let c_string = |text: &OsStr| CString::new(text.as_bytes()).map_err(io::Error::from);
    let words: Vec<CString> =
        std::iter::once(command.get_program()).chain(command.get_args()).map(c_string).collect::<io::Result<_>>()?;
    let changes: Vec<(CString, Option<CString>)> = command
        .get_envs()
        .map(|(name, value)| Ok((c_string(name)?, value.map(c_string).transpose()?)))
        .collect::<io::Result<_>>()?;
    let become_it = move || {
        let mut argv: Vec<*const libc::c_char> = words.iter().map(|word| word.as_ptr()).collect();
        argv.push(std::ptr::null());
        let pid = CString::new(std::process::id().to_string())?;
        // SAFETY: all strings and the null-terminated list of the words live until exec. This is the only thread of the
        // new process, and there was only one in the old, so the environment and the allocator are nobody else's.
        unsafe {
            for (name, value) in &changes {
                match value {
                    Some(value) => libc::setenv(name.as_ptr(), value.as_ptr(), 1),
                    None => libc::unsetenv(name.as_ptr()),
                };
            }
            libc::setenv(c"LISTEN_PID".as_ptr(), pid.as_ptr(), 1);
            libc::execvp(words[0].as_ptr(), argv.as_ptr());
        }
        Err(io::Error::last_os_error())
    };
    // SAFETY: between fork and exec there is one thread, see above.
    unsafe { command.pre_exec(become_it) };
    Ok(())
}

/// What the kernel sends us when our own parent ends (`PR_SET_PDEATHSIG`). It survives an exec and not a fork, so the
/// command gets it from us: who is to die with its parent must not outlive otel-run, which stands between them.
#[cfg(target_os = "linux")]
fn parent_death_signal() -> Option<i32> {
    nix::sys::prctl::get_pdeathsig().ok().flatten().map(|signal| signal as i32)
}

/// Has the kernel send this signal to this process when the thread that started it ends, which is otel-run's main thread.
#[cfg(target_os = "linux")]
fn die_with(parent: i32, signal: i32) -> io::Result<()> {
    // SAFETY: sets an attribute of this process and asks for its parent.
    let orphaned = unsafe {
        if libc::prctl(libc::PR_SET_PDEATHSIG, signal) == -1 {
            return Err(io::Error::last_os_error());
        }
        libc::getppid() != parent
    };
    // The parent may have died before the attribute was set.
    if orphaned { Err(io::Error::from_raw_os_error(libc::ESRCH)) } else { Ok(()) }
}

/// There is no such signal elsewhere.
#[cfg(not(target_os = "linux"))]
fn parent_death_signal() -> Option<i32> {
    None
}

/// Nobody does this elsewhere. The plan says so, and the command runs all the same.
#[cfg(not(target_os = "linux"))]
fn die_with(_: i32, _: i32) -> io::Result<()> {
    Ok(())
}

#[cfg(target_os = "linux")]
fn become_subreaper() -> bool {
    nix::sys::prctl::set_child_subreaper(true).is_ok()
}

#[cfg(not(target_os = "linux"))]
fn become_subreaper() -> bool {
    false
}
