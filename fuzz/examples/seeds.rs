//! Writes first inputs into `corpus/`: what real agents sent, an item a request, and edge cases made by hand.
//!
//! `cargo fuzz cmin` then leaves those that try something that no other tries.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use otel_run::otlp::status::{Code, PartialSuccess, Status, encode_response};
use otel_run::otlp::wire::put_bytes_field;
use otel_run::otlp::{Encoding, Signal, json};
use otel_run::store::log::{Frame, Kind, Log};
use otel_run_fuzz::log::file_of;
use otel_run_fuzz::otlp::Request;

/// Inputs are short, so that many are tried a second.
const LONGEST: usize = 6000;

fn main() {
    of_captures();
    of_texts();
    of_settings();
    of_protobuf();
    of_frames();
    of_answers();
    of_logs();
}

fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn seed(target: &str, input: &[u8]) {
    let folder: PathBuf = package().join("corpus").join(target);
    std::fs::create_dir_all(&folder).unwrap();
    let mut hasher = DefaultHasher::new();
    input.hash(&mut hasher);
    std::fs::write(folder.join(format!("{:016x}", hasher.finish())), input).unwrap();
}

fn of_captures() {
    let mut choice: u8 = 0;
    for entry in std::fs::read_dir(package().join("../tests/fixtures/captures")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "jsonl") {
            continue;
        }
        for line in std::fs::read_to_string(path).unwrap().lines() {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            let signal = Signal::ALL.into_iter().find(|signal| signal.as_str() == line["signal"]).unwrap();
            let request = json::decode(signal, line["body"].to_string().as_bytes()).unwrap();
            for item in Request::decode(signal, &request).unwrap().one_by_one() {
                let protobuf = item.encode();
                let text = json::encode(signal, &protobuf).unwrap();
                if protobuf.len() > LONGEST || text.contains("/home/") {
                    continue;
                }
                let number = Signal::ALL.iter().position(|other| *other == signal).unwrap() as u8;
                choice = choice.wrapping_add(1);
                seed("protobuf", &[&[number], protobuf.as_slice()].concat());
                // Six of the rules come round with each signal.
                seed("transform", &[&[number + 3 * (choice % 24)], protobuf.as_slice()].concat());
                seed("json", &[&signal.as_str().as_bytes()[..1], text.as_bytes()].concat());
            }
        }
    }
}

