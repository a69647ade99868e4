//! The sources keep the architecture: who may use whom, where nothing but values goes in and out, where `unsafe` and
//! printing are, how long a file may be. Tests inside the sources are not looked at.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// What a room may do beside computing.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Sockets, processes, files, clocks.
    Effects,
    /// Everything comes in as arguments.
    Pure,
}

use Kind::{Effects, Pure};

/// Every top-level module and the others that it may use. Arrows point downwards: each may use only what stands
/// further down in this table, so there is no circle.
const ROOMS: &[(&str, Kind, &[&str])] = &[
    ("main", Effects, &["command"]),
    (
        "command",
        Effects,
        &[
            "cli",
            "error",
            "view",
            "diagnosis",
            "collector",
            "delivery",
            "store",
            "process",
            "machine",
            "plan",
            "record",
            "reference",
            "agent",
            "transform",
            "context",
            "settings",
            "signals",
            "otlp",
            "environment",
            "secret",
            "message",
        ],
    ),
    ("cli", Pure, &["settings", "secret"]),
    ("error", Pure, &["store", "settings"]),
    ("view", Effects, &["diagnosis", "store", "settings", "signals", "otlp", "message"]),
    (
        "diagnosis",
        Pure,
        &["delivery", "store", "plan", "agent", "context", "settings", "otlp", "environment", "secret"],
    ),
    ("collector", Effects, &["delivery", "store", "agent", "transform", "settings", "signals", "otlp", "secret"]),
    ("delivery", Effects, &["store", "settings", "otlp", "secret"]),
    ("store", Effects, &["signals", "otlp"]),
    ("process", Effects, &[]),
    ("machine", Effects, &["context", "environment"]),
    ("plan", Pure, &["agent", "context", "settings", "otlp", "environment", "secret"]),
    ("record", Pure, &["agent", "context", "settings", "otlp"]),
    ("reference", Pure, &["agent", "settings", "otlp", "secret"]),
    ("agent", Pure, &["settings", "otlp", "environment", "secret"]),
    ("transform", Pure, &["settings", "signals", "otlp", "secret"]),
    ("context", Pure, &["settings", "environment"]),
    ("settings", Pure, &["otlp", "environment", "secret"]),
    ("signals", Pure, &["otlp"]),
    ("otlp", Pure, &[]),
    ("environment", Effects, &[]),
    ("secret", Pure, &[]),
    ("message", Effects, &[]),
];

/// What a pure room does not touch.
const EFFECTS: &[&str] = &[
    "std::env::var",
    "std::env::current_dir",
    "std::env::args",
    "std::fs",
    "std::net",
    "std::os::unix::net",
    "std::process",
    "std::thread",
    "std::io::std",
    "SystemTime::now",
    "Instant::now",
    "Timestamp::now",
    "Zoned::now",
    "tokio::",
    "hyper::",
    "nix::",
    "libc::",
];

/// Lines of code in a file, without blank lines, comments and tests.
const LONGEST: usize = 450;

/// Files that are one table, a row a line: cutting them up would only hide rows.
const TABLES: &[&str] = &["src/transform/content/table.rs"];

#[test]
fn arrows_point_downwards_only() {
    let mut mistakes = Vec::new();
    for (place, (room, _, uses)) in ROOMS.iter().enumerate() {
        for used in *uses {
            if !ROOMS[place + 1..].iter().any(|(below, ..)| below == used) {
                mistakes.push(format!("the table lets {room} use {used}, which is not below it"));
            }
        }
    }
    for file in sources() {
        let (_, _, allowed) = file.facts();
        for (number, line) in file.code() {
            for used in file.rooms_used_in(line) {
                if used != file.room && !allowed.contains(&used) {
                    mistakes.push(format!("{}:{number}: {} may not use {used}", file.name, file.room));
                }
            }
        }
    }
    none(&mistakes);
}

#[test]
fn pure_rooms_touch_nothing() {
    let mut mistakes = Vec::new();
    for file in sources().iter().filter(|file| file.facts().1 == Pure) {
        for (number, line) in file.code() {
            for effect in EFFECTS.iter().filter(|effect| line.contains(**effect)) {
                mistakes.push(format!("{}:{number}: {effect} in a room that gets everything as arguments", file.name));
            }
        }
    }
    none(&mistakes);
}

#[test]
fn unsafe_code_is_in_the_process_room_only() {
    let found = lines_with(&["unsafe"]);
    assert!(found.iter().any(|(room, _)| room == "process"), "the search finds what is there");
    none(&found.into_iter().filter(|(room, _)| room != "process").map(|(_, place)| place).collect::<Vec<_>>());
}

#[test]
fn one_module_prints() {
    let macros = lines_with(&["print!", "println!", "eprint!", "eprintln!", "dbg!"]);
    // The process room looks at the streams as a terminal, and talks to its own second process through them.
    let streams = lines_with(&["stdout", "stderr"])
        .into_iter()
        .filter(|(room, place)| place.contains("io::std") && room != "process");
    let speaking = |(room, place): (String, String)| (room != "message" && room != "main").then_some(place);
    none(&macros.into_iter().chain(streams).filter_map(speaking).collect::<Vec<_>>());
}

#[test]
fn files_are_short() {
    let mut mistakes = Vec::new();
    for file in sources() {
        let lines = file.code().filter(|(_, line)| !line.is_empty()).count();
        if lines > LONGEST && !TABLES.contains(&file.name.as_str()) {
            mistakes.push(format!("{} has {lines} lines of code; {LONGEST} are the most", file.name));
        }
    }
    none(&mistakes);
}

