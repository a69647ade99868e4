#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::ffi::OsString;
use std::path::PathBuf;

use super::{CommandLine, Detected, RecognisedFrom, as_profile, program};
use crate::agent::{Agents, Hindrance, Interface, OTHER};

fn detect(line: CommandLine<'_>) -> Detected {
    Agents::default().detect(line)
}

fn argv(line: &str) -> Vec<OsString> {
    line.split_whitespace().map(OsString::from).collect()
}

fn typed(argv: &[OsString]) -> CommandLine<'_> {
    CommandLine { argv, links: &[], at_terminal: true }
}

#[test]
fn recognises_agents_through_launchers() {
    use RecognisedFrom::{BaseName, Nothing, Package, Script};
    for (line, name, from, program) in [
        ("opencode run hi", "opencode", BaseName, 0),
        ("/usr/local/bin/opencode", "opencode", BaseName, 0),
        ("./opencode.exe run", "opencode", BaseName, 0),
        ("/x/node_modules/.bin/opencode run", "opencode", BaseName, 0),
        ("claude -p hi", "claude", BaseName, 0),
        ("codex exec hi", "codex", BaseName, 0),
        ("gemini", "gemini", BaseName, 0),
        ("qwen", "qwen", BaseName, 0),
        ("copilot -p hi", "copilot", BaseName, 0),
        ("cn -p hi", "cn", BaseName, 0),
        ("npx opencode-ai run", "opencode", Package, 1),
        ("npx --yes opencode-ai@1.18.33 run", "opencode", Package, 2),
        ("npx -y -p opencode-ai opencode run", "opencode", BaseName, 4),
        ("npx -y @openai/codex", "codex", Package, 2),
        ("npx @openai/codex@0.169.0 exec", "codex", Package, 1),
        ("npx -- @anthropic-ai/claude-code@latest", "claude", Package, 2),
        ("npm exec --yes -- @google/gemini-cli", "gemini", Package, 4),
        ("npm x @qwen-code/qwen-code", "qwen", Package, 2),
        ("bunx --bun opencode-ai", "opencode", Package, 2),
        ("bun x opencode-ai@latest", "opencode", Package, 2),
        ("pnpm dlx opencode-ai run", "opencode", Package, 2),
        ("pnpm --silent dlx opencode-ai", "opencode", Package, 3),
        ("yarn dlx -q @github/copilot", "copilot", Package, 3),
        ("node /x/node_modules/@openai/codex/bin/codex.js exec", "codex", Script, 1),
        ("node --max-old-space-size=8192 bundle/gemini.js", "gemini", Script, 2),
        ("node -r ./hook.js node_modules/opencode-ai/bin/opencode run", "opencode", Script, 3),
        ("/x/node_modules/@google/gemini-cli/dist/index.js", "gemini", Script, 0),
        ("bun run ./opencode.ts", "opencode", Script, 2),
        ("deno run -A npm:opencode-ai run", "opencode", Script, 3),
        ("env A=B OPENCODE_X=1 opencode run", "opencode", BaseName, 3),
        ("env -u FOO -- A=B opencode", "opencode", BaseName, 5),
        ("/usr/bin/env opencode", "opencode", BaseName, 1),
        ("nice opencode", "opencode", BaseName, 1),
        ("nice -n 10 opencode", "opencode", BaseName, 3),
        ("nice -n10 npx opencode-ai", "opencode", Package, 3),
        ("timeout -k 5 10m opencode run", "opencode", BaseName, 4),
        ("timeout --signal=INT 60 env A=B nice npx -y opencode-ai run", "opencode", Package, 8),
        ("sudo -E opencode", "opencode", BaseName, 2),
        ("sudo -nE -u ci A=B opencode", "opencode", BaseName, 5),
        ("nohup stdbuf -o L opencode", "opencode", BaseName, 4),
        ("mise x node@22 -- gemini -p hi", "gemini", BaseName, 4),
        ("mise -C /x exec -- npx -y @openai/codex", "codex", Package, 7),
        ("asdf exec claude", "claude", BaseName, 2),
        ("volta run --node 22 qwen", "qwen", BaseName, 4),
        ("fnm exec --using 22 copilot", "copilot", BaseName, 4),
        ("fnm exec --using=22 -- copilot", "copilot", BaseName, 4),
        ("nvm exec 22 gemini", "gemini", BaseName, 3),
        ("nvm exec lts/iron gemini", "gemini", BaseName, 3),
        ("nvm exec gemini", "gemini", BaseName, 2),
        ("nvm run 22 bundle/gemini.js", "gemini", Script, 3),
        ("nodenv exec gemini", "gemini", BaseName, 2),
        ("proto run node 22 -- bundle/gemini.js", "gemini", Script, 5),
        ("direnv exec . opencode", "opencode", BaseName, 3),
        ("op run --env-file=x -- claude", "claude", BaseName, 4),
        ("uvx --from x opencode-ai==1.18.33", "opencode", Package, 3),
        ("uv tool run opencode-ai[x]", "opencode", Package, 3),
        ("uv run --with x opencode", "opencode", BaseName, 4),
        ("pipx run opencode-ai", "opencode", Package, 2),
        ("corepack pnpm dlx opencode-ai", "opencode", Package, 3),
        ("gosu node tini -- opencode", "opencode", BaseName, 4),
        ("sh -c opencode", "opencode", BaseName, 2),
        ("nice bash -l -o pipefail -c claude", "claude", BaseName, 6),
        // No agent.
        ("make test", "make", Nothing, 0),
        ("env A=B make test", "make", Nothing, 2),
        ("sh -c make", "sh", Nothing, 0),
        ("sh opencode", "sh", Nothing, 0),
        ("bash script.sh -c opencode", "bash", Nothing, 0),
        ("uvx ruff", "ruff", Nothing, 1),
        ("mise x node@22 gemini", "mise", Nothing, 0),
        ("mise install gemini", "mise", Nothing, 0),
        ("volta install gemini", "volta", Nothing, 0),
        ("uv tool install gemini", "uv", Nothing, 0),
        ("proto run codex -- exec", "proto", Nothing, 0),
        ("npx -c opencode", "npx", Nothing, 0),
        ("npx cowsay", "cowsay", Nothing, 1),
        ("node -e opencode", "node", Nothing, 0),
        ("node script.js opencode", "script.js", Nothing, 1),
        ("npm run opencode", "npm", Nothing, 0),
        ("env -S opencode", "env", Nothing, 0),
        ("env", "env", Nothing, 0),
        ("timeout 5", "timeout", Nothing, 0),
        ("echo opencode", "echo", Nothing, 0),
        ("opencode-wrapper run", "opencode-wrapper", Nothing, 0),
        ("", "", Nothing, 0),
    ] {
        let Detected { program_name, recognised_from, program: at, profile, .. } = detect(typed(&argv(line)));
        assert_eq!((program_name.as_str(), recognised_from, at), (name, from, program), "{line}");
        assert_eq!(profile.name, if from == Nothing { "other" } else { name }, "{line}");
    }
}

