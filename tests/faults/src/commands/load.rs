//! `faults jitter`, `faults avalanche` and `faults soak`: many clients at once.

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use faults::load;
use faults::load::avalanche::{Avalanche, AvalancheReport};
use faults::load::jitter::Jitter;
use faults::load::soak::{Soak, SoakReport};
use faults::trial::place::can_keep;
use faults::trial::plan::Keeps;

use super::finish;

/// What every load is given.
#[derive(Args)]
struct LoadArgs {
    /// The relay's program
    #[arg(long, env = "RELAY_BIN")]
    relay: PathBuf,
    /// Of everything that is left to chance
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where the relay's log goes
    #[arg(long, default_value = "target/faults/relay.log")]
    log: PathBuf,
    /// Where what came of it is written, as JSON
    #[arg(long)]
    report: Option<PathBuf>,
}

/// What `faults jitter` is given.
#[derive(Args)]
pub(crate) struct JitterArgs {
    #[command(flatten)]
    load: LoadArgs,
    /// How many clients
    #[arg(long, default_value_t = 2000)]
    clients: usize,
    /// For how long, in minutes
    #[arg(long, default_value_t = 3.0)]
    minutes: f64,
}

/// What `faults avalanche` is given.
#[derive(Args)]
pub(crate) struct AvalancheArgs {
    #[command(flatten)]
    load: LoadArgs,
    /// How many clients
    #[arg(long, default_value_t = 5000)]
    clients: usize,
}

/// What `faults soak` is given.
#[derive(Args)]
pub(crate) struct SoakArgs {
    #[command(flatten)]
    load: LoadArgs,
    /// For how long, in minutes
    #[arg(long, default_value_t = 30.0)]
    minutes: f64,
}

/// A crowd has many descriptors, and its relay's log a folder.
fn prepare(load: &LoadArgs) -> Result<(), Box<dyn Error>> {
    rlimit::increase_nofile_limit(u64::MAX)?;
    if let Some(folder) = load.log.parent() {
        std::fs::create_dir_all(folder)?;
    }
    Ok(())
}

/// Carries it out once, and tells what came of it.
pub(crate) async fn jitter(args: JitterArgs) -> Result<ExitCode, Box<dyn Error>> {
    prepare(&args.load)?;
    let LoadArgs { relay, seed, log, report } = args.load;
    let jitter = Jitter {
        relay,
        clients: args.clients,
        length: Duration::from_secs_f64(args.minutes * 60.0),
        every: Duration::from_millis(500),
        cut_every: Duration::from_secs(15),
        away: Duration::from_secs(2),
        seed,
        log,
    };
    let outcome = load::jitter::run(&jitter).await?;
    eprintln!("{outcome:#?}");
    finish(report.as_deref(), &outcome, outcome.is_whole())
}

/// Carries it out once, and tells what came of it.
pub(crate) async fn avalanche(args: AvalancheArgs) -> Result<ExitCode, Box<dyn Error>> {
    prepare(&args.load)?;
    let mut outcomes = Vec::new();
    for (keeps, is_killed) in
        [Keeps::Memory, Keeps::Process].into_iter().flat_map(|it| [(it, false), (it, true)])
    {
        let LoadArgs { relay, seed, log, .. } = &args.load;
        if !can_keep(relay, keeps)? {
            continue;
        }
        let (relay, seed, log) = (relay.clone(), *seed, log.clone());
        let avalanche = Avalanche { relay, clients: args.clients, is_killed, keeps, seed, log };
        let outcome = load::avalanche::run(&avalanche).await?;
        eprintln!("{outcome:#?}");
        outcomes.push(outcome);
    }
    finish(args.load.report.as_deref(), &outcomes, outcomes.iter().all(AvalancheReport::is_whole))
}

/// Carries it out once, and tells what came of it.
pub(crate) async fn soak(args: SoakArgs) -> Result<ExitCode, Box<dyn Error>> {
    prepare(&args.load)?;
    let LoadArgs { relay, seed, log, report } = args.load;
    let soak = Soak { relay, length: Duration::from_secs_f64(args.minutes * 60.0), seed, log };
    let outcome = load::soak::run(&soak).await?;
    let SoakReport { clients, published, delivered, before, after, grown, .. } = &outcome;
    eprintln!(
        "{clients} clients, {published} messages published, {delivered} heard\nbefore {before:?}\nafter  {after:?}"
    );
    for line in grown {
        eprintln!("{line}");
    }
    finish(report.as_deref(), &outcome, outcome.grown.is_empty())
}
