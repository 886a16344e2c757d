//! A hub, its clients, what storage has of it, and the model that keeps everything and holds them to it.

use std::collections::{BTreeMap, HashSet};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use realtime_hub::budget::MemoryBudget;
use realtime_hub::channel::{Reader, SessionId};
use realtime_hub::dedupe::IdTaken;
use realtime_hub::deferred::{Placed, StreamRef, Ticket};
use realtime_hub::hub::{Hub, Numbers};
use realtime_hub::joined::HEADROOM_BYTES;
use realtime_hub::publication::{Audience, Publication};
use realtime_hub::settings::HubSettings;
use realtime_protocol::channel::Channel;
use realtime_protocol::codec::read_relay_frame;
use realtime_protocol::frame::RelayFrame;
use realtime_protocol::position::Position;
use realtime_protocol::subscriber::UserId;

use crate::storage::Storage;

pub(crate) const CLIENTS: usize = 4;
pub(crate) const CHANNELS: usize = 3;
pub(crate) const WINDOW: Duration = Duration::from_secs(60);

#[derive(Debug, Clone)]
pub(crate) struct TestReader {
    session: SessionId,
    client: usize,
    user: UserId,
}

impl Reader for TestReader {
    fn session(&self) -> SessionId {
        self.session
    }

    fn user(&self) -> &UserId {
        &self.user
    }
}

#[derive(Debug, Clone)]
pub(crate) enum Step {
    Publish {
        channel: usize,
        only: Option<Vec<usize>>,
        repeats: bool,
    },
    Subscribe {
        client: usize,
        channel: usize,
    },
    Unsubscribe {
        client: usize,
        channel: usize,
    },
    /// The connection is lost; what was on its way is lost with it.
    Cut {
        client: usize,
    },
    Flush,
    Wait {
        seconds: u64,
    },
    /// Storage has taken everything that it was given, or nothing of it.
    Store {
        succeeds: bool,
    },
    /// The process is killed and starts again with what is stored.
    Restart,
}

/// What a client knows of one channel.
#[derive(Debug, Default)]
struct Seat {
    is_attached: bool,
    position: Option<Position>,
    /// The model's index of the next message that it should see.
    expected: usize,
}

/// Everything that was ever published on one channel: a serial number, and who it was for.
type Log = Vec<Logged>;
type Logged = (u64, Option<Vec<usize>>);

/// A message that storage has not taken yet.
struct Unstored {
    ticket: Ticket,
    channel: usize,
    logged: Logged,
    id: String,
}

pub(crate) struct World {
    settings: HubSettings,
    budget_bytes: usize,
    hub: Hub<TestReader>,
    /// Storage, and what it has not yet taken of each channel's log.
    storage: Option<(Storage, Vec<Unstored>)>,
    forgets_nothing: bool,
    starts: u64,
    now: Duration,
    next_session: u64,
    sessions: Vec<SessionId>,
    seats: Vec<BTreeMap<usize, Seat>>,
    logs: Vec<Log>,
    serial: u64,
    /// The latest id of each channel, when it was published, and what.
    last_id: Vec<Option<(String, Duration, Logged)>>,
    /// Ids of publishes that could not be stored: publishing with them again is no repeat.
    failed_ids: Vec<Option<String>>,
}

impl World {
    pub(crate) fn new(settings: HubSettings, budget_bytes: usize) -> Self {
        Self {
            hub: new_hub(&settings, budget_bytes, 0),
            settings,
            budget_bytes,
            storage: None,
            forgets_nothing: false,
            starts: 0,
            now: Duration::ZERO,
            next_session: CLIENTS as u64,
            sessions: (0..CLIENTS as u64).map(SessionId).collect(),
            seats: (0..CLIENTS).map(|_| BTreeMap::new()).collect(),
            logs: vec![Log::new(); CHANNELS],
            serial: 0,
            last_id: vec![None; CHANNELS],
            failed_ids: vec![None; CHANNELS],
        }
    }