#[track_caller]
fn none(mistakes: &[String]) {
    assert!(mistakes.is_empty(), "\n{}\n", mistakes.join("\n"));
}

/// A source file without its tests.
struct Source {
    /// As seen from the package, `src/otlp/json/decode.rs`.
    name: String,
    /// The top-level module that it belongs to.
    room: String,
    /// How many modules deep it is: 1 for a room's own file.
    depth: usize,
    /// Its lines without comments, up to the tests at its end.
    lines: Vec<String>,
}

impl Source {
    fn facts(&self) -> &'static (&'static str, Kind, &'static [&'static str]) {
        let found = ROOMS.iter().find(|(room, ..)| *room == self.room);
        found.unwrap_or_else(|| panic!("{} is in no room of the table", self.name))
    }

    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.lines.iter().enumerate().map(|(index, line)| (index + 1, line.as_str()))
    }

    /// The rooms that a line names, by `crate::`, by `otel_run::` in the binary, or by enough `super::`.
    fn rooms_used_in<'a>(&self, line: &'a str) -> Vec<&'a str> {
        let to_root = "super::".repeat(self.depth);
        let mut used = Vec::new();
        for root in ["crate::", "otel_run::", &to_root] {
            for (at, _) in line.match_indices(root) {
                let before = line[..at].chars().next_back();
                if before.is_some_and(|letter| letter.is_alphanumeric() || letter == '_' || letter == ':') {
                    continue;
                }
                let rest = &line[at + root.len()..];
                let names = rest.strip_prefix('{').and_then(|rest| rest.split('}').next());
                match names {
                    Some(names) => used.extend(names.split(',').map(|name| first_word(name.trim()))),
                    None => used.push(first_word(rest)),
                }
            }
        }
        used.retain(|name| !name.is_empty() && *name != "super");
        used
    }
}

fn first_word(text: &str) -> &str {
    text.split(|letter: char| !letter.is_alphanumeric() && letter != '_').next().unwrap_or("")
}

/// The room and the place of every line that has one of these words in it; a macro's `!` is part of its word.
fn lines_with(words: &[&str]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for file in sources() {
        for (number, line) in file.code() {
            let mut all = line.split(|letter: char| !letter.is_alphanumeric() && letter != '_' && letter != '!');
            if all.any(|word| words.contains(&word)) {
                found.push((file.room.clone(), format!("{}:{number}: {}", file.name, line.trim())));
            }
        }
    }
    found
}

/// All files below `src` but the crate's root and those that are tests.
fn sources() -> Vec<Source> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    collect(&package.join("src"), &mut files);
    let mut tests = HashSet::new();
    let read: Vec<_> = files
        .into_iter()
        .map(|file| {
            let text = std::fs::read_to_string(&file).unwrap();
            let (lines, modules) = without_tests(&text);
            tests.extend(modules.iter().map(|module| module_path(&file, module)));
            (file, lines)
        })
        .collect();
    let mut sources = Vec::new();
    for (file, lines) in read {
        let within = file.strip_prefix(package).unwrap();
        let module = file.with_extension("");
        if module.ancestors().any(|above| tests.contains(above)) || within == Path::new("src/lib.rs") {
            continue;
        }
        let stem = within.with_extension("");
        let path: Vec<_> =
            stem.iter().skip(1).map(|part| part.to_str().unwrap()).filter(|part| *part != "mod").collect();
        let (room, depth) = (path[0].to_owned(), path.len());
        sources.push(Source { name: within.to_str().unwrap().to_owned(), room, depth, lines });
    }
    assert!(sources.len() > 20, "the sources are found");
    sources
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// The lines of a file, trimmed and without comments, empty where they are under `#[cfg(test)]`; and what its
/// test-only modules are called, or the files that `#[path]` names for them.
fn without_tests(text: &str) -> (Vec<String>, Vec<String>) {
    let (mut kept, mut modules) = (Vec::new(), Vec::new());
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line.trim() != "#[cfg(test)]" {
            kept.push(without_comment(line).to_owned());
            continue;
        }
        kept.push(String::new());
        let indent = &line[..line.len() - line.trim_start().len()];
        let mut path = None;
        // The attributes, then the item: one line that ends with `;` or `}`, or all up to the brace below its start.
        let mut within = false;
        for line in lines.by_ref() {
            kept.push(String::new());
            let item = line.trim();
            if let Some(named) = item.strip_prefix("#[path = \"").and_then(|rest| rest.strip_suffix("\"]")) {
                path = Some(named.to_owned());
            } else if within {
                if line.strip_prefix(indent) == Some("}") {
                    break;
                }
            } else if let Some(declaration) = item.strip_suffix(';') {
                if let Some((_, name)) = declaration.split_once("mod ") {
                    modules.push(path.unwrap_or_else(|| name.to_owned()));
                }
                break;
            } else if item.ends_with('}') {
                break;
            } else {
                within = !item.starts_with("#[");
            }
        }
    }
    (kept, modules)
}

/// Where the module that `file` declares is, without `.rs`.
fn module_path(file: &Path, module: &str) -> PathBuf {
    let owns_folder = file.file_stem().is_some_and(|stem| stem == "mod" || stem == "lib" || stem == "main");
    let folder = file.parent().unwrap();
    match module.strip_suffix(".rs") {
        Some(named) => folder.join(named),
        None if owns_folder => folder.join(module),
        None => file.with_extension("").join(module),
    }
}

fn without_comment(line: &str) -> &str {
    let line = line.trim();
    if line.starts_with("//") { "" } else { line.split(" // ").next().unwrap_or(line) }
}
