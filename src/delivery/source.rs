//! The log as lanes see it: the next stretch of one signal, and a wake-up when there is more.

use std::cell::RefCell;
use std::io;

use tokio::sync::Notify;

use crate::otlp::Signal;
use crate::store::log::{Kind, Log, Unwritten};

/// Adjacent small batches are sent as one request up to this size. gRPC servers take 4 MiB by default.
const REQUEST_BYTES: u64 = 2 << 20;

/// A log that is written and read by tasks of one thread.
#[derive(Debug)]
pub struct Source {
    log: RefCell<Log>,
    grown: Notify,
}

/// A stretch of the log that makes one request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    /// The export request in protobuf: requests put one after the other are one request, as messages merge.
    pub(super) request: Vec<u8>,
    /// Items in it.
    pub(super) items: u64,
    /// How many batches it is made of.
    pub(super) batches: usize,
    /// Where in the log it begins: after everything of the signal that was settled before.
    pub(super) begin: u64,
    /// Where in the log it ends.
    pub(super) end: u64,
    /// Whether it is too old to be sent.
    pub(super) expired: bool,
}

impl Source {
    /// A source over `log`.
    pub fn new(log: Log) -> Self {
        Self { log: RefCell::new(log), grown: Notify::new() }
    }

    /// Appends to the log and wakes the lanes.
    ///
    /// # Errors
    ///
    /// As [`Log::append`].
    pub fn append(&self, kind: Kind, items: u32, unix_nano: u64, frame: crate::store::log::Frame) -> io::Result<()> {
        self.log.borrow_mut().append(kind, items, unix_nano, frame)?;
        self.grown.notify_waiters();
        Ok(())
    }

    /// Reads all batches of one signal in the log.
    ///
    /// # Errors
    ///
    /// What the system said.
    pub fn batches(&self, signal: Signal, each: impl FnMut(&[u8])) -> io::Result<()> {
        self.log.borrow().batches(signal, each)
    }

    /// As [`Log::written`].
    pub fn written(&self) -> u64 {
        self.log.borrow().written()
    }

    /// As [`Log::close`].
    pub fn close(&self, moved: impl Fn(Kind, u64) -> bool) -> Option<(Vec<Unwritten>, io::Error)> {
        self.log.borrow_mut().close(moved)
    }

    /// The log itself, when nobody needs it as a source any more.
    pub fn into_log(self) -> Log {
        self.log.into_inner()
    }

    /// How long the log is.
    pub fn end(&self) -> u64 {
        self.log.borrow().end()
    }

    /// Waits until something is appended.
    pub async fn grown(&self) {
        self.grown.notified().await;
    }