    /// A world whose messages are stored before they exist. `forgets_nothing`: every recovery has to be whole.
    pub(crate) fn with_storage(settings: HubSettings, budget_bytes: usize, forgets_nothing: bool) -> Self {
        let storage = Some((Storage::default(), Vec::new()));
        Self { storage, forgets_nothing, ..Self::new(settings, budget_bytes) }
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Publish { channel, only, repeats } => self.publish(channel, only, repeats),
            Step::Subscribe { client, channel } => self.subscribe(client, channel),
            Step::Unsubscribe { client, channel } => {
                self.hub.detach(&name(channel), self.sessions[client], self.now);
                self.seats[client].remove(&channel);
            }
            Step::Cut { client } => self.cut(client),
            Step::Flush => self.flush(),
            Step::Wait { seconds } => {
                self.now += Duration::from_secs(seconds);
                self.hub.tick(self.now);
            }
            Step::Store { succeeds } => self.store(succeeds),
            Step::Restart => self.restart(),
        }
    }

    fn publish(&mut self, channel: usize, only: Option<Vec<usize>>, repeats: bool) {
        let remembered = self.last_id[channel].clone().filter(|(_, at, _)| self.now - *at < WINDOW);
        let repeated = remembered.filter(|_| repeats).map(|(id, _, logged)| (id, logged));
        self.serial += 1;
        let Some((id, logged)) = repeated else {
            let again = self.failed_ids[channel].take();
            let id = again.unwrap_or_else(|| format!("id-{}", self.serial));
            let logged = (self.serial, only);
            assert_eq!(self.offer(channel, &id, &logged), Ok(false), "a new id is that of a new message");
            return;
        };
        let another = (self.serial, logged.1.clone());
        assert_eq!(
            self.offer(channel, &id, &another),
            Err(IdTaken),
            "an id within its window is one message's"
        );
        assert_eq!(self.offer(channel, &id, &logged), Ok(true), "an id within its window is known");
    }

    /// Publishes a message with an id. Returns whether that was a repetition.
    fn offer(&mut self, channel: usize, id: &str, logged: &Logged) -> Result<bool, IdTaken> {
        let (serial, only) = logged;
        let payload = serde_json::value::to_raw_value(serial).unwrap();
        let audience = match only {
            None => Audience::Everyone,
            Some(clients) => {
                Audience::Users(Arc::new(clients.iter().map(|c| user(*c)).collect::<HashSet<_>>()))
            }
        };
        let publication = Publication { payload: &payload, publisher: None, audience, id: Some(id) };
        let Some((storage, unstored)) = &mut self.storage else {
            let published = self.hub.publish(&name(channel), publication, self.now)?;
            if !published.is_repeat {
                self.logs[channel].push(logged.clone());
                self.last_id[channel] = Some((id.to_owned(), self.now, logged.clone()));
            }
            return Ok(published.is_repeat);
        };
        let store = |placed: &Placed<'_>| Ok::<_, IdTaken>(storage.message(placed));
        let placement = self.hub.place(&name(channel), publication, self.now, store)?;
        if let (false, Some(ticket)) = (placement.is_repeat, placement.ticket) {
            self.last_id[channel] = Some((id.to_owned(), self.now, logged.clone()));
            unstored.push(Unstored { ticket, channel, logged: logged.clone(), id: id.to_owned() });
        }
        Ok(placement.is_repeat)
    }

    fn store(&mut self, succeeds: bool) {
        if !succeeds {
            return self.fail();
        }
        let Some((storage, unstored)) = &mut self.storage else { return };
        let stored = storage.succeed();
        for message in unstored.extract_if(.., |message| message.ticket <= stored) {
            self.logs[message.channel].push(message.logged);
        }
        self.hub.accept(stored, self.now);
    }

    fn fail(&mut self) {
        let Some((storage, _)) = &mut self.storage else { return };
        storage.fail();
        self.hub.take_back();
        self.forget_unstored();
    }

    fn forget_unstored(&mut self) {
        let Some((_, unstored)) = &mut self.storage else { return };
        for message in unstored.drain(..) {
            self.last_id[message.channel] = None;
            self.failed_ids[message.channel] = Some(message.id);
        }
    }

    fn restart(&mut self) {
        for client in 0..CLIENTS {
            self.cut(client);
        }
        self.starts += 1;
        self.hub = new_hub(&self.settings, self.budget_bytes, self.starts);
        self.forget_unstored();
        if let Some((storage, _)) = &mut self.storage {
            storage.restore(&mut self.hub, self.now);
        }
    }

    /// Storage knows a channel before somebody may read it.
    fn make_known(&mut self, channel: usize) {
        let Some((storage, _)) = &mut self.storage else { return };
        let store = |stream: StreamRef<'_>| Ok::<_, Infallible>(storage.stream(stream));
        if self.hub.place_channel(&name(channel), self.now, store).unwrap().is_some() {
            self.store(true);
            self.store(true);
        }
    }

    fn subscribe(&mut self, client: usize, channel: usize) {
        self.make_known(channel);
        let seat = self.seats[client].entry(channel).or_default();
        if seat.is_attached {
            return;
        }
        let reader = TestReader { session: self.sessions[client], client, user: user(client) };
        let attachment = self.hub.attach(&name(channel), reader, seat.position.as_ref(), self.now);
        let knew_before = seat.position.is_some();
        assert_eq!(attachment.recovered.is_some(), knew_before);
        assert!(attachment.is_new);
        assert!(!self.forgets_nothing || attachment.recovered != Some(false), "nothing was lost");
        seat.is_attached = true;
        if attachment.recovered != Some(true) {
            // Continuity is lost, or there was none: what follows is counted back from the log's end.
            let missed: usize = attachment.missed.iter().map(|frame| messages(frame).len()).sum();
            let log = &self.logs[channel];
            let visible: Vec<_> = (0..log.len()).filter(|index| is_for(&log[*index], client)).collect();
            seat.expected = if missed == 0 { log.len() } else { visible[visible.len() - missed] };
            seat.position = Some(attachment.position);
        }
        let frames = attachment.missed;
        for frame in frames {
            self.receive(client, channel, &frame);
        }
        let seat = &self.seats[client][&channel];
        let log = &self.logs[channel];
        let is_caught_up = !(seat.expected..log.len()).any(|index| is_for(&log[index], client));
        assert!(is_caught_up, "what was missed is given in one step, whole");
    }

    fn cut(&mut self, client: usize) {
        for (channel, seat) in &mut self.seats[client] {
            self.hub.detach(&name(*channel), self.sessions[client], self.now);
            seat.is_attached = false;
        }
        self.sessions[client] = SessionId(self.next_session);
        self.next_session += 1;
    }

    fn flush(&mut self) {
        loop {
            let batches = self.hub.take_batches();
            if batches.is_empty() {
                break;
            }
            for batch in batches {
                let mut deliveries = Some(batch.deliveries);
                while let Some(turn) = deliveries.take() {
                    self.write(turn);
                    deliveries = if batch.is_large { self.hub.finish(batch.number) } else { None };
                }
            }
        }
        for (client, seats) in self.seats.iter().enumerate() {
            for (channel, seat) in seats.iter().filter(|(_, seat)| seat.is_attached) {
                let log = &self.logs[*channel];
                let lacks = (seat.expected..log.len()).find(|index| is_for(&log[*index], client));
                assert_eq!(lacks, None, "client {client} lacks a message of channel {channel}");
            }
        }
    }

    fn write(&mut self, deliveries: Vec<realtime_hub::channel::Delivery<TestReader>>) {
        for delivery in deliveries {
            assert_eq!(messages(&delivery.frame).len(), delivery.messages);
            let channel = messages(&delivery.frame)[0].0;
            let channel = (0..CHANNELS).find(|c| self.hub.channel(channel).is_some_and(|n| **n == name(*c)));
            for reader in delivery.readers.iter() {
                let is_current = self.sessions[reader.client] == reader.session;
                let seat = self.seats[reader.client].get(&channel.unwrap());
                if is_current && seat.is_some_and(|seat| seat.is_attached) {
                    self.receive(reader.client, channel.unwrap(), &delivery.frame);
                }
            }
        }
    }

    fn receive(&mut self, client: usize, channel: usize, frame: &[u8]) {
        for (_, offset, serial) in messages(frame) {
            let seat = self.seats[client].get_mut(&channel).unwrap();
            let position = seat.position.as_mut().unwrap();
            if offset <= position.offset.get() {
                // The client's rule: it has that one. Happens after leaving and coming back within one turn.
                continue;
            }
            position.offset = realtime_protocol::position::Offset::new(offset).unwrap();
            let log = &self.logs[channel];
            while !is_for(&log[seat.expected], client) {
                seat.expected += 1;
            }
            assert_eq!(
                serial, log[seat.expected].0,
                "client {client}, channel {channel}: in order, none left out"
            );
            seat.expected += 1;
        }
    }
}

