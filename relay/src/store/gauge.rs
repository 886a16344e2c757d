//! What is counted about the store, by the names that a dashboard uses.

use std::time::Duration;

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};

use super::contract::Status;
use super::damage::Report;
use super::refusal::Refusal;

const COMMIT_SECONDS: &str = "relay_store_commit_seconds";
const SYNC_SECONDS: &str = "relay_store_sync_seconds";
const WRITTEN_BYTES: &str = "relay_store_written_bytes_total";
const DISK_BYTES: &str = "relay_store_disk_bytes";
const TAKES: &str = "relay_store_takes_messages";
const REFUSED: &str = "relay_store_refused_total";
const DAMAGE: &str = "relay_store_damage_total";
const LOST: &str = "relay_store_lost_messages_total";
const RENEWED: &str = "relay_store_renewed_channels_total";

/// Tells the metrics recorder what the counters of this room mean. Call it once the recorder is installed.
pub fn describe() {
    describe_histogram!(
        COMMIT_SECONDS,
        metrics::Unit::Seconds,
        "Time that a write to the data folder took, waiting for the disk included; it stores all that had come by then."
    );
    describe_histogram!(
        SYNC_SECONDS,
        metrics::Unit::Seconds,
        "Time of that until the disk had it, with durability machine."
    );
    describe_counter!(WRITTEN_BYTES, "Bytes written to the data folder's history.");
    describe_gauge!(DISK_BYTES, "Bytes of the history's files.");
    describe_gauge!(TAKES, "1 while messages can be stored, 0 while they cannot and publishes are refused.");
    describe_counter!(REFUSED, "Messages that could not be stored and were refused, by reason.");
    describe_counter!(DAMAGE, "Places of the history that were found to be damaged or missing at a start.");
    describe_counter!(LOST, "Messages that such damage has cost.");
    describe_counter!(RENEWED, "Channels that began anew because nobody knew how they ended.");
}

/// Notes that a write was done.
pub(crate) fn note_commit(bytes: u64, took: Duration) {
    histogram!(COMMIT_SECONDS).record(took);
    counter!(WRITTEN_BYTES).increment(bytes);
}

/// Notes that the disk had a write.
pub(crate) fn note_sync(took: Duration) {
    histogram!(SYNC_SECONDS).record(took);
}

/// Counts a message that is not stored.
pub fn count_refused(refusal: &Refusal) {
    counter!(REFUSED, "reason" => refusal.word()).increment(1);
}

/// Counts what a start has found.
pub fn count_damage(report: &Report) {
    counter!(DAMAGE).increment(report.damage.len() as u64);
    counter!(LOST).increment(report.lost_messages);
    counter!(RENEWED).increment(report.renewed_channels);
}

/// Notes how a store is.
pub fn note_status(status: &Status) {
    gauge!(DISK_BYTES).set(status.disk_bytes as f64);
    gauge!(TAKES).set(if status.refuses.is_none() { 1.0 } else { 0.0 });
}
