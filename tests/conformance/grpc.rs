//! OTLP over gRPC: methods, frames, compression, deadlines, the token.

use otel_run::otlp::Signal;
use otel_run::otlp::status::Code::{self, Internal, InvalidArgument, Ok as Taken, Unauthenticated, Unimplemented};

use crate::support::client::{Asked, frame, gzip};
use crate::support::samples::Encoding;
use crate::support::{Open, Stored, run};
use crate::table::{Case, Expected, Verdicts, never, same};

/// A row of the table of calls.
struct Row {
    name: &'static str,
    asks: fn(&Case<'_>) -> Asked,
    code: Code,
    /// Whether the item is in the log.
    stored: bool,
}

fn taken(name: &'static str, asks: fn(&Case<'_>) -> Asked) -> Row {
    Row { name, asks, code: Taken, stored: true }
}

fn refused(name: &'static str, code: Code, asks: fn(&Case<'_>) -> Asked) -> Row {
    Row { name, asks, code, stored: false }
}

#[test]
fn calls() {
    play(&[
        taken("the token in the metadata", |case| call(case, frame(0, &case.body()))),
        taken("the token in front of the method", |case| {
            let path = format!("{}{}", case.open.path(), case.signal.grpc_method());
            Asked { headers: vec![grpc_type()], path, ..call(case, frame(0, &case.body())) }
        }),
        taken("application/grpc+proto", |case| {
            let asked = call(case, frame(0, &case.body()));
            Asked { headers: vec![("content-type".into(), "application/grpc+proto".into())], ..asked }
                .header(case.open.header().0, case.open.header().1)
        }),
        taken("no te: trailers", |case| {
            let mut asked = call(case, frame(0, &case.body()));
            asked.headers.retain(|(name, _)| name != "te");
            asked
        }),
        taken("metadata that means nothing here", |case| {
            call(case, frame(0, &case.body()))
                .header("user-agent", "grpc-go/1.70")
                .header("x-any-bin", "AAEC")
                .header("grpc-accept-encoding", "gzip,zstd")
        }),
        taken("gzip", |case| call(case, frame(1, &gzip(&case.body()))).header("grpc-encoding", "gzip")),
        taken("gzip announced and left out", |case| call(case, frame(0, &case.body())).header("grpc-encoding", "gzip")),
        taken("zstd announced and left out", |case| call(case, frame(0, &case.body())).header("grpc-encoding", "zstd")),
        taken("identity", |case| call(case, frame(0, &case.body())).header("grpc-encoding", "identity")),
        taken("a deadline", |case| call(case, frame(0, &case.body())).header("grpc-timeout", "10S")),
        taken("a deadline that nobody can read", |case| {
            call(case, frame(0, &case.body())).header("grpc-timeout", "soon")
        }),
        Row { stored: false, ..taken("an empty message", |case| call(case, frame(0, b""))) },
        Row {
            stored: false,
            ..taken("an empty message, packed", |case| call(case, frame(1, &gzip(b""))).header("grpc-encoding", "gzip"))
        },
        refused("no message", InvalidArgument, |case| call(case, Vec::new())),
        refused("half a prefix", InvalidArgument, |case| call(case, vec![0, 0, 0])),
        refused("a prefix that promises more", InvalidArgument, |case| {
            let mut framed = frame(0, &case.body());
            framed.pop();
            call(case, framed)
        }),
        refused("a prefix that promises 4 GiB", InvalidArgument, |case| call(case, b"\0\xff\xff\xff\xffx".to_vec())),
        refused("a prefix that promises less", InvalidArgument, |case| {
            let mut framed = frame(0, &case.body());
            framed.push(0);
            call(case, framed)
        }),
        refused("two messages", InvalidArgument, |case| call(case, frame(0, &case.body()).repeat(2))),
        refused("a flag that does not exist", Internal, |case| call(case, frame(2, &case.body()))),
        refused("packed with nothing that is named", Internal, |case| call(case, frame(1, &gzip(&case.body())))),
        refused("packed with identity", Internal, |case| {
            call(case, frame(1, &case.body())).header("grpc-encoding", "identity")
        }),
        refused("packed with zstd", Unimplemented, |case| {
            call(case, frame(1, &case.body())).header("grpc-encoding", "zstd")
        }),
        refused("packed with snappy", Unimplemented, |case| {
            call(case, frame(1, &case.body())).header("grpc-encoding", "snappy")
        }),
        refused("gzip that is none", InvalidArgument, |case| {
            call(case, frame(1, &case.body())).header("grpc-encoding", "gzip")
        }),
        refused("a message that is no protobuf", InvalidArgument, |case| call(case, frame(0, b"\x0a\xff"))),
        refused("JSON", InvalidArgument, |case| call(case, frame(0, b"{}"))),
        refused("a method that does not exist", Unimplemented, |case| {
            to(case, "/opentelemetry.proto.collector.trace.v1.TraceService/Import")
        }),
        refused("profiles", Unimplemented, |case| {
            to(case, "/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export")
        }),
        refused("the health of the server", Unimplemented, |case| to(case, "/grpc.health.v1.Health/Check")),
        refused("a path of HTTP", Unimplemented, |case| to(case, "/v1/traces")),
        refused("no path", Unimplemented, |case| to(case, "/")),
        refused("GET", Unimplemented, |case| call(case, frame(0, &case.body())).method("GET")),
        refused("no token", Unauthenticated, |case| Asked {
            headers: vec![grpc_type()],
            ..call(case, frame(0, &case.body()))
        }),
        refused("a wrong token", Unauthenticated, |case| {
            let asked = Asked { headers: vec![grpc_type()], ..call(case, frame(0, &case.body())) };
            asked.header(case.open.header().0, &"0".repeat(32))
        }),
        refused("no token and no such method", Unauthenticated, |case| Asked {
            headers: vec![grpc_type()],
            ..to(case, "/grpc.health.v1.Health/Check")
        }),
    ]);
}

