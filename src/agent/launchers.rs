//! Seeing through the programs that start other programs: `env`, `nice`, `timeout`, `sudo`, `npx`, `node`, `mise` and the like.

use std::ffi::OsString;

/// What a command line comes down to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    /// The index of the word that says what is run.
    pub program: usize,
    /// What that word is.
    pub kind: Kind,
    /// What stands between otel-run's changes to the environment and the program.
    pub hindrances: Vec<Hindrance>,
}

/// What kind of word says what is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A program, by name or path.
    Program,
    /// A package or one of its executables, for a package runner.
    Package,
    /// A script, for an interpreter.
    Script,
}

/// Something in the command line that keeps changes to the environment from the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hindrance {
    /// This program drops the environment.
    Dropped(String),
    /// `env` or `sudo` sets or removes this variable itself.
    Overridden(String),
}

/// A program that runs the rest of its arguments as a command.
struct Launcher {
    name: &'static str,
    /// Options whose value is the next word.
    options_with_value: &'static [&'static str],
    /// Words between the options and the command.
    operands: usize,
}

const LAUNCHERS: [Launcher; 18] = [
    launcher("caffeinate", &["-t", "-w"], 0),
    launcher("catatonit", &[], 0),
    launcher("chrt", &["-T", "-P", "-D", "--sched-runtime", "--sched-period", "--sched-deadline"], 1),
    launcher("corepack", &[], 0),
    launcher("dumb-init", &["-r", "--rewrite"], 0),
    launcher("gosu", &[], 1),
    launcher("ionice", &["-c", "-n", "--class", "--classdata"], 0),
    launcher("nice", &["-n", "--adjustment"], 0),
    launcher("nohup", &[], 0),
    launcher("nvm-exec", &[], 0),
    launcher("setsid", &[], 0),
    launcher("stdbuf", &["-i", "-o", "-e", "--input", "--output", "--error"], 0),
    launcher("su-exec", &[], 1),
    launcher("taskset", &["-c", "--cpu-list"], 0),
    launcher("tini", &["-p", "-e"], 0),
    launcher("time", &["-f", "-o", "--format", "--output"], 0),
    launcher("timeout", &["-k", "-s", "--kill-after", "--signal"], 1),
    launcher("unbuffer", &[], 0),
];

const fn launcher(name: &'static str, options_with_value: &'static [&'static str], operands: usize) -> Launcher {
    Launcher { name, options_with_value, operands }
}

/// A program of which one subcommand runs the rest of its arguments as a command: a version manager, or one that brings
/// variables from elsewhere.
struct Manager {
    name: &'static str,
    verbs: &'static [&'static str],
    /// Options whose value is the next word, before and behind the subcommand.
    options_with_value: &'static [&'static str],
    /// What the command stands behind.
    behind: Behind,
}

#[derive(Clone, Copy)]
enum Behind {
    /// The options, and so many words more.
    Options(usize),
    /// The options, and a version if one is there.
    Version,
    /// `--`, with anything before it.
    Dashes,
}

const MANAGERS: [Manager; 15] = [
    manager("asdf", &["exec"], &[], Behind::Options(0)),
    manager("aws-vault", &["exec"], &[], Behind::Dashes),
    manager("direnv", &["exec"], &[], Behind::Options(1)),
    manager("doppler", &["run"], &[], Behind::Dashes),
    manager("dotenvx", &["run"], &[], Behind::Dashes),
    manager(
        "fnm",
        &["exec"],
        &["--using", "--fnm-dir", "--node-dist-mirror", "--log-level", "--arch"],
        Behind::Options(0),
    ),
    manager("mise", &["exec", "x"], &["-C", "--cd", "-E", "--env", "-j", "--jobs"], Behind::Dashes),
    manager("nodenv", &["exec"], &[], Behind::Options(0)),
    manager("nvm", &["exec"], &[], Behind::Version),
    manager("op", &["run"], &[], Behind::Dashes),
    manager("pyenv", &["exec"], &[], Behind::Options(0)),
    manager("rbenv", &["exec"], &[], Behind::Options(0)),
    manager("rtx", &["exec", "x"], &[], Behind::Dashes),
    manager(
        "uv",
        &["run"],
        &["--with", "--python", "-p", "--project", "--directory", "--env-file"],
        Behind::Options(0),
    ),
    manager("volta", &["run"], &["--node", "--npm", "--pnpm", "--yarn", "--env"], Behind::Options(0)),
];

