//! Giving room back: what of the oldest file is still needed is written again at the end, and the file removed.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use realtime_hub::deferred::StreamRef;
use realtime_hub::restore::Holding;
use realtime_protocol::channel::Channel;
use realtime_protocol::position::{Epoch, Offset};

use super::body;
use super::contract::{Collected, Hubs};
use super::disk::Rules;
use super::files::Sealed;
use super::log::Log;
use super::outcome::Outcome;
use super::record::{self, Found, Head, Kind, Records, Seal};
use super::refusal::Refusal;
use super::scan::Numbered;

/// How many times what is held may be on the disk before room is made even where it is not worth while. Three parts of
/// four are not needed then, so that what is written again is at most a third of what is freed.
const MAX_TIMES_HELD: u64 = 4;

/// Bytes of an old file that are looked through before publishers have their turn.
const TURN_BYTES: usize = 256 * 1024;

/// When a file may go.
#[derive(Debug)]
pub(crate) struct Keeping {
    /// How long anything is kept at the most.
    pub(crate) longest: Duration,
    /// Bytes that count as held besides those that are: writing things again for less costs more than the room is worth.
    spare_bytes: u64,
    /// Files up to this one are damaged, or older than one that is.
    pub(crate) damaged_up_to: u32,
    /// Whose messages damaged files have.
    numbered: HashMap<u32, Numbered>,
    /// Bytes on the disk below which it is not worth while to make room: the last time most was still needed.
    not_below: AtomicU64,
}

/// Why a file goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// Nothing of it is needed, or it is damaged.
    Done,
    /// Much of what is on the disk is not needed.
    Room {
        /// Bytes on the disk.
        disk_bytes: u64,
    },
}

impl Keeping {
    pub(crate) const fn new(rules: &Rules, damaged_up_to: u32, numbered: HashMap<u32, Numbered>) -> Self {
        let Rules { longest, spare_bytes, .. } = *rules;
        Self { longest, spare_bytes, damaged_up_to, numbered, not_below: AtomicU64::new(0) }
    }

    /// The streams of a file that may not tell them by itself.
    pub(crate) fn numbered(&self, file: &Sealed) -> Numbered {
        self.numbered.get(&file.number).cloned().unwrap_or_default()
    }

    /// Whether the oldest file should go, and why.
    pub(crate) fn reason(
        &self,
        file: &Sealed,
        now: Duration,
        disk_bytes: u64,
        held_bytes: u64,
    ) -> Option<Reason> {
        let with_spare = |times: u64| (held_bytes.saturating_add(self.spare_bytes)).saturating_mul(times);
        let not_below = self.not_below.load(Relaxed).min(with_spare(MAX_TIMES_HELD));
        let is_much = disk_bytes > with_spare(2).max(not_below);
        if file.newest_at + self.longest <= now || file.number <= self.damaged_up_to {
            Some(Reason::Done)
        } else {
            is_much.then_some(Reason::Room { disk_bytes })
        }
    }

    /// Learns from what it brought: if most of a file was still needed, making room waits until there is more.
    pub(crate) fn learn(&self, reason: Reason, file: &Sealed, again_bytes: u64) {
        if let Reason::Room { disk_bytes } = reason {
            let is_worth_while = 2 * again_bytes < file.bytes;
            self.not_below.store(if is_worth_while { 0 } else { disk_bytes + self.spare_bytes }, Relaxed);
        }
    }
}

/// Waits for an outcome.
pub(crate) type Wait<'a> = dyn Fn(Arc<Outcome>) -> Result<(), Refusal> + 'a;

/// Writes again what is needed of a file, and removes it. Returns how many bytes that was. `streams` are those that the
/// file may not tell by itself.
pub(crate) fn clean(
    log: &Log,
    file: &Sealed,
    streams: Numbered,
    hubs: &dyn Hubs,
    wait: &Wait<'_>,
) -> Result<u64, Refusal> {
    let bytes = log.medium.read(file.number).map_err(Refusal::of)?;
    let counting = bytes.get(..file.bytes as usize).unwrap_or(&bytes);
    let mut cleaning = Cleaning { log, hubs, wait, streams, collected: Vec::new(), again_bytes: 0 };
    let mut turn_began = 0;
    for found in Records::new(counting, Seal::of(file.number)) {
        if let Found::Record { at, head, body } = found {
            cleaning.record(&head, body)?;
            if at - turn_began > TURN_BYTES {
                turn_began = at;
                cleaning.wait()?;
            }
        }
    }
    cleaning.wait()?;
    log.queue().remove_oldest();
    log.wake();
    Ok(cleaning.again_bytes)
}

