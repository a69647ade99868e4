//! A request's body, read and unpacked within limits: of its size, of the memory of all bodies together, of time.

use std::cell::Cell;
use std::fmt::Display;
use std::io::Read;

use flate2::read::MultiGzDecoder;
use http_body_util::BodyExt;
use hyper::body::{Body, Bytes};
use tokio::time::{Instant, timeout_at};

/// The largest request, before and after decompression (OTLP, "Size limits": 64 MiB is recommended).
pub(super) const REQUEST_BYTES: usize = 64 << 20;

/// What the bodies that are being read take together at most: the largest request, and as much again for others beside
/// it. What comes after the reading is done to one request at a time.
const ROOM_BYTES: usize = 2 * REQUEST_BYTES;

/// Memory for the bodies that are being read, over all connections.
#[derive(Debug)]
pub(super) struct Room {
    free: Cell<usize>,
    read: Cell<u64>,
}

impl Default for Room {
    fn default() -> Self {
        Self { free: Cell::new(ROOM_BYTES), read: Cell::new(0) }
    }
}

impl Room {
    /// Bytes of bodies that were read so far, those that were thrown away among them.
    pub(super) fn bytes_read(&self) -> u64 {
        self.read.get()
    }

    fn count(&self, length: usize) {
        self.read.set(self.read.get() + length as u64);
    }
}

/// What one body takes of the room, until it is dropped.
struct Share<'a> {
    room: &'a Room,
    taken: usize,
}

impl Share<'_> {
    fn grow(&mut self, length: usize) -> Result<(), Unread> {
        let free = self.room.free.get().checked_sub(length).ok_or(Unread::NoRoom)?;
        self.room.free.set(free);
        self.taken += length;
        Ok(())
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        self.room.free.set(self.room.free.get() + self.taken);
    }
}

/// Why a body was not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unread {
    /// It is larger than it may be.
    TooLarge,
    /// Others take the memory that it needs.
    NoRoom,
    /// It was not there in time.
    TooSlow,
    /// It broke off.
    Broken(String),
}

/// Reads a body of at most `most` bytes until `deadline`. It takes of the room what has come of it and not what it
/// announces, so that a slow sender of much takes little.
pub(super) async fn read<B>(body: &mut B, most: usize, room: &Room, deadline: Instant) -> Result<Bytes, Unread>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Display,
{
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > most {
        return Err(Unread::TooLarge);
    }
    if announced > room.free.get() {
        return Err(Unread::NoRoom);
    }
    let whole = async {
        let mut share = Share { room, taken: 0 };
        let (mut first, mut all) = (Bytes::new(), Vec::new());
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| Unread::Broken(error.to_string()))?;
            let Ok(data) = frame.into_data() else { continue };
            room.count(data.len());
            share.grow(data.len())?;
            if share.taken > most {
                return Err(Unread::TooLarge);
            }
            if share.taken == data.len() {
                // Most bodies come in one piece, which needs no copy.
                first = data;
                continue;
            }
            if all.is_empty() {
                all.reserve_exact(announced.max(share.taken));
                all.extend_from_slice(&std::mem::take(&mut first));
            }
            all.extend_from_slice(&data);
        }
        Ok(if all.is_empty() { first } else { all.into() })
    };
    timeout_at(deadline, whole).await.unwrap_or(Err(Unread::TooSlow))
}

/// Reads what is left of a body that was refused, and throws it away. HTTP/1.1 can only go on behind it: the connection
/// would be closed, and the answer can be lost with what lies unread. On HTTP/2 the stream would be reset, and there are
/// clients that give up the answer for that.
pub(super) async fn discard<B: Body<Data = Bytes> + Unpin>(body: &mut B, room: &Room, deadline: Instant) {
    let all = async {
        while let Some(Ok(frame)) = body.frame().await {
            room.count(frame.data_ref().map_or(0, Bytes::len));
        }
    };
    let _ = timeout_at(deadline, all).await;
}

/// Why a body was not unpacked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unpackable {
    /// Unpacked it is larger than [`REQUEST_BYTES`].
    TooLarge,
    /// It is not gzip, or damaged.
    Damaged(String),
}

