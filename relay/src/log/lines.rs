//! How many lines are written that somebody should read.

use metrics::{counter, describe_counter};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

const LINES: &str = "relay_log_lines_total";

/// Tells the recorder what these mean.
pub fn describe() {
    describe_counter!(LINES, "Lines of the log at the levels warn and error.");
    for level in ["warn", "error"] {
        counter!(LINES, "level" => level).absolute(0);
    }
}

/// Counts the lines of the levels warn and error.
pub struct CountLines;

impl<S: Subscriber> Layer<S> for CountLines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        match *event.metadata().level() {
            Level::WARN => counter!(LINES, "level" => "warn").increment(1),
            Level::ERROR => counter!(LINES, "level" => "error").increment(1),
            _ => {}
        }
    }
}
