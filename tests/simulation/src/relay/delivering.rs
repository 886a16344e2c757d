//! A message's way: published to a hub, taken by its flusher, written to each reader.

use std::collections::{BTreeSet, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use realtime_hub::channel::Delivery;
use realtime_hub::publication::{Audience, Publication};
use realtime_protocol::frame::ChannelNumber;
use realtime_protocol::position::Position;
use realtime_protocol::subscriber::UserId;
use realtime_relay::websocket::writer;

use super::{Relay, Shard};
use crate::context::Context;
use crate::event::Event;
use crate::outside::Outside;
use crate::served::{Reader, Sending};

impl Relay {
    /// A backend publishes. With `users`, to those only.
    pub(crate) fn publish(
        &mut self,
        out: &mut Outside,
        place: usize,
        serial: u64,
        users: Option<BTreeSet<UserId>>,
        times: u32,
    ) {
        let Some(channel) = out.channels.get(place).cloned() else { return };
        let audience = match &users {
            None => Audience::Everyone,
            Some(users) => Audience::Users(Arc::new(users.iter().cloned().collect::<HashSet<_>>())),
        };
        let padding = "x".repeat(out.cx.random.index(40));
        let text = format!("[{serial},\"{padding}\"]");
        let Ok(payload) = serde_json::value::RawValue::from_string(text) else { return };
        let id = serial.to_string();
        let (life, index) = (self.life, self.index_of(&channel));
        let Some(shard) = self.shards.get_mut(index) else { return };
        let mut first: Option<Position> = None;
        for _ in 0..times {
            let publication =
                Publication { payload: &payload, publisher: None, audience: audience.clone(), id: Some(&id) };
            let Ok(published) = shard.hub.publish(&channel, publication, out.cx.now) else {
                return out.cx.violated(|| format!("publish {serial} is taken for another message"));
            };
            if published.wakes {
                wake(shard, &mut out.cx, life, index);
            }
            match &first {
                None => {
                    out.cx.say(|_| format!("{channel} has message {serial} for {users:?}"));
                    out.ledger.published(&mut out.cx, place, &published.position, serial, users.clone());
                    first = Some(published.position);
                }
                Some(first) if *first != published.position || !published.is_repeat => {
                    out.cx.violated(|| format!("publish {serial}, repeated, is another message"));
                }
                Some(_) => {}
            }
        }
    }

    /// Takes what a hub has to deliver.
    pub(crate) fn flush(&mut self, out: &mut Outside, life: u64, hub: usize) {
        let Some(shard) = self.shards.get_mut(hub).filter(|_| life == self.life) else { return };
        if shard.is_writing {
            shard.is_woken = true;
            return;
        }
        shard.is_woken = false;
        let mut small = VecDeque::new();
        for batch in shard.hub.take_batches() {
            let frames = batch.deliveries.into_iter().map(|delivery| (batch.number, delivery));
            if batch.is_large {
                let frames = frames.collect();
                out.cx.after(Duration::ZERO, Event::Write { life, hub, frames, is_large: true });
            } else {
                small.extend(frames);
            }
        }
        if !small.is_empty() {
            shard.is_writing = true;
            out.cx.after(Duration::ZERO, Event::Write { life, hub, frames: small, is_large: false });
        }
    }

    /// Writes one frame to its readers.
    pub(crate) fn write(
        &mut self,
        out: &mut Outside,
        (life, hub): (u64, usize),
        mut frames: VecDeque<(ChannelNumber, Delivery<Reader>)>,
        is_large: bool,
    ) {
        if life != self.life {
            return;
        }
        let Some((number, delivery)) = frames.pop_front() else { return };
        let channel = self.shards.get(hub).and_then(|shard| shard.hub.channel(number)).cloned();
        let frame = writer::text_in_place(delivery.frame);
        for reader in delivery.readers.iter() {
            let Some(served) = self.served.get_mut(&reader.link) else { continue };
            let is_reading = served.channels.contains(&number) && served.sending == Sending::Open;
            if let Some(channel) = channel.as_ref().filter(|_| is_reading)
                && out.permissions.is_long_refused(&reader.user, channel, out.cx.now)
            {
                out.cx.violated(|| format!("{} gets {channel} long after it was refused", reader.user));
            }
            served.write(&mut out.cx, &mut out.net, number, &frame);
            out.ledger.counts.slow += u64::from(is_reading && served.sending != Sending::Open);
            self.settle(out, reader.link);
        }
        let longest = if out.cx.is_calm { 2 } else { out.cx.plan.write_pause_ms };
        let pause = out.cx.random.millis(0, longest);
        if !frames.is_empty() {
            return out.cx.after(pause, Event::Write { life, hub, frames, is_large });
        }
        let Some(shard) = self.shards.get_mut(hub) else { return };
        if !is_large {
            shard.is_writing = false;
            if shard.is_woken {
                out.cx.after(pause, Event::Flush { life, hub });
            }
        } else if let Some(next) = shard.hub.finish(number) {
            let frames = next.into_iter().map(|delivery| (number, delivery)).collect();
            out.cx.after(pause, Event::Write { life, hub, frames, is_large });
        }
    }
}

fn wake(shard: &mut Shard, cx: &mut Context, life: u64, hub: usize) {
    if shard.is_writing {
        shard.is_woken = true;
        return;
    }
    let delay = cx.random.millis(0, 2);
    cx.after(delay, Event::Flush { life, hub });
}
