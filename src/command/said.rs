//! What the user said, gathered from flags, environment and files, and what follows from it at once.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::destination;
use crate::agent::Agents;
use crate::cli::Options;
use crate::delivery::{Proxies, Target};
use crate::environment::Environment;
use crate::error::Error;
use crate::message;
use crate::secret::{self, Labelled, Secret, Secrets};
use crate::settings::{
    self, Complaint, Fault, FileText, Headers, Origin, PROJECT_FILE_NAME, PerSignal, Settings, Sourced, Upstream,
};
use crate::store::Store;
use crate::store::facts::Destination;

/// How long delivery may go on after the command ended, where somebody waits for the prompt to come back.
const DRAIN_AT_TERMINAL: Duration = Duration::from_secs(2);
/// The same where nobody does.
const DRAIN_ELSEWHERE: Duration = Duration::from_secs(5);

/// Everything that was said.
pub(super) struct Said {
    pub(super) environment: Environment,
    pub(super) settings: Settings,
    pub(super) agents: Agents,
    pub(super) complaints: Vec<Complaint>,
    /// The settings files that were read, the one that counts most first.
    pub(super) files: Vec<PathBuf>,
}

impl Said {
    /// Reads flags, environment and settings files. Nothing that is wrong with them is an error yet.
    pub(super) fn gather(options: &Options) -> Self {
        let environment = Environment::of_this_process();
        let (flags, mut complaints) = options.layer();
        let mut complain = |origin, message| complaints.push(Complaint::new(Fault::Unreadable, origin, message));
        let project = project_file().and_then(|path| {
            read(path, &mut |path, error| {
                complain(Origin::Default, format!("{} cannot be read: {error}", path.display()));
            })
        });
        let user = settings::user_file(options.general.config.as_deref(), &environment).and_then(|wanted| {
            let origin = wanted.origin;
            read(wanted.value, &mut |path, error| {
                let optional = origin == Origin::Default && error.kind() == std::io::ErrorKind::NotFound;
                if !optional {
                    complain(origin.clone(), format!("{} cannot be read: {error}", path.display()));
                }
            })
        });
        let files = [&project, &user].into_iter().flatten().map(|file| file.path.clone()).collect();
        let (settings, more) = settings::resolve(flags, &environment, project, user);
        complaints.extend(more);
        let (agents, more) = Agents::with(&settings.agents);
        complaints.extend(more);
        Self { environment, settings, agents, complaints, files }
    }

    /// The same for verbs that are not in front of a command: mistakes are errors, all at once. Those of a project's file
    /// are only told, so that a repository cannot keep its visitors from their own runs.
    pub(super) fn gather_strictly(options: &Options) -> Result<Self, Error> {
        Self::gather(options).strictly()
    }

