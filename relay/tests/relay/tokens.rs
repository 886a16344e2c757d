//! Tokens of the site, as its backend would sign them.

use jsonwebtoken::Header;
use serde_json::{Value, json};

use crate::issuer::sign_by_secret;
use crate::support::Client;

/// A member that has said hello.
pub(crate) async fn member(relay: &realtime_relay::app::Relay, id: &str) -> Client {
    Client::hello(relay, json!({"type": "hello", "token": token(id, "secret")})).await.0
}

/// A member's token.
pub(crate) fn token(id: &str, secret: &str) -> String {
    sign(&json!({"sub": id, "type": "member"}), secret)
}

/// A token that ends at a moment.
pub(crate) fn token_until(id: &str, exp: u64) -> String {
    sign(&json!({"sub": id, "exp": exp}), "secret")
}

/// Seconds since the epoch.
pub(crate) fn now_secs() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}

/// A token with these claims.
pub(crate) fn sign(claims: &Value, secret: &str) -> String {
    sign_by_secret(&Header::default(), secret.as_bytes(), claims)
}