fn of_texts() {
    const ID: &str = "0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331";
    for text in [
        format!("00-{ID}-01"),
        format!("00-{ID}-00"),
        format!(" \tcc-{ID}-ff-what-the-future-brings "),
        format!("fe-{ID}-03-"),
        format!("00-{ID}-01-"),
        format!("ff-{ID}-01"),
        format!("00-{}-b7ad6b7169203331-01", "0".repeat(32)),
        format!("00-{ID}-0B"),
        "00".to_owned(),
    ] {
        seed("traceparent", text.as_bytes());
    }
    let many = |count: usize, value: &str| (0..count).map(|n| format!("k{n}={value}")).collect::<Vec<_>>().join(",");
    for text in [
        "foo=1,bar=2",
        "foo=1 , \tbar=2,,",
        "ot=th:c;rv:0123456789abcd,tenant@system=a b  c",
        "0_-*/@=!\"#$%&'()*+-./:;<>?@[]^_`{|}~",
        "foo",
        "Foo=1",
        "foo=bar=baz",
        "foo=",
        &format!("{}={}", "k".repeat(256), "v".repeat(256)),
        &format!("long={},{}", "x".repeat(124), many(32, "v")),
        &many(40, "v"),
    ] {
        seed("tracestate", text.as_bytes());
    }
    for text in [
        "a=1,b=2;p;q=3 , c = x=y ",
        "user=J%C3%B6rg%20%25,invalid-utf8=%ff",
        "a=1,=2,b",
        "a=100%",
        "a=1;",
        &many(70, "v"),
        &format!("malformed,{}", many(64, "v")),
        &many(3, &"x".repeat(3000)),
    ] {
        seed("baggage", text.as_bytes());
    }
    for text in [
        "authorization=Bearer%20SECRET",
        "Authorization=Basic SECRET==, x-key = SECRET ,",
        "a=env:SECRET,b=file:~/SECRET%2C,c=env%3ASECRET",
        "a=SECRET%,b=SECRET%zz,c=%ff",
        "SECRET",
        "authorization: Bearer SECRET",
        "a=,b=x%0ASECRET,a=2,a=3",
        "x=\u{fc}SECRET",
    ] {
        seed("headers", text.as_bytes());
    }
    for text in [
        "{}",
        r#"{"a":1,"b":[true,null,"x\"y\\"],}"#,
        "// mine\n{\n  /* { */ \"experimental\": { \"batch_tool\": true, }, // \"}\"\n}",
        r#"{"experimental":{"openTelemetry":true}}"#,
        r#"{"experimental":{"openTelemetry":false}}"#,
        r#"{"experimental":{"openTelemetry":{env:OT}},"p":{file:./x"y}}"#,
        r#"{"experimental":{"a":1},"exper\u0069mental":{}}"#,
        r#"{"experimental":null}"#,
        r#"{"apiKey":"{env:KEY}","port":{env:PORT}}"#,
        "{'a':1}",
        "[]",
        "{",
    ] {
        seed("jsonc", text.as_bytes());
    }
    for text in [
        r#"t{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"EEE19B7EC3C1B174","kind":"SPAN_KIND_CLIENT","startTimeUnixNano":1.5e18,"flags":257,"status":{"code":2,"message":"x"},"name":"a","name":"b"}]}]}]}"#,
        r#"t{"resource_spans":[{"scope_spans":[{"spans":[{"attributes":[{"key":"k","value":{"bytesValue":"-_8","arrayValue":{"values":[null,{"kvlistValue":{"values":[{"key":"","value":{}}]}},{"doubleValue":"NaN"},{"doubleValue":-0.0},{"intValue":"-9223372036854775808"}]}}}],"links":[{"traceState":"a=b"}],"events":[{"timeUnixNano":"1"}]}]}]}]}"#,
        r#"m{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"n","histogram":{"dataPoints":[{"count":"3","sum":0.0,"bucketCounts":["1",2,3e0],"explicitBounds":[0.5,"Infinity"],"min":-0.0,"exemplars":[{"asInt":"5","spanId":"eee19b7ec3c1b174"}]}]}},{"exponentialHistogram":{"dataPoints":[{"scale":-3,"zeroCount":"1","positive":{"offset":-1,"bucketCounts":["1"]}}]}},{"summary":{"dataPoints":[{"quantileValues":[{"quantile":0.5,"value":1}]}]}},{"gauge":{"dataPoints":[{"asDouble":1e300}]}},{"sum":{"isMonotonic":true,"aggregationTemporality":"AGGREGATION_TEMPORALITY_DELTA"}}]}]}]}"#,
        r#"l{"resourceLogs":[{"resource":{"entityRefs":[{"type":"service","idKeys":["service.name"]}]},"scopeLogs":[{"logRecords":[{"severityNumber":"SEVERITY_NUMBER_INFO","body":{"stringValue":"\ud83d\ude00\u0001/"},"eventName":"e"}],"schemaUrl":"u"}]}]}"#,
        "t{}",
        "t \n{\"future\":[[[]]]} ",
        r#"t{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"SECRET"}]}]}]}"#,
        r#"l{"resourceLogs":"SECRET"}"#,
        "m{\"resourceMetrics\":[{}\n,,SECRET",
        "l[]",
    ] {
        seed("json", text.as_bytes());
    }
}

