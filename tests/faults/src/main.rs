//! `faults`: the fault proxy, and what the relay stands up to behind it.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command speaks through its output")]

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::{Args, Parser, Subcommand};
use faults::history::check::Verdict;
use faults::history::{self, record};
use faults::load;
use faults::load::avalanche::{Avalanche, AvalancheReport};
use faults::load::jitter::Jitter;
use faults::load::soak::{Soak, SoakReport};
use faults::proxy::{Proxy, control};
use faults::trial::place::can_keep;
use faults::trial::plan::{Keeps, Plan};
use faults::trial::report::Report;
use faults::trial::run::run as try_out;
use serde::Serialize;
use tokio::net::TcpListener;

/// Real relays and real clients over a network that fails on purpose.
#[derive(Parser)]
struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs a TCP proxy with faults on demand until standard input ends
    Proxy(ProxyArgs),
    /// Publishes and reads while networks fail and relays are killed, and accounts for every message
    Check(CheckArgs),
    /// Cuts every client's TCP again and again while messages go on
    Jitter(JitterArgs),
    /// Restarts the relay, and waits until everybody is back
    Avalanche(AvalancheArgs),
    /// Lets clients come and go, and looks at what the relay holds afterwards
    Soak(SoakArgs),
    /// Judges a history that an earlier check has left
    Judge(JudgeArgs),
}

#[derive(Args)]
struct CheckArgs {
    /// The relay's program
    #[arg(long, env = "RELAY_BIN")]
    relay: PathBuf,
    /// Of the first trial; each further one has the next
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How long to go on with trials, in minutes
    #[arg(long, default_value_t = 1.0)]
    minutes: f64,
    /// How long things go wrong in one trial, in seconds
    #[arg(long, default_value_t = 15)]
    trial_seconds: u64,
    /// Where the relay keeps its history; trials take turns [default: all that the relay can]
    #[arg(long, value_delimiter = ',')]
    keeps: Vec<Keeps>,
    /// The library with which the relay's wall clock jumps
    #[arg(long, env = "LIBFAKETIME")]
    libfaketime: Option<PathBuf>,
    /// Where the history of a trial that broke a promise is left
    #[arg(long, default_value = "target/faults")]
    evidence: PathBuf,
    /// Where what came of it is written, as JSON
    #[arg(long)]
    report: Option<PathBuf>,
}

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

#[derive(Args)]
struct JitterArgs {
    #[command(flatten)]
    load: LoadArgs,
    /// How many clients
    #[arg(long, default_value_t = 2000)]
    clients: usize,
    /// For how long, in minutes
    #[arg(long, default_value_t = 3.0)]
    minutes: f64,
}

#[derive(Args)]
struct AvalancheArgs {
    #[command(flatten)]
    load: LoadArgs,
    /// How many clients
    #[arg(long, default_value_t = 5000)]
    clients: usize,
}

#[derive(Args)]
struct SoakArgs {
    #[command(flatten)]
    load: LoadArgs,
    /// For how long, in minutes
    #[arg(long, default_value_t = 30.0)]
    minutes: f64,
}

#[derive(Args)]
struct JudgeArgs {
    /// The folder with history.jsonl and rules.json
    folder: PathBuf,
}

#[derive(Args)]
struct ProxyArgs {
    /// Where it listens
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Where its connections lead
    #[arg(long)]
    to: SocketAddr,
    /// Where it takes orders; always on this machine
    #[arg(long, default_value_t = 0, value_name = "PORT")]
    control_port: u16,
    /// Spreads the jitter of delays
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn main() -> ExitCode {
    let Options { command } = Options::parse();
    let outcome = tokio::runtime::Runtime::new().map_err(Into::into).and_then(|runtime| {
        let outcome = runtime.block_on(run(command));
        // A thread may wait for standard input, which nobody interrupts.
        runtime.shutdown_background();
        outcome
    });
    outcome.unwrap_or_else(|error| {
        eprintln!("{error}");
        ExitCode::FAILURE
    })
}

async fn run(command: Command) -> Result<ExitCode, Box<dyn Error>> {
    match command {
        Command::Proxy(args) => proxy(args).await,
        Command::Check(args) => check(args).await,
        Command::Jitter(args) => jitter(args).await,
        Command::Avalanche(args) => avalanche(args).await,
        Command::Soak(args) => soak(args).await,
        Command::Judge(args) => judge(&args),
    }
}

async fn proxy(args: ProxyArgs) -> Result<ExitCode, Box<dyn Error>> {
    let proxy = Arc::new(Proxy::start(args.listen, args.to, args.seed).await?);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, args.control_port)).await?;
    println!("{}", serde_json::json!({ "proxy": proxy.address(), "control": listener.local_addr()? }));
    let (mut starter, mut nowhere) = (tokio::io::stdin(), tokio::io::sink());
    tokio::select! {
        () = control::serve(listener, proxy) => {}
        // Whoever started it has ended, or wants it to end.
        ended = tokio::io::copy(&mut starter, &mut nowhere) => drop(ended?),
    }
    Ok(ExitCode::SUCCESS)
}