fn grpc_type() -> (String, String) {
    ("content-type".into(), "application/grpc".into())
}

/// A call of the signal's method with the token.
fn call(case: &Case<'_>, framed: Vec<u8>) -> Asked {
    let asked = Asked::post(case.signal.grpc_method(), "application/grpc", framed).header("te", "trailers");
    asked.header(case.open.header().0, case.open.header().1)
}

fn to(case: &Case<'_>, method: &str) -> Asked {
    Asked { path: method.into(), ..call(case, frame(0, &case.body())) }
}

#[track_caller]
fn play(rows: &[Row]) {
    let open = Open::start(run());
    let (mut expected, mut verdicts) = (Expected::default(), Verdicts::default());
    for row in rows {
        for signal in Signal::ALL {
            let name = format!("{} ({})", row.name, signal.as_str());
            let case = Case { open: &open, signal, encoding: Encoding::Protobuf, name };
            let answer = open.http2().ask(&(row.asks)(&case));
            let judged = || {
                same("status", answer.status, 200)?;
                same("content type", answer.header("content-type"), "application/grpc")?;
                // A status that is not OK may come with the headers, where there is nothing else.
                let ends = if row.code == Taken { &answer.trailers } else { &answer.headers };
                let code = ends.get("grpc-status").map(String::as_str);
                same("grpc-status", code, Some(row.code.number().to_string().as_str()))?;
                same("body", &answer.body[..], if row.code == Taken { b"\0\0\0\0\0" } else { b"" })?;
                same("a message is there", ends.contains_key("grpc-message"), row.code != Taken)?;
                let unpacks = if row.code == Unimplemented { "identity,gzip" } else { "" };
                same("grpc-accept-encoding", answer.header("grpc-accept-encoding"), unpacks)?;
                never(&answer)
            };
            verdicts.add(&case.name, judged());
            if row.stored {
                expected.add(signal, &case.name);
            }
        }
    }
    expected.judge(&Stored::of(&open.end().home), &mut verdicts);
    verdicts.none_is_wrong();
}