fn of_settings() {
    let everything = "endpoint = \"https://c\"\nprotocol = \"gRPC\"\ncompression = \"gzip\"\nexport_timeout = \"1m\"\n\
                      service_name = \"n\"\nagent = \"none\"\nnest = \"off\"\ncontent = \"on\"\ndrain_deadline = 1.5\n\
                      collector = false\nstate_dir = \"runs\"\nquiet = true\ntimeout = \"1d\"\nsuccess_codes = [3, 1]\n\
                      heartbeat = 0\n";
    let tables = "[headers]\nX-Literal = \"v\"\nauthorization = { env = \"TOKEN\" }\nx-home.file = \"~/token\"\n\
                  [resource_attributes]\n\"a.b\" = \"2\"\ndeployment.environment.name = \"ci\"\n";
    for text in [
        everything,
        tables,
        &format!("{everything}{tables}"),
        "endpont = 1\nnest = \"adpot\"\nquiet = \"true\"\ncontent = \"\"\ndrain_deadline = \"5x\"\nendpoint = [\"a\"]\n",
        "success_codes = [0]\nreap = 1\n[resource_attributes]\nnumber = 5\na.b = { c = 1979-05-27 }\n",
        "[headers]\nboth = { env = \"A\", file = \"b\" }\nwrong = { enw = \"A\" }\nempty = \"\"\n\"no name\" = \"x\"\n",
        "nest = \"link\"\nendpoint = http://c\nservice_name = \"n\nagent = \"auto\"\n[headers]\na = Bearer x\nb\n",
        "nest = \"\\u001b[2J\"\n\"\\u001b\" = 1\n",
        "\0\"Bearer \0\"",
        "nest = \"off\"\n\0{ env = \"\0\" }",
        "\0Bearer \0\n[resource_attributes]\na = 1",
        "service_name = \"n\"\n\0{ \0 = 1 }",
    ] {
        seed("settings", text.as_bytes());
    }
}

/// Protobuf that no exporter writes and every reader has to take.
fn of_protobuf() {
    let nested = |numbers: &[u32], message: &[u8]| {
        numbers.iter().rev().fold(message.to_vec(), |message, number| {
            let mut outer = Vec::new();
            put_bytes_field(&mut outer, *number, &message);
            outer
        })
    };
    let mut key_twice = nested(&[1], b"a");
    key_twice.extend(nested(&[2, 1], b"v"));
    key_twice.extend(nested(&[1], b"gen_ai.input.messages"));
    let attribute = [nested(&[1], b"service.name"), nested(&[2, 1], b"opencode")].concat();
    let resource_twice = [nested(&[1, 1], &attribute), nested(&[1], b"")].concat();
    let parent_twice = [nested(&[4], &[7; 8]), nested(&[4], b""), nested(&[1], &[1, 2])].concat();
    let array = |text: &[u8]| nested(&[5, 1, 1], text);
    let body_twice = [nested(&[5], &array(b"loop")), nested(&[5], &array(b"init"))].concat();
    let member_again = [array(b"a"), nested(&[1], b"b"), array(b"c")].concat();
    let mut deep = nested(&[1], b"v");
    for _ in 0..50 {
        deep = nested(&[5, 1], &deep);
    }
    for (signal, request) in [
        (0, nested(&[1, 2, 2, 9], &key_twice)),
        (0, nested(&[1], &resource_twice)),
        (0, nested(&[1, 2, 2], &parent_twice)),
        (0, nested(&[1, 2, 2, 9, 2], &member_again)),
        (0, nested(&[1, 2, 2, 9, 2], &deep)),
        (2, nested(&[1], &[resource_twice, nested(&[2, 2], &body_twice)].concat())),
        (1, b"\x0a\x02\x10".to_vec()),
        (0, b"\x0b\x0c".to_vec()),
        (2, nested(&[1, 2, 2, 12], b"\xff")),
        (2, vec![0x80; 11]),
    ] {
        seed("protobuf", &[&[signal], request.as_slice()].concat());
        for rules in [0, 1, 2, 5, 6, 12] {
            seed("transform", &[&[signal + 3 * rules], request.as_slice()].concat());
        }
    }
}

