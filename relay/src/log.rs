//! The relay's log, on standard error.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

/// Starts the log with a filter like `info` or `info,realtime_relay::session=debug`.
///
/// # Errors
/// When the filter cannot be understood, or a log is running already.
pub fn start(filter: &str) -> io::Result<()> {
    let refused = |why: String| io::Error::new(io::ErrorKind::InvalidInput, why);
    let filter = EnvFilter::try_new(filter).map_err(|error| {
        refused(format!("the log filter {filter:?} is not right: {error}; use for example info or debug"))
    })?;
    fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        // Colours are for people; a pipe or a file gets plain text.
        .with_ansi(io::stderr().is_terminal())
        .with_target(false)
        .try_init()
        .map_err(|error| refused(error.to_string()))
}
