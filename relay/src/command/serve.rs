//! `relay serve`: runs the relay until it is told to stop.

use std::io::Write;
use std::net::TcpListener;
use std::process::ExitCode;

use tokio::signal::unix::{SignalKind, signal};

use super::failure::Failure;
use super::signals::{Signals, Told, again};
use super::{descriptors, handed, notify};
use crate::app::{CONNECTIONS_BESIDE_SESSIONS, Relay, StartError, Stopped};
use crate::settings::{Options, Settings, SettingsError, strangers};

/// Runs the relay until SIGTERM or SIGINT; a second one of them ends it at once. SIGHUP has the permissions looked at.
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
    let ended = runtime.block_on(serve(settings, socket));
    // Threads that a disk holds up hold nobody else up.
    runtime.shutdown_background();
    ended
}

/// A file has reached the limit that is set for the process (`ulimit -f`). The same number on Linux and macOS.
const SIGXFSZ: i32 = 25;

async fn serve(settings: Settings, socket: Option<TcpListener>) -> Result<ExitCode, Failure> {
    let mut signals = Signals::hear()?;
    // With a handler, a write beyond the limit fails, as on a full disk; without one the process would end.
    let _file_too_large = signal(SignalKind::from_raw(SIGXFSZ))?;
    let relay = Relay::start_at(settings, socket).await?;
    announce(&relay);
    notify::tell(notify::READY);
    while signals.next().await == Told::Reload {
        relay.reload();
    }
    notify::tell(notify::STOPPING);
    tokio::select! {
        biased;
        stopped = relay.stop() => match stopped {
            Stopped::InGoodOrder => Ok(ExitCode::SUCCESS),
            Stopped::WithHistoryOpen => Ok(ExitCode::FAILURE),
        },
        signal = again(async || signals.next().await) => {
            tracing::warn!(?signal, "told to stop once more: ending at once, whatever is still to be done");
            Ok(signal.exit_code())
        }
    }
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
