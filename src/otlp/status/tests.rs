#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use opentelemetry_proto::tonic::collector::logs::v1::{ExportLogsPartialSuccess, ExportLogsServiceResponse};
use opentelemetry_proto::tonic::collector::metrics::v1::{ExportMetricsPartialSuccess, ExportMetricsServiceResponse};
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTracePartialSuccess, ExportTraceServiceResponse};
use prost::Message;

use super::*;

const ENCODINGS: [Encoding; 2] = [Encoding::Protobuf, Encoding::Json];

#[test]
fn codes() {
    let delay = Some(Duration::from_secs(1));
    // name, retryable without RetryInfo, retryable with it
    let rows = [
        ("OK", false, false),
        ("CANCELLED", true, true),
        ("UNKNOWN", false, false),
        ("INVALID_ARGUMENT", false, false),
        ("DEADLINE_EXCEEDED", true, true),
        ("NOT_FOUND", false, false),
        ("ALREADY_EXISTS", false, false),
        ("PERMISSION_DENIED", false, false),
        ("RESOURCE_EXHAUSTED", false, true),
        ("FAILED_PRECONDITION", false, false),
        ("ABORTED", true, true),
        ("OUT_OF_RANGE", true, true),
        ("UNIMPLEMENTED", false, false),
        ("INTERNAL", false, false),
        ("UNAVAILABLE", true, true),
        ("DATA_LOSS", true, true),
        ("UNAUTHENTICATED", false, false),
    ];
    for (number, (name, without, with)) in (0_i32..).zip(rows) {
        let code = Code::from_number(i64::from(number));
        assert_eq!((code.number(), code.name()), (number, name));
        assert_eq!((code.is_retryable(None), code.is_retryable(delay)), (without, with), "{name}");
    }
    assert_eq!(Code::from_number(17), Code::Unknown);
    assert_eq!(Code::from_number(-1), Code::Unknown);
}

#[test]
fn http_statuses() {
    let retryable: Vec<u16> = (100..600).filter(|status| is_retryable_http(*status)).collect();
    assert_eq!(retryable, [429, 502, 503, 504]);
}

#[test]
fn statuses_are_read_as_they_were_written() {
    for encoding in ENCODINGS {
        for code in Code::ALL {
            for (message, delay) in [
                ("", None),
                ("not \"this\"\n", Some(Duration::ZERO)),
                ("later", Some(Duration::from_millis(1500))),
                ("much later", Some(Duration::from_secs(86_400))),
            ] {
                let status = Status { retry_delay: delay, ..Status::new(code, message) };
                assert_eq!(Status::decode(encoding, &status.encode(encoding)), Ok(status));
            }
        }
    }
}

