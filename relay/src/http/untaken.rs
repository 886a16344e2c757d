//! What is counted and said of clients that ask and do not take the answer.

use std::time::Duration;

use metrics::{counter, describe_counter};

use crate::log::pace::Pace;

/// How long a client may take nothing of an answer that waits for it.
pub const PATIENCE: Duration = Duration::from_secs(30);

const UNTAKEN: &str = "relay_http_answers_untaken_total";

/// Tells the metrics recorder what the counter means, and that it begins with none. Call it once the recorder is
/// installed.
pub fn describe() {
    describe_counter!(UNTAKEN, "Connections that were closed because the client took nothing of an answer.");
    counter!(UNTAKEN).increment(0);
}

/// Notes that a connection is given up after [`PATIENCE`]. Strangers can cause that at will, so the log has a pace.
pub fn note() {
    static PACE: Pace = Pace::new();
    counter!(UNTAKEN).increment(1);
    if let Some(left_out) = PACE.turn() {
        tracing::info!(left_out, "a client took nothing of its answer for {} seconds", PATIENCE.as_secs());
    }
}
