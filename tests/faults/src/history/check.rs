//! The judge: every acknowledged message accounted for at every client.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::accepted::Accepted;
use super::reader::{Bench, Reading};
use super::record::{ClientNumber, Continuity, Entry, Event, Op};
use super::rules::{Reader, Rules};
use super::violation::{Kind, Violation};

/// What a history amounts to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// Every broken promise.
    pub violations: Vec<Violation>,
    /// Publishes begun.
    pub published: u64,
    /// Those that the relay acknowledged.
    pub acknowledged: u64,
    /// Attempts that it refused for now.
    pub put_off: u64,
    /// Those whose every attempt it refused.
    pub refused: u64,
    /// Those of which the publisher does not know.
    pub unknown: u64,
    /// Messages that came to clients.
    pub delivered: u64,
    /// Connections that clients lost.
    pub outages: u64,
    /// Subscriptions that went on without a gap after an outage.
    pub whole: u64,
    /// Gaps that were told.
    pub gaps_told: u64,
    /// Subscriptions that were refused, as they should be.
    pub denied: u64,
    /// Relays that ended.
    pub relays_ended: u64,
}

/// Judges a history that has come to rest: everybody was given the time to come back and to get everything.
///
/// The order of `entries` is that of the events; times are not looked at.
pub fn check(entries: &[Entry], rules: &Rules) -> Verdict {
    let mut verdict = Verdict::default();
    let accepted = Accepted::read(entries, rules.is_durable, &mut verdict.violations);
    verdict.published = accepted.len() as u64;
    orders(entries, &accepted, &mut verdict.violations);
    let mut readings = Readings { rules, accepted: &accepted, all: BTreeMap::new() };
    for Entry { event, .. } in entries {
        readings.take(event, &mut verdict);
    }
    readings.end(&mut verdict);
    verdict
}

/// Publishes that were acknowledged before another began stand in front of it.
fn orders(entries: &[Entry], accepted: &Accepted, violations: &mut Vec<Violation>) {
    let mut last: BTreeMap<(&str, &str), (u64, Op)> = BTreeMap::new();
    let mut behind: BTreeMap<Op, Vec<(String, u64, Op)>> = BTreeMap::new();
    for Entry { event, .. } in entries {
        match event {
            Event::Invoke { op, channel, .. } => {
                let streams = last.iter().filter(|((known, _), _)| known == channel);
                let before =
                    streams.map(|((_, epoch), (offset, op))| ((*epoch).to_owned(), *offset, *op)).collect();
                behind.insert(*op, before);
            }
            Event::Acknowledged { op, place } => {
                let Some(asked) = accepted.asked(*op) else { continue };
                for (epoch, offset, earlier) in behind.remove(op).unwrap_or_default() {
                    if epoch == place.epoch && offset >= place.offset {
                        let detail = format!(
                            "{op} began after {earlier} was acknowledged at offset {offset}, and stands at {place}"
                        );
                        let channel = asked.channel.clone();
                        violations.push(Violation { kind: Kind::Reordered, client: None, channel, detail });
                    }
                }
                let highest = last.entry((&asked.channel, &place.epoch)).or_insert((place.offset, *op));
                if highest.0 < place.offset {
                    *highest = (place.offset, *op);
                }
            }
            _ => {}
        }
    }
}

/// Every client's channels.
struct Readings<'a> {
    rules: &'a Rules,
    accepted: &'a Accepted,
    all: BTreeMap<(ClientNumber, String), Reading>,
}

/// A client that the rules do not know: it may read nothing.
static NOBODY: Reader = Reader { user: None, may_read: std::collections::BTreeSet::new() };

impl Readings<'_> {
    fn take(&mut self, event: &Event, verdict: &mut Verdict) {
        match event {
            Event::Acknowledged { .. } => verdict.acknowledged += 1,
            Event::PutOff { .. } => verdict.put_off += 1,
            Event::Refused { .. } => verdict.refused += 1,
            Event::Unknown { .. } => verdict.unknown += 1,
            Event::Denied { client, channel } => self.denied(*client, channel, verdict),
            Event::Connection { is_up, .. } => verdict.outages += u64::from(!is_up),
            Event::RelayEnded => verdict.relays_ended += 1,
            Event::Subscribed { client, channel, continuity, place } => {
                self.each(*client, channel, verdict, |reading, bench, broken| {
                    reading.subscribed(*continuity, place, bench, broken);
                });
                match continuity {
                    Continuity::First => {}
                    Continuity::Whole => verdict.whole += 1,
                    Continuity::Lost => verdict.gaps_told += 1,
                }
            }
            Event::Delivered { client, channel, place, payload } => {
                verdict.delivered += 1;
                self.each(*client, channel, verdict, |reading, bench, broken| {
                    reading.delivered(place, payload, bench, broken);
                });
            }
            Event::Invoke { .. } | Event::Nemesis { .. } => {}
        }
    }

    fn denied(&self, client: ClientNumber, channel: &str, verdict: &mut Verdict) {
        verdict.denied += 1;
        if self.rules.clients.get(&client).is_some_and(|reader| reader.may_read.contains(channel)) {
            let detail = "it was refused what it may read".to_owned();
            let channel = channel.to_owned();
            verdict.violations.push(Violation { kind: Kind::Lost, client: Some(client), channel, detail });
        }
    }

    /// What there is to say at the end: of every client that may read a channel.
    fn end(&mut self, verdict: &mut Verdict) {
        let latest = self.accepted.latest();
        for (client, reader) in &self.rules.clients {
            for channel in &reader.may_read {
                self.each(*client, channel, verdict, |reading, bench, broken| {
                    reading.ended(bench, broken);
                    if let (Some(at), Some(latest)) = (reading.epoch(), latest.get(channel))
                        && at != latest
                    {
                        let detail = format!(
                            "it stands in {at}, and the stream's life is {latest}: it never came back"
                        );
                        broken.push((Kind::Lost, detail));
                    }
                });
            }
        }
    }

    fn each(
        &mut self,
        client: ClientNumber,
        channel: &str,
        verdict: &mut Verdict,
        judge: impl FnOnce(&mut Reading, &Bench<'_>, &mut Vec<(Kind, String)>),
    ) {
        let reader = self.rules.clients.get(&client).unwrap_or(&NOBODY);
        let (rules, accepted, relays_ended) = (self.rules, self.accepted, verdict.relays_ended);
        let bench = Bench { rules, reader, channel, accepted, relays_ended };
        let mut broken = Vec::new();
        judge(self.all.entry((client, channel.to_owned())).or_default(), &bench, &mut broken);
        for (kind, detail) in broken {
            let channel = channel.to_owned();
            verdict.violations.push(Violation { kind, client: Some(client), channel, detail });
        }
    }
}

impl Verdict {
    /// Whether every promise was kept.
    pub const fn is_clean(&self) -> bool {
        self.violations.is_empty()
    }
}
