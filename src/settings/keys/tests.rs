#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::PathBuf;

use super::*;
use crate::environment::Environment;
use crate::settings::file::{FileKind, FileText, layer};
use crate::settings::variables::{self, Family};
use crate::settings::{Layer, Settings, Transport, resolve};

fn file(text: &str) -> FileText {
    FileText { path: PathBuf::from("/u/c"), text: text.to_owned() }
}

/// What a user's file says, which must have no mistakes.
#[track_caller]
fn said(text: &str) -> Layer {
    let (layer, complaints) = layer(FileKind::User, &file(text), &Environment::default());
    assert_eq!(complaints, [], "{text}");
    layer
}

#[test]
fn names_are_unique_and_meanings_are_one_line() {
    for keys in SUBJECTS.iter().map(|(_, keys)| *keys).chain([UPSTREAM]) {
        for key in keys {
            assert!(
                !key.meaning.is_empty() && !key.meaning.ends_with('.') && !key.meaning.contains('\n'),
                "{}",
                key.name
            );
        }
    }
    let mut names: Vec<&str> = all().map(|key| key.name).collect();
    names.sort_unstable();
    let before = names.len();
    names.dedup();
    assert_eq!(names.len(), before);
    assert_eq!(UPSTREAM[0].name, "name");
}

#[test]
fn every_example_is_read_and_says_something() {
    for Key { name, example, .. } in all() {
        assert_ne!(said(&format!("{name} = {example}")), Layer::default(), "{name}");
    }
    let without = said("upstream = [{ endpoint = \"http://e\" }]");
    for Key { name, example, .. } in UPSTREAM {
        let endpoint = if *name == "endpoint" { "" } else { "endpoint = \"http://e\", " };
        let with = said(&format!("upstream = [{{ {endpoint}{name} = {example} }}]"));
        assert_ne!(with.upstreams, without.upstreams, "{name}");
    }
}

/// Without its words for places.
fn told(settings: &Settings) -> String {
    format!("{settings:?}").replace("File { path: \"/u/c\", line: 1 }", "Default")
}

#[test]
fn a_value_that_holds_without_a_key_is_the_default() {
    for key in all().filter(|key| named(DESTINATION, key.name).is_none()) {
        let Unset::Value(value) = key.unset else { continue };
        let file = file(&format!("{} = {value}", key.name));
        let (settings, complaints) = resolve(Layer::default(), &Environment::default(), None, Some(file));
        assert_eq!(complaints, [], "{}", key.name);
        assert_eq!(told(&settings), told(&Settings::default()), "{}", key.name);
    }
    let facts =
        |transport: &Transport| (transport.protocol(), transport.gzip(), transport.timeout(), transport.insecure());
    for key in DESTINATION {
        let Unset::Value(value) = key.unset else { continue };
        let layer = said(&format!("{} = {value}", key.name));
        assert_ne!(layer, Layer::default(), "{}", key.name);
        assert_eq!(facts(&layer.transport.traces), facts(&Transport::default()), "{}", key.name);
    }
}

#[test]
fn every_variable_of_ours_belongs_to_one_key() {
    let known = |name: &str| variables::ALL.iter().any(|variable| variable.name == name);
    for key in all() {
        let ours = key.variables.iter().filter(|name| name.starts_with("OTEL_RUN_")).count();
        assert_eq!(ours, usize::from(key.flag.is_some()), "what a flag says a variable of ours says too: {}", key.name);
        assert!(key.variables.iter().all(|name| known(name)), "{}", key.name);
    }
    for variable in variables::ALL.iter().filter(|variable| variable.family == Family::OtelRun) {
        let keys: Vec<_> = all().filter(|key| key.variables.contains(&variable.name)).map(|key| key.name).collect();
        // A file cannot say which file is read.
        let expected = usize::from(variable.name != variables::RUN_CONFIG);
        assert_eq!(keys.len(), expected, "{}: {keys:?}", variable.name);
        let stem = variable.name.trim_start_matches("OTEL_RUN_").to_ascii_lowercase();
        assert!(keys.iter().all(|key| **key == stem), "{} is for {keys:?}", variable.name);
    }
}
