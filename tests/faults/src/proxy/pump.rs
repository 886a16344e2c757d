//! One direction of a connection: bytes from a reader to a writer, as the weather lets them.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep_until};

use super::counts::Counters;
use super::fault::Direction;
use super::weather::{Lane, Weather};
use crate::random::Random;

/// Bytes that may be under way in one direction: what a delayed line holds before its sender feels it.
const MAX_UNDER_WAY: usize = 256 * 1024;

/// Bytes read at once.
const PIECE: usize = 16 * 1024;

/// A throttled line carries a twentieth of a second's worth at a time.
const THROTTLE_STEPS: u32 = 20;

/// One direction.
pub(super) struct Pump<'a> {
    pub(super) direction: Direction,
    pub(super) weather: watch::Receiver<Weather>,
    /// Told when this direction is to be half-closed.
    pub(super) half_close: &'a Notify,
    pub(super) counters: &'a Counters,
    pub(super) random: Random,
}

/// Bytes under way, and when they may arrive.
#[derive(Default)]
struct UnderWay {
    pieces: VecDeque<(Instant, Bytes)>,
    bytes: usize,
    has_ended: bool,
}

impl Pump<'_> {
    /// Carries bytes until the stream ends, which is told on. Errors end it: the caller then ends the other direction.
    pub(super) async fn run(
        mut self,
        mut from: impl AsyncRead + Unpin,
        mut to: impl AsyncWrite + Unpin,
    ) -> io::Result<()> {
        let mut under_way = UnderWay::default();
        loop {
            let lane = *self.weather.borrow_and_update().lane(self.direction);
            let next = under_way.pieces.front().map(|(due, _)| *due).filter(|_| !lane.is_stalled);
            if under_way.has_ended && under_way.pieces.is_empty() && !lane.is_stalled {
                return to.shutdown().await;
            }
            let has_room = !under_way.has_ended && under_way.bytes < MAX_UNDER_WAY && !lane.is_stalled;
            let mut piece = BytesMut::new();
            tokio::select! {
                () = self.half_close.notified() => {
                    to.shutdown().await?;
                    return throw_away(from).await;
                }
                changed = self.weather.changed() => if changed.is_err() { return Ok(()) },
                read = async { piece.reserve(PIECE); from.read_buf(&mut piece).await }, if has_room => {
                    under_way.has_ended = read? == 0;
                    let due = Instant::now() + self.delay(&lane);
                    under_way.push(due, piece.freeze());
                }
                () = sleep_until(next.unwrap_or_else(Instant::now)), if next.is_some() => {
                    self.deliver(&mut under_way, &lane, &mut to).await?;
                }
            }
        }
    }

    fn delay(&mut self, lane: &Lane) -> Duration {
        lane.delay + self.random.between(Duration::ZERO, lane.jitter)
    }

    /// Writes the first piece, or as much of it as a throttled line takes at a time.
    async fn deliver(
        &self,
        under_way: &mut UnderWay,
        lane: &Lane,
        to: &mut (impl AsyncWrite + Unpin),
    ) -> io::Result<()> {
        let Some((_, mut piece)) = under_way.pieces.pop_front() else {
            return Ok(());
        };
        let most = lane.bytes_per_second.map_or(usize::MAX, |bytes| (bytes / THROTTLE_STEPS).max(1) as usize);
        let now = piece.split_to(most.min(piece.len()));
        under_way.bytes -= now.len();
        to.write_all(&now).await?;
        self.counters.carried(self.direction, now.len());
        if let Some(bytes_per_second) = lane.bytes_per_second {
            let pause = Duration::from_secs_f64(now.len() as f64 / f64::from(bytes_per_second));
            under_way.hold_until(Instant::now() + pause);
            if !piece.is_empty() {
                under_way.pieces.push_front((Instant::now() + pause, piece));
            }
        }
        Ok(())
    }
}

impl UnderWay {
    fn push(&mut self, due: Instant, piece: Bytes) {
        if !piece.is_empty() {
            // A piece never overtakes the one before it.
            let due = self.pieces.back().map_or(due, |(before, _)| due.max(*before));
            self.bytes += piece.len();
            self.pieces.push_back((due, piece));
        }
    }

    fn hold_until(&mut self, moment: Instant) {
        if let Some((due, _)) = self.pieces.front_mut() {
            *due = moment.max(*due);
        }
    }
}

/// Reads until the end, for nobody.
pub(super) async fn throw_away(mut from: impl AsyncRead + Unpin) -> io::Result<()> {
    let mut nowhere = tokio::io::sink();
    tokio::io::copy(&mut from, &mut nowhere).await.map(drop)
}
