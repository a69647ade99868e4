//! The builder that every black-box test uses to run `otel-run`, or a command without it.

use std::ffi::{OsStr, OsString};
use std::io::{Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Condvar, LazyLock, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

use super::exports::Transport;
use super::home::Home;
use super::processes::{children, command_line, wait_until};
use super::pty::{Keyboard, Terminal};
use super::upstream::Upstream;
use super::{PATIENCE, contains};

/// `otel-run` with an environment of nothing but `PATH`, `HOME` and `XDG_*` in a folder of its own.
pub fn run() -> Run {
    alone(env!("CARGO_BIN_EXE_otel-run"))
}

/// The same for any other program, to compare with.
pub fn alone(program: impl AsRef<OsStr>) -> Run {
    Run {
        program: program.as_ref().to_owned(),
        words: Vec::new(),
        env: Vec::new(),
        home: Home::new(),
        work: None,
        stdin: Input::Nothing,
        stderr: Words::None,
        place: Place::Group,
        patience: PATIENCE,
    }
}

/// What is to be run. By default it reads nothing and must write nothing to stderr.
#[must_use = "nothing runs before one of the expect functions or spawn"]
pub struct Run {
    program: OsString,
    words: Vec<OsString>,
    env: Vec<(OsString, Option<OsString>)>,
    home: Home,
    work: Option<PathBuf>,
    stdin: Input,
    stderr: Words,
    place: Place,
    patience: Duration,
}

/// Where a command stands among the processes.
enum Place {
    /// In the test's group, as a script's commands do.
    Group,
    /// In a group of its own, as a shell's jobs do.
    OwnGroup,
    /// In a session of its own, with a terminal for stdin, stdout and stderr.
    Terminal,
}

enum Input {
    Nothing,
    Bytes(Vec<u8>),
    Open,
}

enum Words {
    None,
    Any,
    Holding(Vec<String>),
}

impl Run {
    /// Lives in this folder instead of a new one, to see what another run left.
    pub fn home(mut self, home: &Home) -> Self {
        self.home = home.clone();
        self
    }

    /// Where it lives.
    pub fn get_home(&self) -> &Home {
        &self.home
    }

    /// Starts in this folder instead of the home's working folder.
    pub fn work(mut self, folder: impl Into<PathBuf>) -> Self {
        self.work = Some(folder.into());
        self
    }

    /// Sets a variable.
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.env.push((name.as_ref().to_owned(), Some(value.as_ref().to_owned())));
        self
    }

    /// Removes one of the variables that are set by default.
    pub fn without_env(mut self, name: impl AsRef<OsStr>) -> Self {
        self.env.push((name.as_ref().to_owned(), None));
        self
    }

    /// One more word.
    pub fn arg(mut self, word: impl AsRef<OsStr>) -> Self {
        self.words.push(word.as_ref().to_owned());
        self
    }

    /// More words.
    pub fn args(mut self, words: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.words.extend(words.into_iter().map(|word| word.as_ref().to_owned()));
        self
    }

    /// An option and its value.
    pub fn flag(self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.arg(name).arg(value)
    }

    /// `--endpoint` and `--protocol http/protobuf`.
    pub fn upstream(self, upstream: &Upstream) -> Self {
        self.upstream_by(upstream, Transport::HttpProtobuf)
    }

    /// `--endpoint` and `--protocol`.
    pub fn upstream_by(self, upstream: &Upstream, transport: Transport) -> Self {
        self.flag("--endpoint", upstream.url()).flag("--protocol", transport.as_str())
    }

    /// `--` and the command.
    pub fn child(self, words: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.arg("--").args(words)
    }

    /// What it reads, to its end.
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = Input::Bytes(bytes.into());
        self
    }

    /// A pipe that stays open until [`Running::close_stdin`].
    pub fn stdin_open(mut self) -> Self {
        self.stdin = Input::Open;
        self
    }

    /// Starts it as the leader of a process group, as a shell with job control does.
    pub fn in_own_group(mut self) -> Self {
        self.place = Place::OwnGroup;
        self
    }

    /// Starts it as the leader of a session at a terminal: what it writes there is in stdout. Linux only.
    pub fn at_terminal(mut self) -> Self {
        self.place = Place::Terminal;
        self.env("TERM", "xterm-256color")
    }

    /// Its stderr must hold this text.
    pub fn stderr_has(mut self, text: impl Into<String>) -> Self {
        match &mut self.stderr {
            Words::Holding(texts) => texts.push(text.into()),
            Words::None | Words::Any => self.stderr = Words::Holding(vec![text.into()]),
        }
        self
    }

    /// Its stderr may hold anything, because the command itself writes there.
    pub fn any_stderr(mut self) -> Self {
        self.stderr = Words::Any;
        self
    }

    /// It may take so long until it ends.
    pub fn patience(mut self, time: Duration) -> Self {
        self.patience = time;
        self
    }

    /// Runs to the end, which must be this exit status.
    #[track_caller]
    pub fn expect_exit(self, code: i32) -> Ran {
        self.spawn().expect_exit(code)
    }

    /// Runs to the end, which must be death by this signal.
    #[track_caller]
    pub fn expect_signal(self, signal: Signal) -> Ran {
        self.spawn().expect_signal(signal)
    }

    /// Runs to the end, whatever that is.
    #[track_caller]
    pub fn expect_any_end(self) -> Ran {
        self.spawn().expect_any_end()
    }

    /// The same for a test that connects the streams and waits by itself. The home must live as long as it runs.
    pub fn command(&self) -> Command {
        let mut command = match self.place {
            Place::Group | Place::OwnGroup => unignoring(&self.program),
            Place::Terminal => {
                // It becomes the program itself, with the same process id.
                let mut command = unignoring("setsid");
                command.args(["--ctty", "--"]).arg(&self.program);
                command
            }
        };
        command.args(&self.words).current_dir(self.work.clone().unwrap_or_else(|| self.home.work()));
        command.env_clear().env("PATH", std::env::var_os("PATH").expect("tests need PATH")).envs(self.home.variables());
        for (name, value) in &self.env {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        if matches!(self.place, Place::OwnGroup) {
            command.process_group(0);
        }
        command
    }

    /// Starts it.
    #[track_caller]
    pub fn spawn(self) -> Running {
        let mut command = self.command();
        let terminal = matches!(self.place, Place::Terminal).then(Terminal::open);
        match &terminal {
            Some(terminal) => terminal.attach(&mut command),
            None => {
                command.stdin(if matches!(self.stdin, Input::Nothing) { Stdio::null() } else { Stdio::piped() });
                command.stdout(Stdio::piped()).stderr(Stdio::piped());
            }
        }
        let started = Instant::now();
        let mut child = command
            .spawn()
            .unwrap_or_else(|error| panic!("{} does not start: {error}", self.program.to_string_lossy()));
        // The terminal's end that the command has must not be open here as well.
        drop(command);
        let (terminal, screen) = terminal.map(Terminal::started).unzip();
        let stdout = screen.map_or_else(|| Stream::of(child.stdout.take().unwrap()), Stream::of);
        let stderr = child.stderr.take().map_or_else(|| Stream::of(std::io::empty()), Stream::of);
        let stdin = feed(self.stdin, child.stdin.take());
        let pid = Pid::from_raw(child.id().cast_signed());
        let ended = wait_for(child, started);
        let line = self.words.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ");
        let (words, patience, home) = (self.stderr, self.patience, self.home);
        Running { pid, stdin, terminal, stdout, stderr, ended, end: None, line, words, patience, home }
    }
}

