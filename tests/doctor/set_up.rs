//! A set-up, what doctor says of it, and a run in it.

use std::ffi::{OsStr, OsString};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::schema;
use super::support::{Home, Ran, Run, run, test_child};

/// Something that must never be told. Set-ups that have credentials have this in them.
pub const CANARY: &str = "hunter2-canary";

/// The exit status of the command that is run.
const ENDS: i32 = 7;

/// A set-up. `PATH` is a folder of its own, so that nothing is found there but what is put there.
pub struct SetUp {
    home: Home,
    env: Vec<(OsString, OsString)>,
    options: Vec<OsString>,
    about: Vec<OsString>,
    command: Vec<OsString>,
    ends: i32,
}

/// One without anything in it: doctor is asked about nothing, and a command is run that exits with 7.
pub fn set_up() -> SetUp {
    let home = Home::new();
    std::fs::create_dir_all(home.path().join("bin")).unwrap();
    let command = [test_child().into(), "exit".into(), ENDS.to_string().into()];
    SetUp { home, env: Vec::new(), options: Vec::new(), about: Vec::new(), command: command.into(), ends: ENDS }
}

impl SetUp {
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// The path of something in the home.
    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Sets a variable.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.env.push((name.into(), value.as_ref().to_owned()));
        self
    }

    /// Gives options of a run.
    pub fn options(mut self, words: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.options.extend(words.into_iter().map(|word| word.as_ref().to_owned()));
        self
    }

    /// Sends the run into a file, so that there is a destination and nothing to dial.
    pub fn into_a_file(self) -> Self {
        let endpoint = format!("file:{}", self.path("out/").display());
        self.options(["--endpoint", &endpoint])
    }

    /// Asks about this agent, and runs its command.
    pub fn agent(mut self, name: &str) -> Self {
        self.about = vec![name.into()];
        self.command = vec![name.into()];
        self
    }

    /// Asks about this command, and runs it.
    pub fn command(mut self, words: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.command = words.into_iter().map(|word| word.as_ref().to_owned()).collect();
        self.about = std::iter::once("--".into()).chain(self.command.iter().cloned()).collect();
        self
    }

    /// The command ends otherwise than with 7.
    pub fn ends(mut self, code: i32) -> Self {
        self.ends = code;
        self
    }

    /// Writes a file of the home.
    pub fn file(self, name: &str, text: &str) -> Self {
        self.file_with_mode(name, text, 0o600)
    }

    /// The same, readable or executable for more than its owner.
    pub fn file_with_mode(self, name: &str, text: &str, mode: u32) -> Self {
        let file = self.path(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, text).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        self
    }

    /// Installs an agent as npm does: a package with a version, and a link to its program, which exits with 7.
    pub fn installed(self, name: &str, package: &str, version: &str) -> Self {
        let folder = format!("lib/node_modules/{package}");
        let program = format!("{folder}/cli");
        let link = self.path("bin").join(name);
        std::os::unix::fs::symlink(self.path(&program), link).unwrap();
        self.file(&format!("{folder}/package.json"), &format!(r#"{{"name": "{package}", "version": "{version}"}}"#))
            .file_with_mode(&program, "#!/bin/sh\nexit 7\n", 0o755)
    }

    /// Runs it once, so that there is a run to look back at.
    pub fn after_a_run(self) -> Self {
        drop(self.run());
        self
    }

    /// otel-run in this set-up.
    pub fn otel_run(&self) -> Run {
        let run = run().home(&self.home).env("PATH", self.path("bin")).any_stderr();
        self.env.iter().fold(run, |run, (name, value)| run.env(name, value)).args(&self.options)
    }

    /// What doctor says with these options of its own.
    pub fn doctor(&self, options: &[&str]) -> Ran {
        self.otel_run().arg("doctor").args(options).args(&self.about).expect_any_end()
    }

    /// Runs the command, whose exit status must be its own.
    #[track_caller]
    pub fn run(&self) -> Ran {
        self.otel_run().child(&self.command).expect_exit(self.ends)
    }

    /// What doctor says under these headings, and how it sums up, with everything masked that differs from machine to machine.
    /// Its exit status must be this one; its JSON must keep to the schema, come to the same, and tell no secret; the
    /// command must run all the same.
    #[track_caller]
    pub fn says(&self, code: i32, headings: &[&str]) -> String {
        let told = self.doctor(&[]);
        assert_eq!(told.status.code(), Some(code), "{}{}", told.stdout_text(), told.stderr_text());
        assert_eq!(told.stderr_text(), "");
        let json = self.doctor(&["--strict", "--json"]);
        let read: Value = serde_json::from_slice(&json.stdout).unwrap();
        schema::assert_keeps(&read);
        let grades: Vec<&str> =
            read["findings"].as_array().unwrap().iter().map(|one| one["grade"].as_str().unwrap()).collect();
        let strict = match () {
            () if grades.contains(&"loss") => 2,
            () if grades.contains(&"warning") => 1,
            () => 0,
        };
        assert_eq!((json.status.code(), &read["exit_code"]), (Some(strict), &strict.into()), "{read:#}");
        assert_eq!(code, if strict == 1 { 0 } else { strict }, "{read:#}");
        for text in [told.stdout_text(), json.stdout_text()] {
            assert!(!text.contains(CANARY), "{text}");
        }
        self.run();
        self.masked(&told.stdout_text(), headings)
    }

    fn masked(&self, text: &str, headings: &[&str]) -> String {
        let mut lines: Vec<String> = Vec::new();
        let mut wanted = false;
        for line in text.lines() {
            if !line.starts_with(' ') {
                let is_verdict = line.ends_with('.');
                wanted = is_verdict || headings.contains(&line);
            }
            let continues = line.starts_with("          ") && !line.trim_start().starts_with('→');
            match lines.last_mut() {
                // Where lines are broken depends on the lengths of paths.
                Some(last) if wanted && continues => {
                    last.push(' ');
                    last.push_str(line.trim_start());
                }
                _ if wanted => lines.push(line.to_owned()),
                _ => {}
            }
        }
        let home = self.home.path().to_str().unwrap();
        let text = lines.join("\n").replace(home, "HOME");
        let canonical = Path::new(env!("CARGO_BIN_EXE_otel-run")).canonicalize().unwrap();
        let text = text.replace(canonical.to_str().unwrap(), "OTEL_RUN");
        text.replace(test_child().to_str().unwrap(), "TEST_CHILD").replace(env!("CARGO_PKG_VERSION"), "VERSION")
    }
}
