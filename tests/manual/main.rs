//! The manual pages and the completions: made from what clap, the variables and the keys of settings files say, committed, and
//! tried with the programs that read them.
//!
//! `UPDATE_DOCS=1 cargo test --test manual` writes them again.
//!
//! The tests with shells and with the checkers of manual pages need them (Debian: bash-completion zsh fish elvish mandoc groff
//! man-db), so they are ignored until they are asked for: `cargo test --test manual -- --include-ignored`. Asked for and
//! not installed, they fail.

#![allow(unreachable_pub)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod checked;
mod completions;
mod pages;
mod shells;
#[path = "../support/mod.rs"]
mod support;
mod tree;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// A folder of the package.
fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// Held while committed files are written, and by who reads them meanwhile.
static WRITING: Mutex<()> = Mutex::new(());

/// Fails unless the folder holds these files and no others; or makes it so, touching only what is wrong.
#[track_caller]
fn committed(name: &str, files: &[(String, String)]) {
    let _writing = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = folder(name);
    let update = std::env::var_os("UPDATE_DOCS").is_some();
    if update {
        std::fs::create_dir_all(&folder).unwrap();
    }
    for (file, text) in files {
        let path = folder.join(file);
        let is_right = std::fs::read_to_string(&path).is_ok_and(|committed| committed == *text);
        if update && !is_right {
            std::fs::write(&path, text).unwrap();
        }
        assert!(update || is_right, "{name}/{file} is not what it has to be: run the test again with UPDATE_DOCS=1");
    }
    for other in std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
        let is_made = files.iter().any(|(file, _)| other.ends_with(file));
        if update && !is_made {
            std::fs::remove_file(&other).unwrap();
        }
        assert!(update || is_made, "{} is made by nothing: run the test again with UPDATE_DOCS=1", other.display());
    }
}

#[test]
fn completions_are_what_the_command_line_says() {
    committed("completions", &completions::files());
}

#[test]
fn manual_pages_are_what_the_tables_say() {
    committed("man", &pages::files());
}