fn of_frames() {
    let message = b"\x0a\x02\x08\x01";
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(message).unwrap();
    let packed = encoder.finish().unwrap();
    let frame = |choice: u8, flag: u8, length: usize, message: &[u8]| {
        [&[choice, flag], &(length as u32).to_be_bytes()[..], message].concat()
    };
    seed("grpc", &frame(0, 0, 4, message));
    seed("grpc", &frame(1, 1, packed.len(), &packed));
    seed("grpc", &frame(1, 1, packed.len() - 4, &packed[..packed.len() - 4]));
    seed("grpc", &frame(1, 1, 2 * packed.len(), &[packed.as_slice(), &packed].concat()));
    seed("grpc", &frame(0, 1, packed.len(), &packed));
    seed("grpc", &frame(3, 1, packed.len(), &packed));
    seed("grpc", &frame(0, 0, 5, message));
    seed("grpc", &frame(2, 2, 0, b""));
}

fn of_answers() {
    let mut status = Status::new(Code::ResourceExhausted, "too much \"at once\"");
    status.retry_delay = Some(std::time::Duration::from_millis(1500));
    let partial = PartialSuccess { rejected: 3, message: "spans without a name".to_owned() };
    for (choice, encoding) in [(0, Encoding::Protobuf), (1, Encoding::Json)] {
        seed("answer", &[&[choice], status.encode(encoding).as_slice()].concat());
        for (number, signal) in Signal::ALL.into_iter().enumerate() {
            let choice = choice + 2 * number as u8;
            seed("answer", &[&[choice], encode_response(signal, encoding, Some(&partial)).as_slice()].concat());
        }
    }
    seed("answer", b"\x01{\"code\":\"x\"}");
    seed("answer", b"\x01<html>Bad Gateway</html>");
    seed("answer", b"\x00<html>Bad Gateway</html>");
    seed("answer", b"\x00");
}

fn of_logs() {
    use std::os::unix::fs::FileExt;
    let file = file_of(&[]);
    let mut log = Log::create(file.try_clone().unwrap()).unwrap();
    log.append(Kind::Started, 0, 1, Frame::from(&b"{\"run_id\":\"r\"}"[..])).unwrap();
    log.append(Kind::Batch(Signal::Traces), 3, 2, Frame::from(&b"\x0a\x00"[..])).unwrap();
    log.append(Kind::Batch(Signal::Metrics), 1, 3, Frame::from(&b""[..])).unwrap();
    log.append(Kind::Batch(Signal::Logs), 1, 3, Frame::from(&b"\x0a\x00"[..])).unwrap();
    log.append(Kind::Ended, 0, 4, Frame::from(&b"{}"[..])).unwrap();
    let mut whole = vec![0; log.end() as usize];
    file.read_exact_at(&mut whole, 0).unwrap();
    seed("log", &whole);
    for cut in [0, 5, 16, 20, 40, 60, whole.len() - 1] {
        seed("log", &whole[..cut]);
    }
    for (at, value) in [(0, 1), (8, 2), (16, 0xff), (19, 0xff), (20, 1), (24, 9), (16 + 38 + 3, 0x0f), (45, 1), (60, 1)]
    {
        let mut damaged = whole.clone();
        damaged[at] ^= value;
        seed("log", &damaged);
    }
    seed("log", &[whole.as_slice(), &[0; 64]].concat());

    let records = b"\x00\x02{}\x01\x03abc\x02\x00\x03\x01x\x04\x02{}";
    for edit in
        [&b"\x00\0\x30\0\0"[..], b"\x00\0\x10\0\0", b"\x01\0\x20\x01\0", b"\x01\0\x10\xff\0", b"\x01\0\x05\x01\0"]
    {
        seed("log_edits", &[edit, records].concat());
    }
    seed("log_edits", &[b"\x02\0\0\0\x04\xff\0\x01\x02", &records[..]].concat());
    seed("log_edits", b"\x00");
}
