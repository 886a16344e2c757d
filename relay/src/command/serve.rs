//! `relay serve`: runs the relay until it is told to stop.

use std::io::{IsTerminal, Write};
use std::net::TcpListener;
use std::process::ExitCode;

use tokio::signal::unix::{SignalKind, signal};

use super::failure::Failure;
use super::{descriptors, handed, notify};
use crate::app::{CONNECTIONS_BESIDE_SESSIONS, Relay, StartError};
use crate::settings::{Options, Settings, SettingsError, strangers};

/// Runs the relay until SIGTERM or SIGINT. SIGHUP has the permissions looked at.
///
/// # Errors
/// When the settings are not right, or the relay cannot start.
pub fn run(options: Options) -> Result<ExitCode, Failure> {
    let socket = handed::socket()?;
    let settings = options.resolve()?;
    crate::log::start::start(&settings.log, settings.log_format)?;
    if let Some(file) = &settings.config {
        tracing::info!(file = %file.display(), "settings of this file are in force");
    }
    let variables = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    for (variable, meant) in strangers::among(variables) {
        tracing::warn!("the variable {variable} is no setting and counts for nothing: did you mean {meant}?");
    }
    if let Some(address) = socket.as_ref().and_then(|socket| socket.local_addr().ok()) {
        tracing::info!(%address, "the service manager handed over the socket to listen at");
    }
    // Before there are threads, so that it takes no time.
    descriptors::prepare(settings.max_sessions.saturating_add(CONNECTIONS_BESIDE_SESSIONS));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(serve(settings, socket))?;
    Ok(ExitCode::SUCCESS)
}

/// A file has reached the limit that is set for the process (`ulimit -f`). The same number on Linux and macOS.
const SIGXFSZ: i32 = 25;

async fn serve(settings: Settings, socket: Option<TcpListener>) -> Result<(), Failure> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    // To a program at a terminal it says that the terminal is gone; to a service that it should look at its files.
    let mut hang_up = signal(SignalKind::hangup())?;
    let has_terminal = std::io::stderr().is_terminal();
    // With a handler, a write beyond the limit fails, as on a full disk; without one the process would end.
    let _file_too_large = signal(SignalKind::from_raw(SIGXFSZ))?;
    let relay = Relay::start_at(settings, socket).await?;
    announce(&relay);
    notify::tell(notify::READY);
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            _ = hang_up.recv() => {
                if has_terminal {
                    break;
                }
                relay.reload();
            }
        }
    }
    notify::tell(notify::STOPPING);
    relay.stop().await;
    Ok(())
}

/// Tells whoever started the relay where it is.
fn announce(relay: &Relay) {
    let mut out = std::io::stdout();
    // A closed standard output is the starter's choice.
    let scheme = if relay.is_secure() { "https" } else { "http" };
    let _ = writeln!(out, "listening on {scheme}://{}", relay.address()).and_then(|()| out.flush());
}

impl From<SettingsError> for Failure {
    fn from(error: SettingsError) -> Self {
        Self::usage(error)
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        Self::failed(error)
    }
}
