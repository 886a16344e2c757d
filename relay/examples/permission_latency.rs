//! Measures what a permission decision costs: `cargo run --release -p realtime-relay --example permission_latency`.
//!
//! Prints the time of one decision inside an engine, of one decision asked through the pool by a task that waits for
//! it, and the decisions per second when many tasks ask one thread.

#![expect(clippy::print_stdout, reason = "printing is what it is for")]

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, Instant};

use realtime_protocol::channel::Channel;
use realtime_protocol::subscriber::{Subscriber, SubscriberType, UserId};
use realtime_relay::permission::provider::Permission;
use realtime_relay::permission::question::Question;
use realtime_relay::permission::script::console::Console;
use realtime_relay::permission::script::loaded::Script;
use realtime_relay::permission::script::pool::ScriptPermission;
use realtime_relay::permission::script::settings::{EngineLimits, PoolSettings};

const ROUNDS: usize = 200_000;
const TASKS: usize = 256;

const FILE: &str = include_str!("permission_latency.js");

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::temp_dir().join(format!("permission-latency-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let file = folder.join("realtime-permissions.js");
    std::fs::write(&file, FILE)?;
    let limits = EngineLimits::default();
    let script = Script::load(&file, None, limits)?;
    std::fs::remove_dir_all(&folder)?;

    let began = Instant::now();
    let mut engine = script.start(limits, Console::to_log())?;
    report("engine start", &mut [began.elapsed()]);
    let question = question()?;
    let mut times: Vec<_> = (0..ROUNDS).map(|_| timed(|| drop(engine.decide(&question)))).collect();
    report("in the engine", &mut times);

    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let threads = NonZeroUsize::MIN;
    let pool =
        Arc::new(ScriptPermission::start(script, PoolSettings { threads, ..PoolSettings::default() })?);
    runtime.block_on(async {
        let alone = tokio::spawn(one_after_another(Arc::clone(&pool), question.clone(), ROUNDS));
        report("through the pool", &mut alone.await?);
        let began = Instant::now();
        let tasks: Vec<_> = (0..TASKS)
            .map(|_| tokio::spawn(one_after_another(Arc::clone(&pool), question.clone(), ROUNDS / TASKS)))
            .collect();
        let mut times = Vec::new();
        for task in tasks {
            times.extend(task.await?);
        }
        let per_second = times.len() as f64 / began.elapsed().as_secs_f64();
        report("with 256 tasks", &mut times);
        println!("{per_second:.0} decisions a second on one thread");
        Ok(())
    })
}

fn question() -> Result<Question, Box<dyn std::error::Error>> {
    Ok(Question {
        channel: Channel::parse("staff", Some("kitchen")).map_err(|error| error.to_string())?,
        subscriber: Subscriber {
            id: UserId::parse("3f0c9cd2-7a54-4b41-8d1e-0a8a5c3b6f10")?,
            kind: SubscriberType::Member,
        },
    })
}

async fn one_after_another(pool: Arc<ScriptPermission>, question: Question, rounds: usize) -> Vec<Duration> {
    let mut times = Vec::with_capacity(rounds);
    for _ in 0..rounds {
        let began = Instant::now();
        assert!(pool.decide(question.clone()).await.is_allowed());
        times.push(began.elapsed());
    }
    times
}

fn timed(work: impl FnOnce()) -> Duration {
    let began = Instant::now();
    work();
    began.elapsed()
}

fn report(what: &str, times: &mut [Duration]) {
    times.sort_unstable();
    let at = |share: f64| times.get(((times.len() - 1) as f64 * share) as usize).copied().unwrap_or_default();
    println!("{what:18} p50 {:>9.1?}  p99 {:>9.1?}  max {:>9.1?}", at(0.5), at(0.99), at(1.0));
}
