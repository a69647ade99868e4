//! Help: what fits a screen, what is a manual, and what a slip of the fingers is answered with.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::ffi::OsString;

use clap::Command;
use otel_run::cli;
use support::{Home, alone, run};

/// The words of every verb, those below others included.
fn verbs() -> Vec<Vec<String>> {
    fn below(command: &Command, path: &[String], all: &mut Vec<Vec<String>>) {
        for verb in command.get_subcommands().filter(|verb| verb.get_name() != "help") {
            let path: Vec<String> = path.iter().cloned().chain([verb.get_name().to_owned()]).collect();
            all.push(path.clone());
            below(verb, &path, all);
        }
    }
    let mut all = Vec::new();
    below(&cli::command(), &[], &mut all);
    assert!(all.len() >= 7, "{all:?}");
    all
}

/// What is printed, in a window of 80 columns.
fn printed(words: &[&str]) -> String {
    run().env("COLUMNS", "80").args(words).expect_exit(0).stdout_text()
}

fn widest(text: &str) -> usize {
    text.lines().map(|line| line.chars().count()).max().unwrap()
}

#[test]
fn short_help_fits_a_screen() {
    let program = printed(&["-h"]);
    assert!(program.lines().count() <= 24 && widest(&program) <= 80, "{program}");
    for verb in verbs() {
        let words: Vec<&str> = verb.iter().map(String::as_str).chain(["-h"]).collect();
        let text = printed(&words);
        assert!(text.lines().count() <= 40 && widest(&text) <= 80, "{text}");
        assert!(text.contains(&format!("Usage: otel-run {}", verb.join(" "))), "{text}");
    }
}

#[test]
fn long_help_is_a_manual() {
    let program = printed(&["--help"]);
    for part in [
        "\nVerbs:\n",
        "\nDestination:\n",
        "\nIdentity:\n",
        "\nAgent:\n",
        "\nRun:\n",
        "otel-run -- opencode run",
        "otel-run --content local -- claude",
        "In a CI job",
        "As the entry point of a container",
    ] {
        assert!(program.contains(part), "{part:?} is not in {program}");
    }
    for verb in verbs() {
        let words: Vec<&str> = verb.iter().map(String::as_str).chain(["--help"]).collect();
        let text = printed(&words);
        let (_, examples) = text.split_once("\nExamples:\n").unwrap_or_else(|| panic!("no examples: {text}"));
        assert!(examples.contains(&format!("otel-run {}", verb.join(" "))), "{examples}");
        // What is to be copied must not be wrapped.
        let wide = run().env("COLUMNS", "200").args(words).expect_exit(0).stdout_text();
        assert!(wide.ends_with(examples), "a line below \"Examples:\" has more than 80 columns: {wide}");
    }
}

/// What stands behind `Examples:` in the help of the program and of every verb, as commands that a shell would be given.
fn examples() -> Vec<String> {
    let mut commands = Vec::new();
    for verb in verbs().into_iter().chain([Vec::new()]) {
        let words: Vec<&str> = verb.iter().map(String::as_str).chain(["--help"]).collect();
        // In a wide window, where nothing is wrapped.
        let text = run().env("COLUMNS", "200").args(words).expect_exit(0).stdout_text();
        let (_, examples) = text.split_once("\nExamples:\n").unwrap();
        let examples = examples.replace("\\\n", " ");
        let lines = examples.lines().map(str::trim_start).map(|line| line.strip_prefix("exec ").unwrap_or(line));
        commands.extend(lines.filter(|line| line.starts_with("otel-run ")).map(str::to_owned));
    }
    assert!(commands.len() > 15, "{commands:?}");
    commands
}

#[test]
fn every_example_is_understood() {
    for example in examples() {
        // The shell takes off the quotes, and what leads the output elsewhere: the words go out beside it.
        let script = format!(
            "exec 3>&1; mkdir -p ~/.config/otel-run; otel-run() {{ printf '%s\\n' otel-run \"$@\" >&3; }}; jq() {{ :; }}\n{example}\nwait"
        );
        let told = alone("bash").args(["-c", &script]).any_stderr();
        let words: Vec<OsString> = told.expect_any_end().stdout_text().lines().map(OsString::from).collect();
        assert_eq!(words.first(), Some(&"otel-run".into()), "{example}");
        if let Err(error) = cli::parse(words) {
            panic!("{example}: {error}");
        }
    }
}