    /// The same of what is gathered already.
    pub(super) fn strictly(mut self) -> Result<Self, Error> {
        let (theirs, mine): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.complaints).into_iter().partition(of_the_project);
        if !self.settings.quiet.value {
            theirs.iter().for_each(|complaint| message::say(&complaint.to_string()));
        }
        if mine.is_empty() { Ok(self) } else { Err(Error::Settings(mine.iter().map(ToString::to_string).collect())) }
    }

    /// The folder that holds the runs, and who said so; none where neither a setting nor a home says it.
    pub(super) fn state_dir(&self) -> Option<Sourced<PathBuf>> {
        self.settings.state_dir.clone().or_else(|| {
            let state_home =
                self.environment.raw("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
            let folder = state_home.or_else(|| {
                let home = std::env::home_dir().filter(|home| home.is_absolute())?;
                Some(home.join(".local").join("state"))
            })?;
            Some(Sourced { value: folder.join("otel-run"), origin: Origin::Default })
        })
    }

    /// The runs.
    pub(super) fn store(&self) -> Result<Store, Error> {
        self.state_dir().map(|folder| Store::at(&folder.value)).ok_or(Error::NoStateFolder)
    }

    /// How long delivery may go on after the command ended.
    pub(super) fn drain_deadline(&self) -> Sourced<Duration> {
        let default = if message::stderr_is_terminal() { DRAIN_AT_TERMINAL } else { DRAIN_ELSEWHERE };
        self.settings.drain_deadline.clone().unwrap_or(Sourced { value: default, origin: Origin::Default })
    }

    /// Where the runs go, as it may be written down.
    pub(super) fn destinations(&self) -> Vec<Destination> {
        self.settings.upstreams.iter().map(destination::written_down).collect()
    }

    /// What to dial for `upstream`: its URLs parsed, its header values read.
    pub(super) fn target(&self, upstream: &Upstream) -> Result<Target, Vec<String>> {
        let mut errors = Vec::new();
        let headers = PerSignal::from_fn(|signal| self.revealed(upstream.headers(signal), &mut errors));
        errors.dedup();
        let helper = upstream.destination.headers_helper.as_ref().and_then(|helper| match placed(&helper.value) {
            Ok(path) => Some(path),
            Err(reason) => {
                errors.push(format!("{}: {reason}", helper.origin));
                None
            }
        });
        match destination::target(upstream, headers, helper) {
            Ok(target) if errors.is_empty() => {
                Ok(target.through(self.proxies()).expiring_after(self.settings.expire_after.value))
            }
            Ok(_) => Err(errors),
            Err(more) => {
                errors.extend(more);
                Err(errors)
            }
        }
    }

    /// The proxies that stand between us and upstreams.
    pub(super) fn proxies(&self) -> Proxies {
        Proxies::read(|name| self.environment.get(name).map(str::to_owned))
    }

    /// Everything that is blanked in telemetry: what the variables hold, what `targets` are shown, and the collector's token.
    pub(super) fn secrets(&self, targets: &[Target], token: Option<&Secret>) -> Arc<Secrets> {
        let mut secrets = self.secret_variables();
        let credentials = targets.iter().flat_map(Target::credentials);
        secrets.extend(credentials.filter_map(|(name, value)| secret::of_header(name, value)));
        secrets.extend(token.map(|token| ("otel-run-token".to_owned(), token.clone())));
        Arc::new(Secrets::new(secrets))
    }

    /// The names of the variables whose values are blanked.
    pub(super) fn blanked_variables(&self) -> Vec<String> {
        let mut names: Vec<String> = self.secret_variables().into_iter().map(|(name, _)| name).collect();
        names.sort();
        names.dedup();
        names
    }

    fn secret_variables(&self) -> Vec<Labelled> {
        let names = |said: &[Sourced<String>]| said.iter().map(|name| name.value.clone()).collect::<Vec<_>>();
        let variables = self.environment.iter().filter_map(|(name, value)| Some((name.to_str()?, value.to_str()?)));
        let variables: Vec<(&str, &str)> = variables.collect();
        secret::of_variables(&variables, &names(&self.settings.redact), &names(&self.settings.redact_except))
    }

    /// The headers with their values. Those that programs print are not among them.
    fn revealed(&self, headers: &Headers, errors: &mut Vec<String>) -> Vec<(String, Secret)> {
        let mut revealed = Vec::new();
        for (name, value) in headers {
            match value.value.reveal(&self.environment, &|path: &Path| std::fs::read_to_string(path)) {
                Ok(Some(secret)) => revealed.push((name.clone(), secret)),
                Ok(None) => {}
                Err(reason) => errors.push(format!("{}: the header {name} has no value: {reason}", value.origin)),
            }
        }
        revealed
    }
}

/// The path of a headers helper, which may begin with a folder that is known now: `${PROJECT_ROOT}` and `${WORKTREE}`, the
/// repository's root, which for the first is the current folder where there is no repository, and `${DIRECTORY}`, the
/// current folder. The error is a sentence.
fn placed(path: &Path) -> Result<PathBuf, String> {
    let here = || std::env::current_dir().map_err(|error| format!("the current folder is not known: {error}"));
    let root = |here: &Path| here.ancestors().find(|folder| folder.join(".git").exists()).map(Path::to_owned);
    let mut parts = path.components();
    let folder = match parts.next().and_then(|first| first.as_os_str().to_str()) {
        Some("${DIRECTORY}") => here()?,
        Some("${PROJECT_ROOT}") => here().map(|here| root(&here).unwrap_or(here))?,
        Some("${WORKTREE}") => root(&here()?).ok_or("${WORKTREE} is not known outside of a repository")?,
        _ if path.is_absolute() => return Ok(path.to_owned()),
        _ => {
            return Err(format!(
                "the headers helper {} has to be an absolute path, or begin with ${{PROJECT_ROOT}}, ${{WORKTREE}} or \
                 ${{DIRECTORY}}",
                path.display()
            ));
        }
    };
    Ok(folder.join(parts.as_path()))
}

fn of_the_project(complaint: &Complaint) -> bool {
    matches!(&complaint.origin, Origin::File { path, .. } if path.file_name().is_some_and(|name| name == PROJECT_FILE_NAME))
}

fn read(path: PathBuf, failed: &mut dyn FnMut(&Path, std::io::Error)) -> Option<FileText> {
    match std::fs::read_to_string(&path) {
        Ok(text) => Some(FileText { path, text }),
        Err(error) => {
            failed(&path, error);
            None
        }
    }
}

/// The project's settings file: in this folder, or in one above it up to the repository's root.
pub(super) fn project_file() -> Option<PathBuf> {
    let here = std::env::current_dir().ok()?;
    let mut found = None;
    for folder in here.ancestors() {
        let candidate = folder.join(PROJECT_FILE_NAME);
        if found.is_none() && candidate.is_file() {
            found = Some(candidate);
        }
        if folder.join(".git").exists() {
            return found;
        }
    }
    // Outside of a repository only this folder counts: what lies further up belongs to somebody else.
    found.filter(|path| path.parent() == Some(&here))
}
