//! The name of the run's span: the command's base name, and its subcommand where that is a known word
//! (semantic conventions for CLI programs, "Name"; a span's name has few values and never holds arguments).

use std::ffi::{OsStr, OsString};
use std::path::Path;

/// The longest base name that is taken over; more would be no program's name.
const LONGEST: usize = 64;

/// A command whose first words are known. The lists are separated by spaces.
struct Known {
    /// Base names of the program.
    programs: &'static [&'static str],
    /// Options that may stand before the subcommand, alone or as `--option=value`.
    flags: &'static str,
    /// Options that may stand before the subcommand and take the next word.
    with_value: &'static str,
    /// The subcommands themselves.
    subcommands: &'static str,
}

/// `opencode run` for `/usr/bin/opencode --print-logs run "fix it"`. The subcommand is the first word behind options
/// that are known to stand there; any other option, or a word that is not in the table, leaves the base name alone.
/// `command` is the program as the user typed it, `arguments` what follows it.
pub fn span_name(command: &OsStr, arguments: &[OsString]) -> String {
    let mut name = base_name(command);
    if let Some(subcommand) = subcommand(&name, arguments) {
        name.push(' ');
        name.push_str(subcommand);
    }
    name
}

/// The last part of a path, as text; what is not UTF-8 in it is replaced.
pub fn base_name(command: &OsStr) -> String {
    let base = Path::new(command).file_name().unwrap_or(command);
    base.to_string_lossy().chars().take(LONGEST).collect()
}

fn subcommand(program: &str, arguments: &[OsString]) -> Option<&'static str> {
    let known = KNOWN.iter().find(|known| known.programs.contains(&program))?;
    let mut arguments = arguments.iter().map(|argument| argument.to_str());
    loop {
        let argument = arguments.next()??;
        let option = argument.split_once('=').map_or(argument, |(option, _)| option);
        if has(known.with_value, argument) {
            arguments.next()?;
        } else if !(has(known.flags, option) || has(known.with_value, option)) {
            return known.subcommands.split(' ').find(|subcommand| *subcommand == argument);
        }
    }
}

fn has(list: &str, word: &str) -> bool {
    list.split(' ').any(|listed| listed == word && !word.is_empty())
}