#[test]
fn knows_how_opencode_runs() {
    for (line, mode, subcommand) in [
        ("opencode run hi", Some("run"), Some("run")),
        ("opencode --print-logs --log-level DEBUG run hi", Some("run"), Some("run")),
        ("npx -y opencode-ai serve --port 4096", Some("serve"), Some("serve")),
        ("opencode web", Some("web"), Some("web")),
        ("opencode acp", Some("acp"), Some("acp")),
        ("opencode attach http://localhost:4096", Some("attach"), Some("attach")),
        ("opencode", Some("tui"), None),
        ("opencode ./project", Some("tui"), None),
        ("opencode -m a/b -c", Some("tui"), None),
        ("opencode --model run run", Some("run"), Some("run")),
        ("opencode session list", None, Some("session")),
        ("opencode auth login", None, Some("auth")),
        ("claude -p run", Some("headless"), None),
        ("claude --model m", Some("tui"), None),
        ("claude mcp list", None, Some("mcp")),
        ("codex", Some("tui"), None),
        ("codex fix it", Some("tui"), None),
        ("codex -c a=b -p x exec hi", Some("exec"), Some("exec")),
        ("codex login status", None, Some("login")),
        ("make run", None, None),
    ] {
        let detected = detect(typed(&argv(line)));
        assert_eq!((detected.mode, detected.subcommand), (mode, subcommand), "{line}");
    }
}

