//! Completions for five shells, from the command line that clap knows.
//!
//! Those for bash, zsh and fish are `completion.*` with tables in it that come from clap: after `--` they complete as the
//! wrapped command would, and they offer the runs and agents of this machine, which `clap_complete` has no words for.
//! Those for PowerShell and elvish are what `clap_complete` makes.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write;

use clap::Command;
use clap_complete::{Generator, aot, generate};

use crate::tree::{self, Opt, Place, Values, Verb};

/// Every file of `completions/` with what has to be in it.
pub fn files() -> Vec<(String, String)> {
    vec![file(Bash), file(Zsh), file(Fish), file(aot::PowerShell), file(aot::Elvish)]
}

fn file(shell: impl Generator) -> (String, String) {
    let name = shell.file_name("otel-run");
    let mut script = Vec::new();
    generate(shell, &mut otel_run::cli::command(), "otel-run", &mut script);
    (name, String::from_utf8(script).unwrap())
}

/// The script with the tables in the place of their names.
fn filled(script: &str, tables: &[(&str, String)]) -> String {
    tables.iter().fold(script.to_owned(), |script, (name, table)| {
        assert!(script.contains(name), "{name}");
        script.replace(name, table.trim_end())
    })
}

/// Between single quotes, as bash and zsh have it.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

struct Bash;

impl Generator for Bash {
    fn file_name(&self, name: &str) -> String {
        format!("{name}.bash")
    }

    fn generate(&self, program: &Command, out: &mut dyn Write) {
        let verbs = tree::verbs(program);
        let mut known = String::new();
        for verb in &verbs {
            let names = verb.verbs.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(" ");
            let options = verb.options.iter().flat_map(names_of).collect::<Vec<_>>().join(" ");
            let operands = verb.words.as_ref().map_or_else(|| "free".to_owned(), in_bash);
            let command = match verb.command {
                Place::Nowhere => "",
                Place::BehindDashes => "behind",
                Place::Anywhere => "anywhere",
            };
            let path = quoted(&verb.path);
            writeln!(known, "        {path}) verbs='{names}' operands='{operands}' command='{command}'").unwrap();
            writeln!(known, "            options='{options}' ;;").unwrap();
        }
        let script =
            filled(include_str!("completion.bash"), &[("@VERBS@", known), ("@VALUES@", values_in_bash(&verbs))]);
        out.write_all(script.as_bytes()).unwrap();
    }
}

