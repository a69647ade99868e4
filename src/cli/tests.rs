#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;
use std::time::Duration;

use clap::error::ErrorKind;

use super::*;
use crate::secret::Secret;
use crate::settings::keys::{self, Kind, Unset};
use crate::settings::{
    self, AgentChoice, Content, Detail, GenAi, HeaderValue, Layer, Nest, Origin, Protocol, Required, Sourced,
    Temporality,
};

fn line(words: &str) -> Result<Invocation, clap::Error> {
    parse(std::iter::once("otel-run").chain(words.split_whitespace()).map(OsString::from))
}

fn words(list: &[OsString]) -> String {
    list.iter().map(|word| word.to_str().unwrap()).collect::<Vec<_>>().join(" ")
}

/// Verb, the flags that were understood, and the words of the command or the runs, as one text.
fn told(invocation: &Invocation) -> String {
    let (layer, complaints) = invocation.options().layer();
    assert!(complaints.is_empty(), "{complaints:?}");
    let mut flags = String::new();
    let mut flag = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            flags.push_str(&format!(" {name}={value}"));
        }
    };
    flag("endpoint", layer.destination.endpoint.map(|said| said.value));
    flag("headers", (!layer.destination.headers.is_empty()).then(|| layer.destination.headers.len().to_string()));
    flag("state-dir", layer.state_dir.map(|said| said.value.display().to_string()));
    flag("config", invocation.options().general.config.as_ref().map(|path| path.display().to_string()));
    flag("nest", layer.nest.map(|said| said.value.as_str().to_owned()));
    flag("keep-age", layer.keep_age.map(|said| format!("{:?}", said.value)));
    flag("quiet", layer.quiet.map(|said| said.value.to_string()));
    match invocation {
        Invocation::Run { command, .. } => format!("run{flags}: {}", words(command)),
        Invocation::Plan { command, form, .. } => {
            let form = if *form == PlanForm::Text { String::new() } else { format!(" {form:?}") };
            format!("plan{flags}{form}: {}", words(command))
        }
        Invocation::Runs { json, limit, .. } => format!("runs{flags} {json} {limit:?}"),
        Invocation::Show { run, all, json, .. } => format!("show{flags} {run:?} {all} {json}"),
        Invocation::Flush { runs, dry_run, .. } => {
            format!("flush{flags} {runs:?}{}", if *dry_run { " dry" } else { "" })
        }
        Invocation::Agents { name, form, .. } => format!("agents{flags} {name:?} {form:?}"),
        Invocation::Doctor { doctor, .. } => {
            let DoctorOptions { agent, command, strict, json, send, timeout } = doctor;
            let send = if *send { " send" } else { "" };
            format!("doctor{flags} {agent:?} {strict} {json}{send} {timeout:?}: {}", words(command))
        }
        Invocation::Serve { serve, .. } => format!("serve{flags} {serve:?}"),
        Invocation::Config { action, .. } => format!("config{flags} {action:?}"),
        Invocation::Prune { dry_run, .. } => format!("prune{flags} {dry_run}"),
    }
}

