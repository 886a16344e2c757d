//! What the relay has taken: the messages of each stream, as acknowledgements and deliveries tell.
//!
//! A message that anybody got was accepted, whatever its publisher knows: everybody else has a right to it too.

use std::collections::{BTreeMap, HashMap};

use super::record::{Entry, Event, Op, Place};
use super::violation::{Kind, Violation};

/// A publish as it was asked for.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Where.
    pub channel: String,
    /// To whom only.
    pub users: Option<Vec<String>>,
    /// The payload's JSON text.
    pub payload: String,
}

/// Every publish, and every place that is taken.
#[derive(Debug, Default)]
pub struct Accepted {
    asked: BTreeMap<Op, Asked>,
    by_payload: HashMap<String, Op>,
    streams: BTreeMap<(String, String), BTreeMap<u64, Op>>,
    places: BTreeMap<Op, Vec<Place>>,
    latest: BTreeMap<String, String>,
}

impl Accepted {
    /// Reads a whole history. What contradicts itself is added to `violations`.
    pub fn read(entries: &[Entry], is_durable: bool, violations: &mut Vec<Violation>) -> Self {
        let mut accepted = Self::default();
        for Entry { event, .. } in entries {
            match event {
                Event::Invoke { op, channel, users, payload } => {
                    let (channel, users, payload) = (channel.clone(), users.clone(), payload.clone());
                    accepted.by_payload.insert(payload.clone(), *op);
                    accepted.asked.insert(*op, Asked { channel, users, payload });
                }
                Event::Acknowledged { op, place } => {
                    accepted.stands(*op, place, is_durable, violations);
                    if let Some(Asked { channel, .. }) = accepted.asked.get(op) {
                        accepted.latest.insert(channel.clone(), place.epoch.clone());
                    }
                }
                Event::Delivered { channel, place, payload, .. } => {
                    if let Some(op) = accepted.op_of(payload, channel) {
                        accepted.stands(op, place, is_durable, violations);
                    }
                }
                _ => {}
            }
        }
        accepted.refused_and_there(entries, violations);
        accepted
    }

    /// Which publish a payload is of, in this channel: no two have the same.
    pub fn op_of(&self, payload: &str, channel: &str) -> Option<Op> {
        let op = self.by_payload.get(payload)?;
        self.asked.get(op).filter(|asked| asked.channel == channel).map(|_| *op)
    }

    /// What was asked.
    pub fn asked(&self, op: Op) -> Option<&Asked> {
        self.asked.get(&op)
    }

    /// The life of each channel's stream in which the last publish was acknowledged.
    pub const fn latest(&self) -> &BTreeMap<String, String> {
        &self.latest
    }

    /// How many publishes there were.
    pub fn len(&self) -> usize {
        self.asked.len()
    }

    /// Whether nobody published anything.
    pub fn is_empty(&self) -> bool {
        self.asked.is_empty()
    }

    /// Which publish stands at a place.
    pub fn at(&self, channel: &str, place: &Place) -> Option<Op> {
        self.streams.get(&(channel.to_owned(), place.epoch.clone()))?.get(&place.offset).copied()
    }

    /// The messages of a stream behind an offset, in their order, each with what was asked.
    pub fn behind(&self, channel: &str, place: &Place) -> impl Iterator<Item = (u64, Op, &Asked)> {
        let stream = self.streams.get(&(channel.to_owned(), place.epoch.clone()));
        let offset = place.offset;
        stream
            .into_iter()
            .flat_map(move |stream| stream.range(offset.saturating_add(1)..))
            .filter_map(|(offset, op)| Some((*offset, *op, self.asked.get(op)?)))
    }

    fn stands(&mut self, op: Op, place: &Place, is_durable: bool, violations: &mut Vec<Violation>) {
        let Some(Asked { channel, .. }) = self.asked.get(&op) else {
            return;
        };
        let mut broken = |kind, detail| {
            violations.push(Violation { kind, client: None, channel: channel.clone(), detail });
        };
        let stream = self.streams.entry((channel.clone(), place.epoch.clone())).or_default();
        let there = *stream.entry(place.offset).or_insert(op);
        if there != op {
            broken(Kind::Doubled, format!("{there} and {op} both stand at {place}"));
        }
        let places = self.places.entry(op).or_default();
        if places.contains(place) {
            return;
        }
        // A stream that ended with its relay takes the memory of publish ids along: then a retry is a new message.
        if let Some(other) = places.iter().find(|other| is_durable || other.epoch == place.epoch) {
            broken(Kind::Doubled, format!("{op} stands at {other} and at {place}"));
        }
        places.push(place.clone());
    }

    fn refused_and_there(&self, entries: &[Entry], violations: &mut Vec<Violation>) {
        for entry in entries {
            let Event::Refused { op } = &entry.event else { continue };
            if let (Some(places), Some(asked)) = (self.places.get(op), self.asked.get(op)) {
                let detail = format!("{op} was refused, and yet stands at {places:?}");
                let channel = asked.channel.clone();
                violations.push(Violation { kind: Kind::Phantom, client: None, channel, detail });
            }
        }
    }
}