    /// The next request of `signal` from `offset` on, of at most `most` batches; none if there is nothing yet. What was
    /// written before `oldest`, in nanoseconds since 1970, is too old, and makes a stretch of its own.
    pub(super) fn next(&self, signal: Signal, offset: u64, most: usize, oldest: u64) -> io::Result<Option<Stretch>> {
        let log = self.log.borrow();
        let (begin, end) = (offset, offset);
        let mut stretch = Stretch { request: Vec::new(), items: 0, batches: 0, begin, end, expired: false };
        let (mut at, mut payload) = (offset, Vec::new());
        while stretch.batches < most
            && let Some(header) = log.peek(at)?
        {
            let next = at + header.record_length();
            // A batch without items says only how much was left out.
            if header.kind == Kind::Batch(signal) && header.items > 0 {
                let full = stretch.request.len() as u64 + header.record_length() > REQUEST_BYTES;
                let expired = header.unix_nano < oldest;
                if stretch.batches == 0 {
                    stretch.expired = expired;
                } else if full || expired != stretch.expired {
                    break;
                }
                // A damaged record ends the log for readers.
                let Some(header) = log.read(at, &mut payload)? else { break };
                stretch.request.extend_from_slice(&payload);
                stretch.items += u64::from(header.items);
                stretch.batches += 1;
                stretch.end = next;
            }
            at = next;
        }
        Ok((stretch.batches > 0).then_some(stretch))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;
    use crate::store::log::Frame;

    fn source(batches: &[(Signal, &[u8])]) -> Source {
        let source = Source::new(Log::in_memory());
        for (signal, body) in batches {
            source.append(Kind::Batch(*signal), 1, 0, Frame::from(*body)).unwrap();
        }
        source
    }

    #[test]
    fn batches_of_one_signal_are_merged_over_those_of_others() {
        let source = source(&[(Signal::Traces, b"a"), (Signal::Logs, b"x"), (Signal::Traces, b"b")]);
        let stretch = source.next(Signal::Traces, Log::start(), usize::MAX, 0).unwrap().unwrap();
        assert_eq!((stretch.request.as_slice(), stretch.items, stretch.batches), (&b"ab"[..], 2, 2));
        assert_eq!(source.next(Signal::Traces, stretch.end, usize::MAX, 0).unwrap(), None);
        let single = source.next(Signal::Traces, Log::start(), 1, 0).unwrap().unwrap();
        assert_eq!(single.request, b"a");
        let rest = source.next(Signal::Traces, single.end, 1, 0).unwrap().unwrap();
        assert_eq!(rest.request, b"b");
        assert_eq!(source.next(Signal::Metrics, Log::start(), usize::MAX, 0).unwrap(), None);
    }

    #[test]
    fn a_batch_without_items_is_passed_over() {
        let source = source(&[(Signal::Traces, b"a")]);
        source.append(Kind::Batch(Signal::Traces), 0, 0, Frame::from(&b""[..]).with_thinned(7)).unwrap();
        let stretch = source.next(Signal::Traces, Log::start(), usize::MAX, 0).unwrap().unwrap();
        assert_eq!((stretch.request.as_slice(), stretch.batches), (&b"a"[..], 1));
        assert_eq!(source.next(Signal::Traces, stretch.end, usize::MAX, 0).unwrap(), None);
        source.append(Kind::Batch(Signal::Traces), 1, 0, Frame::from(&b"b"[..])).unwrap();
        let stretch = source.next(Signal::Traces, stretch.end, usize::MAX, 0).unwrap().unwrap();
        assert_eq!((stretch.request.as_slice(), stretch.end), (&b"b"[..], source.end()));
    }

    #[test]
    fn what_is_too_old_is_a_stretch_of_its_own() {
        let source = Source::new(Log::in_memory());
        for (unix_nano, body) in [(10, b"a"), (11, b"b"), (20, b"c"), (12, b"d")] {
            source.append(Kind::Batch(Signal::Logs), 2, unix_nano, Frame::from(&body[..])).unwrap();
        }
        let (mut at, mut seen) = (Log::start(), Vec::new());
        while let Some(stretch) = source.next(Signal::Logs, at, usize::MAX, 15).unwrap() {
            assert_eq!(stretch.begin, at);
            at = stretch.end;
            seen.push((stretch.request, stretch.items, stretch.expired));
        }
        assert_eq!(seen, [(b"ab".to_vec(), 4, true), (b"c".to_vec(), 2, false), (b"d".to_vec(), 2, true)]);
    }

    #[test]
    fn requests_are_bounded_but_a_large_batch_goes_alone() {
        let large = vec![7; 3 << 20];
        let source = source(&[(Signal::Logs, b"a"), (Signal::Logs, &large), (Signal::Logs, b"b")]);
        let first = source.next(Signal::Logs, Log::start(), usize::MAX, 0).unwrap().unwrap();
        assert_eq!(first.request, b"a");
        let second = source.next(Signal::Logs, first.end, usize::MAX, 0).unwrap().unwrap();
        assert_eq!(second.request.len(), large.len());
        let third = source.next(Signal::Logs, second.end, usize::MAX, 0).unwrap().unwrap();
        assert_eq!(third.request, b"b");
    }
}
