//! What the user's own configuration of an agent says, as far as it matters for a run: variables that it sets over the
//! environment, and destinations that it exports to. Text comes in, values go out; the reading of files is not done here.

mod claude;
mod codex;
mod json;
mod telemetry;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::detect::Detected;
use crate::environment::Environment;
use crate::otlp::Signal;
use crate::settings::{Complaint, FileText, Origin, Upstream};

/// What decides on the files that an agent reads.
#[derive(Clone, Copy)]
pub struct Circumstances<'a> {
    /// The program and its arguments, as the user typed them.
    pub argv: &'a [OsString],
    /// What they start.
    pub detected: &'a Detected,
    /// The environment that the command would have alone.
    pub environment: &'a Environment,
    /// The folder that the command is started in.
    pub folder: &'a Path,
}

/// A file that an agent reads, if it is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// What it is to the agent.
    pub place: Place,
    /// Where it is; of a folder all files are meant whose names end like this, in the order of their names.
    pub path: PathBuf,
    /// The end of the names of the files, where the path is a folder.
    pub all_ending_in: Option<&'static str>,
}

/// What a file is to its agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The user's.
    User,
    /// What a repository may have brought along: otel-run sends nothing to where it says.
    Project,
    /// The user's, named on the command line.
    Named,
    /// The machine's, which whoever looks after it has written.
    Machine,
    /// The same, and nothing comes after it.
    Managed,
}

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What it is to the agent.
    pub place: Place,
    /// The file; the error is the rest of a sentence about it.
    pub file: Result<FileText, (PathBuf, String)>,
}

/// The agents whose files are read.
enum Reader {
    Claude,
    Codex,
    Telemetry(&'static telemetry::Telemetry),
}

impl Circumstances<'_> {
    /// The files that the agent reads, the one that counts least first.
    pub fn wanted(&self) -> Vec<Wanted> {
        match self.reader() {
            Some(Reader::Claude) => claude::wanted(self),
            Some(Reader::Codex) => codex::wanted(self),
            Some(Reader::Telemetry(agent)) => agent.wanted(self),
            None => Vec::new(),
        }
    }

    /// What is in them, `found` in the same order.
    pub fn read(&self, found: &[Found]) -> Own {
        let mut own = match self.reader() {
            Some(Reader::Claude) => claude::read(self, found),
            Some(Reader::Codex) => codex::read(self, found),
            Some(Reader::Telemetry(agent)) => agent.read(self, found),
            None => Own::default(),
        };
        // A shell's command line is not changed, and what needs arguments goes on exporting by itself.
        if self.detected.in_shell.is_some() && !self.detected.profile.arguments.is_empty() {
            own.upstreams.clear();
        }
        own
    }

    /// Who reads the files. A profile of the user's that is like one of these has another name, and the agent behind it calls
    /// itself the same.
    fn reader(&self) -> Option<Reader> {
        match *self.detected.profile.service.names.first()? {
            "claude-code" => Some(Reader::Claude),
            "codex_exec" => Some(Reader::Codex),
            "gemini-cli" => Some(Reader::Telemetry(&telemetry::GEMINI)),
            "qwen-code" => Some(Reader::Telemetry(&telemetry::QWEN)),
            _ => None,
        }
    }

    /// What the user gives with an option of the agent.
    fn given(&self, option: &str) -> Option<String> {
        let (words, front) = match &self.detected.in_shell {
            Some(words) => (words.as_slice(), 1),
            None => (self.argv, self.detected.program + 1),
        };
        super::inject::given(words, front, option).map(|given| given.value)
    }

    /// `name` below the home folder, or below the folder that a variable names.
    fn below_home(&self, variable: Option<&str>, folder: &str, name: &str) -> Option<PathBuf> {
        let path = |name: &str| self.environment.raw(name).filter(|path| !path.is_empty()).map(PathBuf::from);
        let folder = variable.and_then(path).or_else(|| Some(path("HOME")?.join(folder)))?;
        Some(folder.join(name))
    }
}

impl Wanted {
    fn file(place: Place, path: impl Into<PathBuf>) -> Self {
        Self { place, path: path.into(), all_ending_in: None }
    }
}

/// The destination called `name` in the text of a file that an agent reads, as it was found there before. What was said
/// besides in that run, by other files or variables, is not looked at: it decides on which signals go there.
pub fn destination_again(name: &str, file: &FileText) -> Option<Upstream> {
    match name {
        claude::NAME => claude::destination(file, &mut Vec::new()),
        codex::NAME => codex::destination(file, &mut Vec::new()),
        _ if name == telemetry::GEMINI.destination => telemetry::GEMINI.again(file),
        _ if name == telemetry::QWEN.destination => telemetry::QWEN.again(file),
        _ => None,
    }
}

/// Whether a destination of this name is one that an agent's configuration names.
pub fn is_of_an_agent(name: &str) -> bool {
    [claude::NAME, codex::NAME, telemetry::GEMINI.destination, telemetry::QWEN.destination].contains(&name)
}

/// The signal that a key of an agent's configuration leads somewhere.
pub fn signal_of(key: &str) -> Option<Signal> {
    codex::EXPORTERS.into_iter().find(|(exporter, _)| *exporter == key).map(|(_, signal)| signal)
}

/// What agents take for a yes.
fn is_true(text: &str) -> bool {
    ["1", "true", "yes", "on"].iter().any(|yes| text.trim().eq_ignore_ascii_case(yes))
}

/// Complaints as the user sees them.
fn warnings(complaints: Vec<Complaint>) -> impl Iterator<Item = String> {
    complaints.into_iter().map(|complaint| complaint.to_string())
}

/// What to say of files that are there and cannot be read.
fn unreadable(found: &[Found]) -> impl Iterator<Item = String> {
    found.iter().filter_map(|found| {
        let (path, why) = found.file.as_ref().err()?;
        Some(format!("{} {why}; what it says of telemetry is not known", path.display()))
    })
}

/// What was found in an agent's configuration.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Own {
    /// Variables that the agent takes from its configuration rather than from its environment, each once, with the value
    /// that counts.
    pub variables: Vec<OwnVariable>,
    /// The text of the file that the user names with the option for settings, where that is a file; the error is the rest
    /// of a sentence about it.
    pub option_text: Option<Result<String, String>>,
    /// What becomes of the arguments that set these keys of the agent's configuration; the others are given as they are.
    pub arguments: BTreeMap<&'static str, Choice>,
    /// Where the agent exports to without otel-run.
    pub upstreams: Vec<Upstream>,
    /// Whether the agent's configuration says anything with which the arguments could clash.
    pub may_clash: bool,
    /// What the user should know.
    pub warnings: Vec<String>,
}

/// A variable that an agent takes from its configuration.
#[derive(Clone, PartialEq, Eq)]
pub struct OwnVariable {
    /// The variable.
    pub name: String,
    /// Its value, which may be a credential.
    pub value: String,
    /// Where it is set.
    pub origin: Origin,
    /// Whether nothing that otel-run could say comes after it.
    pub is_fixed: bool,
}

impl std::fmt::Debug for OwnVariable {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} ({})", self.name, self.origin)
    }
}

/// What becomes of an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// The profile's alternative is given in its place.
    Alternative,
    /// It is not given, because the user gives one.
    Left,
}

impl Own {
    /// The variable of this name, if the configuration sets it.
    pub fn variable(&self, name: &str) -> Option<&OwnVariable> {
        self.variables.iter().find(|variable| variable.name == name)
    }
}
