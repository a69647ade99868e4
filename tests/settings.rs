//! What is said on the command line, in variables and in files: who wins, who is believed, and what is said of mistakes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use opentelemetry_proto::tonic::common::v1::any_value;
use serde_json::Value;
use support::listed::{only_run, runs};
use support::{Home, Run, Upstream, run};

/// One place that says something, the way a user would write it.
#[derive(Debug, Clone, Copy)]
enum Place {
    Flag(&'static str, &'static str),
    Variable(&'static str, &'static str),
    Project(&'static str),
    User(&'static str),
}

use Place::{Flag, Project, User, Variable};

impl Place {
    /// How a plan names it. Both files have their setting in the first line.
    fn origin(self, home: &Home) -> String {
        match self {
            Flag(name, _) | Variable(name, _) => name.to_owned(),
            Project(_) => format!("{}:1", home.work().join(".otel-run.toml").display()),
            User(_) => format!("{}:1", home.path().join("config/otel-run/config.toml").display()),
        }
    }
}

/// A run that is told all of this; `HOME` stands for the test's folder.
fn told(run: Run, home: &Home, places: &[Place]) -> Run {
    let text = |text: &str| text.replace("HOME", home.path().to_str().unwrap());
    places.iter().fold(run.home(home), |run, place| match place {
        Flag(name, value) => run.flag(name, text(value)),
        Variable(name, value) => run.env(name, text(value)),
        Project(toml) => {
            std::fs::write(home.work().join(".otel-run.toml"), text(toml)).unwrap();
            run
        }
        User(toml) => {
            home.write_config("otel-run/config.toml", &text(toml));
            run
        }
    })
}

/// The plan's text, with line breaks and indentation as single spaces.
fn plan(home: &Home, places: &[Place]) -> String {
    let ran = told(run().arg("plan"), home, places).args(["--", "true"]).expect_exit(0);
    ran.stdout_text().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Each list goes from the highest place to the lowest. The first of them decides, then the first of the rest, and so on.
#[test]
fn the_highest_place_decides_and_the_plan_names_it() {
    type Case = (&'static [Place], &'static [(Place, &'static str)], &'static str);
    // What is said anyway, places with the text of the plan in front of their names, the text where nobody says anything.
    let cases: [Case; 17] = [
        (
            &[],
            &[
                (Flag("--endpoint", "http://flag:1"), "Destination http://flag:1"),
                (Variable("OTEL_RUN_ENDPOINT", "http://run:1/x"), "Destination http://run:1/x"),
                (Variable("OTEL_EXPORTER_OTLP_ENDPOINT", "http://otel:1"), "Destination http://otel:1"),
                (User("endpoint = 'https://user:1'"), "Destination https://user:1"),
            ],
            "Destination none",
        ),
        (
            &[Flag("--endpoint", "http://flag:1")],
            &[
                (Flag("--protocol", "grpc"), "by grpc"),
                (Variable("OTEL_RUN_PROTOCOL", "http/json"), "by http/json"),
                (Variable("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"), "by grpc"),
                (User("protocol = 'http/json'"), "by http/json"),
            ],
            "by http/protobuf (default)",
        ),
        (
            &[],
            &[
                (Flag("--nest", "off"), "Nesting off: the command's telemetry stays as it is"),
                (
                    Variable("OTEL_RUN_NEST", "LINK"),
                    "Nesting link: the command's traces stay its own and are linked with the run span",
                ),
                (Project("nest = 'off'"), "Nesting off: the command's telemetry stays as it is"),
                (
                    User("nest = 'link'"),
                    "Nesting link: the command's traces stay its own and are linked with the run span",
                ),
            ],
            "run span (default)",
        ),
        (
            &[],
            &[
                (Flag("--genai", "off"), "GenAI off: model and tool calls keep the agent's own names alone"),
                (Variable("OTEL_RUN_GENAI", "replace"), "conventions' names in place of the agent's own"),
                (Project("genai = 'off'"), "GenAI off: model and tool calls keep the agent's own names alone"),
                (User("genai = 'REPLACE'"), "conventions' names in place of the agent's own"),
            ],
            // The usual way is no line of its own.
            "are not stored (default)",
        ),
        (
            &[],
            &[
                (Flag("--content", "off"), "tool arguments and results are not stored"),
                (Variable("OTEL_RUN_CONTENT", "on"), "tool arguments and results are stored and sent"),
                (User("content = 'off'"), "tool arguments and results are not stored"),
            ],
            "are not stored (default)",
        ),
        (
            &[],
            &[
                (
                    Flag("--detail", "agent"),
                    "Detail agent: housekeeping spans of known agents are left out and counted",
                ),
                (Variable("OTEL_RUN_DETAIL", "full"), "Detail full: every span is stored and sent"),
                (
                    Project("detail = 'agent'"),
                    "Detail agent: housekeeping spans of known agents are left out and counted",
                ),
                (User("detail = 'full'"), "Detail full: every span is stored and sent"),
            ],
            "Runs",
        ),
        (
            &[],
            &[
                (Flag("--agent", "none"), "Agent none"),
                (Variable("OTEL_RUN_AGENT", "opencode"), "Agent opencode, mode tui"),
                (Project("agent = 'none'"), "Agent none"),
                (User("agent = 'opencode'"), "Agent opencode, mode tui"),
            ],
            "Agent true is no known agent",
        ),
        (
            &[],
            &[
                (Flag("--drain-deadline", "1m"), "at most 60 s after the command ended"),
                (Variable("OTEL_RUN_DRAIN_DEADLINE", "250ms"), "at most 0.25 s after the command ended"),
                (User("drain_deadline = 7"), "at most 7 s after the command ended"),
            ],
            "at most 5 s after the command ended (default)",
        ),
        (
            &[],
            &[
                (Flag("--state-dir", "HOME/flag"), "Runs HOME/flag"),
                (Variable("OTEL_RUN_STATE_DIR", "HOME/variable"), "Runs HOME/variable"),
                (User("state_dir = 'beside'"), "Runs HOME/config/otel-run/beside"),
            ],
            "Runs HOME/state/otel-run (default)",
        ),
        (
            &[],
            &[
                (Flag("--collector", "off"), "to wherever it does without otel-run"),
                (Variable("OTEL_RUN_COLLECTOR", "on"), "which the command exports to"),
                (User("collector = false"), "to wherever it does without otel-run"),
            ],
            "which the command exports to",
        ),
        (
            &[],
            &[
                (Flag("--timeout", "1d"), "Time limit 86400 s, then TERM"),
                (Variable("OTEL_RUN_TIMEOUT", "1.5m"), "Time limit 90 s, then TERM"),
                (User("timeout = 30"), "Time limit 30 s, then TERM"),
            ],
            "Runs",
        ),
        (
            &[Flag("--timeout", "1h")],
            &[
                (Flag("--kill-after", "500ms"), "then TERM (--timeout) and KILL 0.5 s later"),
                (Variable("OTEL_RUN_KILL_AFTER", "2"), "then TERM (--timeout) and KILL 2 s later"),
                (User("kill_after = '1m'"), "then TERM (--timeout) and KILL 60 s later"),
            ],
            "then TERM (--timeout)",
        ),
        (
            &[],
            &[
                (Flag("--success-code", "4"), "Success exit codes 0, 4"),
                (Variable("OTEL_RUN_SUCCESS_CODES", "3,2"), "Success exit codes 0, 2, 3"),
                (Project("success_codes = [1]"), "Success exit codes 0, 1"),
                (User("success_codes = [5]"), "Success exit codes 0, 5"),
            ],
            "Runs",
        ),
        (
            &[],
            &[
                (Flag("--keep-age", "12h"), "Kept for 12 hours"),
                (Variable("OTEL_RUN_KEEP_AGE", "0"), "Kept of any age"),
                (User("keep_age = '7d'"), "Kept for 7 days"),
            ],
            "Runs",
        ),
        (
            &[Flag("--keep-age", "12h")],
            &[
                (Flag("--keep-runs", "0"), "Kept for 12 hours (--keep-age), any number"),
                (Variable("OTEL_RUN_KEEP_RUNS", "7"), "Kept for 12 hours (--keep-age), 7 runs"),
                (User("keep_runs = 8"), "Kept for 12 hours (--keep-age), 8 runs"),
            ],
            "Kept for 12 hours (--keep-age), 1000 runs (default), 5 GiB (default)",
        ),
        (
            &[Flag("--keep-age", "12h")],
            &[
                (Flag("--keep-size", "0"), "1000 runs (default), any size"),
                (Variable("OTEL_RUN_KEEP_SIZE", "1.5GiB"), "1000 runs (default), 1.5 GiB"),
                (User("keep_size = '500MiB'"), "1000 runs (default), 500 MiB"),
            ],
            "1000 runs (default), 5 GiB (default)",
        ),
        (
            &[],
            &[
                (Flag("--heartbeat", "0"), "Heartbeat none"),
                (Variable("OTEL_RUN_HEARTBEAT", "5s"), "Heartbeat every 5 s"),
                (User("heartbeat = 10"), "Heartbeat every 10 s"),
            ],
            "Runs",
        ),
    ];
    for (anyway, places, nothing) in cases {
        for from in 0..=places.len() {
            let home = Home::new();
            let said: Vec<Place> =
                anyway.iter().copied().chain(places[from..].iter().map(|(place, _)| *place)).collect();
            let plan = plan(&home, &said);
            let expected = match places.get(from) {
                // A collector that is on is the default, whoever says so.
                Some((_, text)) if text.ends_with("exports to") => (*text).to_owned(),
                Some((place, text)) => format!("{text} ({})", place.origin(&home)),
                None => nothing.to_owned(),
            };
            let expected = expected.replace("HOME", home.path().to_str().unwrap());
            assert!(plan.contains(&expected), "{expected:?} is not in the plan of {said:?}: {plan}");
            assert!(!plan.contains("Warnings"), "{plan}");
        }
    }
}

#[test]
fn switches_of_the_supervisor_are_in_the_plan_where_they_are_on() {
    let adopts = "Processes otel-run adopts what the command leaves behind";
    let dies = "the command is killed when otel-run is killed";
    let home = Home::new();
    let flags = run().home(&home).args(["plan", "--reap", "--die-with-parent", "true"]).expect_exit(0).stdout_text();
    let words = flags.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains(&format!("{adopts} (--reap) {dies} (--die-with-parent)")), "{flags}");
    let file = User("reap = true\ndie_with_parent = true");
    let planned = plan(&home, &[Variable("OTEL_RUN_DIE_WITH_PARENT", "false"), file]);
    assert!(planned.contains(adopts) && !planned.contains(dies), "{planned}");
    assert!(planned.contains(&format!("({})", file.origin(&home))), "{planned}");
    assert!(!plan(&Home::new(), &[]).contains("Processes"));
}

#[test]
fn a_time_to_kill_without_a_time_limit_is_told() {
    let said = "this has no effect without a time limit";
    run().flag("--kill-after", "5").child(["sh", "-c", "exit 3"]).stderr_has(said).expect_exit(3);
    run().env("OTEL_RUN_KILL_AFTER", "5").child(["sh", "-c", "exit 3"]).stderr_has(said).expect_exit(3);
    // The user's file says it for those runs that have a limit.
    let home = Home::new();
    told(run(), &home, &[User("kill_after = 5")]).child(["sh", "-c", "exit 3"]).expect_exit(3);
}

/// The same for what is seen in the telemetry and not in the plan.
#[test]
fn the_highest_place_names_the_service() {
    let places = [
        Flag("--service-name", "flag"),
        Variable("OTEL_RUN_SERVICE_NAME", "run"),
        Variable("OTEL_SERVICE_NAME", "otel"),
        Variable("OTEL_RESOURCE_ATTRIBUTES", "service.name=attribute,team=variable"),
        Project("service_name = 'project'"),
        User("service_name = 'user'"),
    ];
    let names = ["flag", "run", "otel", "attribute", "project", "user"];
    for (from, name) in names.into_iter().enumerate() {
        let (home, upstream) = (Home::new(), Upstream::start());
        let run = told(run().upstream(&upstream).flag("--drain-deadline", "60s"), &home, &places[from..]);
        run.flag("--resource-attribute", "team=flag").child(["true"]).expect_exit(0);
        let spans = upstream.spans_with_resources();
        let attribute = |key: &str| {
            let found = spans[0].0.attributes.iter().find(|attribute| attribute.key == key);
            match found.and_then(|found| found.value.clone()).and_then(|value| value.value) {
                Some(any_value::Value::StringValue(text)) => text,
                other => panic!("{key} is {other:?}"),
            }
        };
        assert_eq!(attribute("service.name"), name);
        assert_eq!(attribute("team"), "flag");
    }
}

#[test]
fn the_highest_place_decides_how_requests_are_packed() {
    let places = [
        Flag("--compression", "none"),
        Variable("OTEL_RUN_COMPRESSION", "gzip"),
        Variable("OTEL_EXPORTER_OTLP_COMPRESSION", "none"),
        User("compression = 'gzip'"),
    ];
    for from in 0..=places.len() {
        let (home, upstream) = (Home::new(), Upstream::start());
        let run = told(run().upstream(&upstream).flag("--drain-deadline", "60s"), &home, &places[from..]);
        run.child(["true"]).expect_exit(0);
        let gzip = [false, true, false, true, false][from];
        assert!(upstream.received().iter().all(|request| request.gzip == gzip), "{:?}", &places[from..]);
    }
}

#[test]
fn headers_go_with_the_endpoint_of_their_own_place() {
    let upstream = Upstream::start();
    let ran = run()
        .upstream(&upstream)
        .flag("--drain-deadline", "60s")
        .flag("--header", "x-key=of-the-flag")
        .env("OTEL_EXPORTER_OTLP_HEADERS", "authorization=of-the-variable")
        .child(["true"])
        .stderr_has("OTEL_EXPORTER_OTLP_HEADERS: these credentials are not sent")
        .expect_exit(0);
    assert!(!ran.stderr_text().contains("of-the-variable"), "{}", ran.stderr_text());
    for request in upstream.received() {
        assert_eq!((request.header("x-key"), request.header("authorization")), ("of-the-flag", ""));
    }
    // A destination that is overridden as a whole is nobody's mistake.
    let upstream = Upstream::start();
    run()
        .upstream(&upstream)
        .flag("--drain-deadline", "60s")
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
        .env("OTEL_EXPORTER_OTLP_HEADERS", "authorization=of-the-variable")
        .child(["true"])
        .expect_exit(0);
    upstream.assert_nowhere("of-the-variable");
}

#[test]
fn quiet_is_quiet() {
    for place in [Flag("--state-dir", "HOME/state/otel-run"), Variable("OTEL_RUN_QUIET", "true"), User("quiet = true")]
    {
        let home = Home::new();
        let run = if matches!(place, Flag(..)) { run().arg("-q") } else { run() };
        let run = told(run, &home, &[place]).env("TRACEPARENT", "nonsense").env("OTEL_RUN_NO_SUCH", "x");
        run.flag("--endpoint", "http://127.0.0.1:1").child(["sh", "-c", "exit 3"]).expect_exit(3).stdout_is("");
    }
    // The command's own failure is not ours to hide.
    run().arg("-q").child(["no-such-command"]).stderr_has("cannot run no-such-command").expect_exit(127);
}

const MISTAKES: &str = "endpont = 'http://x'
protocol = 'smoke'
drain_deadline = true
service_name = 'kept'

[headers]
authorization = { enviroment = 'hunter2' }
x = 'hunter2
";

#[test]
fn mistakes_in_a_file_are_told_all_at_once_with_their_lines() {
    let home = Home::new();
    let file = home.write_config("otel-run/config.toml", MISTAKES);
    let places: Vec<String> = [1, 2, 3, 7, 8].iter().map(|line| format!("{}:{line}: ", file.display())).collect();
    let complete = |text: &str, what: &str| {
        for place in &places {
            assert_eq!(text.matches(place.as_str()).count(), 1, "{place:?} in {what}: {text}");
        }
        assert!(!text.contains("hunter2"), "{text}");
        assert!(text.contains("did you mean endpoint?"), "{text}");
    };
    // In front of a command they are warnings.
    let ran = run().home(&home).child(["sh", "-c", "echo out; exit 3"]).any_stderr().expect_exit(3).stdout_is("out\n");
    complete(&ran.stderr_text(), "run");
    assert!(ran.stderr_text().lines().all(|line| line.starts_with("otel-run: ")), "{}", ran.stderr_text());
    let planned = run().home(&home).args(["plan", "true"]).expect_exit(0).stdout_text();
    assert!(planned.contains("Warnings"), "{planned}");
    // Everywhere else they are errors.
    for verb in ["runs", "show", "flush"] {
        let ran = run().home(&home).arg(verb).any_stderr().expect_exit(1).stdout_is("");
        complete(&ran.stderr_text(), verb);
        assert!(ran.stderr_text().lines().all(|line| line.starts_with("otel-run: ")), "{}", ran.stderr_text());
    }
    // What is right in a file with mistakes counts.
    std::fs::write(&file, "nest = 'link'\nx = 1\n").unwrap();
    let planned = plan(&home, &[]);
    assert!(planned.contains(&format!("({}:1)", file.display())), "{planned}");
}

#[test]
fn a_file_that_was_asked_for_must_be_there() {
    run().flag("--config", "/no/such/file").child(["sh", "-c", "exit 3"]).stderr_has("/no/such/file").expect_exit(3);
    run().env("OTEL_RUN_CONFIG", "/no/such/file").arg("runs").stderr_has("/no/such/file").expect_exit(1);
    let home = Home::new();
    let file = home.path().join("elsewhere.toml");
    std::fs::write(&file, "nest = 'off'").unwrap();
    home.write_config("otel-run/config.toml", "nest = 'link'");
    for run in [run().arg("plan").flag("--config", &file), run().arg("plan").env("OTEL_RUN_CONFIG", &file)] {
        run.home(&home).args(["--", "true"]).expect_exit(0).stdout_has("Nesting       off");
    }
}

#[test]
fn a_projects_file_is_not_believed_where_telemetry_goes() {
    let (home, upstream) = (Home::new(), Upstream::start().never_hit());
    let hostile = format!(
        "service_name = 'theirs'\nendpoint = '{}'\ncontent = 'on'\nstate_dir = '{}'\nquiet = true\ncollector = false\n\
         traces_endpoint = '{0}/v1/traces'\ntimeout = '1s'\nkill_after = 1\nreap = true\ndie_with_parent = true\n\
         heartbeat = 0.001\n[headers]\nauthorization = {{ env = 'MY_TOKEN' }}\n",
        upstream.url(),
        home.work().join("runs").display()
    );
    let file = home.work().join(".otel-run.toml");
    std::fs::write(&file, hostile).unwrap();
    let secret = |run: Run| run.home(&home).env("MY_TOKEN", "hunter2");
    let ran = secret(run()).child(["sh", "-c", "exit 3"]).any_stderr().expect_exit(3);
    for line in 2..=13 {
        let place = format!("{}:{line}: ", file.display());
        assert!(ran.stderr_text().contains(&place), "{place:?} in {}", ran.stderr_text());
    }
    assert!(!ran.stderr_text().contains(&format!("{}:1:", file.display())), "{}", ran.stderr_text());
    let planned: String = secret(run()).args(["plan", "--", "true"]).expect_exit(0).stdout_text();
    for line in
        ["Destination   none: the run stays on disk", "Content       off", "Collector     http://127.0.0.1:PORT/"]
    {
        assert!(planned.contains(line), "{line:?} in {planned}");
    }
    for title in ["Time limit", "Processes", "Heartbeat"] {
        assert!(!planned.contains(title), "{title:?} in {planned}");
    }
    assert!(!home.work().join("runs").exists());
    // Nor can it keep a visitor from the runs.
    let listing = secret(run()).arg("runs").any_stderr().expect_exit(0);
    assert!(listing.stderr_text().contains(&format!("{}:2: ", file.display())), "{}", listing.stderr_text());
    std::fs::remove_file(file).unwrap();
    let listed = only_run(&home);
    assert_eq!(listed["destinations"], Value::Array(vec![]));
}

#[test]
fn what_is_quoted_of_a_file_is_no_command_to_the_terminal() {
    let home = Home::new();
    let hostile = "nest = \"\\u001b[2Jno\\nsuch\\u009b word\"\n\"\\u001b]0;title\\u0007\" = 1\n";
    std::fs::write(home.work().join(".otel-run.toml"), hostile).unwrap();
    let quoted = r#""\u{1b}[2Jno\nsuch\u{9b} word" is not one of adopt, link, off"#;
    for command in [vec!["sh", "-c", "exit 3"], vec!["runs"]] {
        let status = if command[0] == "runs" { 0 } else { 3 };
        let ran = run().home(&home).args(command).stderr_has(quoted).expect_exit(status);
        let control = |each: char| each.is_control() && each != '\n';
        assert!(!ran.stderr_text().contains(control), "{:?}", ran.stderr_text());
        assert_eq!(ran.stderr_text().lines().count(), 2, "{}", ran.stderr_text());
    }
}

#[test]
fn a_projects_file_is_looked_for_up_to_the_root_of_the_repository() {
    let home = Home::new();
    let below = home.work().join("repository/a/b");
    std::fs::create_dir_all(&below).unwrap();
    std::fs::create_dir(home.work().join("repository/.git")).unwrap();
    let planned = || run().home(&home).work(&below).args(["plan", "--", "true"]).expect_exit(0).stdout_text();
    let write = |folder: &str, nest: &str| {
        std::fs::write(home.work().join(folder).join(".otel-run.toml"), format!("nest = '{nest}'")).unwrap();
    };
    // Above the repository it is somebody else's.
    write(".", "off");
    assert!(planned().contains("Nesting       adopt"), "{}", planned());
    write("repository", "link");
    assert!(planned().contains("Nesting       link"), "{}", planned());
    write("repository/a/b", "off");
    assert!(planned().contains("Nesting       off"), "{}", planned());
    // Outside of a repository only the folder itself counts.
    std::fs::remove_dir(home.work().join("repository/.git")).unwrap();
    assert!(planned().contains("Nesting       off"), "{}", planned());
    std::fs::remove_file(below.join(".otel-run.toml")).unwrap();
    assert!(planned().contains("Nesting       adopt"), "{}", planned());
}

#[test]
fn mistakes_in_variables_are_told_and_cost_nothing_else() {
    for (name, value, said) in [
        ("OTEL_RUN_ENDPONT", "http://x", "did you mean OTEL_RUN_ENDPOINT?"),
        ("OTEL_RUN_NEST", "sideways", "adopt, link, off"),
        ("OTEL_RUN_DRAIN_DEADLINE", "soon", "5s"),
        ("OTEL_RUN_TIMEOUT", "soon", "5s"),
        ("OTEL_RUN_TIMEOT", "5s", "did you mean OTEL_RUN_TIMEOUT?"),
        ("OTEL_RUN_SUCCESS_CODES", "1,many", "from 1 to 255"),
        ("OTEL_RUN_ENDPOINT", "localhost:4318", "http://localhost:4318"),
        ("OTEL_TRACES_SAMPLER", "allways_on", "did you mean always_on?"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "smoke", "http/protobuf"),
    ] {
        let home = Home::new();
        let ran = run().home(&home).env(name, value).child(["sh", "-c", "exit 3"]).stderr_has(said).expect_exit(3);
        assert_eq!(ran.stderr_text().lines().count(), 1, "{}", ran.stderr_text());
        assert!(ran.stderr_text().starts_with(&format!("otel-run: {name}: ")), "{}", ran.stderr_text());
        run().home(&home).env(name, value).arg("runs").stderr_has(said).expect_exit(1).stdout_is("");
    }
}

#[test]
fn a_plan_starts_nothing_and_is_the_same_as_a_dry_run() {
    let (home, upstream) = (Home::new(), Upstream::start().never_hit());
    let touch = home.work().join("touched");
    let command = ["touch", touch.to_str().unwrap(), "--dry-run", "plan"];
    let planned = |front: &[&str]| {
        let run = run().home(&home).env("TRACEPARENT", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        let run = run.args(front).upstream(&upstream).flag("--nest", "link").flag("--header", "x-key=hunter2");
        without_span_id(&run.child(command).expect_exit(0).stdout_text())
    };
    let plan = planned(&["plan"]);
    assert_eq!(plan, planned(&["--dry-run"]));
    assert!(plan.contains("0af7651916cd43dd8448eb211c80319c, which TRACEPARENT names"), "{plan}");
    assert!(plan.contains("touch ") && plan.contains("TRACEPARENT=") && !plan.contains("hunter2"), "{plan}");
    // Without the dashes as well.
    let short = run().home(&home).args(["plan", "true", "--nest", "off"]).expect_exit(0).stdout_text();
    assert!(short.contains("Command       true --nest off"), "{short}");
    assert!(short.contains("Nesting       adopt"), "{short}");
    assert!(!touch.exists());
    assert_eq!(home.state_files().len(), 0);
    assert!(!home.state().exists());
}

/// The plan without the only thing in it that is made up anew each time.
fn without_span_id(plan: &str) -> String {
    let row = plan.lines().find(|line| line.starts_with("Run span")).unwrap();
    let id = row.split_whitespace().nth(2).unwrap().trim_end_matches(',');
    assert_eq!(id.len(), 16, "{row}");
    plan.replace(id, "SPAN")
}

#[test]
fn mistakes_on_the_command_line_start_nothing() {
    let home = Home::new();
    let touch = home.work().join("touched");
    let touch = touch.to_str().unwrap();
    let cases: [(&[&str], &str); 18] = [
        (&["--endpont=hunter2", "--", "touch", touch], "did you mean --endpoint?"),
        (&["--heder", "authorization=hunter2", "--", "touch", touch], "did you mean --header?"),
        (&["-x", "--", "touch", touch], "-x"),
        (&["--protocol", "smoke", "--", "touch", touch], "http/protobuf"),
        (&["--nest=sideways", "--", "touch", touch], "adopt"),
        (&["--drain-deadline", "soon", "--", "touch", touch], "5s"),
        (&["--timeout", "soon", "--", "touch", touch], "5s"),
        (&["--success-code", "256", "--", "touch", touch], "from 1 to 255"),
        (&["--kil-after", "5", "--", "touch", touch], "did you mean --kill-after?"),
        (&["--endpoint"], "--endpoint"),
        (&["--endpoint", "--", "touch", touch], "--endpoint"),
        (&[], "Usage"),
        (&["--"], "Usage"),
        (&["plan"], "COMMAND"),
        (&["runs", "extra"], "extra"),
        (&["runs", "--nest", "off"], "--nest"),
        (&["show", "one", "two"], "two"),
        (&["flush", "--service-name", "x"], "--service-name"),
    ];
    for (words, said) in cases {
        let ran = run().home(&home).args(words).stderr_has(said).expect_exit(125).stdout_is("");
        assert!(!ran.stderr_text().contains("hunter2"), "{words:?}: {}", ran.stderr_text());
    }
    // A header that is none is left out, without being shown; the command is more important.
    let ran = run().home(&home).flag("--header", "Authorization: hunter2").child(["sh", "-c", "exit 3"]);
    let ran = ran.stderr_has("--header").expect_exit(3);
    assert!(!ran.stderr_text().contains("hunter2"), "{}", ran.stderr_text());
    assert!(!std::path::Path::new(touch).exists());
    assert_eq!(runs(&home).len(), 1);
}

#[test]
fn help_is_there_for_who_asks() {
    let home = Home::new();
    let long = run().home(&home).arg("--help").expect_exit(0).stdout_text();
    let short = run().home(&home).arg("-h").expect_exit(0).stdout_text();
    let headings = ["Usage:", "Verbs:", "Destination:", "Identity:", "Agent:", "Run:"];
    for (text, headings) in [(&long, &headings[..]), (&short, &["Usage:", "Verbs:", "Options:"])] {
        for heading in headings {
            assert_eq!(text.lines().filter(|line| line.starts_with(heading)).count(), 1, "{heading} in {text}");
        }
    }
    assert!(long.contains("Examples:") && long.contains("otel-run -- opencode run"), "{long}");
    for option in ["endpoint", "protocol", "header", "service-name", "resource-attribute", "agent", "nest", "content"] {
        assert!(long.contains(&format!("--{option} <")), "--{option} in {long}");
    }
    let watching = ["timeout", "kill-after", "success-code", "reap", "die-with-parent", "heartbeat", "drain-deadline"];
    for option in watching.into_iter().chain(["collector", "state-dir", "quiet", "dry-run"]) {
        assert!(long.contains(&format!("--{option}")), "--{option} in {long}");
    }
    for verb in ["runs", "show", "plan", "flush", "prune"] {
        for words in [[verb, "--help"], [verb, "-h"], ["help", verb]] {
            run().home(&home).args(words).expect_exit(0).stdout_has(&format!("otel-run {verb}"));
        }
    }
    let version = format!("otel-run {}\n", env!("CARGO_PKG_VERSION"));
    for word in ["--version", "-V"] {
        run().home(&home).arg(word).expect_exit(0).stdout_is(&version);
    }
    assert_eq!(home.state_files().len(), 0);
    // Behind the command they are the command's.
    run().home(&home).args(["echo", "--help"]).expect_exit(0);
    assert_eq!(runs(&home).len(), 1);
}