#[test]
fn a_slip_is_answered_with_what_was_meant() {
    for (words, code, told) in [
        (&["shwo"][..], 127, "cannot run shwo: No such file or directory (os error 2); did you mean the verb show?"),
        (&["rnus", "--json"], 127, "did you mean the verb runs?"),
        (&["-q", "agnets"], 127, "did you mean the verb agents?"),
        (&["help", "shwo"], 125, "there is no verb \"shwo\"; did you mean show?"),
        (&["--endpont", "x", "true"], 125, "there is no option --endpont; did you mean --endpoint?"),
        (&["runs", "--jsn"], 125, "a similar argument exists: '--json'"),
        (&["--nest", "adpot", "true"], 125, "a similar value exists: 'adopt'"),
        (&["show", "--endpoint", "x"], 125, "--endpoint is for a run: otel-run --endpoint ... -- COMMAND"),
        (&["--listen", "127.0.0.1:0", "true"], 125, "--listen is an option of the verb serve"),
        (&["agents", "opncode"], 1, "did you mean opencode?"),
        (&["--agent", "opncode", "true"], 0, "did you mean opencode?"),
        (&["--agent", "nnoe", "true"], 0, "did you mean none?"),
    ] {
        run().args(words).stderr_has(told).expect_exit(code);
    }
    run().env("OTEL_RUN_ENDPONT", "x").args(["runs"]).stderr_has("did you mean OTEL_RUN_ENDPOINT?").expect_exit(1);
    let home = Home::new();
    home.write_config("otel-run/config.toml", "endpont = 'x'\n");
    run().home(&home).args(["runs"]).stderr_has("did you mean endpoint?").expect_exit(1);
}

/// A program of that name is run, and one that is there and does not run is no slip.
#[test]
fn a_program_with_a_name_like_a_verb_is_a_program() {
    let home = Home::new();
    let folder = home.work().join("bin");
    std::fs::create_dir(&folder).unwrap();
    let program = folder.join("shwo");
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    let write = |text: &str| {
        std::fs::write(&program, text).unwrap();
        std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    };
    write("#!/bin/sh\necho here\n");
    assert_eq!(run().home(&home).env("PATH", &path).args(["shwo"]).expect_exit(0).stdout_text(), "here\n");
    write("#!/no/such/shell\n");
    let failed = run().home(&home).env("PATH", &path).args(["shwo"]).any_stderr().expect_exit(127);
    assert!(
        failed.stderr_text().contains("cannot run shwo") && !failed.stderr_text().contains("did you mean"),
        "{}",
        failed.stderr_text()
    );
}

#[test]
fn every_error_says_what_to_do() {
    let home = Home::new();
    // There is something to deliver.
    run().home(&home).flag("--endpoint", "http://127.0.0.1:1").child(["true"]).any_stderr().expect_exit(0);
    for (words, code, told) in [
        (&["show", "nope"][..], 1, "`otel-run runs` lists them"),
        (&["--state-dir", "/dev/null", "show"], 1, "name another one with --state-dir"),
        (&["flush", "--endpoint", "http://127.0.0.1:1"], 1, "run `otel-run flush` again when the backend takes it"),
        (&["agents", "goose"], 1, "described in the settings file, below [agents.NAME]"),
        (&["--require-telemetry", "--collector", "off", "true"], 125, "`otel-run show` has what came"),
        (&["serve", "--listen", "0.0.0.0:0"], 1, "say --allow-remote and a token of your own"),
        (&["--export-timeout", "soon", "true"], 125, "write it like 5s"),
    ] {
        run().home(&home).args(words).stderr_has(told).expect_exit(code);
    }
    run().env("OTEL_RUN_NEST", "adpot").args(["runs"]).stderr_has("otel-run-config(5) explain every").expect_exit(1);
    let full = alone("sh").home(&home).args(["-c", "exec \"$0\" runs > /dev/full", env!("CARGO_BIN_EXE_otel-run")]);
    full.stderr_has("see where stdout leads").expect_exit(1);
}
