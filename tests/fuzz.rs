//! Replays what the fuzz targets have learned, without a fuzzer: every input of `fuzz/corpus` against its target.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

use std::collections::BTreeSet;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use self::targets::{Reading, TARGETS};

#[path = "../fuzz/src/lib.rs"]
#[allow(dead_code, unreachable_pub)]
mod targets;

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

fn names_in(folder: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned()).collect()
}

/// A file for libFuzzer, a folder of inputs and a binary of the package for each target, and none without one.
#[test]
fn every_target_is_one_everywhere() {
    let known: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(known.len(), TARGETS.len());
    assert_eq!(names_in(&fuzz().join("fuzz_targets")), known);
    assert_eq!(names_in(&fuzz().join("corpus")), known);
    let manifest: toml::Table = std::fs::read_to_string(fuzz().join("Cargo.toml")).unwrap().parse().unwrap();
    let binaries = manifest["bin"].as_array().unwrap().iter();
    assert_eq!(binaries.map(|binary| binary["name"].as_str().unwrap().to_owned()).collect::<BTreeSet<_>>(), known);
    for name in known {
        let text = std::fs::read_to_string(fuzz().join("fuzz_targets").join(format!("{name}.rs"))).unwrap();
        assert!(text.contains(&format!("otel_run_fuzz::{name}::check(")), "{name} checks something else");
    }
}

#[test]
fn the_corpus_holds() {
    let mut failed = Vec::new();
    for (name, check) in TARGETS {
        let folder = fuzz().join("corpus").join(name);
        let (mut accepted, mut refused) = (0, 0);
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let input = std::fs::read(&path).unwrap();
            match catch_unwind(|| check(&input)) {
                Ok(Reading::Accepted) => accepted += 1,
                Ok(Reading::Refused) => refused += 1,
                Err(_) => failed.push(path.strip_prefix(fuzz()).unwrap().display().to_string()),
            }
        }
        // A target that takes everything, or nothing, tries half of what it is for.
        if accepted == 0 || refused == 0 {
            failed.push(format!("corpus/{name}: {accepted} inputs are accepted and {refused} refused"));
        }
    }
    assert!(failed.is_empty(), "what has to hold does not for\n{}", failed.join("\n"));
}

#[test]
fn the_corpus_is_small() {
    let folders = TARGETS.iter().map(|(name, _)| fuzz().join("corpus").join(name));
    let files = folders.flat_map(|folder| std::fs::read_dir(folder).unwrap());
    let bytes: u64 = files.map(|file| file.unwrap().metadata().unwrap().len()).sum();
    assert!(bytes < 1 << 20, "{bytes} bytes are committed for every clone to carry");
}