/// Most options mean the same behind every verb.
fn values_in_bash(verbs: &[Verb<'_>]) -> String {
    let mut kinds: BTreeMap<String, Vec<(&str, String)>> = BTreeMap::new();
    for verb in verbs {
        for option in &verb.options {
            let Some((_, values)) = &option.value else { continue };
            for name in names_of(option) {
                kinds.entry(name).or_default().push((&verb.path, in_bash(values)));
            }
        }
    }
    let mut table = String::new();
    for (name, kinds) in kinds {
        let (_, first) = &kinds[0];
        if kinds.iter().all(|(_, kind)| kind == first) {
            writeln!(table, "        *:{name}) echo {first} ;;").unwrap();
        } else {
            kinds.iter().for_each(|(verb, kind)| writeln!(table, "        '{verb}:{name}') echo {kind} ;;").unwrap());
        }
    }
    table
}

fn in_bash(values: &Values) -> String {
    match values {
        Values::Free => "free".to_owned(),
        Values::Words(words) => format!("words {}", words.join(" ")),
        Values::Files => "files".to_owned(),
        Values::Folders => "folders".to_owned(),
        Values::Programs => "programs".to_owned(),
        Values::Variables => "variables".to_owned(),
        Values::Agents(others) => ["agents"].iter().chain(others).copied().collect::<Vec<_>>().join(" "),
        Values::Runs => "runs".to_owned(),
    }
}

/// `-q` and `--quiet`; a value that has to stand behind `=` begins there.
fn names_of(option: &Opt<'_>) -> Vec<String> {
    let short = option.short.map(|short| format!("-{short}"));
    short.into_iter().chain(option.long.map(|long| format!("--{long}"))).collect()
}

struct Zsh;

impl Generator for Zsh {
    fn file_name(&self, name: &str) -> String {
        format!("_{name}")
    }

    fn generate(&self, program: &Command, out: &mut dyn Write) {
        let mut known = String::new();
        for verb in tree::verbs(program) {
            let mut specs: Vec<String> = verb.options.iter().map(option_in_zsh).collect();
            let mut after = String::new();
            if let Some(values) = &verb.words {
                specs.push(quoted(&format!("{}:{}", if verb.many { "*:words" } else { ":word" }, in_zsh(values))));
            }
            if verb.command != Place::Nowhere || !verb.verbs.is_empty() {
                if verb.words.is_none() {
                    specs.push("'(-)1: :->first'".to_owned());
                }
                specs.push("'(-)*:: :->rest'".to_owned());
                let below = verb.verbs.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(" ");
                let described = verb.verbs.iter().map(|(name, about)| {
                    format!(r#"{name}\:"{}""#, about.replace('\\', r"\\").replace('"', r#"\""#).replace(':', r"\:"))
                });
                let described = quoted(&described.collect::<Vec<_>>().join(" "));
                let command = if verb.command == Place::Nowhere { "''" } else { "yes" };
                writeln!(after, "            below=({below}) verbs={described} command={command}").unwrap();
                writeln!(after, "            [[ -z $state ]] || __otel_run_below {} $state", quoted(&verb.path))
                    .unwrap();
            }
            writeln!(known, "        ({})", quoted(&verb.path)).unwrap();
            writeln!(known, "            _arguments -s -S -C : \\").unwrap();
            writeln!(known, "                {}", specs.join(" \\\n                ")).unwrap();
            writeln!(known, "{after}            ;;").unwrap();
        }
        out.write_all(filled(include_str!("completion.zsh"), &[("@VERBS@", known)]).as_bytes()).unwrap();
    }
}

/// One option as `_arguments` takes it.
fn option_in_zsh(option: &Opt<'_>) -> String {
    let help = option.help.replace('\\', r"\\").replace('[', r"\[").replace(']', r"\]").replace(':', r"\:");
    let value = option.value.as_ref().map(|(name, values)| format!(":{name}:{}", in_zsh(values)));
    let names = names_of(option);
    let (before, names) = match (option.repeated, names.as_slice()) {
        (true, _) => ("*".to_owned(), names),
        (false, [name]) => (String::new(), vec![name.clone()]),
        (false, names) => (format!("({})", names.join(" ")), names.to_vec()),
    };
    let specs = names.iter().map(|name| {
        let (sign, value) = match (&value, option.attached, name.starts_with("--")) {
            (None, ..) => ("", String::new()),
            (Some(value), true, _) => ("=-", format!(":{value}")),
            (Some(value), false, true) => ("=", value.clone()),
            (Some(value), false, false) => ("+", value.clone()),
        };
        quoted(&format!("{before}{name}{sign}[{help}]{value}"))
    });
    specs.collect::<Vec<_>>().join(" ")
}

fn in_zsh(values: &Values) -> String {
    match values {
        Values::Free => " ".to_owned(),
        Values::Words(words) => format!("({})", words.join(" ")),
        Values::Files => "_files".to_owned(),
        Values::Folders => "_files -/".to_owned(),
        Values::Programs => "_command_names -e".to_owned(),
        Values::Variables => r#"_parameters -g "*export*""#.to_owned(),
        Values::Agents(others) => format!(" __otel_run_agents {}", others.join(" ")).trim_end().to_owned(),
        Values::Runs => " __otel_run_table runs runs --limit 100".to_owned(),
    }
}

struct Fish;

impl Generator for Fish {
    fn file_name(&self, name: &str) -> String {
        format!("{name}.fish")
    }

    fn generate(&self, program: &Command, out: &mut dyn Write) {
        let verbs = tree::verbs(program);
        let mut lines = String::new();
        for verb in &verbs {
            let at = format!("complete -c otel-run -n '__otel_run_at {}'", verb.path)
                .replace(" '", "'")
                .replace("-n'", "-n '");
            for option in &verb.options {
                let names = option.short.map(|short| format!(" -s {short}")).into_iter();
                let names: String = names.chain(option.long.map(|long| format!(" -l {long}"))).collect();
                // An option whose value may be left out takes none that stands by itself.
                let value = option.value.as_ref().filter(|_| !option.attached);
                let value = value.map(|(_, values)| in_fish(values, "-x")).unwrap_or_default();
                writeln!(lines, "{at}{names}{value} -d {}", quoted_for_fish(&option.help)).unwrap();
            }
            for (name, about) in &verb.verbs {
                writeln!(lines, "{at} -a {name} -d {}", quoted_for_fish(about)).unwrap();
            }
            if let Some(values) = &verb.words {
                writeln!(lines, "{at}{}", in_fish(values, "-f")).unwrap();
            }
            if verb.command == Place::Anywhere {
                writeln!(lines, "{at} -a '(__otel_run_program)'").unwrap();
            }
        }
        let paths = |is_one: &dyn Fn(&Verb<'_>) -> bool| {
            verbs
                .iter()
                .filter(|verb| is_one(verb))
                .map(|verb| quoted_for_fish(&verb.path))
                .collect::<Vec<_>>()
                .join(" ")
        };
        let mut with_value: Vec<String> = verbs
            .iter()
            .flat_map(|verb| &verb.options)
            .filter(|option| option.value.is_some() && !option.attached)
            .flat_map(names_of)
            .collect();
        with_value.sort();
        with_value.dedup();
        let script = filled(
            include_str!("completion.fish"),
            &[
                ("@VERBS@", paths(&|verb| !verb.path.is_empty())),
                ("@COMMANDS_ANYWHERE@", paths(&|verb| verb.command == Place::Anywhere)),
                ("@COMMANDS_BEHIND_DASHES@", paths(&|verb| verb.command != Place::Nowhere)),
                ("@WITH_VALUE@", with_value.join(" ")),
                ("@LINES@", lines),
            ],
        );
        out.write_all(script.as_bytes()).unwrap();
    }
}

/// The arguments of `complete` for a value; `alone` says that it is none of the files.
fn in_fish(values: &Values, alone: &str) -> String {
    match values {
        Values::Free => format!(" {alone}"),
        Values::Words(words) => format!(" {alone} -a '{}'", words.join(" ")),
        Values::Files => " -rF".to_owned(),
        Values::Folders => format!(" {alone} -a '(__fish_complete_directories)'"),
        Values::Programs => format!(" {alone} -a '(__fish_complete_command)'"),
        Values::Variables => format!(" {alone} -a '(set -nx)'"),
        Values::Agents(others) => {
            format!(" {alone} -a '{} (__otel_run_agents)'", others.join(" ")).replace("' (", "'(")
        }
        Values::Runs => format!(" {alone} -ka '(__otel_run_table runs --limit 100)'"),
    }
}

/// Between single quotes, as fish has it.
fn quoted_for_fish(text: &str) -> String {
    format!("'{}'", text.replace('\\', r"\\").replace('\'', r"\'"))
}
