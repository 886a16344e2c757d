//! The `relay` command.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use realtime_relay::app::{Relay, StartError};
use realtime_relay::cli::{Cli, Command};
use realtime_relay::settings::{Settings, SettingsError};
use tokio::signal::unix::{SignalKind, signal};

/// The exit code for settings that are not right, as clap's own for flags.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let Command::Serve(options) = Cli::parse().command;
    let failure = match options.resolve() {
        Ok(settings) => match serve(settings) {
            Ok(()) => return ExitCode::SUCCESS,
            Err(failure) => failure,
        },
        Err(error) => Failure::Settings(error),
    };
    // The log may not be set up yet, and a person reads this.
    let _ = writeln!(std::io::stderr(), "relay: {failure}");
    match failure {
        Failure::Settings(_) => ExitCode::from(USAGE),
        Failure::Start(_) | Failure::System(_) => ExitCode::FAILURE,
    }
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{0}")]
    Settings(#[from] SettingsError),
    #[error("{0}")]
    Start(#[from] StartError),
    #[error("{0}")]
    System(#[from] std::io::Error),
}

fn serve(settings: Settings) -> Result<(), Failure> {
    realtime_relay::log::start(&settings.log)?;
    raise_descriptor_limit();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let relay = Relay::start(settings).await?;
        announce(&relay);
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        relay.stop().await;
        Ok(())
    })
}

/// Tells whoever started the relay where it is.
fn announce(relay: &Relay) {
    let mut out = std::io::stdout();
    // A closed standard output is the starter's choice.
    let _ = writeln!(out, "listening on http://{}", relay.address()).and_then(|()| out.flush());
}

/// A connection is a descriptor. Systems start programs with a low limit that they may raise themselves.
fn raise_descriptor_limit() {
    match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(limit) => tracing::debug!(limit, "open descriptors"),
        Err(error) => tracing::warn!(%error, "the limit of open descriptors could not be raised"),
    }
}
