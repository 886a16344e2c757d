//! Settings of identities, checked one by one.

use std::time::Duration;

use super::error::SettingsError;
use crate::identity::keys::place::KeysAt;

/// Characters of a visitor key: fewer could be found by trying.
const MIN_VISITOR_KEY_CHARS: usize = 16;

/// The largest allowance for clocks. One that is further off wants to be set, and a token that has expired does not
/// want to live on.
const MAX_CLOCK_SKEW: Duration = Duration::from_mins(10);

/// A secret that is not empty, if there is one.
pub(super) fn secret(given: Option<String>) -> Result<Option<String>, SettingsError> {
    if given.as_deref() == Some("") { Err(SettingsError::EmptySecret) } else { Ok(given) }
}

/// Secrets that are not short.
pub(super) fn visitor_keys(given: Vec<String>) -> Result<Vec<String>, SettingsError> {
    let is_short = |key: &String| key.chars().count() < MIN_VISITOR_KEY_CHARS;
    if given.iter().any(is_short) { Err(SettingsError::ShortVisitorKey) } else { Ok(given) }
}

/// Where a key set is.
pub(super) fn keys_at(given: String) -> Result<KeysAt, SettingsError> {
    KeysAt::parse(&given).map_err(|why| SettingsError::BadKeySet { given, why })
}

/// An allowance for clocks that are not too far apart.
pub(super) fn clock_skew(seconds: u64) -> Result<Duration, SettingsError> {
    let skew = Duration::from_secs(seconds);
    if skew > MAX_CLOCK_SKEW { Err(SettingsError::ClockSkew(MAX_CLOCK_SKEW.as_secs())) } else { Ok(skew) }
}

/// Names of which none is empty.
pub(super) fn names(setting: &'static str, given: Vec<String>) -> Result<Vec<String>, SettingsError> {
    if given.iter().any(String::is_empty) { Err(SettingsError::Empty(setting)) } else { Ok(given) }
}
