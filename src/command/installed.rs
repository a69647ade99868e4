//! The agent as it is installed: which file its command is, and which version.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::agent::{self, Detected, RecognisedFrom, package};

/// How far above its file an agent's `package.json` is looked for.
const ABOVE: usize = 6;

/// The steps of symbolic links from the file of `command` to where they end, as far as there are no more than the kernel
/// would follow. Somebody may have another name for an agent.
pub(super) fn links(command: &[OsString]) -> Vec<PathBuf> {
    const MOST: usize = 40;
    let mut file = agent::program(command).and_then(|program| file(program));
    let mut links = Vec::new();
    while let Some(here) = file.take().filter(|_| links.len() < MOST)
        && let Ok(target) = here.read_link()
    {
        let target = here.parent().map_or_else(|| target.clone(), |folder| folder.join(&target));
        links.push(target.clone());
        file = Some(target);
    }
    links
}

/// The version of the agent that `command` starts, by the package that its file is in, or by what a package runner is asked
/// for.
pub(super) fn version(command: &[OsString], detected: &Detected) -> Option<String> {
    let packages = detected.profile.recognised_by.packages;
    if packages.is_empty() {
        return None;
    }
    // In a shell, the agent's own words; what stands before them has been seen through.
    let (words, at) = detected.in_shell.as_deref().map_or((command, detected.program), |words| (words, 0));
    if detected.recognised_from == RecognisedFrom::Package {
        return package::asked_for(words.get(at)?.to_str()?).map(str::to_owned);
    }
    let program = words.get(at)?;
    let file = file(program)?.canonicalize().ok()?;
    file.ancestors().skip(1).take(ABOVE).find_map(|folder| {
        let text = std::fs::read_to_string(folder.join("package.json")).ok()?;
        package::version(&text, packages)
    })
}

/// The file of a program, or of a script that an interpreter gets.
fn file(program: &OsStr) -> Option<PathBuf> {
    which::which(program).ok().or_else(|| Some(Path::new(program).to_owned()).filter(|path| path.is_file()))
}
