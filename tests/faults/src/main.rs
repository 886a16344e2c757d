//! `faults`: the fault proxy, and what the relay stands up to behind it.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command speaks through its output")]

#[path = "commands/room.rs"]
mod commands;

use std::error::Error;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use commands::check::{self, CheckArgs, JudgeArgs};
use commands::load::{self, AvalancheArgs, JitterArgs, SoakArgs};
use commands::proxy::{self, ProxyArgs};

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
        Command::Proxy(args) => proxy::run(args).await,
        Command::Check(args) => check::run(args).await,
        Command::Jitter(args) => load::jitter(args).await,
        Command::Avalanche(args) => load::avalanche(args).await,
        Command::Soak(args) => load::soak(args).await,
        Command::Judge(args) => check::judge(&args),
    }
}
