//! The user's own configuration of the agent that is started: its files are read, and the agent itself is asked where they
//! could clash with what it is to be told.

use std::ffi::OsString;
use std::io::{ErrorKind, Read};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use super::said::Said;
use crate::agent::own::{Choice, Circumstances, Found, Own, Wanted};
use crate::agent::{CommandLine, Detected};
use crate::plan::Plan;
use crate::settings::FileText;

/// The largest file that is read. Those that people write have a few hundred lines.
const MOST_BYTES: u64 = 4 << 20;
/// How long an agent may think about a question. It takes a tenth of a second where nothing else happens.
const PATIENCE: Duration = Duration::from_secs(3);
/// The most of an answer that is looked at.
const MOST_ANSWER: u64 = 64 << 10;

/// Reads what the agent that `line` starts would read.
pub(super) fn gather(said: &Said, line: CommandLine<'_>, detected: &Detected) -> Own {
    if detected.profile.is_other() {
        return Own::default();
    }
    let folder = std::env::current_dir().unwrap_or_default();
    let circumstances = Circumstances { argv: line.argv, detected, environment: &said.environment, folder: &folder };
    let found: Vec<Found> = circumstances.wanted().into_iter().flat_map(files).collect();
    circumstances.read(&found)
}

/// The files that are meant and are there.
fn files(wanted: Wanted) -> Vec<Found> {
    let Wanted { place, path, all_ending_in } = wanted;
    let paths = match all_ending_in {
        None => vec![path],
        Some(end) => {
            let entries = std::fs::read_dir(&path).into_iter().flatten().flatten();
            let named = entries.map(|entry| entry.path()).filter(|path| path.to_string_lossy().ends_with(end));
            let mut paths: Vec<PathBuf> = named.collect();
            paths.sort();
            paths
        }
    };
    paths.into_iter().filter_map(|path| Some(Found { place, file: read(path)? })).collect()
}

/// The text of a file; none where there is no such file.
fn read(path: PathBuf) -> Option<Result<FileText, (PathBuf, String)>> {
    let text = std::fs::metadata(&path).and_then(|facts| match (facts.is_file(), facts.len()) {
        (false, _) => Err(std::io::Error::other("it is no file")),
        (true, length) if length > MOST_BYTES => Err(std::io::Error::other("it is too large")),
        (true, _) => std::fs::read_to_string(&path),
    });
    match text {
        Ok(text) => Some(Ok(FileText { path, text })),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => None,
        Err(error) => Some(Err((path, format!("cannot be read: {error}")))),
    }
}

/// Asks the agent until it takes the arguments that `plan` makes of `own`, or nothing is left that could be changed. Where it
/// does not answer, what its files say has to do.
pub(super) fn settle(said: &Said, command: &[OsString], own: &mut Own, plan: impl Fn(&Own) -> Plan) -> Plan {
    let mut planned = plan(own);
    let detected = planned.agent.clone();
    let Some(probe) = detected.profile.probe.filter(|_| own.may_clash && planned.is_redirected()) else {
        return planned;
    };
    // As often as there are arguments that could be wrong.
    for _ in 0..=probe.alternatives.len() {
        let given = planned.argv.len().saturating_sub(command.len());
        if given == 0 {
            return planned;
        }
        let mut words: Vec<OsString> = planned.argv.iter().take(detected.program + 1 + given).cloned().collect();
        words.extend(probe.arguments.iter().map(OsString::from));
        let Some(answer) = ask(&words, &planned, said) else { return planned };
        let wrong = probe.alternatives.iter().find(|alternative| answer.contains(alternative.when_answer_has));
        match wrong.and_then(|alternative| alternative.argument.sets) {
            Some(key) if !own.arguments.contains_key(key) => drop(own.arguments.insert(key, Choice::Alternative)),
            _ => break,
        }
        planned = plan(own);
    }
    let keys = probe.alternatives.iter().filter_map(|alternative| alternative.argument.sets);
    own.arguments.extend(keys.map(|key| (key, Choice::Left)));
    own.upstreams.clear();
    own.warnings.push(format!(
        "{} does not take what it is told beside your own configuration of it, so it is told nothing: what it exports is not in \
         the run",
        detected.profile.title
    ));
    plan(own)
}

/// What the agent says to `words` on stderr; none where it takes them, or says nothing in time.
fn ask(words: &[OsString], planned: &Plan, said: &Said) -> Option<String> {
    let (program, arguments) = words.split_first()?;
    let environment = planned.environment(&said.environment);
    let mut command = Command::new(program);
    command.args(arguments).env_clear().envs(environment.iter());
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().ok()?;
    let stderr = child.stderr.take()?;
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        let mut answer = Vec::new();
        let _ = stderr.take(MOST_ANSWER).read_to_end(&mut answer);
        let _ = tell.send(answer);
    });
    let answer = told.recv_timeout(PATIENCE);
    if answer.is_err() {
        let _ = child.kill();
    }
    let status = child.wait().ok()?;
    answer.ok().filter(|_| !status.success()).map(|answer| String::from_utf8_lossy(&answer).into_owned())
}