const fn manager(
    name: &'static str,
    verbs: &'static [&'static str],
    options_with_value: &'static [&'static str],
    behind: Behind,
) -> Manager {
    Manager { name, verbs, options_with_value, behind }
}

impl Manager {
    /// Where the command stands, if the manager at `at` runs one.
    fn command(&self, argv: &[OsString], at: usize) -> Option<usize> {
        let verb = skip_options(argv, at + 1, self.options_with_value);
        if !self.verbs.contains(&word(argv, verb)?) {
            return None;
        }
        let behind_options = skip_options(argv, verb + 1, self.options_with_value);
        Some(match self.behind {
            Behind::Options(operands) => behind_options + operands,
            Behind::Version => behind_options + usize::from(word(argv, behind_options).is_some_and(is_version)),
            Behind::Dashes => verb + 2 + argv.get(verb + 1..)?.iter().position(|word| word == "--")?,
        })
    }
}

/// Whether a word names a version of Node.js and no program.
fn is_version(word: &str) -> bool {
    let number = word.strip_prefix('v').unwrap_or(word);
    number.starts_with(|first: char| first.is_ascii_digit())
        || word.starts_with("lts/")
        || matches!(word, "node" | "stable" | "unstable" | "default" | "system" | "current")
}

/// Follows a command line to the program that it is about.
pub(super) fn see_through(argv: &[OsString]) -> Seen {
    let mut seen = Seen { program: 0, kind: Kind::Program, hindrances: Vec::new() };
    // Each step goes forward by a word at least, so this ends.
    while let Some(next) = step(argv, seen.program, &mut seen.hindrances) {
        if next.1 >= argv.len() {
            break;
        }
        (seen.kind, seen.program) = next;
        if seen.kind != Kind::Program {
            break;
        }
    }
    seen
}

/// Where the program at `at` is one that starts another: what is started, and where it stands.
fn step(argv: &[OsString], at: usize, hindrances: &mut Vec<Hindrance>) -> Option<(Kind, usize)> {
    let name = base_name(word(argv, at)?);
    if let Some(launcher) = LAUNCHERS.iter().find(|launcher| launcher.name == name) {
        return Some((Kind::Program, skip_options(argv, at + 1, launcher.options_with_value) + launcher.operands));
    }
    if let Some(manager) = MANAGERS.iter().find(|manager| manager.name == name)
        && let Some(command) = manager.command(argv, at)
    {
        return Some((Kind::Program, command));
    }
    match name {
        "env" => env(argv, at + 1, hindrances),
        "sudo" | "doas" => Some((Kind::Program, sudo(argv, at, name, hindrances))),
        "npx" | "pnpx" | "bunx" | "uvx" => package(argv, at + 1),
        "pipx" => verb(argv, at, &["run"]).and_then(|after| package(argv, after)),
        "uv" => verb(argv, at, &["tool"]).and_then(|tool| package(argv, verb(argv, tool - 1, &["run"])?)),
        // `nvm run 22 script.js`
        "nvm" => {
            let run = verb(argv, at, &["run"])?;
            script(argv, run + usize::from(word(argv, run).is_some_and(is_version)))
        }
        // Any other tool gets its arguments behind dashes, where nothing could be put before them.
        "proto" => {
            let tool = verb(argv, at, &["run"])?;
            let dashes = argv.get(tool..)?.iter().position(|word| word == "--")?;
            (word(argv, tool) == Some("node")).then(|| script(argv, tool + dashes + 1)).flatten()
        }
        "npm" => verb(argv, at, &["exec", "x"]).and_then(|after| package(argv, after)),
        "pnpm" | "yarn" => verb(argv, at, &["dlx", "exec", "x"]).and_then(|after| package(argv, after)),
        "bun" => match verb(argv, at, &["x"]) {
            Some(after) => package(argv, after),
            None => script(argv, verb(argv, at, &["run"]).unwrap_or(at + 1)),
        },
        "deno" => script(argv, verb(argv, at, &["run"])?),
        "node" | "nodejs" | "tsx" => script(argv, at + 1),
        _ => None,
    }
}

