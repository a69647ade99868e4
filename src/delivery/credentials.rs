//! Credentials that programs print: asked for at the start, and again when the upstream refuses them.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use http::{HeaderMap, HeaderName, HeaderValue};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe;
use tokio::sync::Mutex;

use super::target::{CredentialSource, Target};
use crate::secret::Secret;
use crate::settings::one_line;

/// How long a program may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// The most that it may print.
const MOST_BYTES: u64 = 1 << 20;
/// How often it is looked whether a program that has printed everything has ended.
const TICK: Duration = Duration::from_millis(5);

/// The credentials of one upstream that programs print, shared by its signals.
pub(super) struct Credentials {
    sources: Vec<CredentialSource>,
    headers: RefCell<HeaderMap>,
    /// How often the programs were asked. Whoever was refused with older credentials has newer ones to try.
    round: Cell<u64>,
    /// Held by whoever asks: the others wait for the same answer.
    asking: Mutex<()>,
    failure: RefCell<Option<String>>,
}

impl Credentials {
    pub(super) fn new(sources: Vec<CredentialSource>) -> Self {
        let headers = RefCell::default();
        Self { sources, headers, round: Cell::new(0), asking: Mutex::new(()), failure: RefCell::new(None) }
    }

    /// Whether there is anything to ask.
    pub(super) fn are_printed(&self) -> bool {
        !self.sources.is_empty()
    }

    /// The headers, and the round that they are of. The first to ask starts the programs.
    pub(super) async fn current(&self) -> (u64, HeaderMap) {
        if self.are_printed() && self.round.get() == 0 {
            self.renew(0).await;
        }
        (self.round.get(), self.headers.borrow().clone())
    }

    /// Asks the programs again, unless somebody has done so since the round `refused`.
    pub(super) async fn renew(&self, refused: u64) {
        let _asking = self.asking.lock().await;
        if self.round.get() > refused {
            return;
        }
        let mut failures = Vec::new();
        let mut headers = HeaderMap::new();
        for source in &self.sources {
            match ask(source).await {
                Ok(printed) => headers.extend(printed),
                Err(reason) => failures.push(reason),
            }
        }
        // What was printed before is better than nothing.
        if failures.is_empty() || self.round.get() == 0 {
            self.headers.replace(headers);
        }
        self.failure.replace(Some(failures.join("; ")).filter(|reasons| !reasons.is_empty()));
        self.round.set(self.round.get() + 1);
    }

    /// What went wrong when the programs were asked last, in words.
    pub(super) fn failure(&self) -> Option<String> {
        self.failure.borrow().clone()
    }
}

/// What came of starting a program that prints headers.
#[derive(Debug, Clone)]
pub struct Printed {
    /// The program, in words.
    pub program: String,
    /// The headers by their names; the error is a sentence without anything of what was printed.
    pub headers: Result<Vec<(String, Secret)>, String>,
    /// How long it took.
    pub took: Duration,
}

/// Starts each program that prints headers for `target` once, as the first delivery does, and ends those that take longer
/// than `patience`. They come in the order in which the upstream names them, one for all headers last.
pub async fn printed_for(target: &Target, patience: Duration) -> Vec<Printed> {
    let mut all = Vec::new();
    for source in &target.sources {
        let program = match source {
            CredentialSource::Helper(path) => path.display().to_string(),
            CredentialSource::Header(_, words) => words.first().cloned().unwrap_or_default(),
        };
        let begun = Instant::now();
        let headers = match tokio::time::timeout(patience, ask(source)).await {
            Ok(answer) => answer,
            Err(_) => Err(format!("{program} did not print anything whole within {} s", patience.as_secs_f64())),
        };
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = headers.map(|headers| {
            headers.iter().map(|(name, value)| (name.as_str().to_owned(), Secret::new(text(value)))).collect()
        });
        all.push(Printed { program, headers, took: begun.elapsed() });
    }
    all
}

async fn ask(source: &CredentialSource) -> Result<HeaderMap, String> {
    match source {
        CredentialSource::Helper(path) => {
            let shown = format!("the headers helper {}", path.display());
            let printed = printed(path, &[]).await.map_err(|reason| format!("{shown} {reason}"))?;
            headers(&printed).map_err(|reason| format!("{shown} {reason}"))
        }
        CredentialSource::Header(name, words) => {
            let (program, arguments) =
                words.split_first().ok_or_else(|| format!("the header {name} names no program"))?;
            let shown = format!("{program}, which prints the header {name},");
            let printed = printed(Path::new(program), arguments).await.map_err(|reason| format!("{shown} {reason}"))?;
            let text = String::from_utf8(printed).map_err(|_| format!("{shown} printed what is not UTF-8"))?;
            let value = value(one_line(&text)).map_err(|reason| format!("{shown} {reason}"))?;
            Ok(HeaderMap::from_iter([(name.clone(), value)]))
        }
    }
}

