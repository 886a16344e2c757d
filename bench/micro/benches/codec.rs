//! Reading what clients send and writing what they are sent.

#![expect(clippy::expect_used, reason = "a benchmark that cannot go on panics")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use realtime_bench_micro::payload;
use realtime_protocol::codec::{read_client_frame, write_control, write_message};
use realtime_protocol::frame::{ChannelNumber, Control, Heartbeat, RequestId, Token};
use realtime_protocol::position::{Epoch, Offset, Position};
use realtime_protocol::subscriber::{Subscriber, SubscriberType, UserId};

fn read(c: &mut Criterion) {
    let mut group = c.benchmark_group("codec, reading");
    let frames = [
        ("hello", r#"{"type":"hello"}"#),
        ("subscribe", r#"{"type":"subscribe","id":1,"channel":{"name":"bench-0"}}"#),
        ("pong", r#"{"type":"pong"}"#),
    ];
    for (name, text) in frames {
        group.bench_function(name, |b| b.iter(|| read_client_frame(black_box(text)).expect("a frame")));
    }
}

fn write(c: &mut Criterion) {
    let mut group = c.benchmark_group("codec, writing");
    let welcome = Control::Welcome {
        session: "s-4711".to_owned(),
        subscriber: Subscriber {
            id: UserId::parse("3f0c9cd2-7a54-4b41-8d1e-0a8a5c3b6f10").expect("a user id"),
            kind: SubscriberType::Visitor,
        },
        visitor_token: Some(Token::new("3f0c9cd2-7a54-4b41-8d1e-0a8a5c3b6f10.c2lnbmF0dXJl")),
        heartbeat: Heartbeat { interval_ms: 25_000, timeout_ms: 10_000 },
        expires_in_ms: None,
    };
    let subscribed = Control::Subscribed {
        id: RequestId(1),
        number: ChannelNumber(4711),
        position: Position { epoch: Epoch::from_bits(4711), offset: Offset::START },
        recovered: None,
    };
    for (name, control) in [("welcome", welcome), ("subscribed", subscribed)] {
        group.bench_function(name, |b| b.iter(|| write_control(black_box(&control))));
    }
    let payload = payload();
    group.bench_function("message of 128 bytes", |b| {
        b.iter(|| {
            let mut out = Vec::with_capacity(256);
            write_message(&mut out, ChannelNumber(4711), Offset::START, black_box(&payload), None);
            out
        });
    });
}

criterion_group!(codec, read, write);
criterion_main!(codec);
