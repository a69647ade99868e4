//! What is shown to the backend.

use super::set_up::{CANARY, SetUp, set_up};

const CREDENTIALS: &[&str] = &["Credentials"];

/// `{"exp":1700000000,"name":"hunter2-canary"}`, long past.
const EXPIRED: &str =
    "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjE3MDAwMDAwMDAsIm5hbWUiOiJodW50ZXIyLWNhbmFyeSJ9.aHVudGVyMi1jYW5hcnk";

fn with_header(header: &str) -> SetUp {
    set_up().into_a_file().options(["--header", header])
}

/// With a program that prints headers.
fn with_helper(script: &str) -> SetUp {
    let set_up = set_up().into_a_file().file_with_mode("helper", script, 0o755);
    let helper = set_up.path("helper");
    set_up.options(["--headers-helper".as_ref(), helper.as_os_str()])
}

#[test]
fn a_header_that_is_there() {
    insta::assert_snapshot!(with_header("authorization=env:TOKEN").env("TOKEN", CANARY).says(0, CREDENTIALS));
}

#[test]
fn a_variable_that_is_not_set() {
    insta::assert_snapshot!(with_header("authorization=env:TOKEN").says(2, CREDENTIALS));
}

#[test]
fn a_file_that_is_not_there() {
    insta::assert_snapshot!(with_header("authorization=file:/nowhere/token").says(2, CREDENTIALS));
}

#[test]
fn a_file_that_others_can_read() {
    let set_up = set_up().into_a_file().file_with_mode("token", CANARY, 0o644);
    let header = format!("authorization=file:{}", set_up.path("token").display());
    insta::assert_snapshot!(set_up.options(["--header", &header]).says(0, CREDENTIALS));
}

#[test]
fn a_token_that_has_expired() {
    let set_up = with_header("authorization=env:TOKEN").env("TOKEN", format!("Bearer {EXPIRED}"));
    let said = set_up.says(2, CREDENTIALS);
    // It expires further and further in the past.
    let (before, rest) = said.split_once(" days ago").unwrap();
    let before = before.trim_end_matches(|digit: char| digit.is_ascii_digit());
    insta::assert_snapshot!(format!("{before}N days ago{rest}"));
    assert!(!said.contains(&EXPIRED[..12]), "{said}");
}

#[test]
fn a_scheme_with_nothing_behind_it() {
    let endpoint = set_up();
    let file = format!("file:{}", endpoint.path("out/").display());
    let set_up =
        endpoint.env("OTEL_EXPORTER_OTLP_ENDPOINT", file).env("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20");
    insta::assert_snapshot!(set_up.says(2, CREDENTIALS));
}

#[test]
fn a_placeholder() {
    insta::assert_snapshot!(with_header("authorization=Bearer $TOKEN").says(0, CREDENTIALS));
}

#[test]
fn escapes_where_nobody_decodes() {
    insta::assert_snapshot!(with_header(&format!("authorization=Bearer%20{CANARY}")).says(0, CREDENTIALS));
}

#[test]
fn credentials_for_another_endpoint() {
    let set_up = set_up().into_a_file().env("OTEL_EXPORTER_OTLP_HEADERS", format!("authorization={CANARY}"));
    insta::assert_snapshot!(set_up.says(0, CREDENTIALS));
}

#[test]
fn a_list_of_headers_that_is_none() {
    let set_up = set_up();
    let file = format!("file:{}", set_up.path("out/").display());
    let set_up = set_up
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", file)
        .env("OTEL_EXPORTER_OTLP_HEADERS", format!("authorization: {CANARY}"));
    insta::assert_snapshot!(set_up.says(0, CREDENTIALS));
}

#[test]
fn a_program_that_prints_headers() {
    let script = format!("#!/bin/sh\necho '{{\"authorization\": \"Bearer {CANARY}\"}}'\n");
    insta::assert_snapshot!(with_helper(&script).says(0, CREDENTIALS));
}

#[test]
fn a_program_that_fails() {
    insta::assert_snapshot!(with_helper(&format!("#!/bin/sh\necho {CANARY}\nexit 3\n")).says(2, CREDENTIALS));
}

#[test]
fn a_program_that_prints_something_else() {
    insta::assert_snapshot!(with_helper(&format!("#!/bin/sh\necho Bearer {CANARY}\n")).says(2, CREDENTIALS));
}

#[test]
fn a_program_that_is_not_there() {
    insta::assert_snapshot!(
        set_up().into_a_file().options(["--headers-helper", "/nowhere/helper"]).says(2, CREDENTIALS)
    );
}

#[test]
fn a_program_that_prints_nothing_and_does_not_end() {
    let script = "#!/bin/sh\nwhile :; do read line < /dev/zero; done\n";
    let told = with_helper(script).doctor(&["--timeout", "0.2s"]);
    assert_eq!(told.status.code(), Some(2));
    told.stdout_has("did not print anything whole within 0.2 s");
}

#[test]
fn a_key_that_is_not_there() {
    let set_up = set_up().into_a_file().file("client.pem", "-----BEGIN CERTIFICATE-----\n");
    let certificate = set_up.path("client.pem");
    let options =
        ["--client-certificate".as_ref(), certificate.as_os_str(), "--client-key".as_ref(), "/nowhere/key".as_ref()];
    insta::assert_snapshot!(set_up.options(options).says(2, CREDENTIALS));
}