fn headers(printed: &[u8]) -> Result<HeaderMap, String> {
    let object: BTreeMap<String, String> = serde_json::from_slice(printed).map_err(|_| {
        "did not print a JSON object of strings, such as {\"authorization\": \"Bearer ...\"}".to_owned()
    })?;
    let mut headers = HeaderMap::new();
    for (name, text) in object {
        let name = HeaderName::try_from(name).map_err(|_| "printed a name that no header can have".to_owned())?;
        let value = value(&text).map_err(|reason| format!("{reason} for the header {name}"))?;
        headers.insert(name, value);
    }
    Ok(headers)
}

fn value(text: &str) -> Result<HeaderValue, String> {
    if text.is_empty() {
        return Err("printed no value".to_owned());
    }
    let mut value = HeaderValue::try_from(text)
        .map_err(|_| "printed a value with a line break or another control character".to_owned())?;
    value.set_sensitive(true);
    Ok(value)
}

/// What a program prints on stdout. The error is the rest of a sentence about it, without anything of what it printed.
async fn printed(program: &Path, arguments: &[String]) -> Result<Vec<u8>, String> {
    let mut asked = Asked::start(program, arguments).map_err(|error| format!("cannot be started: {error}"))?;
    let broken = |error: io::Error| format!("cannot be read from: {error}");
    let stdout = asked.0.stdout.take().ok_or("has no output")?;
    let stdout = pipe::Receiver::from_owned_fd(stdout.into()).map_err(broken)?;
    let mut bytes = Vec::new();
    let conversation = async {
        stdout.take(MOST_BYTES + 1).read_to_end(&mut bytes).await.map_err(broken)?;
        if bytes.len() as u64 > MOST_BYTES {
            return Err("printed more than 1 MiB".to_owned());
        }
        loop {
            match asked.0.try_wait() {
                Ok(Some(status)) if status.success() => return Ok(()),
                Ok(Some(status)) => return Err(format!("failed with {status}")),
                Ok(None) => tokio::time::sleep(TICK).await,
                // Somebody else has reaped it: otel-run is the reaper of all, and nobody knows how it ended.
                Err(_) => return Ok(()),
            }
        }
    };
    match tokio::time::timeout(PATIENCE, conversation).await {
        Ok(ended) => ended.map(|()| bytes),
        Err(_) => Err(format!("took longer than {} s", PATIENCE.as_secs())),
    }
}

/// A program that was started. It does not outlive the wish to know its answer.
struct Asked(Child);

impl Asked {
    fn start(program: &Path, arguments: &[String]) -> io::Result<Self> {
        let mut command = Command::new(program);
        // What is typed at the terminal is for the user's command.
        command.args(arguments).process_group(0);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        command.spawn().map(Self)
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        if let Ok(None) = self.0.try_wait() {
            // With all that it has started itself.
            let _ = killpg(Pid::from_raw(self.0.id().cast_signed()), Signal::SIGKILL);
            let _ = self.0.wait();
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    #[test]
    fn only_an_object_of_strings_is_taken() {
        let read = headers(br#"{"Authorization": "Bearer x", "x-tenant": "7"}"#).unwrap();
        assert!(read["authorization"] == "Bearer x" && read["x-tenant"] == "7");
        assert!(read.values().all(HeaderValue::is_sensitive));
        assert!(headers(b"{}").unwrap().is_empty());
        for wrong in ["", "hunter2", "[\"hunter2\"]", r#"{"a": 7}"#, r#"{"a": null}"#, r#"{"a b": "hunter2"}"#] {
            let reason = headers(wrong.as_bytes()).unwrap_err();
            assert!(!reason.contains("hunter2"), "{reason}");
        }
        let reason = headers(br#"{"a": "hunter2\n"}"#).unwrap_err();
        assert_eq!(reason, "printed a value with a line break or another control character for the header a");
        assert_eq!(headers(br#"{"a": ""}"#).unwrap_err(), "printed no value for the header a");
    }
}
