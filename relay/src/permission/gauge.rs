//! What is counted about decisions, by the names that a dashboard uses.

use std::time::Duration;

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};

use super::question::Answer;
use super::webhook;

const DECISIONS: &str = "relay_permission_decisions_total";
const SECONDS: &str = "relay_permission_decision_seconds";
const REBUILDS: &str = "relay_permission_engine_rebuilds_total";
const ABANDONED: &str = "relay_permission_threads_abandoned_total";
const RECHECKS: &str = "relay_permission_rechecks_total";
const RECHECKS_WAITING: &str = "relay_permission_rechecks_waiting";
const RELOADS: &str = "relay_permission_file_reloads_total";
const FILE_IN_FORCE: &str = "relay_permission_file_in_force";

/// Tells the metrics recorder what the counters of this room mean. Call it once the recorder is installed.
pub fn describe() {
    describe_counter!(DECISIONS, "Permission questions answered, by result and cause.");
    describe_histogram!(
        SECONDS,
        metrics::Unit::Seconds,
        "Time from a permission question to its answer, waiting included."
    );
    describe_counter!(REBUILDS, "Script engines set up anew after a limit was hit or a file changed.");
    describe_counter!(
        ABANDONED,
        "Script threads given up because a handler hangs where it cannot be interrupted."
    );
    describe_counter!(
        RELOADS,
        "Versions of the permissions file found while running, by whether they loaded."
    );
    describe_gauge!(
        FILE_IN_FORCE,
        "1 while the permissions file on disk is the one in force, 0 while it is gone or does not load."
    );
    describe_counter!(RECHECKS, "Questions about running subscriptions answered, by what came of it.");
    describe_gauge!(RECHECKS_WAITING, "Running subscriptions that are still to be asked about again.");
    webhook::gauge::describe();
}

/// Counts an answer.
pub fn count(answer: &Answer) {
    counter!(DECISIONS, "result" => answer.result(), "cause" => answer.cause()).increment(1);
}

/// Notes how long an answer took, waiting included.
pub fn time(took: Duration) {
    histogram!(SECONDS).record(took);
}

/// Counts an engine that was set up anew.
pub fn count_rebuild() {
    counter!(REBUILDS).increment(1);
}

/// Counts a thread that was given up.
pub fn count_abandoned() {
    counter!(ABANDONED).increment(1);
}

/// Counts an answer about a running subscription: `kept`, `ended`, `outdated` or `undecided`.
pub fn count_recheck(result: &'static str) {
    counter!(RECHECKS, "result" => result).increment(1);
}

/// Notes how many running subscriptions are still to be asked about.
pub fn set_waiting_rechecks(waiting: usize) {
    gauge!(RECHECKS_WAITING).set(waiting as f64);
}

/// Counts a version of the permissions file that was found while running: `loaded` or `failed`.
pub fn count_reload(result: &'static str) {
    counter!(RELOADS, "result" => result).increment(1);
}

/// Notes whether the permissions file on disk is the one in force.
pub fn note_file(is_in_force: bool) {
    gauge!(FILE_IN_FORCE).set(if is_in_force { 1.0 } else { 0.0 });
}
