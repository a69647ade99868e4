//! Numbered spans one a request, each announced when it was accepted.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message;

/// Sends spans with the numbers FIRST, FIRST + 1 and so on as their ids, one a request on one connection, and prints
/// `kept NUMBER` for each that is accepted. It ends when the collector does not answer any more.
#[derive(clap::Args)]
pub(crate) struct Count {
    #[arg(long, default_value_t = 1)]
    first: u64,
    /// At most so many.
    #[arg(long, default_value_t = u64::MAX)]
    count: u64,
    /// So many bytes are added to the name of each.
    #[arg(long, default_value_t = 0)]
    ballast: usize,
    /// Says `waiting before NUMBER` instead of sending that span, and waits for a line of its input.
    #[arg(long)]
    wait_before: Vec<u64>,
    /// The exit status where all were accepted. Where not, it is 9.
    #[arg(long, default_value_t = 0)]
    exit: i32,
}

impl Count {
    pub(crate) fn run(self) -> i32 {
        let endpoint = super::endpoint();
        let rest = endpoint.strip_prefix("http://").unwrap();
        let (authority, path) = rest.split_once('/').unwrap();
        let Ok(stream) = TcpStream::connect(authority) else { return 9 };
        stream.set_nodelay(true).unwrap();
        let mut stream = BufReader::new(stream);
        for number in self.first..self.first.saturating_add(self.count) {
            if self.wait_before.contains(&number) {
                super::announce(&format!("waiting before {number}"));
                std::io::stdin().lock().read_line(&mut String::new()).unwrap();
            }
            let body = self.request(number);
            let head = format!(
                "POST /{path}/v1/traces HTTP/1.1\r\nhost: {authority}\r\ncontent-type: application/x-protobuf\r\ncontent-length: {}\r\n\r\n",
                body.len()
            );
            if stream.get_mut().write_all(&[head.as_bytes(), &body].concat()).is_err()
                || accepted(&mut stream) != Some(true)
            {
                return 9;
            }
            super::announce(&format!("kept {number}"));
        }
        self.exit
    }

    fn request(&self, number: u64) -> Vec<u8> {
        let span = Span {
            trace_id: 0xabc_u128.to_be_bytes().to_vec(),
            span_id: number.to_be_bytes().to_vec(),
            name: format!("{number}{}", "x".repeat(self.ballast)),
            start_time_unix_nano: 1_700_000_000_000_000_000,
            end_time_unix_nano: 1_700_000_000_001_000_000,
            ..Span::default()
        };
        let scope_spans = vec![ScopeSpans { spans: vec![span], ..ScopeSpans::default() }];
        let resource_spans = vec![ResourceSpans { scope_spans, ..ResourceSpans::default() }];
        ExportTraceServiceRequest { resource_spans }.encode_to_vec()
    }
}

/// Reads an answer: whether everything was accepted; none where it does not come.
fn accepted(stream: &mut BufReader<TcpStream>) -> Option<bool> {
    let (mut good, mut length) = (None, 0);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end().to_ascii_lowercase();
        match line.strip_prefix("content-length: ") {
            _ if line.is_empty() => break,
            Some(number) => length = number.parse().ok()?,
            None if good.is_none() => good = Some(line.starts_with("http/1.1 200")),
            None => {}
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    // A partial success is a message with something in it.
    Some(good? && body.is_empty())
}
