//! OTLP over HTTP: methods, paths, content types, encodings, the token, and what browsers send.

use otel_run::otlp::status::Code::{InvalidArgument, Unauthenticated, Unimplemented};

use crate::support::client::{Asked, gzip};
use crate::support::samples::Encoding;
use crate::table::Outcome::{Empty, Refused, Stored};
use crate::table::{Case, Row, play, row};

const ALLOW: &[(&str, &str)] = &[("allow", "POST")];
const ACCEPT_ENCODING: &[(&str, &str)] = &[("accept-encoding", "gzip")];

#[test]
fn requests_that_are_taken() {
    let rows: &[Row] = &[
        row("plain", Stored, |case| case.post()),
        row("gzip", Stored, |case| case.post().gzip()),
        row("x-gzip", Stored, |case| case.sending(gzip(&case.body())).header("content-encoding", "x-gzip")),
        row("GZIP in two members", Stored, |case| {
            let body = case.body();
            let (front, back) = body.split_at(10);
            case.sending([gzip(front), gzip(back)].concat()).header("Content-Encoding", "GZIP")
        }),
        row("identity", Stored, |case| case.post().header("content-encoding", "identity")),
        row("identity, gzip", Stored, |case| {
            case.sending(gzip(&case.body())).header("content-encoding", "identity, gzip")
        }),
        row("two headers, one identity and one gzip", Stored, |case| {
            case.post().header("content-encoding", "identity").gzip()
        }),
        row("no content encoding in its header", Stored, |case| case.post().header("content-encoding", "")),
        row("chunked", Stored, |case| case.post().in_chunks(7)).http1(),
        row("chunked gzip", Stored, |case| case.post().gzip().in_chunks(5)).http1(),
        row("charset and capitals", Stored, |case| {
            case.content_type(Some(&format!("{} ; Charset=UTF-8", case.encoding.content_type().to_uppercase())))
        }),
        row("a parameter that nobody knows", Stored, |case| {
            case.content_type(Some(&format!("{};proto=\"a;b\"", case.encoding.content_type())))
        }),
        row("a query", Stored, |case| case.to(format!("{}?a=b", case.path()))),
        row("two slashes", Stored, |case| case.to(format!("{}//{}", case.open.path(), case.signal.path()))),
        row("the token in a header", Stored, |case| {
            let (name, token) = case.open.header();
            case.to(format!("/{}", case.signal.path())).header(name, token)
        }),
        row("the token in a header in capitals", Stored, |case| {
            let (name, token) = case.open.header();
            case.to(format!("/{}", case.signal.path())).header(&name.to_uppercase(), token)
        }),
        row("the token in the path, and a wrong one in a header", Stored, |case| {
            case.post().header(case.open.header().0, "wrong")
        }),
        row("headers that mean nothing here", Stored, |case| {
            case.post().header("authorization", "Bearer x").header("cookie", "a=b").header("accept", "text/html")
        }),
        row("a traceparent", Stored, |case| {
            case.post().header("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00")
        }),
        row("empty", Empty, |case| case.sending(case.encoding.full_success())),
        row("empty and packed", Empty, |case| case.sending(case.encoding.full_success()).gzip()),
        row("empty groups", Empty, |case| {
            case.sending(match case.encoding {
                Encoding::Protobuf => &b"\x0a\0\x0a\x02\x12\0"[..],
                Encoding::Json => {
                    br#"{"resourceSpans":[{},{"scopeSpans":[{}]}],"resourceLogs":[],"resourceMetrics":null}"#
                }
            })
        }),
    ];
    play(rows);
}

