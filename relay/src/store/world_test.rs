//! A hub and its store over a fake disk, for tests: what was acknowledged is remembered, and what a restart gives back
//! is held to it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use realtime_hub::budget::MemoryBudget;
use realtime_hub::channel::{Reader, SessionId};
use realtime_hub::dedupe::Remembered;
use realtime_hub::deferred::StreamRef;
use realtime_hub::hub::{Hub, Numbers};
use realtime_hub::joined::HEADROOM_BYTES;
use realtime_hub::publication::{Audience, Publication};
use realtime_hub::restore::{Holding, Restored};
use realtime_hub::retention::{Retention, Retentions};
use realtime_hub::settings::HubSettings;
use realtime_protocol::channel::Channel;
use realtime_protocol::codec::read_relay_frame;
use realtime_protocol::frame::{ChannelNumber, RelayFrame};
use realtime_protocol::position::{Epoch, Offset, Position};
use realtime_protocol::subscriber::UserId;

use super::contract::{Commit, Hubs, Restore, Store};
use super::damage::Report;
use super::disk::{DiskStore, Durability, Rules};
use super::end::Boot;
use super::fake_disk::FakeDisk;
use super::load::LoadError;
use super::log::Turn;
use super::outcome::Outcome;
use super::refusal::NotPlaced;

#[derive(Debug, Clone)]
pub(super) struct Nobody(SessionId, UserId);

impl Reader for Nobody {
    fn session(&self) -> SessionId {
        self.0
    }

    fn user(&self) -> &UserId {
        &self.1
    }
}

/// A message that was acknowledged: where it is, and what it says.
type Acknowledged = (Position, u64);

/// A relay's hub and store, which can be killed and started again.
pub(super) struct World {
    pub(super) disk: FakeDisk,
    pub(super) rules: Rules,
    pub(super) retention: Retention,
    pub(super) now: Duration,
    boot: u128,
    starts: u64,
    hub: RefCell<Hub<Nobody>>,
    pub(super) store: DiskStore,
    pub(super) report: Report,
    serial: u64,
    /// What was said with an id on a channel, which a repetition says again.
    said: BTreeMap<(String, String), u64>,
    pub(super) acknowledged: BTreeMap<String, Vec<Acknowledged>>,
    /// What was published and neither acknowledged nor refused yet, by ticket.
    waiting: Vec<(String, Acknowledged, Arc<Outcome>)>,
}

/// What a reader that stands somewhere is told.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Recovered {
    pub(super) is_whole: bool,
    pub(super) position: Position,
    pub(super) messages: Vec<u64>,
}

const ALWAYS: Duration = Duration::from_secs(1_000_000);

impl World {
    pub(super) fn new(durability: Durability) -> Self {
        let rules = Rules {
            durability,
            longest: ALWAYS,
            file_bytes: 1_000,
            spare_bytes: 32 * 1024 * 1024,
            patience: Duration::MAX,
        };
        let retention = Retention { messages: 1_000_000, age: ALWAYS, bytes: usize::MAX };
        Self::on(FakeDisk::default(), rules, retention)
    }

    pub(super) fn on(disk: FakeDisk, rules: Rules, retention: Retention) -> Self {
        let now = Duration::from_secs(1_000_000_000);
        let (hub, store, report) = start(&disk, rules, retention, 1, 1, now);
        Self {
            disk,
            rules,
            retention,
            now,
            boot: 1,
            starts: 1,
            hub: RefCell::new(hub),
            store,
            report,
            serial: 0,
            said: BTreeMap::new(),
            acknowledged: BTreeMap::new(),
            waiting: Vec::new(),
        }
    }

    /// A number that no message has yet.
    pub(super) const fn serial(&self) -> u64 {
        self.serial
    }

    /// Publishes a message, or repeats the one that was published with this id; it is not stored yet.
    pub(super) fn publish(&mut self, channel: &str, id: Option<&str>) -> Result<Position, NotPlaced> {
        self.serial += 1;
        let said = id.map(|id| self.said.entry((channel.to_owned(), id.to_owned())).or_insert(self.serial));
        let serial = said.copied().unwrap_or(self.serial);
        self.publish_number(channel, id, serial)
    }

    /// Publishes a message that is this number, whatever was said with this id before.
    pub(super) fn publish_number(
        &mut self,
        channel: &str,
        id: Option<&str>,
        number: u64,
    ) -> Result<Position, NotPlaced> {
        let payload = serde_json::value::to_raw_value(&number).unwrap();
        let publication =
            Publication { payload: &payload, publisher: None, audience: Audience::Everyone, id };
        let mut outcome = None;
        let placement = self.hub.borrow_mut().place(&name(channel), publication, self.now, |placed| {
            let collected = self.store.message(placed)?;
            outcome = Some(collected.outcome);
            Ok::<_, NotPlaced>(collected.ticket)
        })?;
        if let Some(outcome) = outcome {
            let acknowledged = (placement.position.clone(), number);
            self.waiting.push((channel.to_owned(), acknowledged, outcome));
        }
        Ok(placement.position)
    }

