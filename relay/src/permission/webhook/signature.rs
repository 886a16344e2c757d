//! How the backend knows that a question is the relay's: a signature over its time and text.
//!
//! `Realtime-Signature: t=<seconds since 1970>,v1=<HMAC-SHA256 of "t.body" in hex>`. The time is signed so that a
//! question that somebody has seen cannot be asked again later.

use std::fmt::{self, Write as _};
use std::time::{SystemTime, UNIX_EPOCH};

use ring::hmac;

/// The header that carries the signature.
pub const HEADER: &str = "realtime-signature";

/// A secret that the relay shares with the backend.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Box<str>);

impl Secret {
    /// Takes a secret as it was written.
    pub fn new(written: &str) -> Self {
        Self(written.into())
    }

    /// The secret itself, for settings that are printed with it hidden.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The header's value for a body that is sent now.
pub fn sign(secret: &Secret, now: SystemTime, body: &str) -> String {
    let seconds = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.0.as_bytes());
    let mut context = hmac::Context::with_key(&key);
    for part in [&seconds.to_string(), ".", body] {
        context.update(part.as_bytes());
    }
    let mut header = format!("t={seconds},v1=");
    for byte in context.sign().as_ref() {
        // Writing to a string cannot fail.
        let _ = write!(header, "{byte:02x}");
    }
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_show_when_it_is_printed() {
        assert_eq!(format!("{:?}", Secret::new("hidden")), "Secret(…)");
    }
}
