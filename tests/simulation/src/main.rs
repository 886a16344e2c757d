//! Runs seeds: one with its log, or many.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command speaks through its output")]

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser;
use simulation::{Totals, run, run_many};

/// Runs the simulation: many seeds, or one.
#[derive(Parser)]
struct Options {
    /// Runs this seed alone.
    #[arg(long)]
    seed: Option<u64>,
    /// Prints what happens.
    #[arg(long, requires = "seed")]
    log: bool,
    /// How many seeds to run.
    #[arg(long, default_value_t = 10_000)]
    seeds: u64,
    /// The first of them.
    #[arg(long, default_value_t = 0)]
    from: u64,
}

/// Prints a line. Whoever reads may have seen enough.
fn print(line: &str) {
    if writeln!(std::io::stdout(), "{line}").is_err() {
        std::process::exit(1);
    }
}

fn main() -> ExitCode {
    let options = Options::parse();
    if let Some(seed) = options.seed {
        let outcome = run(seed, options.log.then_some(print as fn(&str)));
        println!("seed {seed}: {:?}", outcome.counts);
        return match outcome.violation {
            None => ExitCode::SUCCESS,
            Some(violation) => {
                println!("seed {seed} breaks a rule {violation}");
                ExitCode::FAILURE
            }
        };
    }
    match run_many(options.from..options.from.saturating_add(options.seeds)) {
        Ok(Totals { seeds, events, counts }) => {
            println!("{seeds} seeds, {events} events, no rule broken: {counts:?}");
            ExitCode::SUCCESS
        }
        Err(failure) => {
            println!("{failure}");
            ExitCode::FAILURE
        }
    }
}
