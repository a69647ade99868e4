//! What travels over HTTP/1 in ways that most clients never use: versions, waiting for leave, several requests at once.

use otel_run::otlp::Signal;

use crate::support::samples::{Encoding, sample};
use crate::support::{Open, Stored, run};
use crate::table::{Case, Expected, Verdicts, same};

/// A row of the table of bytes: what is sent on a connection that is then closed on our side, and the first line of every
/// answer.
struct Row {
    name: &'static str,
    sends: fn(&Case<'_>) -> Vec<u8>,
    answers: &'static [&'static str],
    /// Whether the item is in the log.
    stored: bool,
}

const OK: &str = "HTTP/1.1 200 OK";

#[test]
fn bytes() {
    let rows = [
        Row { name: "HTTP/1.1", sends: |case| post(case, "1.1", ""), answers: &[OK], stored: true },
        Row { name: "HTTP/1.0", sends: |case| post(case, "1.0", ""), answers: &["HTTP/1.0 200 OK"], stored: true },
        Row {
            name: "HTTP/1.0 that stays open",
            sends: |case| [post(case, "1.0", "connection: keep-alive\r\n"), empty(case)].concat(),
            answers: &["HTTP/1.0 200 OK", OK],
            stored: true,
        },
        Row {
            name: "three requests before the first answer",
            sends: |case| [empty(case), post(case, "1.1", ""), empty(case)].concat(),
            answers: &[OK, OK, OK],
            stored: true,
        },
        Row {
            name: "connection: close, and more behind it",
            sends: |case| [post(case, "1.1", "connection: close\r\n"), empty(case)].concat(),
            answers: &[OK],
            stored: true,
        },
        Row {
            name: "HTTP/2 offered",
            sends: |case| {
                post(case, "1.1", "connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk\r\n")
            },
            answers: &[OK],
            stored: true,
        },
        Row {
            name: "no leave awaited",
            sends: |case| post(case, "1.1", "expect: 100-continue\r\n"),
            answers: &["HTTP/1.1 100 Continue", OK],
            stored: true,
        },
        Row {
            name: "a whole address",
            sends: |case| {
                let address = format!("POST http://{}/", case.open.authority());
                text(&post(case, "1.1", "")).replacen("POST /", &address, 1).into_bytes()
            },
            answers: &[OK],
            stored: true,
        },
        Row {
            name: "no host",
            sends: |case| text(&post(case, "1.1", "")).replacen("host: x\r\n", "", 1).into_bytes(),
            answers: &[OK],
            stored: true,
        },
        Row {
            name: "a chunk that ends too soon",
            sends: |case| text(&chunked(case)).replacen("0\r\n\r\n", "", 1).into_bytes(),
            answers: &["HTTP/1.1 400 Bad Request"],
            stored: false,
        },
        Row {
            name: "a chunk without a length",
            sends: |case| text(&chunked(case)).replacen("\r\n\r\n", "\r\n\r\nz\r\n", 1).into_bytes(),
            answers: &["HTTP/1.1 400 Bad Request"],
            stored: false,
        },
        Row { name: "chunks", sends: chunked, answers: &[OK], stored: true },
        Row {
            name: "a body that ends too soon",
            sends: |case| {
                let mut bytes = post(case, "1.1", "");
                bytes.pop();
                bytes
            },
            answers: &["HTTP/1.1 400 Bad Request"],
            stored: false,
        },
        Row {
            name: "two lengths",
            sends: |case| post(case, "1.1", "content-length: 1\r\n"),
            answers: &["HTTP/1.1 400 Bad Request"],
            stored: false,
        },
        Row {
            name: "no HTTP",
            sends: |_| b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03 hello\r\n\r\n".to_vec(),
            answers: &["HTTP/1.1 400 Bad Request"],
            stored: false,
        },
        Row {
            name: "more headers than anybody needs",
            sends: |case| post(case, "1.1", &"x-more: x\r\n".repeat(200)),
            answers: &["HTTP/1.1 431 Request Header Fields Too Large"],
            stored: false,
        },
    ];
    let open = Open::start(run());
    let (mut expected, mut verdicts) = (Expected::default(), Verdicts::default());
    for row in &rows {
        let case = Case { open: &open, signal: Signal::Traces, encoding: Encoding::Json, name: row.name.to_owned() };
        let mut client = open.client();
        client.send(&(row.sends)(&case));
        let answered = text(&client.close_and_read());
        let answers: Vec<&str> = answered.lines().filter_map(|line| line.get(line.find("HTTP/")?..)).collect();
        verdicts.add(row.name, same("the answers", answers, row.answers.to_vec()));
        if row.stored {
            expected.add(Signal::Traces, row.name);
        }
    }
    expected.judge(&Stored::of(&open.end().home), &mut verdicts);
    verdicts.none_is_wrong();
}

#[test]
fn whoever_waits_for_leave_gets_it_only_for_what_is_taken() {
    let open = Open::start(run());
    let body = sample(Signal::Traces, Encoding::Json, "with leave");
    let head = |path: &str, length: usize| {
        format!(
            "POST {path}/v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nexpect: 100-continue\r\ncontent-length: {length}\r\n\r\n"
        )
    };
    let mut client = open.client();
    client.send(head(open.path(), body.len()).as_bytes());
    assert_eq!(client.status_line(), "HTTP/1.1 100 Continue");
    client.send(&body);
    // The end of what is sent comes together with its last piece.
    assert_eq!(text(&client.close_and_read()).lines().next(), Some(OK));
    // Nobody has to send what is refused, and it is not waited for.
    for (path, length, refusal) in [
        ("/wrong", body.len(), "HTTP/1.1 401 Unauthorized"),
        (&format!("{}/x", open.path())[..], body.len(), "HTTP/1.1 404 Not Found"),
        (open.path(), (64 << 20) + 1, "HTTP/1.1 413 Payload Too Large"),
    ] {
        let mut client = open.client();
        client.send(head(path, length).as_bytes());
        assert_eq!(client.status_line(), refusal);
    }
    let mut expected = Expected::default();
    let mut verdicts = Verdicts::default();
    expected.add(Signal::Traces, "with leave");
    expected.judge(&Stored::of(&open.end().home), &mut verdicts);
    verdicts.none_is_wrong();
}

fn head(case: &Case<'_>, version: &str, headers: &str, framing: &str) -> String {
    let path = case.path();
    format!("POST {path} HTTP/{version}\r\nhost: x\r\ncontent-type: application/json\r\n{headers}{framing}\r\n\r\n")
}

fn post(case: &Case<'_>, version: &str, headers: &str) -> Vec<u8> {
    let body = case.body();
    let mut bytes = head(case, version, headers, &format!("content-length: {}", body.len())).into_bytes();
    bytes.extend_from_slice(&body);
    bytes
}

fn chunked(case: &Case<'_>) -> Vec<u8> {
    let body = case.body();
    let (front, back) = body.split_at(9);
    let mut bytes = head(case, "1.1", "", "transfer-encoding: chunked").into_bytes();
    // A length may have an extension.
    bytes.extend_from_slice(format!("9;a=b\r\n{}\r\n{:X}\r\n{}\r\n", text(front), back.len(), text(back)).as_bytes());
    bytes.extend_from_slice(b"0\r\n\r\n");
    bytes
}

/// A request without items.
fn empty(case: &Case<'_>) -> Vec<u8> {
    [head(case, "1.1", "", "content-length: 2").into_bytes(), b"{}".to_vec()].concat()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}
