//! One client's channel: what it was told, message by message.

use std::collections::BTreeMap;

use super::accepted::Accepted;
use super::record::{Continuity, Op, Place};
use super::rules::{Reader, Rules};
use super::violation::Kind;

/// Where one client stands in one channel.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// Everything up to here has come, or its loss was told. `None` before the first subscription.
    at: Option<Place>,
    got: BTreeMap<Op, Place>,
}

/// What a channel's reader is judged by.
pub(super) struct Bench<'a> {
    pub(super) rules: &'a Rules,
    pub(super) reader: &'a Reader,
    pub(super) channel: &'a str,
    pub(super) accepted: &'a Accepted,
    /// Relays that have ended so far.
    pub(super) relays_ended: u64,
}

type Broken = (Kind, String);

impl Reading {
    /// A subscription is live.
    pub(super) fn subscribed(
        &mut self,
        continuity: Continuity,
        place: &Place,
        bench: &Bench<'_>,
        broken: &mut Vec<Broken>,
    ) {
        if !bench.reader.may_read.contains(bench.channel) {
            broken.push((Kind::NotPermitted, format!("it was let in at {place}")));
        }
        match (continuity, self.at.take()) {
            (Continuity::First, None) => self.at = Some(place.clone()),
            (Continuity::First, Some(at)) => {
                broken.push((
                    Kind::GapNotTold,
                    format!("it stood at {at}, and was told that {place} is a beginning"),
                ));
                self.at = Some(place.clone());
            }
            (Continuity::Whole, at) => {
                if at.as_ref().is_none_or(|at| at.epoch != place.epoch) {
                    let detail =
                        format!("it was told that it misses nothing at {place}, and stood at {at:?}");
                    broken.push((Kind::GapNotTold, detail));
                }
                self.at = at.or_else(|| Some(place.clone()));
            }
            (Continuity::Lost, at) => {
                if let Some(at) = at {
                    broken.extend(needless(&at, place, bench));
                }
                self.at = Some(place.clone());
            }
        }
    }

    /// A message has come.
    pub(super) fn delivered(
        &mut self,
        place: &Place,
        payload: &str,
        bench: &Bench<'_>,
        broken: &mut Vec<Broken>,
    ) {
        let Bench { reader, channel, accepted, .. } = bench;
        if !reader.may_read.contains(*channel) {
            broken.push((Kind::NotPermitted, format!("it got {place}")));
        }
        match accepted.op_of(payload, channel) {
            Some(op) => {
                if self.is_repeated(op, place, bench, broken) {
                    return;
                }
            }
            None => broken.push(stranger(place, payload, bench)),
        }
        match self.at.take() {
            None => broken.push((Kind::Phantom, format!("{place} came before it had subscribed"))),
            Some(at) if at.epoch != place.epoch => {
                broken.push((
                    Kind::GapNotTold,
                    format!("{place} came behind {at}, another life of the stream"),
                ));
            }
            Some(at) if at.offset >= place.offset => {
                broken.push((Kind::Reordered, format!("{place} came behind {at}")));
                self.at = Some(at);
                return;
            }
            Some(at) => {
                for (offset, op, asked) in accepted.behind(channel, &at) {
                    if offset >= place.offset {
                        break;
                    }
                    if reader.is_among(asked.users.as_deref()) {
                        broken.push((
                            Kind::GapNotTold,
                            format!("{op} at offset {offset} is missing between {at} and {place}"),
                        ));
                    }
                }
            }
        }
        self.at = Some(place.clone());
    }

    /// The run is over, and everybody has had the time to come back.
    pub(super) fn ended(&self, bench: &Bench<'_>, broken: &mut Vec<Broken>) {
        let Some(at) = &self.at else {
            broken.push((Kind::Lost, "it never subscribed".to_owned()));
            return;
        };
        for (offset, op, asked) in bench.accepted.behind(bench.channel, at) {
            if bench.reader.is_among(asked.users.as_deref()) {
                broken.push((Kind::Lost, format!("{op} at offset {offset} never came; it stands at {at}")));
            }
        }
    }

    /// The stream that it stands in.
    pub(super) fn epoch(&self) -> Option<&str> {
        self.at.as_ref().map(|at| at.epoch.as_str())
    }

    /// A message that somebody has published has come: whether it is for this client, and for the first time. True when
    /// it stood there before.
    fn is_repeated(&mut self, op: Op, place: &Place, bench: &Bench<'_>, broken: &mut Vec<Broken>) -> bool {
        let users = bench.accepted.asked(op).and_then(|asked| asked.users.as_deref());
        if !bench.reader.is_among(users) {
            broken.push((Kind::NotPermitted, format!("{op} at {place} is for {users:?}")));
        }
        // At two places it is two messages, which `Accepted` judges.
        let is_repeated = self.got.insert(op, place.clone()).is_some_and(|before| before == *place);
        if is_repeated {
            broken.push((Kind::Doubled, format!("{op} came twice at {place}")));
        }
        is_repeated
    }
}

/// A gap was told. Why it need not have been one, if that is so.
fn needless(at: &Place, place: &Place, bench: &Bench<'_>) -> Option<Broken> {
    let missed = bench.accepted.behind(bench.channel, at).count() as u64;
    if missed > bench.rules.window_of(bench.channel) {
        return None;
    }
    let has_stream_ended = at.epoch != place.epoch;
    if has_stream_ended && !bench.rules.is_durable && bench.relays_ended > 0 {
        return None;
    }
    let detail =
        format!("it was told of a gap between {at} and {place}, where it missed at most {missed} messages");
    Some((Kind::NeedlessGap, detail))
}

/// What came is no publish of this channel: what is it?
fn stranger(place: &Place, payload: &str, bench: &Bench<'_>) -> Broken {
    match bench.accepted.at(bench.channel, place) {
        Some(op) => (Kind::Changed, format!("{op} at {place} came as {payload}")),
        None => (Kind::Phantom, format!("nobody published what came at {place}: {payload}")),
    }
}
