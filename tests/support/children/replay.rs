//! A capture, sent again: a JSON object a line, with the `signal` and the `body` of one export request.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;

use serde_json::Value;

/// Sends every line of `file` and gives their number. Each must be answered with 200.
pub(crate) fn replay(file: &Path) -> usize {
    let endpoint = super::endpoint();
    let rest = endpoint.strip_prefix("http://").expect("the endpoint begins with http://");
    let (authority, prefix) =
        rest.split_once('/').map_or((rest, String::new()), |(host, path)| (host, format!("/{path}")));
    let stream = TcpStream::connect(authority).unwrap();
    stream.set_nodelay(true).unwrap();
    let mut stream = BufReader::new(stream);
    let text = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let mut sent = 0;
    for line in text.lines().filter(|line| !line.is_empty()) {
        let request: Value = serde_json::from_str(line).unwrap();
        let signal = request["signal"].as_str().expect("every line names its signal");
        let body = request["body"].to_string();
        let head = format!(
            "POST {prefix}/v1/{signal} HTTP/1.1\r\nhost: {authority}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.get_mut().write_all(head.as_bytes()).unwrap();
        stream.get_mut().write_all(body.as_bytes()).unwrap();
        let status = answer(&mut stream);
        assert!(status.starts_with("HTTP/1.1 200"), "request {} was answered with {status}", sent + 1);
        sent += 1;
    }
    sent
}

/// Reads one answer to its end and gives its status line.
fn answer(stream: &mut BufReader<TcpStream>) -> String {
    let mut status = String::new();
    stream.read_line(&mut status).unwrap();
    let mut length = 0;
    loop {
        let mut line = String::new();
        assert!(stream.read_line(&mut line).unwrap() > 0, "the connection ended in the middle of an answer");
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    stream.read_exact(&mut vec![0; length]).unwrap();
    status.trim_end().to_owned()
}
