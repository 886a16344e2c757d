//! From a publish to the frames that are to be written: what the hub does for a message, without a socket.

use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use realtime_bench_micro::{Anyone, channel, hub, payload, readers};
use realtime_hub::channel::Reader as _;
use realtime_hub::hub::Hub;
use realtime_hub::publication::{Audience, Publication};
use realtime_protocol::channel::Channel;
use serde_json::value::RawValue;

/// Messages that a turn collects.
const BURST: usize = 64;

/// Channels of the case of many.
const CHANNELS: usize = 1000;

/// When all happens: a hub that is young forgets nothing by age.
const NOW: Duration = Duration::from_secs(1);

fn publish(hub: &mut Hub<Anyone>, channel: &Channel, payload: &RawValue) {
    let publication = Publication { payload, publisher: None, audience: Audience::Everyone, id: None };
    let _ = hub.publish(channel, publication, NOW);
}

/// Large batches are finished at once, as a flusher does that has written them.
fn take(hub: &mut Hub<Anyone>) -> usize {
    let batches = hub.take_batches();
    let messages = batches.iter().flat_map(|batch| &batch.deliveries).map(|delivery| delivery.messages).sum();
    for batch in batches.iter().filter(|batch| batch.is_large) {
        while hub.finish(batch.number).is_some() {}
    }
    messages
}

fn one_channel(c: &mut Criterion) {
    let mut group = c.benchmark_group("hub, one channel");
    group.throughput(Throughput::Elements(BURST as u64));
    for audience in [1, 1000] {
        let (mut hub, channel, payload) = (hub(), channel(0), payload());
        for reader in readers(audience) {
            hub.attach(&channel, reader, None, NOW);
        }
        group.bench_function(format!("{BURST} messages to {audience}"), |b| {
            b.iter(|| {
                for _ in 0..BURST {
                    publish(&mut hub, &channel, &payload);
                }
                assert_eq!(take(&mut hub), BURST);
            });
        });
    }
}

fn many_channels(c: &mut Criterion) {
    let mut group = c.benchmark_group("hub, many channels");
    group.throughput(Throughput::Elements(CHANNELS as u64));
    let channels: Vec<_> = (0..CHANNELS).map(channel).collect();
    let (mut hub, payload) = (hub(), payload());
    for (channel, reader) in channels.iter().zip(readers(CHANNELS as u64)) {
        hub.attach(channel, reader, None, NOW);
    }
    group.bench_function(format!("a message to each of {CHANNELS} channels"), |b| {
        b.iter(|| {
            for channel in &channels {
                publish(&mut hub, channel, &payload);
            }
            assert_eq!(take(&mut hub), CHANNELS);
        });
    });
}

fn arrivals(c: &mut Criterion) {
    let mut group = c.benchmark_group("hub, arrivals");
    group.throughput(Throughput::Elements(1));
    let (mut hub, channel) = (hub(), channel(0));
    let all: Vec<_> = readers(10_001).collect();
    let Some((last, others)) = all.split_last() else { return };
    for reader in others {
        hub.attach(&channel, reader.clone(), None, NOW);
    }
    group.bench_function("one more of 10,000 comes and goes", |b| {
        b.iter(|| {
            assert!(hub.attach(&channel, last.clone(), None, NOW).is_new);
            assert!(hub.detach(&channel, last.session(), NOW).is_some());
        });
    });
}

criterion_group!(hubs, one_channel, many_channels, arrivals);
criterion_main!(hubs);
