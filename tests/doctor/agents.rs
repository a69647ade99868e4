//! What is started, and what stands between it and its telemetry.

use std::ffi::OsString;

use super::set_up::{CANARY, SetUp, set_up};
use super::support::{alone, test_child, with_mounts};

const AGENT: &[&str] = &["Agent"];

fn opencode() -> SetUp {
    set_up().installed("opencode", "opencode-ai", "1.18.33").agent("opencode")
}

fn claude() -> SetUp {
    set_up().installed("claude", "@anthropic-ai/claude-code", "2.1.328").agent("claude")
}

#[test]
fn opencode_as_it_should_be() {
    insta::assert_snapshot!(opencode().says(0, AGENT));
}

#[test]
fn claude_as_it_should_be() {
    insta::assert_snapshot!(claude().says(0, AGENT));
}

#[test]
fn an_agent_that_is_not_installed() {
    insta::assert_snapshot!(set_up().agent("codex").ends(127).says(2, AGENT));
}

#[test]
fn a_program_that_cannot_be_started() {
    let set_up = set_up().file("work/tool", "#!/bin/sh\n");
    insta::assert_snapshot!(set_up.command(["./tool"]).ends(126).says(2, AGENT));
}

#[test]
fn an_agent_of_another_version() {
    let set_up = set_up().installed("opencode", "opencode-ai", "0.0.1").agent("opencode");
    insta::assert_snapshot!(set_up.says(0, AGENT));
}

#[test]
fn a_command_that_is_no_agent() {
    insta::assert_snapshot!(set_up().command([test_child().to_str().unwrap(), "exit", "7"]).says(0, AGENT));
}

#[test]
fn a_launcher_that_drops_the_environment() {
    let set_up = opencode();
    let program = set_up.path("bin/opencode");
    let set_up = set_up.command(["/usr/bin/env", "-i", program.to_str().unwrap()]);
    insta::assert_snapshot!(set_up.says(2, AGENT));
}

#[test]
fn a_configuration_file_that_decides() {
    let set_up = set_up().env("OTEL_CONFIG_FILE", "otel.yaml");
    insta::assert_snapshot!(set_up.command([test_child().to_str().unwrap(), "exit", "7"]).says(2, AGENT));
}

#[test]
fn opencode_that_works_on_a_server() {
    insta::assert_snapshot!(
        opencode().command(["opencode", "run", "--attach", "http://127.0.0.1:1", "hi"]).says(0, AGENT)
    );
}

