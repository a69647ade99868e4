//! The table as a whole.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;

use super::table::{GENERIC, KEPT, ROWS, Shape};
use super::{Family, Kind, Place, Verdict, attribute, is_among};

const FAMILIES: [Family; 9] = [
    Family::Other,
    Family::Opencode,
    Family::OpencodePlugin,
    Family::Claude,
    Family::Codex,
    Family::Gemini,
    Family::Qwen,
    Family::Copilot,
    Family::Continue,
];
const PLACES: [Place; 9] = [
    Place::Resource,
    Place::Scope,
    Place::Span,
    Place::SpanEvent,
    Place::Link,
    Place::LogRecord,
    Place::DataPoint,
    Place::Exemplar,
    Place::MetricMetadata,
];

fn verdict(family: Family, place: Place, key: &str) -> Verdict {
    attribute(family, place, b"", key.as_bytes())
}

#[test]
fn every_row_is_found_where_it_says_and_only_there() {
    for row in ROWS {
        let expected = if row.kind == Kind::ErrorText { Verdict::ErrorText } else { Verdict::Drop };
        for name in row.names {
            for (family, place) in FAMILIES.iter().flat_map(|family| PLACES.map(|place| (*family, place))) {
                let found = verdict(family, place, name.text);
                if row.families.has(family) && row.places.has(place) {
                    assert_eq!(found, expected, "{} {family:?} {place:?}", name.text);
                } else if family == Family::Other {
                    assert_eq!(found, Verdict::Keep, "{} {place:?}", name.text);
                }
            }
        }
    }
}

#[test]
fn what_a_run_within_this_run_noted_stays() {
    for (family, place) in FAMILIES.iter().flat_map(|family| PLACES.map(|place| (*family, place))) {
        assert_eq!(verdict(family, place, "otel_run.original_trace_id"), Verdict::Keep, "{family:?} {place:?}");
    }
}

#[test]
fn a_tree_covers_what_is_below_it_and_not_its_neighbours() {
    for name in ROWS.iter().filter(|row| row.families.has(Family::Other)).flat_map(|row| row.names) {
        let below = verdict(Family::Other, Place::Span, &format!("{}.0.xyz", name.text));
        let expected = if name.shape == Shape::Tree { Verdict::Drop } else { Verdict::Keep };
        assert_eq!(below, expected, "{}", name.text);
        for neighbour in [format!("{}x", name.text), format!("x{}", name.text), format!("{}_count", name.text)] {
            if ROWS.iter().all(|row| row.names.iter().all(|other| other.text != neighbour)) {
                assert_eq!(verdict(Family::Other, Place::Span, &neighbour), Verdict::Keep, "{neighbour}");
            }
        }
    }
}

#[test]
fn a_name_stands_in_the_table_once_for_a_family() {
    let mut seen = BTreeSet::new();
    for row in ROWS {
        for name in row.names {
            for family in FAMILIES.iter().filter(|family| row.families.has(**family)) {
                for place in PLACES.iter().filter(|place| row.places.has(**place)) {
                    let key = (name.text, *family as u8, *place as u8);
                    assert!(seen.insert(key), "{} {family:?} {place:?}", name.text);
                }
            }
        }
    }
}

#[test]
fn exceptions_stay_for_every_family() {
    for key in KEPT {
        for family in FAMILIES {
            assert_eq!(verdict(family, Place::Span, key), Verdict::Keep, "{key} {family:?}");
        }
    }
    assert_eq!(verdict(Family::Other, Place::Span, "ai.prompt.toolChoice.x"), Verdict::Drop);
}

#[test]
fn general_words_are_content_only_in_what_agents_wrote() {
    for (word, _) in GENERIC {
        let dotted = format!("a.b.{word}");
        for key in [*word, &dotted] {
            assert_eq!(verdict(Family::Other, Place::Span, key), Verdict::Keep, "{key}");
            assert_eq!(verdict(Family::Claude, Place::Resource, key), Verdict::Keep, "{key}");
            assert_eq!(verdict(Family::Claude, Place::DataPoint, key), Verdict::Keep, "{key}");
            for family in [Family::Claude, Family::Codex, Family::Gemini, Family::Qwen, Family::OpencodePlugin] {
                assert_eq!(verdict(family, Place::Span, key), Verdict::Drop, "{key} {family:?}");
            }
        }
        assert_eq!(verdict(Family::Claude, Place::Span, &format!("{word}_length")), Verdict::Keep);
    }
    assert_eq!(verdict(Family::Gemini, Place::LogRecord, "command"), Verdict::Keep);
}

