//! Starting the log.

use std::io::{self, IsTerminal};

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use tracing_subscriber::filter::{EnvFilter, LevelFilter};
use tracing_subscriber::fmt;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use crate::log::lines::CountLines;

/// How lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people: time, level, message, fields.
    Text,
    /// For machines: an object a line, with `timestamp`, `level`, `target`, `message` and the fields.
    Json,
}

/// Whether a filter like `info` or `info,realtime_relay::session=debug` can be understood, and means what it says.
///
/// # Errors
/// What is wrong with it.
pub fn check(filter: &str) -> Result<(), String> {
    let is_lost = |part: &&str| !part.contains(['=', '[', ':']) && part.parse::<LevelFilter>().is_err();
    match filter.split(',').filter(|part| !part.is_empty()).find(is_lost) {
        Some(word) => Err(format!("{word:?} is no level")),
        None => EnvFilter::try_new(filter).map(drop).map_err(|error| error.to_string()),
    }
}

/// Starts the log with a filter that [`check`] finds right.
///
/// # Errors
/// When the filter cannot be understood, or a log is running already.
pub fn start(filter: &str, format: LogFormat) -> io::Result<()> {
    let refused = |why: String| io::Error::new(io::ErrorKind::InvalidInput, why);
    let filter = EnvFilter::try_new(filter).map_err(|error| refused(error.to_string()))?;
    let lines = fmt::layer().with_writer(io::stderr);
    let lines = match format {
        // Colours are for people; a pipe or a file gets plain text.
        LogFormat::Text => lines.with_ansi(io::stderr().is_terminal()).with_target(false).boxed(),
        LogFormat::Json => {
            lines.json().flatten_event(true).with_current_span(false).with_span_list(false).boxed()
        }
    };
    let log = tracing_subscriber::registry().with(filter).with(CountLines).with(lines);
    log.try_init().map_err(|error| refused(error.to_string()))
}