#[test]
fn opencode_with_its_own_switch_off() {
    let set_up = opencode().env("OPENCODE_CONFIG_CONTENT", r#"{"experimental": {"openTelemetry": false}}"#);
    insta::assert_snapshot!(set_up.says(2, AGENT));
}

#[test]
fn opencode_with_a_switch_that_is_empty() {
    insta::assert_snapshot!(opencode().env("OPENCODE_PURE", "").says(0, AGENT));
}

#[test]
fn opencode_with_everything_switched_off() {
    let set_up = opencode().env("OTEL_TRACES_EXPORTER", "none").env("OTEL_LOGS_EXPORTER", "none");
    insta::assert_snapshot!(set_up.says(0, &["Settings", "Agent"]));
}

#[test]
fn opencode_that_is_left_with_headers() {
    let opencode = opencode();
    let file = format!("file:{}", opencode.path("out/").display());
    let set_up = opencode
        .options(["--collector", "off"])
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", file)
        .env("OTEL_EXPORTER_OTLP_HEADERS", format!("authorization={CANARY}, x-tenant=1"));
    insta::assert_snapshot!(set_up.says(2, &["Credentials", "Agent"]));
}

#[test]
fn a_proxy() {
    insta::assert_snapshot!(opencode().env("HTTP_PROXY", "http://127.0.0.1:1").says(0, AGENT));
}

#[test]
fn claude_whose_settings_lead_elsewhere() {
    let text = format!(
        "{{\n  \"env\": {{\n    \"CLAUDE_CODE_ENABLE_TELEMETRY\": \"1\",\n    \"OTEL_LOGS_EXPORTER\": \"otlp\",\n    \
         \"OTEL_EXPORTER_OTLP_PROTOCOL\": \"http/json\",\n    \"OTEL_EXPORTER_OTLP_ENDPOINT\": \"http://127.0.0.1:1\",\n    \
         \"OTEL_EXPORTER_OTLP_HEADERS\": \"authorization=Bearer {CANARY}\"\n  }}\n}}\n"
    );
    // The folder for a file that lasts as long as the run.
    let set_up = claude().file("home/.claude/settings.json", &text);
    let runtime = set_up.path("cache");
    insta::assert_snapshot!(
        set_up.env("XDG_RUNTIME_DIR", runtime).options(["--agent-destinations", "off"]).says(0, AGENT)
    );
}

#[test]
fn claude_whose_settings_are_broken() {
    insta::assert_snapshot!(claude().file("home/.claude/settings.json", "{\"env\": {\"OTEL_X\":").says(0, AGENT));
}

#[test]
#[cfg(target_os = "linux")]
fn claude_whose_settings_are_managed() {
    let managed = r#"{"env": {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}}"#;
    let set_up = claude().file("managed.json", managed);
    // An /etc of its own, which is gone with it.
    let script = "mount -t tmpfs tmpfs /etc && mkdir /etc/claude-code && cp \"$1\" /etc/claude-code/managed-settings.json && \
                  program=\"$2\" && shift 2 && exec \"$OTEL_RUN\" \"$@\" -- \"$program\" -p hi";
    let (file, program) = (set_up.path("managed.json"), set_up.path("bin/claude"));
    let words = |verb: &[&str]| {
        let files = [file.as_os_str().to_owned(), program.as_os_str().to_owned()];
        files.into_iter().chain(verb.iter().map(OsString::from)).collect::<Vec<_>>()
    };
    let Some(doctor) = with_mounts(set_up.home(), script, &words(&["doctor"])) else { return };
    let told = doctor.expect_exit(2).stdout_text();
    let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
    let expected = "LOSS /etc/claude-code/managed-settings.json:1 sets OTEL_EXPORTER_OTLP_ENDPOINT, and nothing that otel-run \
                    could say comes after it";
    assert!(told.contains(expected), "{told}");
    let run = with_mounts(set_up.home(), script, &words(&[])).unwrap();
    run.any_stderr().expect_exit(7);
}

#[test]
fn gemini_that_writes_into_a_file() {
    let text = r#"{"telemetry": {"enabled": true, "outfile": "/tmp/telemetry.jsonl"}}"#;
    let set_up = set_up().installed("gemini", "@google/gemini-cli", "0.61.0").agent("gemini");
    insta::assert_snapshot!(set_up.file("home/.gemini/settings.json", text).says(0, AGENT));
}

#[test]
fn codex_with_an_exporter_of_another_kind() {
    let text = "[otel.trace_exporter.otlp-grpc]\nendpoint = \"http://127.0.0.1:1\"\n";
    let set_up = set_up().installed("codex", "@openai/codex", "0.169.0").agent("codex");
    let set_up = set_up.file("home/.codex/config.toml", text).options(["--agent-destinations", "off"]);
    insta::assert_snapshot!(set_up.says(0, AGENT));
}

#[test]
fn agents_that_are_installed_are_named() {
    let set_up =
        set_up().installed("opencode", "opencode-ai", "1.18.33").installed("codex", "@openai/codex", "0.169.0");
    insta::assert_snapshot!(set_up.says(0, AGENT));
}

#[test]
fn an_agent_that_nobody_knows_is_an_error() {
    let told = set_up().agent("opncode").doctor(&[]);
    assert_eq!(told.status.code(), Some(125));
    assert!(told.stderr_text().contains("did you mean opencode?"), "{}", told.stderr_text());
}

#[test]
fn nothing_of_the_agent_is_started() {
    let set_up =
        set_up().file_with_mode("bin/codex", "#!/bin/sh\n: > \"$HOME/started\"\nexit 7\n", 0o755).agent("codex");
    set_up.doctor(&[]);
    assert!(!set_up.path("home/started").exists());
    set_up.run();
    assert!(set_up.path("home/started").exists());
}

#[test]
#[cfg(target_os = "linux")]
fn a_sandbox_without_loopback() {
    let without = ["-n", "-rn"]
        .into_iter()
        .find(|flags| alone("unshare").args([flags, "true"]).any_stderr().expect_any_end().status.success());
    let Some(flags) = without else {
        let reason = "NOT TESTED: there can be no network namespace here (needs root or user namespaces)";
        assert!(std::env::var_os("CI").is_none(), "{reason}");
        eprintln!("{reason}");
        return;
    };
    let otel_run = env!("CARGO_BIN_EXE_otel-run");
    let told = alone("unshare").args([flags, otel_run, "doctor"]).expect_exit(2);
    let told = told.stdout_text();
    assert!(told.contains("127.0.0.1 cannot be listened at or reached"), "{told}");
    let child = test_child();
    alone("unshare").args([flags, otel_run, "--", child.to_str().unwrap(), "exit", "7"]).any_stderr().expect_exit(7);
}
