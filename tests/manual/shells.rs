//! The completions in the shells that they are for.
//!
//! What is typed ends with a tab and a line feed, and `otel-run` is a function that prints the words which the shell then has. The
//! completions themselves call the program by its path.

use std::path::{Path, PathBuf};

use crate::folder;
use crate::support::pty::Console;
use crate::support::{Home, alone, run};

/// What is typed, and the words that come of it. `RUN` stands for the name of the one run that there is.
const LINES: &[(&str, &str)] = &[
    ("otel-run sho\t", "show"),
    ("otel-run --state-d\t", "--state-dir"),
    ("otel-run --nest ad\t", "--nest adopt"),
    ("otel-run --nest=ad\t", "--nest=adopt"),
    ("otel-run --protocol http/p\t", "--protocol http/protobuf"),
    ("otel-run --endpoint http://localhost:4318 sho\t", "--endpoint http://localhost:4318 show"),
    ("otel-run --agent gem\t", "--agent gemini"),
    ("otel-run --agent=no\t", "--agent=none"),
    ("otel-run --agent goo\t", "--agent goose"),
    ("otel-run --certificate only\t", "--certificate only file.pem"),
    ("otel-run agents goo\t", "agents goose"),
    ("otel-run show 2\t", "show RUN"),
    ("otel-run show --conv\t", "show --conversation"),
    ("otel-run flush --endpoint x 2\t", "flush --endpoint x RUN"),
    ("otel-run --redact ONLY_\t", "--redact ONLY_HERE"),
    ("otel-run config che\t", "config check"),
    ("otel-run config check only\t", "config check only file.pem"),
    ("otel-run help sho\t", "help show"),
    ("otel-run doctor goo\t", "doctor goose"),
    // As the wrapped command would.
    ("otel-run -- wrapped al\t", "-- wrapped alpha"),
    ("otel-run wrapped al\t", "wrapped alpha"),
    ("otel-run --nest link -q wrapped --flag al\t", "--nest link -q wrapped --flag alpha"),
    ("otel-run -- wrapped --fla\t", "-- wrapped --flag"),
    ("otel-run plan -- wrapped al\t", "plan -- wrapped alpha"),
    ("otel-run plan --endpoint=http://x:1 wrapped al\t", "plan --endpoint=http://x:1 wrapped alpha"),
    ("otel-run doctor --strict -- wrapped al\t", "doctor --strict -- wrapped alpha"),
    ("otel-run -- wrappe\t", "-- wrapped"),
    ("otel-run wrappe\t", "wrapped"),
    // A verb behind the dashes is a command, and what follows a command is none of ours.
    ("otel-run -- show 2\t", "-- show 2"),
    ("otel-run -- wrapped show --conv\t", "-- wrapped show --conv"),
];

/// A home with an agent of its own, a run, a file, and a command `wrapped`; and the name of the run.
fn prepared() -> (Home, String) {
    let home = Home::new();
    home.write_config("otel-run/config.toml", "[agents.goose]\nbase_names = [\"goose\"]\n");
    run().home(&home).child(["true"]).expect_exit(0);
    let listed = run().home(&home).args(["runs"]).expect_exit(0).stdout_text();
    let name = listed.lines().nth(1).unwrap().split(' ').next().unwrap().to_owned();
    std::fs::write(home.work().join("only file.pem"), "").unwrap();
    let programs = home.work().join("bin");
    std::fs::create_dir(&programs).unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_otel-run"), programs.join("otel-run")).unwrap();
    std::os::unix::fs::symlink("/bin/true", programs.join("wrapped")).unwrap();
    (home, name)
}

/// The path of `bin` first, and a variable.
fn surroundings(home: &Home) -> [String; 2] {
    let path = std::env::var("PATH").unwrap();
    [format!("PATH={}:{path}", home.work().join("bin").display()), "ONLY_HERE=1".to_owned()]
}

/// Types every line into a shell that was prepared by `script`.
fn types(shell: &[&str], script: &str) {
    let (home, name) = prepared();
    let file = home.work().join("prepare");
    std::fs::write(&file, script).unwrap();
    let words: Vec<String> = ["env".to_owned()]
        .into_iter()
        .chain(surroundings(&home))
        .chain(shell.iter().map(|word| (*word).to_owned()))
        .collect();
    let mut console = Console::open(&home, &words);
    // Not as one word, which the terminal's echo would have.
    console.enter(". ./prepare; echo rea''dy");
    console.wait_for("ready");
    for (typed, expected) in LINES {
        console.press(typed);
        // Whatever is not unique is left as it was typed; the space keeps the end of the line from being completed.
        console.press("\n");
        console.wait_for("<<");
        let told = console.wait_for(">>").replace(['\r', '\n'], "");
        assert_eq!(told.trim_end(), expected.replace("RUN", &name), "{typed:?} in {shell:?}");
    }
}

