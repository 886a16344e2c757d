//! What is counted about identities, by the names that a dashboard uses.

use metrics::{counter, describe_counter, describe_gauge, gauge};

use super::error::TokenError;

const TOKENS: &str = "relay_tokens_total";
const READINGS: &str = "relay_key_set_readings_total";
const KEYS: &str = "relay_key_set_keys";

/// Tells the metrics recorder what the counters of this room mean. Call it once the recorder is installed.
pub fn describe() {
    describe_counter!(TOKENS, "Tokens of the site that were checked, by what came of it.");
    describe_counter!(READINGS, "Attempts to read the key set, by what came of them.");
    describe_gauge!(KEYS, "Keys of the key set that are in force.");
}

/// Counts a token of the site: `accepted`, `expired`, `invalid` or `unavailable`.
pub fn count_token(error: Option<&TokenError>) {
    let result = match error {
        None => "accepted",
        Some(TokenError::Expired) => "expired",
        Some(TokenError::Invalid(_) | TokenError::NoKeys) => "invalid",
        Some(TokenError::Unavailable(_)) => "unavailable",
    };
    counter!(TOKENS, "result" => result).increment(1);
}

/// Counts a reading of the key set: `changed`, `unchanged` or `failed`.
pub fn count_reading(result: &'static str) {
    counter!(READINGS, "result" => result).increment(1);
}

/// Notes how many keys of the key set are in force.
pub fn note_keys(count: usize) {
    gauge!(KEYS).set(count as f64);
}