/// Starts `program` with the default action for what a shell has its background jobs ignore: whoever started the tests
/// may be one, and everything inherits that.
pub(super) fn unignoring(program: impl AsRef<OsStr>) -> Command {
    static IGNORING: LazyLock<bool> = LazyLock::new(|| {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let set = status.lines().find_map(|line| u64::from_str_radix(line.strip_prefix("SigIgn:")?.trim(), 16).ok());
        let signals = [Signal::SIGHUP, Signal::SIGINT, Signal::SIGQUIT, Signal::SIGTERM];
        signals.into_iter().any(|signal| set.is_some_and(|set| set >> (signal as i32 - 1) & 1 == 1))
    });
    if !*IGNORING {
        return Command::new(program);
    }
    let mut command = Command::new("/usr/bin/env");
    command.arg("--default-signal=HUP,INT,QUIT,TERM").arg(program);
    command
}

fn feed(input: Input, pipe: Option<ChildStdin>) -> Option<ChildStdin> {
    let mut pipe = pipe?;
    let Input::Bytes(bytes) = input else { return Some(pipe) };
    // A command that does not read its input ends the writing early, and that is not the test's subject.
    std::thread::spawn(move || drop(pipe.write_all(&bytes)));
    None
}

fn wait_for(mut child: Child, started: Instant) -> Receiver<(ExitStatus, Duration)> {
    let (tell, ended) = channel();
    std::thread::spawn(move || {
        let status = child.wait().unwrap();
        let _ = tell.send((status, started.elapsed()));
    });
    ended
}