#[test]
fn requests_that_are_refused() {
    let bad = Refused(400, InvalidArgument);
    let method = Refused(405, Unimplemented);
    let path = Refused(404, Unimplemented);
    let coding = Refused(415, Unimplemented);
    let rows: &[Row] = &[
        row("GET", method, |case| case.post().method("GET")).headers(ALLOW),
        row("HEAD", method, |case| Asked { body: Vec::new(), ..case.post() }.method("HEAD")).headers(ALLOW),
        row("PUT", method, |case| case.post().method("PUT")).headers(ALLOW),
        row("DELETE", method, |case| case.post().method("DELETE")).headers(ALLOW),
        row("PATCH", method, |case| case.post().method("PATCH")).headers(ALLOW),
        row("OPTIONS", method, |case| case.post().method("OPTIONS")).headers(ALLOW),
        row("post in lower case", method, |case| case.post().method("post")).headers(ALLOW),
        row("another signal", path, |case| case.to(format!("{}/v1/profiles", case.open.path()))),
        row("no path below the token", path, |case| case.to(format!("{}/", case.open.path()))),
        row("a longer path", path, |case| case.to(format!("{}/more", case.path()))),
        row("a slash behind the path", path, |case| case.to(format!("{}/", case.path()))),
        row("another version", path, |case| case.to(format!("{}/v2/traces", case.open.path()))),
        row("a path in capitals", path, |case| {
            case.to(format!("{}/{}", case.open.path(), case.signal.path().to_uppercase()))
        }),
        row("a path with dots", path, |case| case.to(format!("{}/x/../{}", case.open.path(), case.signal.path()))),
        row("an escaped path", path, |case| case.to(case.path().replace("/v1", "/%76%31"))),
        row("GET of nothing", path, |case| case.to(format!("{}/nothing", case.open.path())).method("GET")),
        row("br", coding, |case| case.post().header("content-encoding", "br")).headers(ACCEPT_ENCODING),
        row("deflate", coding, |case| case.post().header("content-encoding", "deflate")).headers(ACCEPT_ENCODING),
        row("zstd", coding, |case| case.post().header("content-encoding", "zstd")).headers(ACCEPT_ENCODING),
        row("gzip twice", coding, |case| {
            case.sending(gzip(&gzip(&case.body()))).header("content-encoding", "gzip, gzip")
        })
        .headers(ACCEPT_ENCODING),
        row("gzip twice in two headers", coding, |case| case.post().gzip().gzip()).headers(ACCEPT_ENCODING),
        row("a content encoding that is no text", coding, |case| case.post().header("content-encoding", "\u{e9}"))
            .headers(ACCEPT_ENCODING)
            .http1(),
        row("gzip announced and not done", bad, |case| case.post().header("content-encoding", "gzip")),
        row("gzip of nothing", bad, |case| case.sending("").header("content-encoding", "gzip")),
        row("gzip cut off in its head", bad, |case| packed(case, |bytes| bytes.truncate(5))),
        row("gzip cut off in its data", bad, |case| packed(case, |bytes| bytes.truncate(bytes.len() - 12))),
        row("gzip without its checksum", bad, |case| packed(case, |bytes| bytes.truncate(bytes.len() - 8))),
        row("gzip with a wrong checksum", bad, |case| {
            packed(case, |bytes| {
                let last = bytes.len() - 6;
                bytes[last] ^= 1;
            })
        }),
        row("gzip with a wrong length", bad, |case| {
            packed(case, |bytes| {
                let last = bytes.len() - 1;
                bytes[last] ^= 1;
            })
        }),
        row("gzip with something behind it", bad, |case| packed(case, |bytes| bytes.extend_from_slice(b"behind"))),
        row("a body cut off", bad, |case| {
            let mut body = case.body();
            body.pop();
            case.sending(body)
        }),
        row("protobuf that is said to be JSON", bad, |case| {
            let body = Case { encoding: Encoding::Protobuf, name: case.name.clone(), ..*case }.body();
            Asked::post(case.path(), "application/json", body)
        })
        .said_in(Encoding::Json),
        row("JSON that is said to be protobuf", bad, |case| {
            let body = Case { encoding: Encoding::Json, name: case.name.clone(), ..*case }.body();
            Asked::post(case.path(), "application/x-protobuf", body)
        })
        .said_in(Encoding::Protobuf),
    ];
    play(rows);
}

#[test]
fn other_content_types() {
    let kind = Refused(415, InvalidArgument);
    let rows: &[Row] = &[
        row("text/plain", kind, |case| case.content_type(Some("text/plain"))),
        row("a form", kind, |case| case.content_type(Some("application/x-www-form-urlencoded"))),
        row("multipart", kind, |case| case.content_type(Some("multipart/form-data; boundary=x"))),
        row("XML", kind, |case| case.content_type(Some("application/xml"))),
        row("JSON lines", kind, |case| case.content_type(Some("application/x-ndjson"))),
        row("application/jsonl", kind, |case| case.content_type(Some("application/jsonl"))),
        row("a longer name", kind, |case| case.content_type(Some("application/x-protobuffer"))),
        row("protobuf without x-", kind, |case| case.content_type(Some("application/protobuf"))),
        row("gRPC-Web", kind, |case| case.content_type(Some("application/grpc-web+proto"))),
        row("gRPC-Web in text", kind, |case| case.content_type(Some("application/grpc-web-text"))),
        row("gRPC with JSON", kind, |case| case.content_type(Some("application/grpc+json"))),
        row("gRPC over HTTP/1.1", kind, |case| case.content_type(Some("application/grpc"))).http1(),
        row("nothing in its header", kind, |case| case.content_type(Some(""))),
        row("only a parameter", kind, |case| case.content_type(Some(";"))),
        row("none", kind, |case| case.content_type(None)),
        row("two", kind, |case| {
            case.content_type(Some("application/json")).header("content-type", "application/x-protobuf")
        }),
    ];
    // Nobody knows what such a client reads.
    play(&rows.iter().map(|row| Row { said_in: Some(Encoding::Protobuf), ..*row }).collect::<Vec<_>>());
}