#[test]
#[ignore = "needs bash-completion"]
fn bash_completes() {
    let shared = "/usr/share/bash-completion/bash_completion";
    assert!(Path::new(shared).is_file(), "bash-completion is missing");
    types(
        &["bash", "--norc", "--noprofile", "-i"],
        &format!(
            "PS1='> '\nbind 'set enable-bracketed-paste off' 'set bell-style none'\n. {shared}\n. {}\n\
             complete -W 'alpha beta --flag' wrapped\n{FUNCTION}",
            folder("completions/otel-run.bash").display()
        ),
    );
}

/// Without the package, programs and files are all that is offered behind the dashes.
#[test]
fn bash_completes_by_itself() {
    let script = folder("completions/otel-run.bash");
    let (home, name) = prepared();
    for (words, expected) in [
        ("otel-run sho", "show"),
        ("otel-run --nest = ad", "adopt"),
        ("otel-run --endpoint http : //x agents goo", "goose"),
        ("otel-run show 2", name.as_str()),
        ("otel-run -- wrappe", "wrapped"),
        ("otel-run -- show 2", ""),
    ] {
        let words: Vec<&str> = words.split(' ').collect();
        let told = alone("bash").home(&home).env("PATH", surroundings(&home)[0].trim_start_matches("PATH="));
        let program = format!(
            ". '{}'; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); _otel_run; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
            script.display()
        );
        // To change how a completion is done there must be one.
        let told = told.args(["--norc", "-c", &program, "bash"]).args(&words).any_stderr().expect_exit(0);
        assert_eq!(told.stdout_text().trim_end(), expected, "{words:?}");
    }
}

/// What prints the words that the shell has, where the program would be started.
const FUNCTION: &str = "otel-run() { printf '<''<%s>''>\\n' \"$*\"; }\n";

#[test]
#[ignore = "needs zsh"]
fn zsh_completes() {
    types(
        &["zsh", "-f", "-i"],
        &format!(
            "PS1='> '\nunsetopt beep prompt_cr zle_bracketed_paste 2>/dev/null\nunset zle_bracketed_paste\nfpath=({} $fpath)\nautoload -U compinit\n\
             compinit -u -D\n_wrapped() {{ compadd -- alpha beta --flag }}\ncompdef _wrapped wrapped\n{FUNCTION}",
            folder("completions").display()
        ),
    );
}

/// fish says what it offers without a terminal.
#[test]
#[ignore = "needs fish"]
fn fish_completes() {
    let (home, name) = prepared();
    let script: PathBuf = folder("completions/otel-run.fish");
    let [path, _] = surroundings(&home);
    for (typed, expected) in LINES {
        let typed = typed.trim_end_matches('\t');
        let program = format!(
            "complete -c wrapped -f -a 'alpha beta'; complete -c wrapped -l flag; source '{}'; complete --escape -C '{typed}'",
            script.display()
        );
        let told = alone("fish").home(&home).env("PATH", path.trim_start_matches("PATH=")).env("ONLY_HERE", "1");
        let told = told.args(["--no-config", "-c", &program]).any_stderr().expect_exit(0);
        let offered: Vec<String> =
            told.stdout_text().lines().map(|line| line.split('\t').next().unwrap().replace('\\', "")).collect();
        assert_eq!(told.stderr_text(), "", "{typed}");
        // The last word is all that is completed.
        let (before, last) = typed.rsplit_once(' ').unwrap();
        let line = match offered.as_slice() {
            [one] => format!("{before} {one}"),
            [] => format!("{before} {last}"),
            several => panic!("{typed}: {several:?}"),
        };
        assert_eq!(line, format!("otel-run {}", expected.replace("RUN", &name)), "{offered:?} {}", told.stderr_text());
    }
}

/// elvish completes only where somebody types; it says there what it would offer.
#[test]
#[ignore = "needs elvish"]
fn elvish_completes() {
    let (home, _) = prepared();
    let mut console = Console::open(&home, &["elvish", "-norc"]);
    let offered = "[($edit:completion:arg-completer[otel-run] otel-run '')]";
    let script = folder("completions/otel-run.elv");
    console.enter(&format!("eval (slurp < '{}'); each {{|c| print '<<'$c[stem] }} {offered}", script.display()));
    console.wait_for("<<--endpoint<<");
    console.wait_for("<<show<<plan<<");
}