#[test]
fn lines_that_are_understood() {
    for (typed, expected) in [
        ("-- opencode run hi", "run: opencode run hi"),
        ("opencode run hi", "run: opencode run hi"),
        ("--quiet opencode run --foo x", "run quiet=true: opencode run --foo x"),
        ("-q opencode run --foo x", "run quiet=true: opencode run --foo x"),
        ("opencode --quiet --endpoint http://x -h --help -V", "run: opencode --quiet --endpoint http://x -h --help -V"),
        ("-- opencode -- x -- y", "run: opencode -- x -- y"),
        ("opencode -- x", "run: opencode -- x"),
        ("-- -- x", "run: -- x"),
        ("-- -x", "run: -x"),
        ("-- runs", "run: runs"),
        ("-q -- show --json", "run quiet=true: show --json"),
        ("env runs", "run: env runs"),
        ("--endpoint runs -- true", "run endpoint=runs: true"),
        ("--endpoint runs true", "run endpoint=runs: true"),
        ("--endpoint=http://x true show", "run endpoint=http://x: true show"),
        ("--header a=b --header c=env:D true", "run headers=2: true"),
        ("--require-telemetry true", "run: true"),
        ("--require-telemetry=traces,logs true", "run: true"),
        ("flush --dry-run a", "flush [\"a\"] dry"),
        ("--dry-run -- true", "plan: true"),
        ("--dry-run true --dry-run", "plan: true --dry-run"),
        ("plan -- true", "plan: true"),
        ("plan true -- x", "plan: true -- x"),
        ("plan runs", "plan: runs"),
        ("plan --format json true --format x", "plan Json: true --format x"),
        ("--format=k8s plan true", "plan K8s: true"),
        ("--dry-run --format github -- true", "plan Github: true"),
        ("plan -- plan", "plan: plan"),
        ("--nest link plan --endpoint http://x true --nest off", "plan endpoint=http://x nest=link: true --nest off"),
        ("runs", "runs false None"),
        ("runs --json --limit 5", "runs true Some(5)"),
        ("--limit 5 runs", "runs false Some(5)"),
        ("agents", "agents None Words"),
        ("agents opencode", "agents Some(\"opencode\") Words"),
        ("agents --toml opencode", "agents Some(\"opencode\") Toml"),
        ("-q agents --json", "agents quiet=true None Json"),
        ("-- agents", "run: agents"),
        ("config", "config Show"),
        ("config --nest link --endpoint http://x", "config endpoint=http://x nest=link Show"),
        ("--nest link config", "config nest=link Show"),
        ("config check", "config Check { file: None, project: false }"),
        ("config check --project a.toml", "config Check { file: Some(\"a.toml\"), project: true }"),
        (
            "--config c.toml config -q check x",
            "config config=c.toml quiet=true Check { file: Some(\"x\"), project: false }",
        ),
        ("config --config c.toml path --json", "config config=c.toml Path { json: true }"),
        ("config init --force", "config Init { project: false, force: true, print: false }"),
        ("config init --project --stdout", "config Init { project: true, force: false, print: true }"),
        ("config schema", "config Schema { project: false }"),
        ("-- config", "run: config"),
        ("show", "show None false false"),
        ("show r1 --all", "show Some(\"r1\") true false"),
        ("--state-dir X show", "show state-dir=X None false false"),
        (
            "--state-dir X --config c.toml -q show --json r1",
            "show state-dir=X config=c.toml quiet=true Some(\"r1\") false true",
        ),
        ("show --state-dir X", "show state-dir=X None false false"),
        ("flush", "flush []"),
        ("--endpoint http://x flush r1 --header a=b r2", "flush endpoint=http://x headers=1 [\"r1\", \"r2\"]"),
        (
            "--endpoint http://x serve --listen [::1]:4318 --segment-size 7 --segment-age 0 -q",
            "serve endpoint=http://x quiet=true ServeOptions { listen: Some([::1]:4318), token: None, allow_remote: false, \
             segment_size: Some(7), segment_age: Some(0ns) }",
        ),
        (
            "serve --token hunter2 --allow-remote",
            "serve ServeOptions { listen: None, token: Some((redacted)), allow_remote: true, segment_size: None, \
             segment_age: None }",
        ),
        ("-- serve", "run: serve"),
        ("doctor", "doctor None false false None: "),
        ("doctor --send opencode", "doctor Some(\"opencode\") false false send None: "),
        ("doctor opencode --strict", "doctor Some(\"opencode\") true false None: "),
        (
            "--endpoint http://x doctor --json -- a --json -- b",
            "doctor endpoint=http://x None false true None: a --json -- b",
        ),
        ("--timeout 2 --nest link doctor codex", "doctor nest=link Some(\"codex\") false false Some(2s): "),
        ("-- doctor", "run: doctor"),
        ("prune", "prune false"),
        ("--keep-age 5d prune --dry-run --state-dir X", "prune state-dir=X keep-age=432000s true"),
        ("--dry-run prune", "prune true"),
        ("--keep-age 5d -- prune", "run keep-age=432000s: prune"),
        ("--nest LINK true", "run nest=link: true"),
        ("--timeout 5 --reap timeout 5 true --reap", "run: timeout 5 true --reap"),
        ("--success-code 1 --success-code=2 -- 3", "run: 3"),
    ] {
        match line(typed) {
            Ok(invocation) => assert_eq!(told(&invocation), expected, "{typed}"),
            Err(error) => panic!("{typed}: {error}"),
        }
    }
}