/// `env [-i] [-u NAME] [NAME=VALUE]... COMMAND`
fn env(argv: &[OsString], start: usize, hindrances: &mut Vec<Hindrance>) -> Option<(Kind, usize)> {
    let mut at = start;
    while let Some(option) = word(argv, at).filter(|word| word.starts_with('-')) {
        at += 1;
        match option {
            "--" => break,
            "-" | "-i" | "--ignore-environment" => hindrances.push(Hindrance::Dropped(format!("env {option}"))),
            "-u" | "--unset" => {
                hindrances.extend(word(argv, at).map(|name| Hindrance::Overridden(name.to_owned())));
                at += 1;
            }
            "-C" | "--chdir" => at += 1,
            // One word that holds a whole command line is beyond what a launcher is seen through for.
            _ if option.starts_with("-S") || option.starts_with("--split-string") => return None,
            _ => hindrances.extend(option.strip_prefix("--unset=").map(|name| Hindrance::Overridden(name.to_owned()))),
        }
    }
    Some((Kind::Program, assignments(argv, at, hindrances)))
}

/// `sudo [OPTIONS] [NAME=VALUE]... COMMAND`
fn sudo(argv: &[OsString], at: usize, name: &str, hindrances: &mut Vec<Hindrance>) -> usize {
    const WITH_VALUE: &[&str] = &[
        "-u",
        "--user",
        "-g",
        "--group",
        "-h",
        "--host",
        "-p",
        "--prompt",
        "-C",
        "--close-from",
        "-D",
        "--chdir",
        "-R",
        "--chroot",
        "-T",
        "--command-timeout",
        "-U",
        "--other-user",
        "-r",
        "--role",
        "-t",
        "--type",
    ];
    let command = skip_options(argv, at + 1, WITH_VALUE);
    let keeps = argv.get(at + 1..command).unwrap_or_default().iter().filter_map(|word| word.to_str()).any(|option| {
        option == "--preserve-env" || (option.starts_with('-') && !option.starts_with("--") && option.contains('E'))
    });
    if !keeps {
        hindrances.push(Hindrance::Dropped(if name == "sudo" { "sudo without -E" } else { "doas" }.to_owned()));
    }
    assignments(argv, command, hindrances)
}

fn assignments(argv: &[OsString], mut at: usize, hindrances: &mut Vec<Hindrance>) -> usize {
    while let Some((name, _)) = word(argv, at).and_then(|word| word.split_once('=')) {
        hindrances.push(Hindrance::Overridden(name.to_owned()));
        at += 1;
    }
    at
}

fn package(argv: &[OsString], start: usize) -> Option<(Kind, usize)> {
    let with_value = &[
        "-p",
        "--package",
        "--registry",
        "-w",
        "--workspace",
        "--prefix",
        "--from",
        "--with",
        "--python",
        "--spec",
        "--index-url",
        "--default-index",
    ];
    let at = skip_options(argv, start, with_value);
    // `npx -c 'opencode run'` is a shell's command line.
    let shell = argv.get(start..at)?.iter().any(|word| word == "-c" || word == "--call");
    (!shell).then_some((Kind::Package, at))
}

fn script(argv: &[OsString], start: usize) -> Option<(Kind, usize)> {
    let with_value = &[
        "-r",
        "--require",
        "--import",
        "--loader",
        "--experimental-loader",
        "-C",
        "--conditions",
        "--env-file",
        "--preload",
    ];
    let at = skip_options(argv, start, with_value);
    let inline =
        argv.get(start..at)?.iter().any(|word| ["-e", "--eval", "-p", "--print"].iter().any(|flag| word == flag));
    (!inline).then_some((Kind::Script, at))
}

/// The index behind the subcommand of the program at `at`, if it is one of `verbs`.
fn verb(argv: &[OsString], at: usize, verbs: &[&str]) -> Option<usize> {
    let found =
        skip_options(argv, at + 1, &["-C", "--dir", "--prefix", "--filter", "-F", "-w", "--workspace", "--cwd"]);
    verbs.contains(&word(argv, found)?).then_some(found + 1)
}

/// The index of the first word from `at` on that is neither an option nor the value of one.
pub(super) fn skip_options(argv: &[OsString], mut at: usize, with_value: &[&str]) -> usize {
    while let Some(option) = argv.get(at).filter(|word| word.len() > 1 && word.as_encoded_bytes().starts_with(b"-")) {
        if option == "--" {
            return at + 1;
        }
        at += if with_value.iter().any(|name| option == name) { 2 } else { 1 };
    }
    at
}

/// The word at `at`, if it is UTF-8.
pub(super) fn word(argv: &[OsString], at: usize) -> Option<&str> {
    argv.get(at)?.to_str()
}

/// The last part of a path, without the ending of an executable on Windows.
pub(super) fn base_name(path: &str) -> &str {
    let name = path.trim_end_matches('/').rsplit('/').next().unwrap_or(path);
    name.strip_suffix(".exe").or_else(|| name.strip_suffix(".cmd")).unwrap_or(name)
}