async fn check(args: CheckArgs) -> Result<ExitCode, Box<dyn Error>> {
    let end = Instant::now() + Duration::from_secs_f64(args.minutes * 60.0);
    let keeps = kinds(&args)?;
    let mut reports: Vec<Report> = Vec::new();
    let mut is_clean = true;
    for seed in args.seed.. {
        // By the seed, so that one of many is the same when it is tried alone.
        let Some(keeps) = keeps.get(usize::try_from(seed % keeps.len() as u64)?) else { break };
        let length = Duration::from_secs(args.trial_seconds);
        let plan = Plan {
            relay: args.relay.clone(),
            seed,
            length,
            keeps: *keeps,
            libfaketime: args.libfaketime.clone(),
            evidence: args.evidence.join(format!("seed-{seed}")),
        };
        let report =
            try_out(&plan).await.map_err(|error| format!("seed {seed}, {}: {error}", keeps.word()))?;
        eprintln!("{}", line(&report));
        if !report.verdict.is_clean() {
            is_clean = false;
            eprintln!("{}", broken(&plan, &report.verdict, args.trial_seconds));
        }
        reports.push(report);
        if Instant::now() + length > end {
            break;
        }
    }
    finish(args.report.as_deref(), &reports, is_clean)
}

/// Leaves the report, and tells whether all was as it should be.
fn finish(to: Option<&Path>, report: &impl Serialize, is_good: bool) -> Result<ExitCode, Box<dyn Error>> {
    if let Some(to) = to {
        std::fs::write(to, serde_json::to_string_pretty(report)?)?;
    }
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A crowd has many descriptors, and its relay's log a folder.
fn prepare(load: &LoadArgs) -> Result<(), Box<dyn Error>> {
    rlimit::increase_nofile_limit(u64::MAX)?;
    if let Some(folder) = load.log.parent() {
        std::fs::create_dir_all(folder)?;
    }
    Ok(())
}

async fn jitter(args: JitterArgs) -> Result<ExitCode, Box<dyn Error>> {
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

async fn avalanche(args: AvalancheArgs) -> Result<ExitCode, Box<dyn Error>> {
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

async fn soak(args: SoakArgs) -> Result<ExitCode, Box<dyn Error>> {
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

/// Where the relay of each trial keeps its history, in turn.
fn kinds(args: &CheckArgs) -> Result<Vec<Keeps>, Box<dyn Error>> {
    if !args.keeps.is_empty() {
        return Ok(args.keeps.clone());
    }
    let mut keeps = Vec::new();
    for kind in [Keeps::Memory, Keeps::Process] {
        if can_keep(&args.relay, kind)? {
            keeps.push(kind);
        }
    }
    Ok(keeps)
}

fn line(report: &Report) -> String {
    let verdict = &report.verdict;
    format!(
        "seed {}, {}: {} of {} publishes acknowledged, {} attempts put off, {} deliveries, {} outages, {} recoveries whole, {} gaps told, {} relays ended: {} promises broken",
        report.seed,
        report.keeps.word(),
        verdict.acknowledged,
        verdict.published,
        verdict.put_off,
        verdict.delivered,
        verdict.outages,
        verdict.whole,
        verdict.gaps_told,
        verdict.relays_ended,
        verdict.violations.len()
    )
}

/// As many broken promises are shown: the first says most.
const SHOWN: usize = 10;

fn broken(plan: &Plan, verdict: &Verdict, seconds: u64) -> String {
    let shown = verdict.violations.iter().take(SHOWN).map(|violation| format!("  {violation}\n"));
    format!(
        "{}  the history is in {}; to try again: faults check --seed {} --keeps {} --trial-seconds {seconds} --minutes 0",
        shown.collect::<String>(),
        plan.evidence.display(),
        plan.seed,
        plan.keeps.word()
    )
}

fn judge(args: &JudgeArgs) -> Result<ExitCode, Box<dyn Error>> {
    let entries = record::read(&std::fs::read_to_string(args.folder.join("history.jsonl"))?)?;
    let rules = serde_json::from_str(&std::fs::read_to_string(args.folder.join("rules.json"))?)?;
    let verdict = history::check::check(&entries, &rules);
    println!("{}", serde_json::to_string_pretty(&verdict)?);
    Ok(if verdict.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