#[test]
fn lines_that_are_usage_errors() {
    for (typed, kind, part) in [
        ("", ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand, "Usage:"),
        ("--", ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand, "Usage:"),
        ("--quiet", ErrorKind::MissingRequiredArgument, "COMMAND"),
        ("plan", ErrorKind::MissingRequiredArgument, "COMMAND"),
        ("plan --", ErrorKind::MissingRequiredArgument, "COMMAND"),
        ("plan --format yaml true", ErrorKind::InvalidValue, "text, json, shell, dotenv, docker, k8s, github"),
        ("--format json -- true", ErrorKind::MissingRequiredArgument, "--dry-run"),
        ("doctor opencode -- true", ErrorKind::ArgumentConflict, "AGENT"),
        ("doctor opencode run", ErrorKind::UnknownArgument, "'run'"),
        ("--endpoint", ErrorKind::InvalidValue, "--endpoint <URL>"),
        ("--endpoint -- true", ErrorKind::InvalidValue, "--endpoint <URL>"),
        ("--endpont http://x -- true", ErrorKind::UnknownArgument, "did you mean --endpoint?"),
        ("config chekc", ErrorKind::InvalidSubcommand, "check"),
        ("config check --nest link", ErrorKind::UnknownArgument, "'--nest'"),
        ("config --forec init", ErrorKind::UnknownArgument, "did you mean --force?"),
        ("config init --stdout --force", ErrorKind::ArgumentConflict, "--force"),
        ("-x true", ErrorKind::UnknownArgument, "'-x'"),
        ("--nest adpot true", ErrorKind::InvalidValue, "adopt, link, off"),
        ("--export-timeout 5x true", ErrorKind::ValueValidation, "write it like 5s"),
        ("--timeout 5x true", ErrorKind::ValueValidation, "write it like 5s"),
        ("--timeout true", ErrorKind::ValueValidation, "write it like 5s"),
        ("--kill-after -1 true", ErrorKind::UnknownArgument, "'-1'"),
        ("--keep-age 30 true", ErrorKind::ValueValidation, "write it with its unit, like 30d"),
        ("prune --keep-size 5", ErrorKind::ValueValidation, "write it with its unit, like 5GiB"),
        ("prune --keep-runs -1", ErrorKind::UnknownArgument, "'-1'"),
        ("--success-code 0 true", ErrorKind::ValueValidation, "from 1 to 255"),
        ("--success-code 1,2 true", ErrorKind::ValueValidation, "from 1 to 255"),
        ("--succes-code 1 true", ErrorKind::UnknownArgument, "did you mean --success-code?"),
        ("--die-with-parnet true", ErrorKind::UnknownArgument, "did you mean --die-with-parent?"),
        ("flush --timeout 5", ErrorKind::UnknownArgument, "--timeout"),
        ("--nest off show", ErrorKind::UnknownArgument, "--nest is for a run: otel-run --nest ... -- COMMAND"),
        ("show --endpoint http://x", ErrorKind::UnknownArgument, "--endpoint is for a run"),
        ("--dry-run show", ErrorKind::UnknownArgument, "--dry-run"),
        ("runs --agent none", ErrorKind::UnknownArgument, "--agent"),
        ("flush --nest off", ErrorKind::UnknownArgument, "--nest"),
        ("show a b", ErrorKind::UnknownArgument, "'b'"),
        ("runs --limit many", ErrorKind::ValueValidation, "--limit"),
        ("--json true", ErrorKind::UnknownArgument, "--json"),
        ("serve true", ErrorKind::UnknownArgument, "'true'"),
        ("--genai both true", ErrorKind::InvalidValue, "add, replace"),
        ("serve --nest off", ErrorKind::UnknownArgument, "--nest"),
        ("serve --listen 4318", ErrorKind::ValueValidation, "write it like 127.0.0.1:4318"),
        ("serve --segment-size 0", ErrorKind::ValueValidation, "--segment-size"),
        ("serve --segment-age soon", ErrorKind::ValueValidation, "write it like 5s"),
        ("--listen 127.0.0.1:0 true", ErrorKind::UnknownArgument, "--listen is an option of the verb serve"),
        ("runs --limt 5", ErrorKind::UnknownArgument, "a similar argument exists: '--limit'"),
        ("help shwo", ErrorKind::InvalidSubcommand, "there is no verb \"shwo\"; did you mean show?"),
        ("help opencode", ErrorKind::InvalidSubcommand, "there is no verb \"opencode\""),
    ] {
        let error = line(typed).err().unwrap_or_else(|| panic!("{typed} was understood"));
        assert_eq!(error.kind(), kind, "{typed}: {error}");
        assert!(error.to_string().contains(part), "{typed}: {error}");
    }
}