#[test]
fn knows_how_agents_are_used() {
    use Interface::{Cli, Server, Tui};
    // What it is with a terminal, and what it is with a pipe.
    for (line, at_terminal, piped) in [
        ("gemini", Some(("tui", Tui)), Some(("headless", Cli))),
        ("gemini -m x", Some(("tui", Tui)), Some(("headless", Cli))),
        ("gemini hi", Some(("tui", Tui)), Some(("headless", Cli))),
        ("gemini -p hi", Some(("headless", Cli)), Some(("headless", Cli))),
        ("gemini --yolo --prompt=hi", Some(("headless", Cli)), Some(("headless", Cli))),
        ("gemini -i hi", Some(("tui", Tui)), Some(("tui", Tui))),
        ("gemini --acp", Some(("acp", Server)), Some(("acp", Server))),
        ("gemini -- -p", Some(("tui", Tui)), Some(("headless", Cli))),
        ("gemini --version", None, None),
        ("gemini mcp list", None, None),
        ("gemini -m mcp", Some(("tui", Tui)), Some(("headless", Cli))),
        ("qwen", Some(("tui", Tui)), Some(("headless", Cli))),
        ("qwen hi", Some(("headless", Cli)), Some(("headless", Cli))),
        ("qwen --auth-type openai -i hi", Some(("tui", Tui)), Some(("tui", Tui))),
        ("qwen serve --port 1", Some(("serve", Server)), Some(("serve", Server))),
        ("qwen extensions list", None, None),
        ("copilot", Some(("tui", Tui)), Some(("headless", Cli))),
        ("copilot --allow-all -p hi", Some(("headless", Cli)), Some(("headless", Cli))),
        ("copilot --acp", Some(("acp", Server)), Some(("acp", Server))),
        ("copilot init", Some(("init", Tui)), Some(("init", Tui))),
        ("copilot help monitoring", None, None),
        ("cn", Some(("tui", Tui)), Some(("tui", Tui))),
        ("cn --config x -p hi", Some(("headless", Cli)), Some(("headless", Cli))),
        ("cn ls", None, None),
        ("opencode run hi", Some(("run", Cli)), Some(("run", Cli))),
        ("opencode attach http://x", Some(("attach", Tui)), Some(("attach", Tui))),
        ("opencode web", Some(("web", Server)), Some(("web", Server))),
        ("make", None, None),
    ] {
        let argv = argv(line);
        for (at_terminal, expected) in [(true, at_terminal), (false, piped)] {
            let detected = detect(CommandLine { at_terminal, ..typed(&argv) });
            assert_eq!(detected.mode, expected.map(|(mode, _)| mode), "{line}, terminal: {at_terminal}");
            assert_eq!(detected.interface, expected.map_or(Cli, |(_, interface)| interface), "{line}");
        }
    }
}

