//! What is counted about TLS, by the names that a dashboard uses.

use std::time::SystemTime;

use metrics::{counter, describe_counter, describe_gauge, gauge};

const HANDSHAKES: &str = "relay_tls_handshakes_total";
const IN_FORCE: &str = "relay_tls_certificate_in_force";
const END: &str = "relay_tls_certificate_expires_timestamp_seconds";
const RELOADS: &str = "relay_tls_certificate_reloads_total";

/// Tells the metrics recorder what the counters of this room mean. Call it once the recorder is installed.
pub fn describe() {
    describe_counter!(HANDSHAKES, "TLS handshakes, by what came of them.");
    describe_gauge!(IN_FORCE, "Whether the certificate on disk is the one in force (1) or not (0).");
    describe_gauge!(END, "When the certificate in force ends, in seconds since 1970.");
    describe_counter!(RELOADS, "Certificates found while running, by whether they could be used.");
}

/// Counts a handshake: `done`, `failed`, `late` or `plain` (it was no TLS at all).
pub fn count_handshake(result: &'static str) {
    counter!(HANDSHAKES, "result" => result).increment(1);
}

/// Notes whether the certificate on disk is the one in force.
pub fn note_in_force(is_in_force: bool) {
    gauge!(IN_FORCE).set(if is_in_force { 1.0 } else { 0.0 });
}

/// Notes when the certificate in force ends.
pub fn note_end(ends_at: SystemTime) {
    let since = ends_at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    gauge!(END).set(since.as_secs() as f64);
}

/// Counts another certificate on disk: `loaded` or `failed`.
pub fn count_reload(result: &'static str) {
    counter!(RELOADS, "result" => result).increment(1);
}