    /// What whoever published last waits for.
    pub(super) fn waited_for(&self) -> Arc<Outcome> {
        Arc::clone(&self.waiting.last().unwrap().2)
    }

    /// Lets a reader in: the store knows its channel then. Returns where it stands.
    pub(super) fn attach(&mut self, channel: &str) -> Position {
        let placed = self.hub.borrow_mut().place_channel(&name(channel), self.now, |stream| {
            self.store.stream(stream).map(|collected| collected.ticket)
        });
        if placed.is_ok() {
            self.commit();
        }
        self.recover(channel, None).position
    }

    /// Writes what is collected. Returns whether it was stored.
    pub(super) fn commit(&mut self) -> bool {
        let mut is_stored = true;
        loop {
            match self.store.log.turn() {
                Turn::Wrote(commit) => {
                    is_stored &= commit.result.is_ok();
                    take_in(&self.store, &self.hub, &commit, self.now);
                    self.hear(&commit);
                }
                Turn::Tidied => {}
                Turn::Idle | Turn::Closed => return is_stored,
                Turn::Refusing => return false,
            }
        }
    }

    fn hear(&mut self, commit: &Commit) {
        let is_about =
            |outcome: &Arc<Outcome>| commit.told.iter().any(|(_, told)| Arc::ptr_eq(told, outcome));
        for (channel, acknowledged, _) in self.waiting.extract_if(.., |(_, _, outcome)| is_about(outcome)) {
            if commit.result.is_ok() {
                self.acknowledged.entry(channel).or_default().push(acknowledged);
            }
        }
    }

    /// Publishes and stores.
    pub(super) fn say(&mut self, channel: &str) -> Position {
        let position = self.publish(channel, None).unwrap();
        assert!(self.commit());
        position
    }

    /// Gives back what nobody needs.
    pub(super) fn tidy(&mut self, held_bytes: u64) {
        self.hub.borrow_mut().tick(self.now);
        let hubs = OneHub(&self.hub);
        self.store.tidy(self.now, held_bytes, &hubs, &|outcome| {
            loop {
                match self.store.log.turn() {
                    Turn::Wrote(commit) => take_in(&self.store, &self.hub, &commit, self.now),
                    Turn::Tidied => {}
                    _ => break,
                }
            }
            futures_util::FutureExt::now_or_never(outcome.wait()).expect("told by then")
        });
        self.commit();
    }

    /// The process is killed and starts again.
    pub(super) fn restart(&mut self) {
        self.waiting.clear();
        self.starts += 1;
        let (hub, store, report) =
            start(&self.disk, self.rules, self.retention, self.boot, self.starts, self.now);
        (self.hub, self.store, self.report) = (RefCell::new(hub), store, report);
        self.commit();
    }

    /// What a start comes to, on the disk as it is.
    pub(super) fn open(&self) -> Result<(), LoadError> {
        let mut hub = hub(self.retention, self.starts + 1);
        let medium = Arc::new(self.disk.clone());
        let restoring = &mut Restoring(&mut hub, self.now);
        DiskStore::over(medium, Boot::of(self.boot), self.rules, restoring).map(drop)
    }

    /// The process is killed and starts again, on a disk that is as this one's after `change`. This world goes on as
    /// if nothing had been.
    pub(super) fn fork(&self, change: impl FnOnce(&FakeDisk)) -> Self {
        let disk = self.disk.copy();
        change(&disk);
        let (boot, starts) = (self.boot, self.starts + 1);
        let (hub, store, report) = start(&disk, self.rules, self.retention, boot, starts, self.now);
        let mut world = Self {
            disk,
            rules: self.rules,
            retention: self.retention,
            now: self.now,
            boot,
            starts,
            hub: RefCell::new(hub),
            store,
            report,
            serial: self.serial,
            said: self.said.clone(),
            acknowledged: self.acknowledged.clone(),
            waiting: Vec::new(),
        };
        world.commit();
        world
    }

    /// The process ends in good order.
    pub(super) fn stop(&mut self) {
        self.store.close();
        self.commit();
        self.store.finish().unwrap();
    }

    /// The machine goes down and comes up again; of what was not on the disk, a share is.
    pub(super) fn lose_power(&mut self, share: f64) {
        self.disk.lose_power(share);
        self.boot += 1;
    }

    /// What a reader is told that comes back.
    pub(super) fn recover(&self, channel: &str, from: Option<&Position>) -> Recovered {
        let reader = Nobody(SessionId(1), UserId::parse("u").unwrap());
        let mut hub = self.hub.borrow_mut();
        let attachment = hub.attach(&name(channel), reader, from, self.now);
        hub.detach(&name(channel), SessionId(1), self.now);
        Recovered {
            is_whole: attachment.recovered == Some(true),
            position: attachment.position,
            messages: attachment.missed.iter().flat_map(|frame| payloads(frame)).collect(),
        }
    }

