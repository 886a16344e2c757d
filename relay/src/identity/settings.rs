//! What the settings say about identities.

use super::claims::Checks;
use super::keys::place::KeysAt;
use super::keys::schedule::Schedule;

/// How clients are known.
#[derive(Clone, Default)]
pub struct IdentitySettings {
    /// The secret with which the site signs tokens (HS256).
    pub token_secret: Option<String>,
    /// The key set of whoever signs tokens.
    pub token_keys: Option<KeysAt>,
    /// How often that is read, when not as is usual for its place.
    pub schedule: Option<Schedule>,
    /// What is expected of every token.
    pub checks: Checks,
    /// Secrets of visitors' tokens: the first signs, all verify. Empty: derived from the token secret.
    pub visitor_keys: Vec<String>,
}
