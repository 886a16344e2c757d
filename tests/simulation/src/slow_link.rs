//! One page on a slow link that comes back to a long recovery, with the relay's own limits.

use std::time::Duration;

use realtime_client::Patience;
use realtime_protocol::limits::{JOINED_FRAME_BYTES, RECOVERY_FRAME_BYTES};

use crate::context::Context;
use crate::event::Event;
use crate::plan::Plan;
use crate::world::{Outcome, World};

/// The longest time that a segment takes; half of it on average, in each direction.
const LATENCY_MS: u64 = 500;

/// A page listens, is cut off, misses so many messages of some 40 bytes, and comes back over a link that carries about so many
/// bytes a second. In the end it has to have everything, and the next message.
pub fn slow_link(bytes_per_second: usize, missed: usize) -> Outcome {
    let mut cx = Context::new(1, None);
    cx.plan = Plan {
        clients: 1,
        users: 1,
        channels: 1,
        hubs: 1,
        latency_ms: LATENCY_MS,
        socket_bytes: bytes_per_second * LATENCY_MS as usize / 1_000,
        outbox_bytes: 1024 * 1024,
        history_messages: 100_000,
        history_age: Duration::from_secs(3_600),
        recovery_bytes: 8 * 1024 * 1024,
        joined_frame_bytes: JOINED_FRAME_BYTES,
        recovery_frame_bytes: RECOVERY_FRAME_BYTES,
        large_audience: 512,
        heartbeat: Duration::from_secs(25),
        max_subscriptions: 100,
        question_ms: 5,
        write_pause_ms: 2,
        token_life: None,
        ..cx.plan
    };
    let mut world = World::new(cx);
    world.out.cx.is_calm = true;
    world.out.permissions.allow_all();
    if let Some(client) = world.clients.first_mut() {
        client.subscribe(&mut world.out, 0, Patience::Unlimited);
    }
    let soon = world.out.cx.now + Duration::from_secs(10);
    world.go_on(soon);
    for link in world.relay.links() {
        world.out.net.cut(link);
        world.out.cx.after(Duration::ZERO, Event::ClientLost(link));
        world.out.cx.after(Duration::ZERO, Event::RelayLost(link));
    }
    for _ in 0..missed {
        world.publish(0, None);
    }
    world.calm();
    world.outcome()
}
