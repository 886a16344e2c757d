//! `faults check` and `faults judge`: trials, and what became of every message in them.

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Args;
use faults::history::check::{Verdict, check};
use faults::history::record;
use faults::trial::place::can_keep;
use faults::trial::plan::{Keeps, Plan};
use faults::trial::report::Report;
use faults::trial::run::run as try_out;

use super::finish;

/// What `faults check` is given.
#[derive(Args)]
pub(crate) struct CheckArgs {
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

/// What `faults judge` is given.
#[derive(Args)]
pub(crate) struct JudgeArgs {
    /// The folder with history.jsonl and rules.json
    folder: PathBuf,
}

/// Trials, one after the other, until the time is over.
pub(crate) async fn run(args: CheckArgs) -> Result<ExitCode, Box<dyn Error>> {
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

/// Judges a history that was left behind.
pub(crate) fn judge(args: &JudgeArgs) -> Result<ExitCode, Box<dyn Error>> {
    let entries = record::read(&std::fs::read_to_string(args.folder.join("history.jsonl"))?)?;
    let rules = serde_json::from_str(&std::fs::read_to_string(args.folder.join("rules.json"))?)?;
    let verdict = check(&entries, &rules);
    println!("{}", serde_json::to_string_pretty(&verdict)?);
    Ok(if verdict.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
