//! What a row is, and how it is played.

use std::collections::BTreeMap;

use otel_run::otlp::Signal;
use otel_run::otlp::status::Code;

use crate::support::client::{Answer, Asked};
use crate::support::samples::{ENCODINGS, Encoding, sample, stored_names};
use crate::support::{Open, Stored, run};

/// What a row's request is made of.
pub struct Case<'a> {
    pub open: &'a Open,
    pub signal: Signal,
    pub encoding: Encoding,
    /// The name of the item in it, which no other has.
    pub name: String,
}

impl Case<'_> {
    /// A request with one item.
    pub fn body(&self) -> Vec<u8> {
        sample(self.signal, self.encoding, &self.name)
    }

    /// The path of the signal, below the token.
    pub fn path(&self) -> String {
        format!("{}/{}", self.open.path(), self.signal.path())
    }

    /// The request as most exporters send it.
    pub fn post(&self) -> Asked {
        self.sending(self.body())
    }

    /// The same with another body.
    pub fn sending(&self, body: impl Into<Vec<u8>>) -> Asked {
        Asked::post(self.path(), self.encoding.content_type(), body)
    }

    /// The same with another path.
    pub fn to(&self, path: impl Into<String>) -> Asked {
        Asked { path: path.into(), ..self.post() }
    }

    /// The same with another content type, or none.
    pub fn content_type(&self, kind: Option<&str>) -> Asked {
        let headers = kind.map(|kind| ("content-type".to_owned(), kind.to_owned()));
        Asked { headers: headers.into_iter().collect(), ..self.post() }
    }
}

/// What comes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Success, and the item is in the log once.
    Stored,
    /// Success, and nothing is in the log.
    Empty,
    /// An error with this HTTP status and this code, and nothing is in the log.
    Refused(u16, Code),
}

/// What requests travel over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    Http1,
    Http2,
}

/// A row of a table of HTTP.
pub struct Row {
    pub name: &'static str,
    pub asks: fn(&Case<'_>) -> Asked,
    pub outcome: Outcome,
    /// What it can travel over.
    pub over: &'static [Over],
    /// What an error is said in, if not in the request's own encoding: that of a client which nobody knows.
    pub said_in: Option<Encoding>,
    /// Headers that the answer has to have.
    pub headers: &'static [(&'static str, &'static str)],
}

/// A row that every client may send.
pub fn row(name: &'static str, outcome: Outcome, asks: fn(&Case<'_>) -> Asked) -> Row {
    Row { name, asks, outcome, over: &[Over::Http1, Over::Http2], said_in: None, headers: &[] }
}

impl Row {
    pub fn http1(self) -> Self {
        Self { over: &[Over::Http1], ..self }
    }

    pub fn said_in(self, encoding: Encoding) -> Self {
        Self { said_in: Some(encoding), ..self }
    }

    pub fn headers(self, headers: &'static [(&'static str, &'static str)]) -> Self {
        Self { headers, ..self }
    }

    fn judge(&self, case: &Case<'_>, answer: &Answer) -> Result<(), String> {
        let said_in = self.said_in.unwrap_or(case.encoding);
        let (status, code) = match self.outcome {
            Outcome::Stored | Outcome::Empty => (200, None),
            Outcome::Refused(status, code) => (status, Some(code)),
        };
        same("status", answer.status, status)?;
        same("content type", answer.header("content-type"), said_in.content_type())?;
        match code {
            None => same("body", &answer.body[..], said_in.full_success())?,
            // There is no body to be read.
            Some(_) if answer.body.is_empty() && self.name.contains("HEAD") => {}
            Some(code) => {
                let (said, message) = said_in.status(&answer.body).ok_or("the body is no google.rpc.Status")?;
                same("code", said, code.number())?;
                same("a message is there", message.is_empty(), false)?;
            }
        }
        for (name, value) in self.headers {
            same(name, answer.header(name), value)?;
        }
        never(answer)
    }
}

/// What no answer may have: a page of a browser learns nothing, whatever it asks for (Fetch, "CORS protocol").
pub fn never(answer: &Answer) -> Result<(), String> {
    let mut all = answer.headers.keys().chain(answer.trailers.keys());
    match all.find(|name| name.starts_with("access-control-")) {
        Some(name) => Err(format!("the answer has {name}")),
        None => Ok(()),
    }
}

/// Whether something is as it has to be.
pub fn same<T: PartialEq + std::fmt::Debug>(what: &str, found: T, expected: T) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("{what} is {found:?} and has to be {expected:?}")) }
}

/// What is wrong, by rows.
#[derive(Default)]
pub struct Verdicts(Vec<String>);

impl Verdicts {
    pub fn add(&mut self, row: &str, verdict: Result<(), String>) {
        if let Err(wrong) = verdict {
            self.0.push(format!("{row}: {wrong}"));
        }
    }

    #[track_caller]
    pub fn none_is_wrong(self) {
        assert!(self.0.is_empty(), "\n{}\n", self.0.join("\n"));
    }
}

/// The names that have to be in the log, each once.
#[derive(Default)]
pub struct Expected(BTreeMap<(Signal, String), usize>);

impl Expected {
    pub fn add(&mut self, signal: Signal, name: &str) {
        self.0.insert((signal, name.to_owned()), 1);
    }

    /// Compares with the log, and says of which names there are too many or too few.
    pub fn judge(&self, stored: &Stored, verdicts: &mut Verdicts) {
        let mut found: BTreeMap<(Signal, String), usize> = BTreeMap::new();
        for signal in Signal::ALL {
            for name in stored_names(stored, signal) {
                *found.entry((signal, name)).or_default() += 1;
            }
        }
        for key in self.0.keys().chain(found.keys()) {
            let times = |all: &BTreeMap<(Signal, String), usize>| all.get(key).copied().unwrap_or(0);
            let verdict = same("number of times in the log", times(&found), times(&self.0));
            verdicts.add(&format!("{} ({})", key.1, key.0.as_str()), verdict);
        }
    }
}

/// Plays every row for every signal, encoding and version of HTTP, in one run.
#[track_caller]
pub fn play(rows: &[Row]) {
    let open = Open::start(run());
    let (mut expected, mut verdicts) = (Expected::default(), Verdicts::default());
    for row in rows {
        for signal in Signal::ALL {
            for encoding in ENCODINGS {
                for over in row.over {
                    let name = format!("{} ({} in {encoding:?} over {over:?})", row.name, signal.as_str());
                    let case = Case { open: &open, signal, encoding, name };
                    let asked = (row.asks)(&case);
                    let answer = match over {
                        Over::Http1 => open.client().ask(&asked),
                        Over::Http2 => open.http2().ask(&asked),
                    };
                    verdicts.add(&case.name, row.judge(&case, &answer));
                    if row.outcome == Outcome::Stored {
                        expected.add(signal, &case.name);
                    }
                }
            }
        }
    }
    expected.judge(&Stored::of(&open.end().home), &mut verdicts);
    verdicts.none_is_wrong();
}
