//! What was said: variables, files, flags.

use super::set_up::{SetUp, set_up};

const SETTINGS: &[&str] = &["Settings"];

fn with_variable(name: &str, value: &str) -> SetUp {
    set_up().env(name, value)
}

fn with_config(text: &str) -> SetUp {
    set_up().file("config/otel-run/config.toml", text)
}

#[test]
fn a_misspelled_endpoint() {
    let set_up = with_variable("OTEL_EXPORTER_OTLP_ENDPONT", "http://127.0.0.1:1");
    insta::assert_snapshot!(set_up.says(0, SETTINGS));
}

#[test]
fn a_name_that_never_was() {
    insta::assert_snapshot!(with_variable("OTEL_OTLP_ENDPOINT", "http://127.0.0.1:1").says(0, SETTINGS));
}

#[test]
fn a_misspelled_variable_of_ours() {
    insta::assert_snapshot!(with_variable("OTEL_RUN_DRAIN_DEADLIN", "5s").says(0, SETTINGS));
}

#[test]
fn a_boolean_that_is_not_true() {
    insta::assert_snapshot!(with_variable("OTEL_EXPORTER_OTLP_INSECURE", "yes").says(0, SETTINGS));
}

#[test]
fn attributes_that_do_not_decode() {
    insta::assert_snapshot!(with_variable("OTEL_RESOURCE_ATTRIBUTES", "team=a,note=100%").says(0, SETTINGS));
}

#[test]
fn a_word_that_is_no_choice() {
    insta::assert_snapshot!(with_variable("OTEL_RUN_NEST", "adpot").says(0, SETTINGS));
}

#[test]
fn a_key_that_is_unknown() {
    insta::assert_snapshot!(with_config("service_name = \"x\"\nendpont = \"http://127.0.0.1:1\"\n").says(0, SETTINGS));
}

#[test]
fn a_file_that_is_no_toml() {
    insta::assert_snapshot!(with_config("nest = \"link\"\ncontent = off off\n").says(0, SETTINGS));
}

#[test]
fn a_file_that_is_not_there() {
    let set_up = set_up();
    let path = set_up.path("nowhere.toml");
    insta::assert_snapshot!(set_up.env("OTEL_RUN_CONFIG", path).says(0, SETTINGS));
}

#[test]
fn a_project_that_wants_to_send_elsewhere() {
    let set_up = set_up().file("work/.otel-run.toml", "endpoint = \"http://127.0.0.1:1\"\ncontent = \"on\"\n");
    insta::assert_snapshot!(set_up.says(0, &["Destination", "Settings"]));
}

#[test]
fn an_exporter_that_is_gone() {
    insta::assert_snapshot!(with_variable("OTEL_EXPORTER_JAEGER_AGENT_HOST", "localhost").says(0, SETTINGS));
}

#[test]
fn a_variable_that_has_another_name_now() {
    insta::assert_snapshot!(with_variable("OTEL_EXPORTER_OTLP_SPAN_INSECURE", "true").says(0, SETTINGS));
}

#[test]
fn a_disabled_sdk() {
    insta::assert_snapshot!(with_variable("OTEL_SDK_DISABLED", "true").says(2, SETTINGS));
}

#[test]
fn an_endpoint_without_a_scheme() {
    insta::assert_snapshot!(
        with_variable("OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4318").says(2, &["Destination", "Settings"])
    );
}

#[test]
fn telemetry_that_is_required_and_has_nowhere_to_go() {
    insta::assert_snapshot!(set_up().options(["--require-telemetry"]).says(0, SETTINGS));
}

#[test]
fn no_time_for_delivery() {
    insta::assert_snapshot!(set_up().into_a_file().options(["--drain-deadline", "0"]).says(0, SETTINGS));
}
