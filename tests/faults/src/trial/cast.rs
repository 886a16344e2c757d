//! Who takes part in a trial, and what they may read.

use std::collections::BTreeMap;

use realtime_protocol::channel::{Channel, ChannelError};

use super::plan::Keeps;
use crate::actors::publisher::Draft;
use crate::history::record::{ClientNumber, Op};
use crate::history::rules::{Reader, Rules};
use crate::random::Random;

/// Clients of a trial; every other one is a member with a token, the others are visitors.
pub const CLIENTS: u32 = 10;

/// Publishers of a trial.
pub const PUBLISHERS: u32 = 4;

/// What each channel keeps, as the relay is told: more than any trial publishes while somebody is away.
pub const WINDOW: u64 = 20_000;

/// What the channel `ticks` keeps: few, so that gaps are told.
pub const SHORT_WINDOW: u64 = 15;

/// The permissions of a trial: members may read `staff`, everybody the rest.
pub const PERMISSIONS: &str = "import { permissionsRouter } from 'wix-realtime-backend';

permissionsRouter.add({ name: 'staff' }, (_channel, subscriber) => ({ read: subscriber.type === 'Member' }));
permissionsRouter.default(() => ({ read: true }));

export function realtime_check_permission(channel, subscriber) {
  return permissionsRouter.check(channel, subscriber);
}
";

/// One client's part.
#[derive(Debug, Clone)]
pub struct Part {
    /// Its number.
    pub client: ClientNumber,
    /// A member's id; a visitor has none.
    pub member: Option<String>,
    /// What it asks for. What it may not read is among it.
    pub channels: Vec<Channel>,
}

/// The channels of a trial.
///
/// # Errors
/// Never: the names are right.
pub fn channels() -> Result<[Channel; 5], ChannelError> {
    Ok([
        Channel::parse("news", None)?,
        Channel::parse("ticks", None)?,
        Channel::parse("rooms", Some("1"))?,
        Channel::parse("rooms", Some("2 ✓"))?,
        Channel::parse("staff", None)?,
    ])
}

/// Everybody's part.
///
/// # Errors
/// Never: the names are right.
pub fn cast() -> Result<Vec<Part>, ChannelError> {
    let [news, ticks, room_1, room_2, staff] = channels()?;
    let part = |number: u32| {
        let room = if number.is_multiple_of(3) { &room_1 } else { &room_2 };
        Part {
            client: ClientNumber(number),
            member: number.is_multiple_of(2).then(|| format!("member-{number}")),
            channels: vec![news.clone(), ticks.clone(), room.clone(), staff.clone()],
        }
    };
    Ok((0..CLIENTS).map(part).collect())
}

/// What is promised to them.
pub fn rules(cast: &[Part], keeps: Keeps) -> Rules {
    let reader = |part: &Part| {
        let may_read = |channel: &&Channel| part.member.is_some() || channel.name() != "staff";
        let may_read = part.channels.iter().filter(may_read).map(ToString::to_string).collect();
        (part.client, Reader { user: part.member.clone(), may_read })
    };
    Rules {
        is_durable: keeps.is_durable(),
        window: WINDOW,
        windows: BTreeMap::from([("ticks".to_owned(), SHORT_WINDOW)]),
        clients: cast.iter().map(reader).collect(),
    }
}

/// What a publisher says next: one message, or some of one channel together.
pub fn drafts(channels: &[Channel], random: &mut Random) -> Vec<Draft> {
    let Some(channel) = random.choice(channels).cloned() else {
        return Vec::new();
    };
    let count = if random.is_one_of_hundred(25) { 2 + random.below(4) } else { 1 };
    (0..count)
        .map(|_| {
            let users = random.is_one_of_hundred(20).then(|| addressed(random));
            Draft { channel: channel.clone(), users, payload }
        })
        .collect()
}

/// One or two members, or nobody.
fn addressed(random: &mut Random) -> Vec<String> {
    (0..random.below(3)).map(|_| format!("member-{}", 2 * random.below(u64::from(CLIENTS) / 2))).collect()
}

/// A payload that no other publish has, with what parsers like to change: spaces, escapes, large numbers.
fn payload(op: Op, random: &mut Random) -> String {
    let filler = match random.below(100) {
        0 => 16_000,
        1..=9 => 800,
        _ => random.below(60),
    };
    let filler = "ab ✓ \\u00e9\\n".repeat(usize::try_from(filler / 10).unwrap_or(0));
    format!("{{ \"op\":{},\"n\":1e400,\"text\":\"{filler}\" }}", op.0)
}

/// The payload of the last message of a channel: whoever has got it has got everything.
pub fn fence(op: Op, _: &mut Random) -> String {
    format!("{FENCE}{}}}", op.0)
}

/// How that begins.
const FENCE: &str = "{\"fence\":";

/// Which publish a payload is of, where it is such a last message.
pub fn fence_of(payload: &str) -> Option<Op> {
    payload.strip_prefix(FENCE)?.strip_suffix('}')?.parse().ok().map(Op)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_are_json_and_no_two_are_alike() {
        let mut random = Random::new(1);
        for op in 0..300 {
            let text = payload(Op(op), &mut random);
            serde_json::from_str::<Box<serde_json::value::RawValue>>(&text).unwrap();
            assert!(text.contains(&format!("\"op\":{op},")) && fence_of(&text).is_none());
        }
        assert_eq!(fence_of(&fence(Op(7), &mut random)), Some(Op(7)));
    }

    #[test]
    fn visitors_ask_for_the_staffs_channel_and_may_not_read_it() {
        let cast = cast().unwrap();
        let rules = rules(&cast, Keeps::Memory);
        for part in &cast {
            assert!(part.channels.iter().any(|channel| channel.name() == "staff"));
            assert_eq!(rules.clients[&part.client].may_read.contains("staff"), part.member.is_some());
        }
    }
}