fn is_for((_, only): &(u64, Option<Vec<usize>>), client: usize) -> bool {
    only.as_ref().is_none_or(|clients| clients.contains(&client))
}

fn messages(frame: &[u8]) -> Vec<(realtime_protocol::frame::ChannelNumber, u64, u64)> {
    let text = std::str::from_utf8(&frame[HEADROOM_BYTES..]).unwrap();
    let RelayFrame::Messages(messages) = read_relay_frame(text).unwrap() else { panic!("{text}") };
    messages.iter().map(|m| (m.number, m.offset.get(), m.payload.get().parse().unwrap())).collect()
}

fn name(channel: usize) -> Channel {
    // One channel and two of its resources: their streams must not mix.
    Channel::parse("channel", Some(["", "one", "two"][channel])).unwrap()
}

fn user(client: usize) -> UserId {
    // Two clients are one user on two devices.
    UserId::parse(&format!("user-{}", client.min(CLIENTS - 2))).unwrap()
}

fn same_user(only: Option<Vec<usize>>) -> Option<Vec<usize>> {
    only.map(|mut clients| {
        if clients.iter().any(|client| *client >= CLIENTS - 2) {
            clients.extend([CLIENTS - 2, CLIENTS - 1]);
        }
        clients
    })
}

fn new_hub(settings: &HubSettings, budget_bytes: usize, starts: u64) -> Hub<TestReader> {
    let budget = Arc::new(MemoryBudget::new(budget_bytes));
    Hub::new(settings.clone(), budget, Numbers { first: 1, step: 1 }, 7 + starts)
}

pub(crate) fn run(mut world: World, steps: Vec<Step>) {
    for step in steps {
        world.take(match step {
            Step::Publish { channel, only, repeats } => {
                Step::Publish { channel, only: same_user(only), repeats }
            }
            step => step,
        });
    }
    world.store(true);
    world.store(true);
    world.flush();
}