struct Cleaning<'a> {
    log: &'a Log,
    hubs: &'a dyn Hubs,
    wait: &'a Wait<'a>,
    /// The streams of the file by their numbers in it.
    streams: Numbered,
    /// What is not known to be stored yet.
    collected: Vec<Arc<Outcome>>,
    /// Bytes of what was written again.
    again_bytes: u64,
}

impl Cleaning<'_> {
    fn record(&mut self, head: &Head, body: &[u8]) -> Result<(), Refusal> {
        match head.kind {
            Kind::File => Ok(()),
            Kind::Stream => self.stream(head, body),
            Kind::Message => self.message(head, body),
            Kind::Id => self.id(head, body),
        }
    }

    fn stream(&mut self, head: &Head, body: &[u8]) -> Result<(), Refusal> {
        let Some((channel, epoch)) = body::read_stream(body) else { return Ok(()) };
        let log = self.log;
        let collected = self.with(&channel, &epoch, None, |stream, _| {
            Some(log.collect_again(|batch, streams| batch.stream(stream, streams)))
        });
        self.streams.insert(head.number, (channel, epoch));
        self.take(collected, 0)
    }

    fn message(&mut self, head: &Head, body: &[u8]) -> Result<(), Refusal> {
        let Some((channel, epoch)) = self.streams.get(&head.number) else { return Ok(()) };
        let Some(message) = body::read_message(body) else { return Ok(()) };
        let Some(offset) = Offset::new(head.offset) else { return Ok(()) };
        let log = self.log;
        let collected = self.with(channel, epoch, Some((offset, message.id)), |stream, holding| {
            let again = holding != Holding::Nothing;
            again.then(|| {
                log.collect_again(|batch, streams| batch.again(stream, head, &message, holding, streams))
            })
        });
        self.take(collected, body.len())
    }

    fn id(&mut self, head: &Head, body: &[u8]) -> Result<(), Refusal> {
        let Some((channel, epoch)) = self.streams.get(&head.number) else { return Ok(()) };
        let Some((id, content)) = body::read_id(body) else { return Ok(()) };
        let Some(offset) = Offset::new(head.offset) else { return Ok(()) };
        let log = self.log;
        let collected = self.with(channel, epoch, Some((offset, Some(id))), |stream, holding| {
            let again = holding != Holding::Nothing;
            again.then(|| {
                log.collect_again(|batch, streams| batch.id_again(stream, head, (id, content), streams))
            })
        });
        self.take(collected, body.len())
    }

    /// Does something with a stream that is still there.
    fn with(
        &self,
        channel: &Channel,
        epoch: &Epoch,
        message: Option<(Offset, Option<&str>)>,
        act: impl Fn(StreamRef<'_>, Holding) -> Option<Result<Collected, Refusal>>,
    ) -> Option<Result<Collected, Refusal>> {
        let mut collected = None;
        self.hubs.with_stream(channel, epoch, message, &mut |stream, holding| {
            collected = act(stream, holding);
        });
        collected
    }

    fn take(&mut self, collected: Option<Result<Collected, Refusal>>, bytes: usize) -> Result<(), Refusal> {
        if let Some(collected) = collected.transpose()? {
            if self.collected.last().is_none_or(|last| !Arc::ptr_eq(last, &collected.outcome)) {
                self.collected.push(collected.outcome);
            }
            self.again_bytes += record::whole_bytes(bytes) as u64;
        }
        Ok(())
    }

    /// Waits until everything that was collected is stored.
    fn wait(&mut self) -> Result<(), Refusal> {
        self.collected.drain(..).try_for_each(self.wait)
    }
}
