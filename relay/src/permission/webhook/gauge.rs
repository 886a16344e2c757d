//! What is counted about the backend, by the names that a dashboard uses.

use std::time::Duration;

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};

use super::reply::Outcome;

const REQUESTS: &str = "relay_permission_webhook_requests_total";
const SECONDS: &str = "relay_permission_webhook_request_seconds";
const SHARED: &str = "relay_permission_webhook_shared_total";
const REMEMBERED: &str = "relay_permission_webhook_remembered_total";
const BREAKER_OPEN: &str = "relay_permission_webhook_breaker_open";

/// Tells the metrics recorder what the counters of this room mean. Call it once the recorder is installed.
pub fn describe() {
    describe_counter!(REQUESTS, "Questions sent to the permissions backend, by result.");
    describe_histogram!(SECONDS, metrics::Unit::Seconds, "Time that the permissions backend took.");
    describe_counter!(SHARED, "Questions answered by an equal one that was under way.");
    describe_counter!(REMEMBERED, "Questions whose answer was remembered.");
    describe_gauge!(
        BREAKER_OPEN,
        "1 while the permissions backend is left alone because it has fallen silent."
    );
}

/// Counts a question that was sent, and how long the backend took.
pub fn count_request(outcome: &Outcome, took: Duration) {
    let result = match outcome {
        Outcome::Answered(decision) => decision.answer.result(),
        Outcome::Silent(_) => "silent",
    };
    counter!(REQUESTS, "result" => result).increment(1);
    histogram!(SECONDS).record(took);
}

/// Counts a question that joined an equal one.
pub fn count_shared() {
    counter!(SHARED).increment(1);
}

/// Counts a question whose answer was remembered.
pub fn count_remembered() {
    counter!(REMEMBERED).increment(1);
}

/// Tells whether the backend is left alone.
pub fn set_breaker_open(is_open: bool) {
    gauge!(BREAKER_OPEN).set(if is_open { 1.0 } else { 0.0 });
}