/// Unpacks gzip, of one member or several.
pub(super) fn unpacked(packed: &[u8]) -> Result<Bytes, Unpackable> {
    // The last four bytes say how long the last member is (RFC 1952, "ISIZE"), which is nearly always the only one.
    let announced = packed.last_chunk().map_or(0, |length| u32::from_le_bytes(*length) as usize);
    let mut plain = Vec::with_capacity(announced.min(REQUEST_BYTES) + 1);
    match MultiGzDecoder::new(packed).take(REQUEST_BYTES as u64 + 1).read_to_end(&mut plain) {
        Ok(_) if plain.len() > REQUEST_BYTES => Err(Unpackable::TooLarge),
        Ok(_) => Ok(plain.into()),
        Err(error) => Err(Unpackable::Damaged(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use std::collections::VecDeque;
    use std::convert::Infallible;
    use std::pin::Pin;
    use std::task::{Context, Poll};
    use std::time::Duration;

    use hyper::body::{Frame, SizeHint};

    use super::*;

    /// A body of these pieces, and then its end, or silence.
    struct Pieces {
        pieces: VecDeque<&'static [u8]>,
        announced: Option<u64>,
        ends: bool,
    }

    impl Pieces {
        fn of(pieces: impl IntoIterator<Item = &'static [u8]>) -> Self {
            Self { pieces: pieces.into_iter().collect(), announced: None, ends: true }
        }
    }

    impl Body for Pieces {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            match self.pieces.pop_front() {
                Some(piece) => Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(piece))))),
                None if self.ends => Poll::Ready(None),
                None => Poll::Pending,
            }
        }

        fn size_hint(&self) -> SizeHint {
            self.announced.map_or_else(SizeHint::default, SizeHint::with_exact)
        }
    }

    fn in_time<T>(test: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(test)
    }

    async fn read_soon(mut body: Pieces, most: usize, room: &Room) -> Result<Bytes, Unread> {
        read(&mut body, most, room, Instant::now() + Duration::from_millis(20)).await
    }

    static HALF: [u8; REQUEST_BYTES / 2] = [0; REQUEST_BYTES / 2];

    #[test]
    fn pieces_become_one_in_their_order() {
        in_time(async {
            let room = Room::default();
            for pieces in [vec![], vec![&b""[..]], vec![b"abc"], vec![b"ab", b"", b"c"], vec![b"", b"a", b"b", b"c"]] {
                let expected = pieces.concat();
                assert_eq!(read_soon(Pieces::of(pieces), 3, &room).await.unwrap(), expected);
            }
            assert_eq!((room.free.get(), room.bytes_read()), (ROOM_BYTES, 9));
        });
    }

    #[test]
    fn a_body_has_a_largest_size_announced_or_not() {
        in_time(async {
            let room = Room::default();
            assert_eq!(read_soon(Pieces::of([&b"ab"[..], b"cd"]), 3, &room).await, Err(Unread::TooLarge));
            let announcing = Pieces { announced: Some(4), ends: false, ..Pieces::of([]) };
            assert_eq!(read_soon(announcing, 3, &room).await, Err(Unread::TooLarge));
            assert_eq!(room.free.get(), ROOM_BYTES);
        });
    }

    #[test]
    fn whoever_finds_no_room_is_not_read_and_room_comes_back() {
        in_time(async {
            let room = Room::default();
            let large = |pieces| Pieces { ends: false, ..Pieces::of(vec![&HALF[..]; pieces]) };
            let (mut one, mut other) = (large(2), large(1));
            let deadline = Instant::now() + Duration::from_secs(60);
            {
                let mut one = Box::pin(read(&mut one, REQUEST_BYTES, &room, deadline));
                let mut other = Box::pin(read(&mut other, REQUEST_BYTES, &room, deadline));
                let nobody = &mut Context::from_waker(std::task::Waker::noop());
                assert!(one.as_mut().poll(nobody).is_pending() && other.as_mut().poll(nobody).is_pending());
                // Half of a largest request is free.
                assert_eq!(read_soon(large(1), REQUEST_BYTES, &room).await, Err(Unread::TooSlow));
                assert_eq!(read_soon(large(2), REQUEST_BYTES, &room).await, Err(Unread::NoRoom));
                let announcing = Pieces { announced: Some(HALF.len() as u64 + 1), ..Pieces::of([&b"a"[..]]) };
                assert_eq!(read_soon(announcing, REQUEST_BYTES, &room).await, Err(Unread::NoRoom));
                assert_eq!(read_soon(Pieces::of([&b"small"[..]]), REQUEST_BYTES, &room).await.unwrap(), "small");
            }
            assert_eq!(room.free.get(), ROOM_BYTES);
        });
    }

    #[test]
    fn a_body_that_does_not_come_is_not_waited_for() {
        in_time(async {
            let room = Room::default();
            let silent = || Pieces { ends: false, ..Pieces::of([&b"a"[..]]) };
            assert_eq!(read_soon(silent(), 9, &room).await, Err(Unread::TooSlow));
            discard(&mut silent(), &room, Instant::now() + Duration::from_millis(20)).await;
            assert_eq!((room.free.get(), room.bytes_read()), (ROOM_BYTES, 2));
        });
    }
}
