//! Credentials, fetched from where a run would fetch them.

use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use super::super::recording::unix_nano;
use super::super::said::Said;
use crate::delivery;
use crate::diagnosis::credentials::{self, Facts, Header, Printed};
use crate::otlp::Signal;
use crate::settings::{HeaderValue, Origin, Sourced, Upstream};

/// Reads what `upstreams` would be shown, and starts the programs that print some of it for at most `patience` each.
pub(super) async fn fetch(said: &Said, upstreams: &[Upstream], patience: Duration) -> Facts {
    let seconds = unix_nano() / 1_000_000_000;
    let mut facts = Facts { now: i64::try_from(seconds).unwrap_or(i64::MAX), ..Facts::default() };
    for upstream in upstreams {
        facts.headers.extend(headers(said, upstream));
        for file in files(upstream) {
            if !facts.files.iter().any(|known| (&known.path, known.what) == (&file.path, file.what)) {
                facts.files.push(file);
            }
        }
        facts.printed.extend(printed(said, upstream, patience).await);
    }
    facts
}

fn headers(said: &Said, upstream: &Upstream) -> Vec<Header> {
    let mut headers: Vec<Header> = Vec::new();
    for (name, value) in upstream.all_headers() {
        let mode = match &value.value {
            HeaderValue::File(path) => {
                let path = crate::settings::home::expand(path, &said.environment);
                std::fs::metadata(path).ok().map(|facts| facts.mode())
            }
            _ => None,
        };
        headers.push(Header {
            upstream: upstream.name.clone(),
            name: name.clone(),
            origin: value.origin.clone(),
            source: value.value.clone(),
            value: value.value.reveal(&said.environment, &|path: &Path| std::fs::read_to_string(path)),
            mode,
        });
    }
    headers
}

async fn printed(said: &Said, upstream: &Upstream, patience: Duration) -> Vec<Printed> {
    let commands = upstream.all_headers().filter(|(_, value)| matches!(value.value, HeaderValue::Command(_)));
    let origins = commands.map(|(_, value)| &value.origin);
    let helper = upstream.destination.headers_helper.as_ref();
    let origins: Vec<&Origin> = origins.chain(helper.map(|helper| &helper.origin)).collect();
    if origins.is_empty() {
        return Vec::new();
    }
    let made = |origin: &Origin, printed: delivery::Printed| Printed {
        upstream: upstream.name.clone(),
        program: printed.program,
        origin: origin.clone(),
        headers: printed.headers,
        took: printed.took,
    };
    match said.target(upstream) {
        Ok(target) => {
            let printed = delivery::printed_for(&target, patience).await;
            origins.into_iter().zip(printed).map(|(origin, printed)| made(origin, printed)).collect()
        }
        // What else is wrong with it is told by others.
        Err(reasons) => helper
            .filter(|helper| reasons.iter().any(|reason| reason.starts_with(&helper.origin.to_string())))
            .map(|helper| {
                let printed = delivery::Printed {
                    program: helper.value.display().to_string(),
                    headers: Err(reasons.join("; ")),
                    took: Duration::ZERO,
                };
                made(&helper.origin, printed)
            })
            .into_iter()
            .collect(),
    }
}

/// The files that TLS needs for any signal.
fn files(upstream: &Upstream) -> Vec<credentials::File> {
    let mut files = Vec::new();
    for signal in Signal::ALL {
        let identity = upstream.destination.identity.of(signal);
        let certificate = &upstream.transport.of(signal).certificate;
        let wanted = [
            ("the authorities that are trusted", certificate, false),
            ("the client's certificate", &identity.certificate, false),
            ("the client's key", &identity.key, true),
        ];
        for (what, said, is_secret) in wanted {
            let Some(Sourced { value, origin }) = said else { continue };
            let mode = File::open(value).and_then(|file| file.metadata()).map(|facts| facts.mode());
            files.push(credentials::File {
                what,
                path: value.display().to_string(),
                origin: origin.clone(),
                is_secret,
                mode: mode.map_err(|error| format!("cannot be read: {error}")),
            });
        }
    }
    files
}