/// What a pipe or a terminal has delivered so far.
pub(super) struct Stream {
    shared: Arc<(Mutex<Vec<u8>>, Condvar)>,
    reader: Option<JoinHandle<()>>,
}

impl Stream {
    pub(super) fn of(mut pipe: impl Read + Send + 'static) -> Self {
        let shared = Arc::new((Mutex::new(Vec::new()), Condvar::new()));
        let writer = shared.clone();
        let reader = std::thread::spawn(move || {
            let mut piece = [0; 65536];
            while let Ok(length @ 1..) = pipe.read(&mut piece) {
                writer.0.lock().unwrap().extend_from_slice(&piece[..length]);
                writer.1.notify_all();
            }
        });
        Self { shared, reader: Some(reader) }
    }

    pub(super) fn so_far(&self) -> Vec<u8> {
        self.shared.0.lock().unwrap().clone()
    }

    #[track_caller]
    fn wait_until_holds(&self, text: &str) {
        let bytes = self.shared.0.lock().unwrap();
        let (bytes, wait) = self.shared.1.wait_timeout_while(bytes, PATIENCE, |bytes| !contains(bytes, text)).unwrap();
        let printed = String::from_utf8_lossy(&bytes).into_owned();
        drop(bytes);
        assert!(!wait.timed_out(), "waited for {text:?} in {printed:?}");
    }

    /// Waits until it has delivered more than so many bytes, for so long.
    fn wait_for_more(&self, than: usize, time: Duration) {
        let bytes = self.shared.0.lock().unwrap();
        drop(self.shared.1.wait_timeout_while(bytes, time, |bytes| bytes.len() <= than).unwrap());
    }

    /// Waits for its end.
    fn finish(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
    }

    fn whole(mut self) -> Vec<u8> {
        self.finish();
        std::mem::take(&mut self.shared.0.lock().unwrap())
    }
}

/// A command that is running.
#[must_use = "its end is to be checked"]
pub struct Running {
    pub pid: Pid,
    stdin: Option<ChildStdin>,
    terminal: Option<Keyboard>,
    stdout: Stream,
    stderr: Stream,
    ended: Receiver<(ExitStatus, Duration)>,
    end: Option<(ExitStatus, Duration)>,
    line: String,
    words: Words,
    patience: Duration,
    pub home: Home,
}

impl Running {
    /// Waits until its stdout holds `text`.
    #[track_caller]
    pub fn wait_for_stdout(&self, text: &str) {
        self.stdout.wait_until_holds(text);
    }

    /// Waits until its stderr holds `text`.
    #[track_caller]
    pub fn wait_for_stderr(&self, text: &str) {
        self.stderr.wait_until_holds(text);
    }

    /// What it has written to stdout so far.
    pub fn stdout_so_far(&self) -> String {
        String::from_utf8_lossy(&self.stdout.so_far()).into_owned()
    }

    /// Waits until it has written more than so many bytes to stdout, for so long.
    pub fn wait_for_more_stdout(&self, than: usize, time: Duration) {
        self.stdout.wait_for_more(than, time);
    }

    /// What it has written to stderr so far.
    pub fn stderr_so_far(&self) -> String {
        String::from_utf8_lossy(&self.stderr.so_far()).into_owned()
    }

    /// Sends it a signal, and nobody else.
    pub fn signal(&self, signal: Signal) {
        kill(self.pid, signal).unwrap();
    }

    /// Sends a signal to all of its process group.
    pub fn signal_group(&self, signal: Signal) {
        killpg(self.pid, signal).unwrap();
    }