#[test]
fn opencodes_log_records_keep_ids_only() {
    for (key, expected) in [("fiberId", Verdict::Keep), ("sessionID", Verdict::Keep), ("reason", Verdict::Drop)] {
        assert_eq!(verdict(Family::Opencode, Place::LogRecord, key), expected, "{key}");
    }
    assert_eq!(verdict(Family::Opencode, Place::Span, "reason"), Verdict::Keep);
    assert_eq!(verdict(Family::Other, Place::LogRecord, "reason"), Verdict::Keep);
}

#[test]
fn events_that_are_messages_keep_what_describes_them() {
    let table = [
        (Family::Other, "gen_ai.user.message", "content", Verdict::Drop),
        (Family::Other, "gen_ai.assistant.message", "tool_calls", Verdict::Drop),
        (Family::Other, "gen_ai.choice", "message", Verdict::Drop),
        (Family::Other, "gen_ai.choice", "finish_reason", Verdict::Keep),
        (Family::Other, "gen_ai.choice", "gen_ai.system", Verdict::Keep),
        (Family::Other, "gen_ai.content.prompt", "gen_ai.prompt", Verdict::Drop),
        (Family::Other, "message", "content", Verdict::Keep),
        (Family::Other, "gen_ai.client.inference.operation.details", "server.address", Verdict::Keep),
        (Family::Claude, "tool.output", "file_body", Verdict::Drop),
        (Family::Other, "tool.output", "file_body", Verdict::Keep),
    ];
    for (family, event, key, expected) in table {
        for place in [Place::SpanEvent, Place::LogRecord] {
            assert_eq!(attribute(family, place, event.as_bytes(), key.as_bytes()), expected, "{event} {key}");
        }
    }
}

#[test]
fn families_are_known_by_scope_and_then_by_service() {
    let table = [
        ("opencode", "renamed", Family::Opencode),
        ("com.opencode", "opencode", Family::OpencodePlugin),
        ("com.anthropic.claude_code.tracing", "", Family::Claude),
        ("com.anthropic.claude_code", "", Family::Claude),
        ("codex", "", Family::Codex),
        ("codex_exec", "", Family::Codex),
        ("codex_otel::metrics::client", "", Family::Codex),
        ("gemini-cli", "", Family::Gemini),
        ("@opentelemetry/instrumentation-undici", "qwen-code", Family::Qwen),
        ("", "github-copilot", Family::Copilot),
        ("continue-cli", "", Family::Continue),
        ("some.scope", "some-service", Family::Other),
        ("", "", Family::Other),
    ];
    for (scope, service, expected) in table {
        assert_eq!(Family::of_scope(scope.as_bytes(), service.as_bytes()), expected, "{scope} {service}");
    }
}

#[test]
fn what_is_needed_to_understand_a_run_stays() {
    let keys = [
        "gen_ai.request.model",
        "gen_ai.response.id",
        "gen_ai.response.finish_reasons",
        "gen_ai.usage.input_tokens",
        "gen_ai.usage.cache_read.input_tokens",
        "gen_ai.tool.name",
        "gen_ai.tool.call.id",
        "gen_ai.output.type",
        "gen_ai.request.reasoning.level",
        "gen_ai.agent.description",
        "ai.model.id",
        "ai.usage.outputTokenDetails.reasoningTokens",
        "ai.response.finishReason",
        "ai.response.msToFirstChunk",
        "ai.toolCall.name",
        "ai.toolCall.id",
        "ai.telemetry.metadata.sessionId",
        "llm.model_name",
        "llm.token_count.prompt",
        "llm.token_count.completion_details.reasoning",
        "input.mime_type",
        "tool.name",
        "tool.result_size_bytes",
        "http.request.method",
        "http.request.body.size",
        "http.response.status_code",
        "http.route",
        "server.address",
        "process.pid",
        "process.executable.name",
        "exception.type",
        "error.type",
        "session.id",
        "service.name",
        "prompt_length",
        "tool_result_size_bytes",
        "otel_run.original_trace_id",
        "",
        "a",
    ];
    for key in keys {
        for family in FAMILIES {
            assert_eq!(verdict(family, Place::Span, key), Verdict::Keep, "{key} {family:?}");
        }
    }
}

#[test]
fn names_of_a_list_are_whole_or_stand_for_what_is_below_them() {
    let names = ["goose.prompt", "goose.tool.*"];
    for (key, expected) in [
        ("goose.prompt", true),
        ("goose.prompt.length", false),
        ("goose.tool", true),
        ("goose.tool.output.0", true),
        ("goose.tools", false),
        ("goose", false),
        ("", false),
    ] {
        assert_eq!(is_among(&names, key.as_bytes()), expected, "{key}");
    }
    assert!(!is_among(&[], b""));
}
