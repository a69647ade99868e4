//! `config`: what is set, what is wrong with it, and where it stands.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::said::{self, Said};
use crate::agent::Agents;
use crate::cli::{ConfigAction, Options};
use crate::environment::Environment;
use crate::error::Error;
use crate::message;
use crate::reference::{self, Here};
use crate::settings::file::FileKind;
use crate::settings::{Complaint, FileText, Layer, Origin, PROJECT_FILE_NAME, Sourced, resolve, user_file, variables};

/// Does what `config` and its own verbs are for.
pub(super) fn config(options: &Options, action: &ConfigAction) -> Result<(), Error> {
    match action {
        ConfigAction::Show => show(options),
        ConfigAction::Check { file, project } => check(options, file.as_deref(), *project),
        ConfigAction::Init { project, force, print } => init(options, kind(*project), *force, *print),
        ConfigAction::Path { json } => path(options, *json),
        ConfigAction::Schema { project } => Ok(message::print(&reference::schema(kind(*project)))?),
    }
}

fn kind(project: bool) -> FileKind {
    if project { FileKind::Project } else { FileKind::User }
}

/// The settings that hold. What is wrong with what was said is told behind them: the rest holds all the same.
fn show(options: &Options) -> Result<(), Error> {
    let said = Said::gather(options);
    let folder = std::env::current_dir().unwrap_or_default();
    let secrets = said.secrets(&[], None);
    let here =
        Here { folder: &folder, state_dir: said.state_dir(), drain_deadline: said.drain_deadline(), secrets: &secrets };
    message::print(&reference::effective(&said.settings, &here))?;
    said.strictly().map(drop)
}

/// Where a file that can be named is, or the user's.
fn user(options: &Options) -> Option<Sourced<PathBuf>> {
    user_file(options.general.config.as_deref(), &Environment::of_this_process())
}

/// Says of one file, or of those that a run would read here, what is wrong with it.
fn check(options: &Options, named: Option<&Path>, project: bool) -> Result<(), Error> {
    let files: Vec<(FileKind, PathBuf)> = match named {
        Some(path) => {
            let project = project || path.file_name().is_some_and(|name| name == PROJECT_FILE_NAME);
            vec![(kind(project), path.to_owned())]
        }
        None => {
            let theirs = said::project_file().map(|path| (FileKind::Project, path));
            let own = user(options).filter(|file| !project && (file.origin != Origin::Default || file.value.exists()));
            theirs.into_iter().chain(own.map(|file| (FileKind::User, file.value))).collect()
        }
    };
    if files.is_empty() {
        return Ok(message::print("there is no settings file; `otel-run config init` makes one\n")?);
    }
    let mut mistakes = Vec::new();
    for (kind, path) in files {
        let found = match std::fs::read_to_string(&path) {
            Ok(text) => mistakes_in(kind, FileText { path: path.clone(), text }),
            Err(error) => vec![format!("{} cannot be read: {error}", path.display())],
        };
        if found.is_empty() {
            message::print(&format!("{}: no mistakes\n", path.display()))?;
        }
        mistakes.extend(found);
    }
    if mistakes.is_empty() { Ok(()) } else { Err(Error::Settings(mistakes)) }
}

/// What is wrong with a file, whatever flags and variables say: all of it, by line.
fn mistakes_in(kind: FileKind, file: FileText) -> Vec<String> {
    let home = Environment::of_this_process().raw(variables::HOME).map(|home| (variables::HOME, home.to_owned()));
    let environment: Environment = home.into_iter().collect();
    let (project, user) = match kind {
        FileKind::Project => (Some(file), None),
        FileKind::User => (None, Some(file)),
    };
    let (settings, mut complaints) = resolve(Layer::default(), &environment, project, user);
    complaints.extend(Agents::with(&settings.agents).1);
    complaints.sort_by_key(|complaint| match complaint.origin {
        Origin::File { line, .. } => line,
        _ => 0,
    });
    complaints.iter().map(Complaint::to_string).collect()
}

/// Writes a file in which every key is explained and nothing is set.
fn init(options: &Options, kind: FileKind, force: bool, print: bool) -> Result<(), Error> {
    let text = reference::init(kind);
    if print {
        return Ok(message::print(&text)?);
    }
    let path = match kind {
        FileKind::Project => std::env::current_dir()
            .map(|folder| folder.join(PROJECT_FILE_NAME))
            .map_err(|error| Error::SettingsFile(format!("the current folder is not known: {error}")))?,
        FileKind::User => user(options).map(|file| file.value).ok_or(Error::NoSettingsFolder)?,
    };
    let cannot = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => Error::SettingsThere(path.clone()),
        _ => Error::SettingsFile(format!("cannot write {}: {error}", path.display())),
    };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(cannot)?;
    }
    opened(&path, kind, force).and_then(|mut file| file.write_all(text.as_bytes())).map_err(cannot)?;
    Ok(message::print(&format!("{} is written\n", path.display()))?)
}

/// The user's file may come to hold a credential, and is the user's alone.
fn opened(path: &Path, kind: FileKind, force: bool) -> std::io::Result<File> {
    let mut open = OpenOptions::new();
    open.write(true).mode(if kind == FileKind::User { 0o600 } else { 0o666 });
    if force {
        open.create(true).truncate(true)
    } else {
        open.create_new(true)
    };
    open.open(path)
}

/// Which files are read, the one that counts first in front.
fn path(options: &Options, json: bool) -> Result<(), Error> {
    let theirs = said::project_file();
    let own = user(options);
    let exists = |path: &Option<PathBuf>| path.as_ref().is_some_and(|path| path.exists());
    let files = [
        ("project", theirs, Origin::Default),
        ("user", own.as_ref().map(|file| file.value.clone()), own.map_or(Origin::Default, |file| file.origin)),
    ];
    if json {
        let row = |(kind, path, origin): &(&str, Option<PathBuf>, Origin)| {
            serde_json::json!({
                "kind": kind,
                "path": path.as_ref().map(|path| path.to_string_lossy()),
                "named_by": origin.to_string(),
                "exists": exists(path),
            })
        };
        return Ok(message::print(&format!("{:#}\n", serde_json::Value::from_iter(files.iter().map(row))))?);
    }
    let mut text = String::new();
    for (kind, path, origin) in &files {
        let there = if exists(path) { "is read" } else { "is not there" };
        text.push_str(&match (path, *kind) {
            (Some(path), kind) => format!("{kind:<7}  {}  ({origin}; {there})\n", path.display()),
            (None, "project") => {
                format!("project  {PROJECT_FILE_NAME}  (neither here nor above, up to the repository's root)\n")
            }
            (None, _) => "user     none  (neither XDG_CONFIG_HOME nor HOME is set)\n".to_owned(),
        });
    }
    Ok(message::print(&text)?)
}