    /// Waits until it has posted its watch in the process group.
    pub fn wait_for_watch(&self) {
        wait_until("there is a watch", || {
            children(self.pid).iter().any(|child| command_line(*child) == "group-watch\0")
        });
    }

    /// Types at its terminal.
    pub fn press(&mut self, keys: &str) {
        self.terminal.as_mut().expect("it is at a terminal").press(keys);
    }

    /// Ends its terminal, as a connection that breaks does. What it wrote there so far is kept.
    pub fn hang_up(&mut self) {
        drop(self.terminal.take().expect("it is at a terminal"));
        self.stdout.finish();
    }

    /// How it ended, if it does within this time.
    pub fn ends_within(&mut self, time: Duration) -> Option<ExitStatus> {
        if self.end.is_none() {
            self.end = self.ended.recv_timeout(time).ok();
        }
        self.end.map(|(status, _)| status)
    }

    /// Writes to its stdin.
    pub fn type_in(&mut self, bytes: &[u8]) {
        self.stdin.as_mut().expect("stdin is open").write_all(bytes).unwrap();
    }

    /// Ends its stdin.
    pub fn close_stdin(&mut self) {
        self.stdin = None;
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> bool {
        self.end = self.end.or_else(|| self.ended.try_recv().ok());
        self.end.is_some()
    }

    /// Waits for its end alone: somebody else may have its streams open still.
    #[track_caller]
    pub fn wait_for_end(&mut self) -> (ExitStatus, Duration) {
        let end = self.end.or_else(|| self.ended.recv_timeout(self.patience).ok());
        self.end = end;
        end.unwrap_or_else(|| {
            let _ = kill(self.pid, Signal::SIGKILL);
            panic!("{} did not end; stderr: {}", self.line, String::from_utf8_lossy(&self.stderr.so_far()));
        })
    }

    /// Waits for the end, which must be this exit status.
    #[track_caller]
    pub fn expect_exit(self, code: i32) -> Ran {
        let ran = self.end();
        assert_eq!(ran.status.code(), Some(code), "{} ended by {}; {}", ran.line, ran.status, ran.said());
        ran
    }

    /// Waits for the end, which must be death by this signal.
    #[track_caller]
    pub fn expect_signal(self, signal: Signal) -> Ran {
        let ran = self.end();
        assert_eq!(ran.status.signal(), Some(signal as i32), "{} ended by {}; {}", ran.line, ran.status, ran.said());
        ran
    }

    /// Waits for the end, whatever it is.
    #[track_caller]
    pub fn expect_any_end(self) -> Ran {
        self.end()
    }

    #[track_caller]
    fn end(mut self) -> Ran {
        self.stdin = None;
        let (status, took) = self.wait_for_end();
        let (stdout, stderr) = (self.stdout.whole(), self.stderr.whole());
        let ran = Ran { stdout, stderr, status, took, home: self.home, line: self.line };
        match self.words {
            Words::Any => {}
            Words::None => assert_eq!(ran.stderr_text(), "", "stderr of {} is not empty", ran.line),
            Words::Holding(texts) => {
                for text in texts {
                    assert!(ran.stderr_text().contains(&text), "{text:?} is not said by {}; {}", ran.line, ran.said());
                }
            }
        }
        ran
    }
}

/// A command that has ended.
pub struct Ran {
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
    pub status: ExitStatus,
    /// From before the start until after the end.
    pub took: Duration,
    pub home: Home,
    line: String,
}

impl Ran {
    pub fn stdout_text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    pub fn stderr_text(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }

    /// Its stdout must be exactly this.
    #[track_caller]
    pub fn stdout_is(self, text: &str) -> Self {
        assert_eq!(self.stdout_text(), text, "stdout of {}", self.line);
        self
    }

    /// Its stdout must hold this.
    #[track_caller]
    pub fn stdout_has(self, text: &str) -> Self {
        assert!(self.stdout_text().contains(text), "{text:?} is not printed by {}; {}", self.line, self.said());
        self
    }

    fn said(&self) -> String {
        format!("stdout: {:?}, stderr: {:?}", self.stdout_text(), self.stderr_text())
    }
}
