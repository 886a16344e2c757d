//! A relay with one client, as simple as can be: streams in lists, and the frames under way.

use std::collections::{BTreeMap, VecDeque};

use realtime_protocol::channel::{Channel, UncheckedChannel};
use realtime_protocol::error::Status;
use realtime_protocol::frame::{ChannelNumber, ClientFrame, Control, Message, RelayFrame};
use realtime_protocol::position::{Epoch, Offset, Position};

use crate::common::{channel, welcome_for};
use crate::step::NAMES;

/// For how long a token holds: short enough that it is replaced between the other things that happen.
const TOKEN_MS: u64 = 30_000;

/// What was published to a channel, named by its place.
#[derive(Debug, Clone)]
pub(crate) struct Stream {
    number: u64,
    epoch: u64,
    pub(crate) published: Vec<u64>,
    /// How many of them the relay has forgotten.
    pub(crate) forgotten: usize,
    pub(crate) is_held: bool,
}

/// A relay with one client, and the frames under way between them.
pub(crate) struct Relay {
    pub(crate) streams: BTreeMap<Channel, Stream>,
    lives: u64,
    pub(crate) refusing: Option<Status>,
    pub(crate) is_open: bool,
    awaits_pong: bool,
    pub(crate) up: VecDeque<ClientFrame>,
    pub(crate) down: VecDeque<RelayFrame<Position>>,
}

impl Relay {
    pub(crate) fn new() -> Self {
        let mut relay = Self {
            streams: BTreeMap::new(),
            lives: 0,
            refusing: None,
            awaits_pong: false,
            is_open: false,
            up: VecDeque::new(),
            down: VecDeque::new(),
        };
        relay.restart();
        relay
    }

    pub(crate) fn restart(&mut self) {
        self.cut();
        self.lives += 1;
        self.streams = NAMES
            .iter()
            .enumerate()
            .map(|(index, name)| {
                let stream = Stream {
                    // A restarted relay numbers its channels differently.
                    number: (index as u64 + self.lives) % 3,
                    epoch: self.lives,
                    published: Vec::new(),
                    forgotten: 0,
                    is_held: false,
                };
                (channel(name), stream)
            })
            .collect();
    }

    pub(crate) fn cut(&mut self) {
        self.is_open = false;
        self.awaits_pong = false;
        self.up.clear();
        self.down.clear();
        self.streams.values_mut().for_each(|s| s.is_held = false);
    }

    pub(crate) fn publish(&mut self, channel: &Channel) {
        let stream = self.streams.get_mut(channel).unwrap();
        // Offsets jump: a distance means nothing.
        let offset = stream.published.last().map_or(1, |last| last + 1 + last % 3);
        stream.published.push(offset);
        if stream.is_held {
            let message = stream.message(offset);
            match self.down.back_mut() {
                Some(RelayFrame::Messages(messages)) if offset.is_multiple_of(2) => messages.push(message),
                _ => self.down.push_back(RelayFrame::Messages(vec![message])),
            }
        }
    }

    pub(crate) fn read(&mut self, frame: ClientFrame) {
        match frame {
            ClientFrame::Hello { .. } => self.say(welcome_for(TOKEN_MS)),
            ClientFrame::Subscribe { id, channel, position } => {
                if let Some(status) = self.refusing.take() {
                    self.say(Control::Refused {
                        id,
                        code: status.error_code(),
                        status,
                        message: "no".into(),
                    });
                    return;
                }
                let (reply, missed) = self.attach(&channel, position);
                let number = ChannelNumber(self.stream(&channel).number);
                self.say(Control::Subscribed { id, number, position: reply.0, recovered: reply.1 });
                if !missed.is_empty() {
                    self.down.push_back(RelayFrame::Messages(missed));
                }
            }
            ClientFrame::Unsubscribe { id, channel } => {
                self.stream(&channel).is_held = false;
                self.say(Control::Unsubscribed { id });
            }
            ClientFrame::Refresh { .. } => self.say(Control::Refreshed { expires_in_ms: Some(TOKEN_MS) }),
            ClientFrame::Pong => {
                self.awaits_pong = !self.awaits_pong;
                if self.awaits_pong {
                    self.say(Control::Ping);
                }
            }
        }
    }

    /// The reply's position and whether everything missed follows; and what follows.
    fn attach(
        &mut self,
        channel: &UncheckedChannel,
        position: Option<Position>,
    ) -> ((Position, Option<bool>), Vec<Message<Position>>) {
        let stream = self.stream(channel);
        stream.is_held = true;
        let head = stream.published.last().copied().unwrap_or(0);
        let Some(position) = position else {
            return ((stream.position(head), None), Vec::new());
        };
        let floor = stream.forgotten.checked_sub(1).map_or(0, |at| stream.published[at]);
        let is_same_life = position.epoch == stream.position(0).epoch;
        let (base, is_whole) = match position.offset.get() {
            offset if is_same_life && offset >= floor => (offset, true),
            // A stream that was forgotten in part goes on at its head, a new one is told from its start.
            _ if floor > 0 => (head, false),
            _ => (0, false),
        };
        // One more than was asked for: the client drops what it has. Where nothing is lost it goes by its own position,
        // whatever the reply says.
        let missed = stream
            .published
            .iter()
            .filter(|offset| **offset > base || is_whole && **offset == base)
            .map(|offset| stream.message(*offset))
            .collect();
        let told = if is_whole { head } else { base };
        ((stream.position(told), Some(is_whole)), missed)
    }

    fn stream(&mut self, channel: &UncheckedChannel) -> &mut Stream {
        self.streams.get_mut(&channel.check().unwrap()).unwrap()
    }

    fn say(&mut self, control: Control) {
        self.down.push_back(RelayFrame::Control(control));
    }
}

impl Stream {
    pub(crate) fn position(&self, offset: u64) -> Position {
        Position { epoch: Epoch::from_bits(self.epoch), offset: Offset::new(offset).unwrap() }
    }

    fn message(&self, offset: u64) -> Message<Position> {
        Message {
            number: ChannelNumber(self.number),
            offset: Offset::new(offset).unwrap(),
            payload: self.position(offset),
            publisher: None,
        }
    }
}
