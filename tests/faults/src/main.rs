//! `faults`: the fault proxy, and what the relay stands up to behind it.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command speaks through its output")]

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Parser, Subcommand};
use faults::proxy::{Proxy, control};
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
