//! What is written down while a run lasts: every operation when it begins and when it ends, and everything that a client
//! is told, in the order in which it happened.

use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use serde::{Deserialize, Serialize};

/// One publish, retries included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Op(pub u32);

/// One client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ClientNumber(pub u32);

/// A place in a channel's stream.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// The stream's life.
    pub epoch: String,
    /// Where in it.
    pub offset: u64,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum Event {
    /// A publisher begins to publish.
    Invoke {
        /// Which publish.
        op: Op,
        /// Where.
        channel: String,
        /// To whom only; `None` for everyone.
        users: Option<Vec<String>>,
        /// The payload's JSON text.
        payload: String,
    },
    /// The relay has acknowledged it.
    Acknowledged {
        /// Which publish.
        op: Op,
        /// Where the message stands.
        place: Place,
    },
    /// The relay has refused an attempt for now; it is tried again.
    PutOff {
        /// Which publish.
        op: Op,
    },
    /// Every attempt was refused: it is not there.
    Refused {
        /// Which publish.
        op: Op,
    },
    /// The publisher has given up without an answer to some attempt: it is there once, or not at all.
    Unknown {
        /// Which publish.
        op: Op,
    },
    /// A client's subscription is live.
    Subscribed {
        /// Whose.
        client: ClientNumber,
        /// To what.
        channel: String,
        /// Whether what was missed follows.
        continuity: Continuity,
        /// Where it stands now: everything behind this follows.
        place: Place,
    },
    /// A client was told no.
    Denied {
        /// Who.
        client: ClientNumber,
        /// The channel.
        channel: String,
    },
    /// A message has come.
    Delivered {
        /// To whom.
        client: ClientNumber,
        /// In which channel.
        channel: String,
        /// Where it stands.
        place: Place,
        /// The payload's JSON text.
        payload: String,
    },
    /// A client has lost its connection, or got one again.
    Connection {
        /// Whose.
        client: ClientNumber,
        /// Whether there is one now.
        is_up: bool,
    },
    /// The relay's process has ended.
    RelayEnded,
    /// What the nemesis does, for people.
    Nemesis {
        /// In words.
        deed: String,
    },
}

/// How a live subscription continues what was delivered before, as the client's machine tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Continuity {
    /// It delivers for the first time.
    First,
    /// Everything that was missed follows.
    Whole,
    /// The application was told of a gap.
    Lost,
}

/// An event and when it was written down, in microseconds since the run's start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When.
    pub at_us: u64,
    /// What.
    #[serde(flatten)]
    pub event: Event,
}

/// A history in the making. What is written down is in one order for all.
#[derive(Debug)]
pub struct Recorder {
    start: Instant,
    entries: Mutex<Vec<Entry>>,
}

impl Recorder {
    /// An empty history that begins now.
    pub fn start() -> Self {
        Self { start: Instant::now(), entries: Mutex::default() }
    }

    /// Writes an event down.
    pub fn record(&self, event: Event) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        // Read under the lock, so that times rise with the order.
        let at_us = u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX);
        entries.push(Entry { at_us, event });
    }

    /// Everything so far.
    pub fn entries(&self) -> Vec<Entry> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Writes a history as lines of JSON.
///
/// # Errors
/// When it cannot be written.
pub fn write(entries: &[Entry], mut to: impl Write) -> io::Result<()> {
    for entry in entries {
        serde_json::to_writer(&mut to, entry)?;
        to.write_all(b"\n")?;
    }
    to.flush()
}

/// Reads what [`write`] wrote.
///
/// # Errors
/// The line that is not right.
pub fn read(text: &str) -> Result<Vec<Entry>, String> {
    let read =
        |(index, line)| serde_json::from_str(line).map_err(|error| format!("line {}: {error}", index + 1));
    text.lines().enumerate().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_history_is_read_back_as_it_was_written() {
        let recorder = Recorder::start();
        let place = Place { epoch: "e".to_owned(), offset: 3 };
        recorder.record(Event::Invoke {
            op: Op(1),
            channel: "news".to_owned(),
            users: Some(vec!["anna".to_owned()]),
            payload: "{\"op\":1}".to_owned(),
        });
        recorder.record(Event::Acknowledged { op: Op(1), place });
        recorder.record(Event::RelayEnded);
        let mut text = Vec::new();
        write(&recorder.entries(), &mut text).unwrap();
        assert_eq!(read(std::str::from_utf8(&text).unwrap()).unwrap(), recorder.entries());
        assert!(recorder.entries().is_sorted_by_key(|entry| entry.at_us));
        assert!(read("{}").unwrap_err().starts_with("line 1: "));
    }
}