#[test]
fn help_and_version() {
    for (typed, kind, part) in [
        ("-h", ErrorKind::DisplayHelp, "Verbs:"),
        ("--help", ErrorKind::DisplayHelp, "ENTRYPOINT"),
        ("--help opencode", ErrorKind::DisplayHelp, "Destination:"),
        ("show --help", ErrorKind::DisplayHelp, "housekeeping"),
        ("--help show", ErrorKind::DisplayHelp, "housekeeping"),
        ("help flush", ErrorKind::DisplayHelp, "--endpoint"),
        ("doctor --help", ErrorKind::DisplayHelp, "Longest wait for one probe"),
        ("plan --help", ErrorKind::DisplayHelp, "otel-run plan [OPTIONS]"),
        ("--version", ErrorKind::DisplayVersion, env!("CARGO_PKG_VERSION")),
        ("-V", ErrorKind::DisplayVersion, env!("CARGO_PKG_VERSION")),
        ("show --version", ErrorKind::DisplayVersion, env!("CARGO_PKG_VERSION")),
    ] {
        let error = line(typed).err().unwrap_or_else(|| panic!("{typed} was understood"));
        assert_eq!(error.kind(), kind, "{typed}: {error}");
        assert!(error.to_string().contains(part), "{typed}: {error}");
    }
}

#[test]
fn clap_finds_nothing_wrong_with_the_types() {
    command().debug_assert();
    let mut built = command();
    built.build();
    assert_eq!(built.get_subcommands().map(Command::get_name).collect::<Vec<_>>(), VERBS);
}

#[test]
fn a_plain_command_is_what_clap_makes_of_it() {
    for typed in ["-- true", "true", "-- runs", "-- -x", "-- --", "true -- x", "opencode -q --help runs", "runsx"] {
        let args = || std::iter::once("otel-run").chain(typed.split(' ')).map(OsString::from).collect::<Vec<_>>();
        assert!(plain_command(&args()).is_some(), "{typed}");
        assert_eq!(parse(args()).unwrap(), parse_with_clap(args()).unwrap(), "{typed}");
    }
    for typed in ["", "--", "-", "-x", "-q true", "--dry-run true", "runs", "help", "show x"] {
        let args = || std::iter::once("otel-run").chain(typed.split_whitespace()).map(OsString::from);
        assert_eq!(plain_command(&args().collect::<Vec<_>>()), None, "{typed}");
    }
}

