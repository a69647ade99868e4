//! Where the program of `tests/support/children` is.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::SystemTime;

/// The path of the built program.
///
/// `cargo test` builds it with everything else; `cargo test --test NAME` does not, then it is built here.
pub fn test_child() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(find_or_build).clone()
}

fn find_or_build() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().and_then(Path::parent).expect("tests run from target/PROFILE/deps");
    let program = profile.join("examples/test-child");
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let newest = std::fs::read_dir(package.join("tests/support/children"))
        .unwrap()
        .map(|entry| modified(&entry.unwrap().path()).unwrap())
        .max();
    if modified(&program) < newest {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut build = Command::new(cargo);
        build.current_dir(package).args(["build", "--quiet", "--locked", "--example", "test-child", "--target-dir"]);
        build.arg(profile.parent().unwrap());
        if profile.ends_with("release") {
            build.arg("--release");
        }
        assert!(build.status().unwrap().success(), "the program that the tests run could not be built");
    }
    program
}

fn modified(file: &Path) -> Option<SystemTime> {
    file.metadata().and_then(|facts| facts.modified()).ok()
}