#[test]
fn an_agent_under_another_name_is_known_by_its_links() {
    for (line, links, name, from) in [
        ("./my-agent -p hi", &["/usr/bin/claude"][..], "claude", RecognisedFrom::Link),
        ("my-agent", &["/x/claude", "/x/versions/2.1.328"], "claude", RecognisedFrom::Link),
        ("nice g", &["/x/.bin/g2", "/x/node_modules/@google/gemini-cli/b.js"], "gemini", RecognisedFrom::Link),
        ("node ./x", &["/x/node_modules/@openai/codex/bin/codex.js"], "codex", RecognisedFrom::Link),
        // Its own name comes first: a version manager's shim leads to the version manager.
        ("claude", &["/usr/bin/mise"], "claude", RecognisedFrom::BaseName),
        ("vi", &["/etc/alternatives/vi", "/usr/bin/vim"], "vi", RecognisedFrom::Nothing),
    ] {
        let (argv, links): (_, Vec<_>) = (argv(line), links.iter().map(PathBuf::from).collect());
        let detected = detect(CommandLine { links: &links, ..typed(&argv) });
        assert_eq!((detected.program_name.as_str(), detected.recognised_from), (name, from), "{line}");
    }
}

#[test]
fn sees_through_a_shell_with_one_command() {
    let line = |text: &str| ["env", "-i", "bash", "-lc", text, "$0"].map(OsString::from);
    let argv = line("A=1 timeout 5m opencode --model \"$M\" run 'fix it'");
    let detected = detect(typed(&argv));
    assert_eq!((detected.program_name.as_str(), detected.mode, detected.program), ("opencode", Some("run"), 4));
    let hindrances = [Hindrance::Dropped("env -i".to_owned()), Hindrance::Overridden("A".to_owned())];
    assert_eq!(detected.hindrances, hindrances);
    assert_eq!(detected.arguments(&argv), ["--model", "$M", "run", "fix it"].map(OsString::from));
    assert_eq!(detect(typed(&line("opencode run; rm x"))).profile.name, "other");
}

#[test]
fn says_which_file_is_run() {
    for (line, expected) in [
        ("nice ./my-agent run", Some("./my-agent")),
        ("node --import x script.js y", Some("script.js")),
        ("npx -y opencode-ai", None),
        ("", None),
    ] {
        assert_eq!(program(&argv(line)).map(|word| word.to_str().unwrap()), expected, "{line}");
    }
}

#[test]
fn the_users_choice_decides() {
    let opencode = Agents::default().named("opencode").unwrap();
    let detected = as_profile(typed(&argv("nice ./my-agent run hi")), opencode);
    assert_eq!(detected.profile.name, "opencode");
    assert_eq!(detected.program_name, "my-agent");
    assert_eq!((detected.program, detected.mode), (1, Some("run")));
    assert_eq!(detected.recognised_from, RecognisedFrom::Choice);
    assert_eq!(as_profile(typed(&argv("opencode run")), &OTHER).mode, None);
}

#[test]
fn sees_what_keeps_the_environment_from_the_agent() {
    let dropped = |by: &str| vec![Hindrance::Dropped(by.to_owned())];
    let overridden = |name: &str| vec![Hindrance::Overridden(name.to_owned())];
    for (line, hindrances) in [
        ("opencode", vec![]),
        ("env -i opencode", dropped("env -i")),
        ("env - opencode", dropped("env -")),
        ("env A=1 opencode", overridden("A")),
        ("env -u A opencode", overridden("A")),
        ("env --unset=A opencode", overridden("A")),
        ("sudo opencode", dropped("sudo without -E")),
        ("sudo -u ci opencode", dropped("sudo without -E")),
        ("sudo -E opencode", vec![]),
        ("sudo --preserve-env opencode", vec![]),
        ("doas opencode", dropped("doas")),
    ] {
        assert_eq!(detect(typed(&argv(line))).hindrances, hindrances, "{line}");
    }
}

#[cfg(unix)]
#[test]
fn words_that_are_not_text_are_no_agent() {
    use std::os::unix::ffi::OsStringExt;
    let argv = vec![OsString::from("nice"), OsString::from_vec(vec![b'o', 0xff])];
    assert_eq!(detect(typed(&argv)).profile.name, "other");
    assert_eq!(detect(typed(&argv)).program, 1);
}