#[test]
fn short_help() {
    insta::assert_snapshot!(line("-h").unwrap_err(), @r#"
    Run a command as an OpenTelemetry span, with its own telemetry nested under it

    Usage: otel-run [OPTIONS] [--] COMMAND [ARGS]...
           otel-run [OPTIONS] VERB ...

    Verbs:
      runs    List the runs on disk
      show    Show one run as a tree, the latest by default
      plan    Print what a run would do, and do nothing (the same as --dry-run)
      doctor  Say what is well, what is not, and what to do about it
      flush   Deliver what is still on disk
      prune   Remove old runs from disk
      agents  List the agents that are known, or say what would be injected into one
      config  Print the settings that hold, check settings files, or write one
      serve   Collect from whoever sends, without a command
      help    Print this message or the help of the given subcommand(s)

    Options:
          --endpoint <URL>       Send to this base URL
          --header <NAME=VALUE>  Request header; VALUE may be env:NAME or file:PATH
          --service-name <NAME>  service.name of everything in the run
          --content <WHETHER>    Keep prompts, answers and tool data [off, local, on]
      -h, --help                 Print help (--help: all options, and examples)
    "#);
}

#[test]
fn help_is_short_or_long_as_it_was_asked_for() {
    let told = |typed: &str| line(typed).unwrap_err().to_string();
    let short = told("-h");
    assert_eq!(told(""), short);
    assert_eq!(told("-qh"), short);
    assert_eq!(told("-h -- opencode --help"), short);
    assert_eq!(told("-h opencode run"), short);
    let long = told("--help");
    assert!(long.contains("--die-with-parent") && long.contains("\nDestination:\n"), "{long}");
    assert_eq!(told("help"), long);
    assert_eq!(told("--help -- opencode -h"), long);
    // A verb's short help keeps its headings.
    assert!(told("plan -h").contains("\nDestination:\n"));
}

#[test]
fn a_verb_that_was_meant_is_found() {
    for (word, verb) in
        [("shwo", Some("show")), ("rnus", Some("runs")), ("agnets", Some("agents")), ("claude", None), ("sh", None)]
    {
        assert_eq!(verb_meant_by(OsStr::new(word)), verb, "{word}");
    }
}

#[test]
fn long_help_names_every_variable_of_an_option() {
    let help = command().term_width(110).render_long_help().to_string();
    for variable in settings::variables::ALL {
        if variable.name.starts_with("OTEL_RUN_") {
            assert!(help.contains(variable.name), "{}", variable.name);
        }
    }
}

/// The options that are no settings of a file.
const NO_SETTINGS: [&str; 5] = ["config", "dry-run", "format", "help", "version"];

#[test]
fn every_option_that_is_a_setting_has_its_key() {
    let line = command();
    let flags: Vec<&str> =
        line.get_arguments().filter_map(|arg| arg.get_long()).filter(|long| !NO_SETTINGS.contains(long)).collect();
    for flag in &flags {
        let keys = keys::all().filter(|key| key.flag.is_some_and(|known| known.trim_start_matches('-') == *flag));
        assert_eq!(keys.count(), 1, "--{flag}");
    }
    for key in keys::all() {
        let known = key.flag.is_none_or(|flag| flags.contains(&flag.trim_start_matches('-')));
        assert!(known, "{} has the flag {:?}, which cannot be typed", key.name, key.flag);
    }
}

/// Whatever a verb says of an option that is a setting is what the catalogue says.
#[test]
fn help_says_the_facts_of_the_catalogue() {
    let mut built = command();
    built.build();
    let verbs = built.get_subcommands().flat_map(Command::get_arguments);
    // How long a probe of doctor's may take is no setting.
    let is_setting = |arg: &&clap::Arg| arg.get_help_heading() != Some("Diagnosis");
    for arg in built.get_arguments().chain(verbs).filter(is_setting) {
        let Some(long) = arg.get_long() else { continue };
        let Some(key) = keys::all().find(|key| key.flag.is_some_and(|flag| flag.trim_start_matches('-') == long))
        else {
            continue;
        };
        let help = arg.get_help().unwrap().to_string();
        let long_help = arg.get_long_help().unwrap().to_string();
        let named: Vec<&str> = long_help
            .split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
            .filter(|word| word.starts_with("OTEL_"))
            .collect();
        assert_eq!(named, key.variables, "--{long}: {long_help}");
        let choices = |kind: &Kind| match kind {
            Kind::Word(words) => Some(words.to_vec()),
            Kind::OnOff => Some(vec!["on", "off"]),
            _ => None,
        };
        let Some(mut words) = choices(&key.kind) else { continue };
        let listed = help.rsplit_once('[').unwrap().1.trim_end_matches(']');
        let mut listed: Vec<&str> = listed.split(", ").collect();
        listed.sort_unstable();
        words.sort_unstable();
        assert_eq!(listed, words, "--{long}");
        let Unset::Value(default) = key.unset else { panic!("--{long}") };
        let default = match default {
            "true" => "on",
            "false" => "off",
            word => word.trim_matches('"'),
        };
        let ways = [
            format!("The default is {default}."),
            format!("{default} is the default"),
            format!("{default} (the default)"),
        ];
        assert!(ways.iter().any(|way| long_help.contains(way)), "--{long}: {default}: {long_help}");
    }
}

#[test]
fn words_need_not_be_text() {
    let strange = OsString::from_vec(vec![b'a', 0xff]);
    let args = ["otel-run".into(), "--state-dir".into(), strange.clone(), strange.clone(), "b".into()];
    let invocation = parse(args).unwrap();
    assert_eq!(invocation.options().general.state_dir, Some(PathBuf::from(&strange)));
    let Invocation::Run { command, .. } = invocation else { panic!("{invocation:?}") };
    assert_eq!(command, [strange.clone(), "b".into()]);

    let args = ["otel-run".into(), "--header".into(), strange, "true".into()];
    assert_eq!(parse(args).unwrap_err().kind(), ErrorKind::InvalidUtf8);
}

#[test]
fn no_error_holds_a_header() {
    for typed in [
        "--header authorization=hunter2",
        "--header authorization=hunter2 --nest x -- true",
        "--header=authorization=hunter2 show",
        "show --header=authorization=hunter2",
        "show --header authorization=hunter2",
        "--headers=authorization=hunter2 -- true",
        "--headers authorization=hunter2 -- true",
        "--headers=authorization=hunter2 flush",
        "flush --headers=authorization=hunter2",
        "flush --headers authorization=hunter2",
        "runs --header=authorization=hunter2",
        "plan --headers=authorization=hunter2 true",
        "-header=authorization=hunter2 true",
        "-H authorization=hunter2 true",
        "-Hauthorization=hunter2 true",
        "show -H authorization=hunter2",
        "show -Hauthorization=hunter2",
        "serve --token hunter2 --no",
        "serve --tokn=hunter2",
        "--token hunter2 true",
    ] {
        let error = line(typed).err().unwrap_or_else(|| panic!("{typed} was understood"));
        assert!(!format!("{error}{error:?}").contains("hunter2"), "{typed}: {error:?}");
    }
}

#[test]
fn options_print_no_header() {
    let invocation = line("--header authorization=hunter2 -- true").unwrap();
    let (layer, _) = invocation.options().layer();
    assert!(!format!("{invocation:?}{layer:?}").contains("hunter2"));
    let [(name, value)] = &layer.destination.headers[..] else { panic!("{layer:?}") };
    assert_eq!(name, "authorization");
    assert_eq!(value.value, HeaderValue::Literal(Secret::new("hunter2")));
}

#[test]
fn every_option_says_its_setting() {
    let invocation = line(
        "--endpoint http://e --protocol grpc --header A=env:B --compression gzip --export-timeout 3s \
         --headers-helper /h --certificate ca --client-certificate c --client-key k --insecure --signals metrics,traces --expire-after 2d \
         --require-telemetry=logs --metrics-temporality delta \
         --service-name n --resource-attribute k=v=w --resource-attribute k=x --agent none --nest off --content local \
         --detail agent --redact A --redact B --redact-except C --genai replace \
         --timeout 1d --kill-after .5m --success-code 3 --success-code 1 --success-code 3 --reap --die-with-parent \
         --heartbeat 0 --drain-deadline 0 --collector off --state-dir s --keep-age 12h --keep-runs 7 \
         --keep-size 2k --quiet true",
    )
    .unwrap();
    let (layer, complaints) = invocation.options().layer();
    fn flag<T>(name: &'static str, value: T) -> Option<Sourced<T>> {
        Some(Sourced::new(value, Origin::Flag(name)))
    }
    let header = Sourced::new(HeaderValue::Env("B".to_owned()), Origin::Flag("--header"));
    let attribute = Sourced::new("x".to_owned(), Origin::Flag("--resource-attribute"));
    let expected = Layer {
        destination: settings::Destination {
            endpoint: flag("--endpoint", "http://e".to_owned()),
            headers: vec![("a".to_owned(), header)],
            headers_helper: flag("--headers-helper", PathBuf::from("/h")),
            identity: settings::PerSignal::from_fn(|_| settings::Identity {
                certificate: flag("--client-certificate", PathBuf::from("c")),
                key: flag("--client-key", PathBuf::from("k")),
            }),
            ..Default::default()
        },
        transport: settings::PerSignal::all(&settings::Transport {
            protocol: flag("--protocol", Protocol::Grpc),
            gzip: flag("--compression", true),
            timeout: flag("--export-timeout", Duration::from_secs(3)),
            certificate: flag("--certificate", PathBuf::from("ca")),
            insecure: flag("--insecure", true),
            sent: None,
        })
        .choose(flag("--signals", vec![settings::Signal::Metrics, settings::Signal::Traces]).as_ref()),
        expire_after: flag("--expire-after", Duration::from_secs(2 * 86_400)),
        required: flag("--require-telemetry", Some(Required::read("logs").unwrap())),
        temporality: flag("--metrics-temporality", Temporality::Delta),
        service_name: flag("--service-name", "n".to_owned()),
        resource_attributes: vec![("k".to_owned(), attribute)],
        agent: flag("--agent", AgentChoice::None),
        nest: flag("--nest", Nest::Off),
        content: flag("--content", Content::Local),
        detail: flag("--detail", Detail::Agent),
        redact: ["A", "B"].map(|name| flag("--redact", name.to_owned()).unwrap()).to_vec(),
        redact_except: vec![flag("--redact-except", "C".to_owned()).unwrap()],
        genai: flag("--genai", GenAi::Replace),
        drain_deadline: flag("--drain-deadline", Duration::ZERO),
        time_limit: flag("--timeout", Duration::from_secs(86_400)),
        kill_after: flag("--kill-after", Duration::from_secs(30)),
        success_codes: flag("--success-code", vec![1, 3]),
        reap: flag("--reap", true),
        die_with_parent: flag("--die-with-parent", true),
        heartbeat: flag("--heartbeat", Duration::ZERO),
        collector: flag("--collector", false),
        state_dir: flag("--state-dir", PathBuf::from("s")),
        keep_age: flag("--keep-age", Duration::from_secs(43_200)),
        keep_runs: flag("--keep-runs", 7),
        keep_size: flag("--keep-size", 2_048),
        quiet: flag("--quiet", true),
        ..Layer::default()
    };
    assert_eq!((layer, complaints), (expected, Vec::new()));
}

#[test]
fn empty_options_say_nothing() {
    let args = ["otel-run", "--endpoint", "", "--service-name=", "--agent=", "--", "true"];
    let invocation = parse(args.map(OsString::from)).unwrap();
    assert_eq!(invocation.options().layer(), (Layer::default(), Vec::new()));
}

#[test]
fn mistakes_in_headers_and_attributes_are_complaints() {
    let args = ["otel-run", "--header", "authorization: Bearer hunter2", "--resource-attribute", "team", "true"];
    let (layer, complaints) = parse(args.map(OsString::from)).unwrap().options().layer();
    assert_eq!(layer, Layer::default());
    let complaints: Vec<_> = complaints.iter().map(ToString::to_string).collect();
    assert_eq!(
        complaints,
        [
            "--header: a header has no `=`; write it like authorization=env:NAME, authorization=file:PATH or \
             name=value; it is ignored",
            "--resource-attribute: \"team\" is not KEY=VALUE; it is ignored",
        ]
    );
}