static KNOWN: &[Known] = &[
    Known {
        programs: &["opencode"],
        flags: "--print-logs",
        with_value: "--log-level",
        subcommands: "acp agent attach auth db debug export github import mcp models plugin pr providers run serve \
            session stats uninstall upgrade web",
    },
    Known {
        programs: &["claude"],
        flags: "--debug --verbose --dangerously-skip-permissions",
        with_value: "--model --settings --permission-mode",
        subcommands: "agents auth config doctor install mcp plugin setup-token update upgrade",
    },
    Known {
        programs: &["codex"],
        flags: "--full-auto --oss --search",
        with_value: "-c --config -m --model -p --profile -s --sandbox -C --cd -a",
        subcommands: "app-server apply cloud completion debug e exec features fork login logout mcp mcp-server resume \
            review sandbox update",
    },
    Known {
        programs: &["gemini", "qwen"],
        flags: "-d --debug",
        with_value: "-m --model",
        subcommands: "auth extensions hooks mcp skills",
    },
    Known {
        programs: &["copilot"],
        flags: "",
        with_value: "--model --log-level",
        subcommands: "help init login mcp plugin update version",
    },
    Known { programs: &["cn"], flags: "", with_value: "--config", subcommands: "checks login logout ls remote serve" },
    Known {
        programs: &["git"],
        flags: "-p -P --no-pager --paginate --bare --no-optional-locks --literal-pathspecs",
        with_value: "-C -c --git-dir --work-tree --namespace",
        subcommands: "add am apply bisect blame branch checkout cherry-pick clean clone commit describe diff fetch gc \
            grep init log ls-files merge mv pull push rebase remote reset restore rev-parse revert rm show \
            stash status submodule switch tag worktree",
    },
    Known {
        programs: &["cargo"],
        flags: "-q --quiet -v -vv --verbose --locked --offline --frozen +stable +nightly +beta",
        with_value: "--color --config -Z -C",
        subcommands: "add b bench build c check clean clippy doc fetch fix fmt generate-lockfile init install metadata \
            new nextest package publish r remove run search t test tree uninstall update vendor",
    },
    Known {
        programs: &["npm", "pnpm", "yarn", "bun"],
        flags: "-s --silent -w -g --global",
        with_value: "--prefix -C --cwd --dir",
        subcommands: "add audit build ci create dlx exec i init install link outdated pack publish remove run start t \
            test uninstall update upgrade why x",
    },
    Known {
        programs: &["go"],
        flags: "",
        with_value: "-C",
        subcommands: "build clean env fmt generate get install list mod run test tool vet work",
    },
    Known {
        programs: &["uv"],
        flags: "-q --quiet -v --verbose --offline",
        with_value: "--directory --project",
        subcommands: "add build init lock pip publish python remove run sync tool tree venv",
    },
    Known {
        programs: &["docker", "podman"],
        flags: "-D --debug",
        with_value: "--context -c -H --host -l --log-level",
        subcommands: "build buildx compose container cp create exec image images inspect kill logs network ps pull \
            push rm rmi run start stop system tag volume",
    },
    Known {
        programs: &["kubectl"],
        flags: "",
        with_value: "-n --namespace --context --kubeconfig",
        subcommands: "apply config cp create delete describe diff edit exec explain get logs patch port-forward \
            rollout run scale top wait",
    },
    Known {
        programs: &["gh"],
        flags: "",
        with_value: "-R --repo",
        subcommands: "api auth cache copilot gist issue pr release repo run search workflow",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    fn name(command: &str, arguments: &[&str]) -> String {
        span_name(OsStr::new(command), &arguments.iter().map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn names() {
        let table: &[(&str, &[&str], &str)] = &[
            ("opencode", &["run", "fix the failing test"], "opencode run"),
            ("/opt/x/opencode", &["--print-logs", "--log-level", "DEBUG", "run", "x"], "opencode run"),
            ("opencode", &["--log-level=DEBUG", "serve"], "opencode serve"),
            ("opencode", &["fix the failing test"], "opencode"),
            ("opencode", &["--unknown", "run"], "opencode"),
            ("opencode", &["--log-level"], "opencode"),
            ("opencode", &[""], "opencode"),
            ("copilot", &["", "login"], "copilot"),
            ("opencode", &[], "opencode"),
            ("claude", &["-p", "update"], "claude"),
            ("claude", &["mcp", "list"], "claude mcp"),
            ("codex", &["-c", "model=x", "exec", "do it"], "codex exec"),
            ("gemini", &["-p", "mcp"], "gemini"),
            ("qwen", &["auth"], "qwen auth"),
            ("copilot", &["login"], "copilot login"),
            ("git", &["-C", "/src", "-c", "a=b", "--no-pager", "commit", "-m", "x"], "git commit"),
            ("git", &["--git-dir=/x", "log"], "git log"),
            ("cargo", &["+nightly", "-q", "test", "--lib"], "cargo test"),
            ("cargo", &["my-plugin"], "cargo"),
            ("npm", &["run", "build:prod"], "npm run"),
            ("./scripts/deploy.sh", &["run"], "deploy.sh"),
            ("true", &["run"], "true"),
            ("/", &[], "/"),
            ("", &[], ""),
        ];
        for (command, arguments, expected) in table {
            assert_eq!(name(command, arguments), *expected, "{command} {arguments:?}");
        }
    }

    #[test]
    fn a_base_name_is_bounded_and_text() {
        use std::os::unix::ffi::OsStrExt;
        assert_eq!(base_name(OsStr::new(&"x".repeat(1000))).len(), LONGEST);
        assert_eq!(span_name(OsStr::from_bytes(b"/bin/\xffx"), &[]), "\u{fffd}x");
        let not_text = OsStr::from_bytes(b"\xff").to_owned();
        assert_eq!(span_name(OsStr::new("git"), &[not_text, "log".into()]), "git");
    }

    #[test]
    fn no_program_is_in_the_table_twice() {
        let mut programs: Vec<_> = KNOWN.iter().flat_map(|known| known.programs).collect();
        let all = programs.len();
        programs.sort();
        programs.dedup();
        assert_eq!(programs.len(), all);
    }
}