    /// Holds what every reader is told, wherever it stands, to what was acknowledged. Returns how many of those that
    /// stand at an acknowledged message get everything since.
    pub(super) fn check(&self) -> Wholes {
        let mut wholes = Wholes::default();
        for (channel, acknowledged) in &self.acknowledged {
            for (index, (position, serial)) in acknowledged.iter().enumerate() {
                let recovered = self.recover(channel, Some(position));
                wholes.all += 1;
                if recovered.is_whole {
                    wholes.whole += 1;
                    let expected: Vec<_> =
                        acknowledged[index + 1..].iter().map(|(_, serial)| *serial).collect();
                    assert_eq!(recovered.messages, expected, "{channel} after {serial}: whole means whole");
                }
            }
        }
        wholes
    }

    /// As [`World::check`], where nothing may be lost.
    pub(super) fn check_all(&self) {
        let Wholes { whole, all } = self.check();
        assert_eq!(whole, all, "{:?}", self.report);
    }
}

/// How many readers get everything.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wholes {
    pub(super) whole: usize,
    pub(super) all: usize,
}

fn take_in(store: &DiskStore, hub: &RefCell<Hub<Nobody>>, commit: &Commit, now: Duration) {
    match &commit.result {
        Ok(ticket) => {
            hub.borrow_mut().accept(*ticket, now);
        }
        Err(_) => hub.borrow_mut().take_back(),
    }
    commit.told.iter().for_each(|(_, outcome)| outcome.tell(commit.result.clone().map(|_| ())));
    store.told(commit);
}

fn hub(retention: Retention, starts: u64) -> Hub<Nobody> {
    let settings = HubSettings { retentions: Retentions::of_all(retention), ..HubSettings::default() };
    let budget = Arc::new(MemoryBudget::new(usize::MAX));
    Hub::new(settings, budget, Numbers { first: 1, step: 1 }, 7 * starts)
}

fn start(
    disk: &FakeDisk,
    rules: Rules,
    retention: Retention,
    boot: u128,
    starts: u64,
    now: Duration,
) -> (Hub<Nobody>, DiskStore, Report) {
    let mut hub = hub(retention, starts);
    let medium = Arc::new(disk.clone());
    let opened = DiskStore::over(medium, Boot::of(boot), rules, &mut Restoring(&mut hub, now)).unwrap();
    for channel in &opened.doubtful {
        let store = |stream: StreamRef<'_>| opened.store.stream(stream).map(|collected| collected.ticket);
        let _ = hub.renew(channel, now, store);
    }
    (hub, opened.store, opened.report)
}

struct Restoring<'a>(&'a mut Hub<Nobody>, Duration);

impl Restore for Restoring<'_> {
    fn stream(&mut self, channel: &Channel, epoch: &Epoch) {
        self.0.restore_stream(channel, epoch, self.1);
    }

    fn message(&mut self, channel: &Channel, message: Restored<'_>) {
        self.0.restore_message(channel, message, self.1);
    }

    fn id(&mut self, channel: &Channel, id: &str, publish: Remembered, at: Duration) {
        self.0.restore_id(channel, id, publish, at, self.1);
    }

    fn settle(&mut self, channel: &Channel, last: Offset, floor: Offset) -> Option<ChannelNumber> {
        self.0.settle(channel, last, floor);
        self.0.number(channel)
    }
}

struct OneHub<'a>(&'a RefCell<Hub<Nobody>>);

impl Hubs for OneHub<'_> {
    fn with_stream(
        &self,
        channel: &Channel,
        epoch: &Epoch,
        message: Option<(Offset, Option<&str>)>,
        each: &mut dyn FnMut(StreamRef<'_>, Holding),
    ) {
        let hub = self.0.borrow();
        let Some(stream) = hub.stream(channel, epoch) else { return };
        let holding = message.map_or(Holding::Nothing, |(offset, id)| hub.holding(stream.number, offset, id));
        each(stream, holding);
    }
}

fn payloads(frame: &[u8]) -> Vec<u64> {
    let text = std::str::from_utf8(&frame[HEADROOM_BYTES..]).unwrap();
    let RelayFrame::Messages(messages) = read_relay_frame(text).unwrap() else { panic!("{text}") };
    messages.iter().map(|message| message.payload.get().parse().unwrap()).collect()
}

fn name(channel: &str) -> Channel {
    Channel::parse(channel, None).unwrap()
}

/// A world whose channels have messages in several files.
pub(super) fn with_messages(durability: Durability) -> World {
    let mut world = World::new(durability);
    for round in 0..12 {
        for channel in ["a", "b", "c"] {
            world.say(channel);
        }
        if round == 2 {
            world.say("only-early");
        }
        if round % 4 == 0 {
            world.say("now-and-then");
        }
    }
    world.say("only-late");
    world
}

pub(super) fn files(world: &World) -> Vec<u32> {
    world.disk.with(|content| content.files.keys().copied().collect())
}
