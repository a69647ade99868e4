//! `serve`: the collector without a command, for whoever sends.
//!
//! What arrives is kept in one run after the other, so that no log grows without an end: when one is full or old, the next
//! is begun ([`segments`]). The senders' traces stay as they are, and nothing of otel-run's own is added to them.

mod listening;
mod segments;

use std::net::SocketAddr;
use std::time::Instant;

use super::destination::Destinations;
use super::recording;
use super::said::Said;
use crate::agent::TOKEN_KEY;
use crate::cli::{Options, ServeOptions};
use crate::collector::{self, Arrived, Bound, Handle, Senders, Start, Turning};
use crate::error::Error;
use crate::message;
use crate::process::{Aftermath, Service, Signals, Woken};
use crate::secret::Secret;
use segments::{Segments, Sum};

/// Collects until somebody asks for the end, and says then what is left.
pub(super) fn serve(options: &Options, wanted: &ServeOptions) -> Result<(), Error> {
    // Before there is any other thread.
    let mut service = Service::take();
    let said = Said::gather_strictly(options)?;
    if said.settings.sdk_disabled.value {
        return Err(Error::Serve("OTEL_SDK_DISABLED is true, so nothing would be recorded: unset it".to_owned()));
    }
    let given = wanted.token.as_ref().map(|token| listening::read_token(&said, token)).transpose()?;
    let bound = listening::bind(wanted, given.is_some(), &mut service)?;
    let address = bound.address();
    let token = match &given {
        Some(token) => token.clone(),
        None => collector::token().map_err(|error| Error::Serve(format!("no token can be made: {error}")))?,
    };
    let signals = Signals::install_for_the_end()
        .map_err(|error| Error::Serve(format!("cannot install signal handlers: {error}")))?;
    let announcement = announcement(address, Some(&token).filter(|_| given.is_none()), said.settings.quiet.value);
    let drain = said.drain_deadline().value;
    let sum = Sum::default();
    let mut handle = start(&said, wanted, (bound, token), &sum, signals.closer())?;

    let mut signals = Aftermath::of_nothing(signals);
    let ready = handle.wait_until_open().map_err(|reason| Error::Listen { address, reason });
    let ready = ready.and_then(|()| message::print(&announcement).map_err(Error::Print));
    if ready.is_ok() {
        service.ready();
        signals.wait(false);
        service.stopping();
    }
    handle.finish(Instant::now() + drain, Senders::Dismissed, |_: Arrived| segments::closing());
    while signals.wait(false) == Woken::Asked {
        handle.give_up();
    }
    signals.finish();
    ready?;
    if handle.report().is_none() {
        return Err(Error::Serve("the collector broke down; what it has acknowledged is on disk".to_owned()));
    }
    if !said.settings.quiet.value {
        sum.troubles(&said.destinations()).iter().for_each(|trouble| message::say(trouble));
    }
    Ok(())
}

/// Begins the first run and the collector's thread. `on_end` is called when that has ended.
fn start(
    said: &Said,
    wanted: &ServeOptions,
    listener: (Bound, Secret),
    sum: &Sum,
    on_end: impl Fn() + Send + 'static,
) -> Result<Handle, Error> {
    let destinations = Destinations::of(said);
    let (targets, closed) = destinations.dialled();
    if !closed.is_empty() {
        return Err(Error::Upstream(Vec::from_iter(closed.into_values()).join("\n")));
    }
    let written_down = said.destinations();
    let errand = recording::earlier_runs(said, said.store()?, destinations, sum.removed(), false);
    let secrets = said.secrets(&targets, Some(&listener.1));
    let mut segments = Segments::new(said, listener.0.address(), written_down.clone(), secrets, sum)?;
    let first = segments.begin().map_err(Error::Serve)?;
    let turning = Turning {
        size: segments::size(wanted),
        age: segments::age(wanted),
        settled: first.settled,
        next: Box::new(move || segments.turn()),
    };
    let start = Start {
        listener: Some(listener),
        log: first.log,
        journal: first.journal,
        content: first.content,
        transform: first.transform,
        destinations: written_down,
        targets,
        heartbeat: None,
        errand: Some(errand),
        turning: Some(turning),
    };
    collector::start(start, on_end)
        .map_err(|error| Error::Serve(format!("cannot start the collector's thread: {error}")))
}

/// What senders have to know: variables for a script, and a comment for a person. A token is told only where it was
/// made here, in the two places where senders can have it: not all of them can have both.
fn announcement(address: SocketAddr, made: Option<&Secret>, quiet: bool) -> String {
    let reachable = listening::from_this_machine(address);
    let mut text = String::new();
    if !quiet {
        let token = match made {
            Some(_) => String::new(),
            None => format!(", and the token as the first part of the path or in the header {TOKEN_KEY}"),
        };
        text.push_str(&format!("# otel-run collects at {address}; senders need this{token}:\n"));
    }
    text.push_str(&format!("OTEL_EXPORTER_OTLP_ENDPOINT=http://{reachable}"));
    if let Some(token) = made.map(Secret::expose) {
        text.push_str(&format!("/{token}\nOTEL_EXPORTER_OTLP_HEADERS={TOKEN_KEY}={token}"));
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    #[test]
    fn a_made_token_is_announced_and_a_given_one_is_not() {
        let token = Secret::new("0123456789abcdef");
        let address = "[::1]:4318".parse().unwrap();
        assert_eq!(
            announcement(address, Some(&token), true),
            "OTEL_EXPORTER_OTLP_ENDPOINT=http://[::1]:4318/0123456789abcdef\n\
             OTEL_EXPORTER_OTLP_HEADERS=x-otel-run-token=0123456789abcdef\n"
        );
        assert_eq!(
            announcement("0.0.0.0:4318".parse().unwrap(), None, false),
            "# otel-run collects at 0.0.0.0:4318; senders need this, and the token as the first part of the path or in the \
             header x-otel-run-token:\nOTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318\n"
        );
    }
}
