//! What a command sees of the world is the same with and without otel-run.
//!
//! Programs that print what they were given are run alone and under otel-run, under many conditions, and must print the
//! same. What differs by its nature is masked by name, with the reason, and nothing else is.
#![cfg(target_os = "linux")] // what a process was given is read from /proc
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use nix::sys::signal::Signal;
use nix::unistd::Pid;
use support::processes::{is_alive, wait_until};
use support::pty::Console;
use support::{Home, alone};

const OTEL_RUN: &str = env!("CARGO_BIN_EXE_otel-run");

/// Something that is true when the command is started.
struct Condition {
    name: &'static str,
    /// What brings it about and then executes the words behind it.
    front: &'static [&'static str],
}

const fn given(name: &'static str, front: &'static [&'static str]) -> Condition {
    Condition { name, front }
}

/// Perl, because it hands down signal masks and dispositions as they are; what it is to do stands behind.
macro_rules! perl {
    ($does:literal) => {
        &["perl", "-MPOSIX", "-e", concat!($does, r#"; exec {$ARGV[0]} @ARGV or die "$ARGV[0]: $!""#)]
    };
}

macro_rules! shell {
    ($does:literal) => {
        &["sh", "-c", concat!($does, r#"; exec "$@""#), "sh"]
    };
}

const CONDITIONS: &[Condition] = &[
    given("nothing special", &["env"]),
    given("in a shell that waits", &["sh", "-c", r#""$@"; exit $?"#, "sh"]),
    given("SIGPIPE ignored", shell!("trap '' PIPE")),
    given("SIGCHLD ignored", perl!("$SIG{CHLD} = 'IGNORE'")),
    given("nohup", &["nohup"]),
    given("a background job", &["sh", "-c", r#""$@" & wait $!"#, "sh"]),
    given("TERM and HUP ignored", shell!("trap '' TERM HUP")),
    given(
        "every signal ignored",
        perl!("sigaction($_, POSIX::SigAction->new('IGNORE')) for grep { !/^(8|9|11|19|32|33)$/ } 1 .. 64"),
    ),
    given("TERM blocked", perl!("sigprocmask(SIG_BLOCK, POSIX::SigSet->new(SIGTERM))")),
    given("CHLD blocked", perl!("sigprocmask(SIG_BLOCK, POSIX::SigSet->new(SIGCHLD))")),
    given("every signal blocked", perl!("my $all = POSIX::SigSet->new; $all->fillset; sigprocmask(SIG_BLOCK, $all)")),
    given("stdin closed", &["sh", "-c", r#"exec "$@" <&-"#, "sh"]),
    given("stdout closed", &["sh", "-c", r#"exec "$@" >&-"#, "sh"]),
    given("stderr closed", &["sh", "-c", r#"exec "$@" 2>&-"#, "sh"]),
    given("every stream closed", &["sh", "-c", r#"exec "$@" <&- >&- 2>&-"#, "sh"]),
    given("closed streams and ignored signals", &["sh", "-c", r#"trap '' PIPE INT; exec "$@" <&- 2>&-"#, "sh"]),
    given("streams that are one file", &["sh", "-c", r#"exec "$@" <>one >&0 2>&0"#, "sh"]),
    given("stdout appends", &["sh", "-c", r#"exec "$@" >>appended"#, "sh"]),
    given("stdin does not block", perl!("fcntl(STDIN, F_SETFL, O_RDONLY | O_NONBLOCK)")),
    given("descriptors 3 and 9 open", &["sh", "-c", r#"exec "$@" 3</dev/null 9>file"#, "sh"]),
    given("few descriptors", shell!("ulimit -n 64")),
    given("core files", shell!("ulimit -c unlimited 2>/dev/null || ulimit -c 100")),
    given("no core files", shell!("ulimit -c 0")),
    given("a small stack", shell!("ulimit -s 512")),
    given("an endless stack", shell!("ulimit -s unlimited 2>/dev/null || ulimit -s 16384")),
    given("little processor time", shell!("ulimit -t 100")),
    given("small files", shell!("ulimit -f 2000")),
    given("little address space", shell!("ulimit -v 1000000")),
    given("an own umask", shell!("umask 027")),
    given("niceness", &["nice", "-n", "5"]),
    given("idle input and output", &["ionice", "-c", "3"]),
    given("batch scheduling", &["chrt", "--batch", "0"]),
    given("one processor", &["taskset", "1"]),
    given("first to be killed", &["choom", "-n", "500", "--"]),
    given("another personality", &["setarch", "-R"]),
    given("no new privileges", &["setpriv", "--no-new-privs"]),
    given("a parent-death signal", &["setpriv", "--pdeathsig", "USR1"]),
    given("a group of its own", perl!("setpgid(0, 0)")),
    given("a session of its own", &["setsid", "--wait"]),
    given("another folder", shell!("cd /")),
    given("a folder that is gone", shell!(r#"mkdir gone; cd gone; rmdir "$PWD""#)),
    given("a folder behind a link", shell!("ln -sfn /usr link; cd link")),
    given("an environment with odd names", &["env", "a.b=1", "-=2", "E=", "M=1\n2", "é=ü"]),
    given("an empty environment", &["env", "-i"]),
    given("a trace that is going on", &["env", "OTEL_SERVICE_NAME=own", "BAGGAGE=a=b", "FORCE_COLOR=1"]),
];

/// A program that prints what it was given.
struct Probe {
    name: &'static str,
    words: &'static [&'static str],
    /// What is to be made alike in what it prints.
    mask: fn(&str, &Facts) -> String,
}

/// What is known of one run.
struct Facts {
    /// The process that was started: alone it is the probe itself, else otel-run.
    started: String,
    /// Whether the command is told where to send its telemetry.
    is_recorded: bool,
}

const fn probe(name: &'static str, words: &'static [&'static str]) -> Probe {
    Probe { name, words, mask: |text, _| text.to_owned() }
}

/// Run by a shell that prints into the file `report`, because stdout may be closed. A subshell prints, so that `$$` is
/// a process in which nothing was changed.
macro_rules! report {
    ($name:literal, $prints:literal) => {
        probe(
            $name,
            &[
                "/bin/sh",
                "-c",
                concat!("(", $prints, ") >\"$0\" 2>&1"),
                REPORT,
                "",
                "$HOME",
                "'\"",
                "--quiet",
                "--",
                ODD_BYTES,
            ],
        )
    };
}

const REPORT: &str = "the file for the report";
const ODD_BYTES: &str = "a word that is no text";

const PROBES: &[Probe] = &[
    // No shell before these: shells handle signals of their own.
    Probe { mask: status, ..probe("status", &["/bin/cat", "/proc/self/status"]) },
    probe("limits", &["/bin/cat", "/proc/self/limits", "/proc/self/cgroup", "/proc/self/timerslack_ns"]),
    probe("privileges", &["setpriv", "--dump"]),
    Probe { mask: environment, ..probe("environment", &["env", "-0"]) },
    Probe {
        mask: descriptors,
        ..report!(
            "descriptors",
            r#"cd /proc/$$/fd; for fd in *; do echo "$fd $(readlink "$fd")"; done; grep -E '^(pos|flags):' ../fdinfo/*"#
        )
    },
    Probe {
        mask: groups,
        ..report!("group, session and scheduling", "ps -o pgid=,sid=,tpgid=,tty=,ni=,cls=,rtprio= -p $$; ionice -p $$")
    },
    report!(
        "surroundings",
        "for fd in 0 1 2; do test -t $fd && echo $fd; done; tty; stty -a; echo $PWD; umask; cd /proc/$$; \
         readlink cwd root exe ns/*; tail -n +1 oom_score_adj personality coredump_filter comm cmdline"
    ),
    probe("streams", &["sh", "-c", "echo out; echo err >&2; exit 7"]),
];

/// Lines of `/proc/self/status` that are not compared, and why.
const STATUS_MASKED: [(&str, &str); 10] = [
    ("State:", "a shell may be waiting for its subshell or not yet"),
    ("Tgid:", "another process each time"),
    ("Pid:", "another process each time"),
    ("PPid:", "otel-run is the parent"),
    ("NStgid:", "another process each time"),
    ("NSpid:", "another process each time"),
    ("Vm", "memory wanders with the layout of the address space"),
    ("Rss", "memory wanders with the layout of the address space"),
    ("SigQ:", "counts the signals that are queued for all processes of the user"),
    ("voluntary_ctxt_switches:", "chance"),
];

fn status(text: &str, facts: &Facts) -> String {
    let kept = text.lines().filter(|line| {
        let line = line.strip_prefix("non").unwrap_or(line);
        STATUS_MASKED.iter().all(|(name, _)| !line.starts_with(name))
    });
    let named = kept.map(|line| match line.split_once(':') {
        Some(("SigIgn", set)) => ignored(set),
        Some((name, _)) if name.starts_with("NS") => groups(line, facts),
        _ => line.to_owned(),
    });
    named.collect::<Vec<_>>().join("\n")
}

/// A set of ignored signals without 32 and 33. Those belong to the C library, whose posix_spawn(3) ignores them in every
/// program that it starts.
fn ignored(set: &str) -> String {
    format!("SigIgn: {:x}", u64::from_str_radix(set.trim(), 16).unwrap() & !(0b11 << 31))
}

/// What leads a group or session alone is otel-run where there is one, because both are the first that is started.
fn groups(text: &str, facts: &Facts) -> String {
    let words = text.split_whitespace();
    words.map(|word| if word == facts.started { "(started)" } else { word }).collect::<Vec<_>>().join(" ")
}

/// Names pipes and sockets by their order instead of their numbers.
fn descriptors(text: &str, _: &Facts) -> String {
    let mut seen: Vec<&str> = Vec::new();
    let mut named = String::new();
    for line in text.lines() {
        let Some((before, number)) = line.split_once(":[") else {
            named.push_str(&format!("{line}\n"));
            continue;
        };
        let order = seen.iter().position(|each| *each == number).unwrap_or(seen.len());
        if order == seen.len() {
            seen.push(number);
        }
        named.push_str(&format!("{before} {order}\n"));
    }
    named
}

/// What otel-run adds to the environment of a command that it does not know (docs/variables.md).
const ADDED: [&str; 4] =
    ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_PROTOCOL", "TRACEPARENT"];

fn environment(text: &str, facts: &Facts) -> String {
    let is_added = |entry: &&str| ADDED.iter().any(|name| entry.split('=').next() == Some(name));
    let (added, mut others): (Vec<&str>, Vec<&str>) = text.split('\0').partition(is_added);
    let expected = if facts.is_recorded && !text.is_empty() { ADDED.len() } else { 0 };
    assert_eq!(added.len(), expected, "{added:?}");
    others.sort_unstable();
    others.join("\n")
}

#[test]
fn a_command_is_given_the_same_with_and_without_otel_run() {
    let conditions: Vec<&Condition> = CONDITIONS.iter().collect();
    nothing_differs(&conditions, &[], &[OTEL_RUN, "--state-dir", "../state", "--"]);
}

/// Where there is nothing to record, otel-run becomes the command.
#[test]
fn a_command_is_given_the_same_where_otel_run_steps_aside() {
    let wanted = |condition: &&Condition| {
        ["special", "SIGPIPE", "SIGCHLD", "blocked", "closed", "death", "of its own"]
            .iter()
            .any(|part| condition.name.contains(part))
    };
    let conditions: Vec<&Condition> = CONDITIONS.iter().filter(wanted).collect();
    nothing_differs(&conditions, &[("OTEL_SDK_DISABLED", "true")], &[OTEL_RUN, "--"]);
}

fn nothing_differs(conditions: &[&Condition], variables: &[(&str, &str)], wrapper: &[&str]) {
    let differences: Vec<String> = std::thread::scope(|scope| {
        let compare = |condition: &&Condition| compare(condition, variables, wrapper);
        let threads: Vec<_> = conditions
            .chunks(conditions.len().div_ceil(4))
            .map(|part| scope.spawn(move || part.iter().flat_map(compare).collect::<Vec<_>>()))
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(differences.is_empty(), "\n{}\n", differences.join("\n"));
}

/// What is not the same under this condition.
fn compare(condition: &Condition, variables: &[(&str, &str)], wrapper: &[&str]) -> Vec<String> {
    let mut differences = Vec::new();
    for probe in PROBES {
        let alone = look(condition, probe, variables, &[]);
        let wrapped = look(condition, probe, variables, wrapper);
        let only = |one: &str, other: &str| {
            let lines = one.lines().filter(|line| !other.lines().any(|each| each == *line));
            lines.collect::<Vec<_>>().join("\n  ")
        };
        if alone != wrapped {
            let (alone, wrapped) = (only(&alone, &wrapped), only(&wrapped, &alone));
            differences.push(format!("{}, {}:\n  {alone}\nbut\n  {wrapped}", condition.name, probe.name));
        }
        // Whatever the condition is, it lets programs run.
        assert!(probe.name != "streams" || alone.starts_with("ended: Some(7)"), "{}: {alone}", condition.name);
    }
    differences
}

/// How a probe ended, and what it said.
fn look(condition: &Condition, probe: &Probe, variables: &[(&str, &str)], wrapper: &[&str]) -> String {
    let home = Home::new();
    let report = home.path().join("report");
    let words = probe.words.iter().map(|word| match *word {
        REPORT => report.clone().into_os_string(),
        ODD_BYTES => OsStr::from_bytes(b"\xff\x01\n\\").to_owned(),
        word => OsString::from(word),
    });
    let run = alone(condition.front[0]).home(&home).args(&condition.front[1..]).args(wrapper).args(words);
    let run = variables.iter().fold(run, |run, (name, value)| run.env(name, value));
    let running = run.stdin("").any_stderr().spawn();
    let is_recorded = !wrapper.is_empty() && variables.is_empty();
    let facts = Facts { started: running.pid.to_string(), is_recorded };
    let ran = running.expect_any_end();
    let alike = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes).replace(home.path().to_str().unwrap(), "(home)");
        (probe.mask)(&text, &facts)
    };
    let report = alike(&std::fs::read(report).unwrap_or_default());
    let (code, stdout, stderr) = (ran.status.code(), alike(&ran.stdout), ran.stderr_text());
    format!("ended: {code:?}\nstdout:\n{stdout}\nstderr:\n{stderr}\nreport:\n{report}")
}

/// Alone, and under otel-run.
const BOTH: [&[&str]; 2] = [&[], &[OTEL_RUN, "--"]];

#[test]
fn a_timer_that_was_set_before_ends_the_command() {
    for wrapper in BOTH {
        let front = ["-e", r#"alarm 1; exec {$ARGV[0]} @ARGV or die "$ARGV[0]: $!""#];
        // It never ends by itself: nobody writes to the pipe.
        let command = ["sh", "-c", "mkfifo f; exec cat f"];
        alone("perl").args(front).args(wrapper).args(command).expect_signal(Signal::SIGALRM);
    }
}

/// Each of two targets waits for the other, so they must run at the same time: which make allows where it finds the
/// job server that the outer make has handed down.
#[test]
fn a_job_server_is_handed_down() {
    const MAKEFILE: &str = "all: ; @+$(WRAPPER) $(MAKE) --no-print-directory inner\n\
                            inner: one two\n\
                            one: ; @echo 1 >first; cat second\n\
                            two: ; @cat first; echo 2 >second\n";
    for wrapper in ["", &format!("{OTEL_RUN} --")] {
        let home = Home::new();
        std::fs::write(home.work().join("Makefile"), MAKEFILE).unwrap();
        alone("mkfifo").home(&home).args(["first", "second"]).expect_exit(0);
        let made = alone("make").home(&home).args(["-j2", &format!("WRAPPER={wrapper}")]).expect_exit(0);
        made.stdout_is("1\n2\n");
    }
}

#[test]
fn the_name_that_otel_run_was_called_by_is_not_the_commands() {
    let script = r#"exec -a another "$0" -- sh -c 'tr "\0" " " </proc/$$/cmdline' name"#;
    let ran = alone("bash").args(["-c", script, OTEL_RUN]).expect_exit(0);
    assert!(ran.stdout_text().starts_with("sh -c "), "{}", ran.stdout_text());
}

/// Who is killed with its parent is so under otel-run too, which is killed first.
#[test]
fn a_parent_death_signal_reaches_the_command() {
    for wrapper in BOTH {
        let script = r#"setpriv --pdeathsig KILL "$@" & wait"#;
        let command = ["sh", "-c", "mkfifo f; echo $$.; exec cat f"];
        let running = alone("sh").args(["-c", script, "sh"]).args(wrapper).args(command).spawn();
        running.wait_for_stdout(".\n");
        let pid = Pid::from_raw(running.stdout_so_far().trim_end_matches(".\n").parse().unwrap());
        assert!(is_alive(pid));
        running.signal(Signal::SIGKILL);
        wait_until("the command is gone", || !is_alive(pid));
        running.expect_signal(Signal::SIGKILL);
    }
}

/// Where a command can stand at a terminal: what brings it about and then runs the words behind it. What can look at the
/// terminal afterwards does.
const PLACES: [(&str, &[&str]); 8] = [
    ("leading the session", &["env"]),
    ("in a script that leads the session", &["sh", "-c", r#""$@"; c=$?; stty -a >after; exit $c"#, "sh"]),
    (
        "in the foreground of a shell with job control",
        &["bash", "-mc", r#""$@"; c=$?; stty -a >after; exit $c"#, "bash"],
    ),
    ("in its background", &["bash", "-mc", r#""$@" & wait $!; c=$?; stty -a >after; exit $c"#, "bash"]),
    ("in a pipe in its foreground", &["bash", "-mc", r#"set -o pipefail; true | "$@" | cat"#, "bash"]),
    ("of another size", &["sh", "-c", r#"stty rows 7 cols 33; "$@"; c=$?; stty -a >after; exit $c"#, "sh"]),
    ("without echo and lines", &["sh", "-c", r#"stty raw -echo; "$@"; c=$?; stty -a >after; exit $c"#, "sh"]),
    ("with stdout elsewhere", &["sh", "-c", r#""$@" >/dev/null; c=$?; stty -a >after; exit $c"#, "sh"]),
];

/// What a command prints into `report`. A subshell prints, so that `$$` is a process in which nothing was changed.
const AT_TERMINAL: &str = r#"(
    for fd in 0 1 2; do test -t $fd && terminals="$terminals $fd"; done
    exec >report 2>&1
    echo "terminals:$terminals"
    stty -a </dev/tty
    ls -l /proc/$$/fd | sed 's/.* \([0-9]* ->\)/\1/; s/[0-9]*]*$/N/'
    set -- $(ps -o pgid=,sid=,tpgid= -p $$)
    [ "$1" = "$2" ] && echo "in the leader's group"
    [ "$1" = "$3" ] && echo "in the foreground"
    grep -E '^Sig(Pnd|Blk|Ign|Cgt):' /proc/$$/status
    exit 6)"#;

#[test]
fn a_command_sees_the_same_terminal_with_and_without_otel_run() {
    for (name, front) in PLACES {
        let [alone, wrapped] = BOTH.map(|wrapper| {
            let home = Home::new();
            let words = [front, wrapper, &["sh", "-c", AT_TERMINAL]].concat();
            let status = Console::open(&home, &words).end();
            let file = |name| std::fs::read_to_string(home.work().join(name)).unwrap_or_default();
            let report = file("report");
            let lines = report.lines().map(|line| line.strip_prefix("SigIgn:").map_or(line.to_owned(), ignored));
            (status.code(), lines.collect::<Vec<_>>(), file("after"))
        });
        assert_eq!((alone.0, alone.1.is_empty()), (Some(6), false), "{name}: {alone:?}");
        assert_eq!(alone, wrapped, "{name}: alone, then under otel-run");
    }
}
