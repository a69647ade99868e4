//! The agents that `.ci/agents` installs.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The folder that `.ci/agents` fills.
pub fn folder() -> PathBuf {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/target/agents");
    std::env::var_os("OTEL_RUN_TEST_AGENTS").map_or_else(|| PathBuf::from(default), PathBuf::from)
}

/// The path of an agent's program.
#[track_caller]
pub fn program(name: &str) -> PathBuf {
    let program = folder().join("node_modules/.bin").join(name);
    assert!(program.exists(), "{} is missing; run .ci/agents", program.display());
    program
}

/// `PATH` with the agents before everything else.
pub fn path() -> OsString {
    let path = std::env::var_os("PATH").expect("tests need PATH");
    let programs = folder().join("node_modules/.bin");
    std::env::join_paths(std::iter::once(programs).chain(std::env::split_paths(&path))).unwrap()
}

/// The version of an installed package.
#[track_caller]
pub fn version(package: &str) -> String {
    let file = folder().join("node_modules").join(Path::new(package)).join("package.json");
    let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let facts: serde_json::Value = serde_json::from_str(&text).unwrap();
    facts["version"].as_str().unwrap().to_owned()
}
