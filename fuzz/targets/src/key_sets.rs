//! Key sets of issuers.

use realtime_protocol::frame::Token;
use realtime_relay::identity::claims::Checks;
use realtime_relay::identity::keys::ring::KeyRing;
use realtime_relay::identity::keys::set::{KeySet, MAX_KEYS};
use realtime_relay::identity::verifier::Verifier;

use crate::assert_one_line;

/// A token of each algorithm, `{"sub":"u1"}` under a signature of 64 bytes.
const TOKENS: [&str; 4] = [
    "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ1MSJ9",
    "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ1MSJ9",
    "eyJhbGciOiJFUzM4NCJ9.eyJzdWIiOiJ1MSJ9",
    "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ1MSJ9",
];

/// A document is a key set with a few keys that can be used, or is refused; and whatever its keys are, a verifier can
/// be asked.
pub fn key_set(bytes: &[u8]) {
    let checks = Checks::default();
    let (set, left_out) = match KeySet::read(bytes, &checks) {
        Ok(read) => read,
        Err(error) => return assert_one_line(&error.to_string()),
    };
    assert!(set.len() >= 1 && set.len() + left_out.len() <= MAX_KEYS);
    assert_eq!(set.names().len(), set.len());
    set.names().iter().for_each(|name| assert_one_line(name));
    let ring = KeyRing::default();
    ring.begin();
    ring.end(Ok(Some(set)));
    let verifier = Verifier::new(None, Some(ring), &checks);
    for token in TOKENS {
        let signature = "A".repeat(86);
        drop(verifier.verify(&Token::new(format!("{token}.{signature}"))));
    }
}
