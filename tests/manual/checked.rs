//! The pages as `man` and `mandoc` read them, and everything where it is installed.

use std::path::Path;

use crate::support::{Home, alone, run};
use crate::{folder, pages};

/// Every page, by its path.
fn committed_pages() -> Vec<String> {
    let pages = pages::files();
    assert!(pages.len() >= 9, "{}", pages.len());
    pages.into_iter().map(|(name, _)| folder("man").join(name).to_str().unwrap().to_owned()).collect()
}

#[test]
#[ignore = "needs man-db and groff"]
fn man_has_no_warnings() {
    for page in committed_pages() {
        let shown = alone("man").env("LC_ALL", "C.UTF-8").env("MANWIDTH", "80").env("MANROFFSEQ", "");
        let shown = shown.args(["--warnings", "-E", "UTF-8", "-l", "-Tutf8", &page]).any_stderr().expect_exit(0);
        assert_eq!(shown.stderr_text(), "", "{page}");
        assert!(shown.stdout_text().lines().count() > 20, "{page}");
    }
}

#[test]
#[ignore = "needs mandoc"]
fn mandoc_has_nothing_to_say() {
    for page in committed_pages() {
        let checked = alone("mandoc").args(["-T", "lint", &page]).any_stderr().expect_any_end();
        assert_eq!(checked.stdout_text() + &checked.stderr_text(), "");
    }
}

/// `make install` and `make uninstall`, below a folder of their own, with the binary of this test.
#[test]
fn everything_is_installed_and_removed() {
    let _written = crate::WRITING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let home = Home::new();
    let root = home.work().join("root");
    let make = |target: &str| {
        let words = [
            "-C".to_owned(),
            env!("CARGO_MANIFEST_DIR").to_owned(),
            target.to_owned(),
            format!("DESTDIR={}", root.display()),
            "PREFIX=/opt/otel run".to_owned(),
            format!("BINARY={}", env!("CARGO_BIN_EXE_otel-run")),
        ];
        alone("make").home(&home).args(words).any_stderr().expect_exit(0);
    };
    make("install");
    let prefix = root.join("opt/otel run");
    let version = alone(prefix.join("bin/otel-run")).arg("--version").expect_exit(0).stdout_text();
    assert_eq!(version, run().arg("--version").expect_exit(0).stdout_text());
    for (page, _) in pages::files() {
        let section = page.rsplit('.').next().unwrap();
        same(&prefix.join(format!("share/man/man{section}")).join(&page), &folder("man").join(&page));
    }
    for (file, place) in [
        ("otel-run.bash", "share/bash-completion/completions/otel-run"),
        ("_otel-run", "share/zsh/site-functions/_otel-run"),
        ("otel-run.fish", "share/fish/vendor_completions.d/otel-run.fish"),
        ("otel-run.elv", "share/elvish/lib/otel-run.elv"),
    ] {
        same(&prefix.join(place), &folder("completions").join(file));
    }
    make("uninstall");
    let left = alone("find").home(&home).arg(&root).args(["-type", "f"]).expect_exit(0).stdout_text();
    assert_eq!(left, "");
}

#[track_caller]
fn same(installed: &Path, committed: &Path) {
    let read = |file: &Path| std::fs::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    assert!(read(installed) == read(committed), "{}", installed.display());
}