#[test]
fn status_bodies() {
    let status = Status::new(Code::InvalidArgument, "bad");
    assert_eq!(status.encode(Encoding::Protobuf), [8, 3, 18, 3, b'b', b'a', b'd']);
    assert_eq!(status.encode(Encoding::Json), br#"{"code":3,"message":"bad"}"#);
    let status = Status { retry_delay: Some(Duration::from_millis(1500)), ..Status::new(Code::Unavailable, "") };
    let json = r#"{"code":14,"message":"","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"1.500000000s"}]}"#;
    assert_eq!(String::from_utf8(status.encode(Encoding::Json)).unwrap(), json);
}

#[test]
fn statuses_of_others() {
    let cases = [
        ("{}", Code::Ok, "", None),
        (
            r#"{"code":8,"message":"full","details":[{"@type":"x/google.rpc.Help","links":[]}]}"#,
            Code::ResourceExhausted,
            "full",
            None,
        ),
        (
            r#"{"code":8,"details":[{"@type":"x/google.rpc.Help","retryDelay":"9s"},{"retryDelay":"2s","@type":"type.googleapis.com/google.rpc.RetryInfo"},{"@type":"x/google.rpc.Help"}]}"#,
            Code::ResourceExhausted,
            "",
            Some(Duration::from_secs(2)),
        ),
        (r#"{"code":99,"error":"?"}"#, Code::Unknown, "", None),
    ];
    for (json, code, message, retry_delay) in cases {
        let expected = Status { code, message: message.to_owned(), retry_delay };
        assert_eq!(Status::decode(Encoding::Json, json.as_bytes()), Ok(expected), "{json}");
    }
    for (encoding, body) in
        [(Encoding::Json, "<html>"), (Encoding::Json, r#"{"code":"E1"}"#), (Encoding::Protobuf, "<html>")]
    {
        assert!(Status::decode(encoding, body.as_bytes()).is_err(), "{body}");
    }
}

#[test]
fn details_trailer() {
    // RESOURCE_EXHAUSTED, "slow down", RetryInfo of 2.5 s; gRPC leaves the padding out.
    let trailer = "CAgSCXNsb3cgZG93bho2Cih0eXBlLmdvb2dsZWFwaXMuY29tL2dvb2dsZS5ycGMuUmV0cnlJbmZvEgoKCAgCEIDKte4B";
    let status = Status::new(Code::ResourceExhausted, "slow down");
    let expected = Status { retry_delay: Some(Duration::from_millis(2500)), ..status };
    assert_eq!(Status::from_details_trailer(trailer), Some(expected.clone()));
    assert_eq!(json::base64(trailer), Some(expected.encode(Encoding::Protobuf)));
    assert_eq!(expected.to_details_trailer(), trailer);
    let one_longer = Status { message: "slow down!".to_owned(), ..expected };
    assert_eq!(Status::from_details_trailer(&one_longer.to_details_trailer()), Some(one_longer));
    assert_eq!(Status::from_details_trailer("?"), None);
}

#[test]
fn responses_are_those_of_opentelemetry_proto() {
    let partial = PartialSuccess { rejected: 3, message: "too \"late\"".to_owned() };
    let message = || partial.message.clone();
    let theirs = [
        ExportTraceServiceResponse {
            partial_success: Some(ExportTracePartialSuccess { rejected_spans: 3, error_message: message() }),
        }
        .encode_to_vec(),
        ExportMetricsServiceResponse {
            partial_success: Some(ExportMetricsPartialSuccess { rejected_data_points: 3, error_message: message() }),
        }
        .encode_to_vec(),
        ExportLogsServiceResponse {
            partial_success: Some(ExportLogsPartialSuccess { rejected_log_records: 3, error_message: message() }),
        }
        .encode_to_vec(),
    ];
    let names = ["rejectedSpans", "rejectedDataPoints", "rejectedLogRecords"];
    for ((signal, theirs), name) in Signal::ALL.into_iter().zip(theirs).zip(names) {
        assert_eq!(encode_response(signal, Encoding::Protobuf, Some(&partial)), theirs);
        let json = format!(r#"{{"partialSuccess":{{"{name}":"3","errorMessage":"too \"late\""}}}}"#);
        assert_eq!(encode_response(signal, Encoding::Json, Some(&partial)), json.as_bytes());
        for encoding in ENCODINGS {
            let body = encode_response(signal, encoding, Some(&partial));
            assert_eq!(decode_response(signal, encoding, &body), Ok(Some(partial.clone())));
            assert_eq!(decode_response(signal, encoding, &encode_response(signal, encoding, None)), Ok(None));
        }
    }
}

#[test]
fn answers_to_a_full_success() {
    assert_eq!(encode_response(Signal::Traces, Encoding::Protobuf, None), b"");
    assert_eq!(encode_response(Signal::Traces, Encoding::Json, None), b"{}");
    for body in [
        "",
        "{}",
        r#"{"partialSuccess":{}}"#,
        r#"{"partialSuccess":null}"#,
        r#"{"partialSuccess":{"rejectedSpans":0}}"#,
    ] {
        assert_eq!(decode_response(Signal::Traces, Encoding::Json, body.as_bytes()), Ok(None), "{body}");
    }
    assert_eq!(decode_response(Signal::Traces, Encoding::Protobuf, &[10, 0]), Ok(None));
    let warning = Some(PartialSuccess { rejected: 0, message: "old".to_owned() });
    let body = br#"{"partialSuccess":{"errorMessage":"old"}}"#;
    assert_eq!(decode_response(Signal::Traces, Encoding::Json, body), Ok(warning));
    assert!(decode_response(Signal::Traces, Encoding::Json, b"ok").is_err());
}
