//! A permission's decision by a script: in the engine alone, and asked by a task of the relay's.
//!
//! The second has the queue and the hop to the script's thread and back in it. Its distribution, and how many decisions
//! one core makes a second, are `cargo run --release -p realtime-relay --example permission_latency`'s.

#![expect(clippy::expect_used, reason = "a benchmark that cannot go on panics")]

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Instant;

use criterion::{Criterion, criterion_group, criterion_main};
use realtime_protocol::channel::Channel;
use realtime_protocol::subscriber::{Subscriber, SubscriberType, UserId};
use realtime_relay::permission::provider::Permission;
use realtime_relay::permission::question::Question;
use realtime_relay::permission::script::console::Console;
use realtime_relay::permission::script::loaded::Script;
use realtime_relay::permission::script::pool::ScriptPermission;
use realtime_relay::permission::script::settings::{EngineLimits, PoolSettings};

const FILE: &str = include_str!("../../../relay/examples/permission_latency.js");

fn script() -> Arc<Script> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("realtime-permissions.js");
    std::fs::write(&file, FILE).expect("a file");
    Script::load(&file, None, EngineLimits::default()).expect("a script")
}

fn question() -> Question {
    Question {
        channel: Channel::parse("staff", Some("kitchen")).expect("a channel"),
        subscriber: Subscriber {
            id: UserId::parse("3f0c9cd2-7a54-4b41-8d1e-0a8a5c3b6f10").expect("a user id"),
            kind: SubscriberType::Member,
        },
    }
}

fn decisions(c: &mut Criterion) {
    let mut group = c.benchmark_group("permission by script");
    let script = script();
    let question = question();
    let mut engine = script.start(EngineLimits::default(), Console::to_log()).expect("an engine");
    group.bench_function("in the engine", |b| {
        b.iter(|| assert!(engine.decide(&question).is_allowed()));
    });

    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let settings = PoolSettings { threads: NonZeroUsize::MIN, ..PoolSettings::default() };
    let pool = Arc::new(ScriptPermission::start(script, settings).expect("a thread"));
    group.bench_function("asked by a task, one after the other", |b| {
        b.iter_custom(|rounds| {
            let (pool, question) = (Arc::clone(&pool), question.clone());
            let asking = runtime.spawn(async move {
                let began = Instant::now();
                for _ in 0..rounds {
                    assert!(pool.decide(question.clone()).await.is_allowed());
                }
                began.elapsed()
            });
            runtime.block_on(asking).expect("the task ends")
        });
    });
}

criterion_group!(script_calls, decisions);
criterion_main!(script_calls);