#[test]
fn whoever_does_not_know_the_token() {
    let unknown = Refused(401, Unauthenticated);
    let rows: &[Row] = &[
        row("no token", unknown, |case| case.to(format!("/{}", case.signal.path()))),
        row("an empty one in the path", unknown, |case| case.to(format!("//{}", case.signal.path()))),
        row("another one in the path", unknown, |case| {
            case.to(format!("/{}/{}", reversed(case.open.header().1), case.signal.path()))
        }),
        row("a shorter one in the path", unknown, |case| {
            let token = case.open.header().1;
            case.to(format!("/{}/{}", &token[1..], case.signal.path()))
        }),
        row("a longer one in the path", unknown, |case| {
            case.to(format!("{}x/{}", case.open.path(), case.signal.path()))
        }),
        row("one at the end of the path", unknown, |case| {
            case.to(format!("/{}/{}", case.signal.path(), case.open.header().1))
        }),
        row("one in the query", unknown, |case| {
            let (name, token) = case.open.header();
            case.to(format!("/{}?{name}={token}", case.signal.path()))
        }),
        row("another one in the header", unknown, |case| in_header(case, &reversed(case.open.header().1))),
        row("a shorter one in the header", unknown, |case| in_header(case, &case.open.header().1[1..])),
        row("an empty one in the header", unknown, |case| in_header(case, "")),
        row("one as authorization", unknown, |case| {
            case.to(format!("/{}", case.signal.path())).header("authorization", case.open.header().1)
        }),
        // Nobody without the token learns what there is.
        row("GET", unknown, |case| case.to(format!("/{}", case.signal.path())).method("GET")),
        row("a path that does not exist", unknown, |case| case.to("/nothing")),
        row("a content type that nobody knows", unknown, |case| Asked {
            path: "/v1/traces".into(),
            ..case.content_type(Some("text/plain"))
        })
        .said_in(Encoding::Protobuf),
    ];
    play(rows);
}

/// A page in a browser reaches every port of loopback, also under a name of its own that it has had resolved to it (DNS
/// rebinding). The token is what keeps it out: it cannot know it. And if it did, a browser sends what OTLP needs only after
/// asking for leave, which is never given.
#[test]
fn pages_in_a_browser() {
    let unknown = Refused(401, Unauthenticated);
    let rows: &[Row] = &[
        row("under a name of its own", unknown, |case| rebound(case.to("/v1/traces"))),
        row("asking for leave", unknown, |case| preflight(case.to("/v1/traces"))),
        row("asking for leave with the token", Refused(405, Unimplemented), |case| preflight(case.post()))
            .headers(ALLOW),
        row("what needs no leave", Refused(415, InvalidArgument), |case| {
            case.content_type(Some("text/plain")).header("origin", "http://page.example")
        })
        .said_in(Encoding::Protobuf),
        // A tunnel or a forwarded port has another name as well, and is no browser.
        row("another host, with the token", Stored, |case| rebound(case.post())),
        row("an origin, with the token", Stored, |case| case.post().header("origin", "null")),
    ];
    play(rows);
}

fn rebound(asked: Asked) -> Asked {
    Asked { host: Some("page.example"), ..asked }
}

fn preflight(asked: Asked) -> Asked {
    Asked { body: Vec::new(), ..asked }
        .method("OPTIONS")
        .header("origin", "http://page.example")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "content-type")
}

fn reversed(token: &str) -> String {
    token.chars().rev().collect()
}

fn in_header(case: &Case<'_>, token: &str) -> Asked {
    case.to(format!("/{}", case.signal.path())).header(case.open.header().0, token)
}

fn packed(case: &Case<'_>, damage: fn(&mut Vec<u8>)) -> Asked {
    let mut body = gzip(&case.body());
    damage(&mut body);
    case.sending(body).header("content-encoding", "gzip")
}
