//! The site's tokens: JWTs (RFC 7519) that it signed with a shared secret, or an issuer with one of its published
//! keys.

use jsonwebtoken::Algorithm;
use realtime_protocol::frame::Token;
use serde::Deserialize;

use super::claims::{Checks, Verified};
use super::error::TokenError;
use super::keys::key::Key;
use super::keys::ring::{KeyRing, Reading};
use super::keys::set::Candidates;

/// Bytes of a token. A hello with such a one, and a visitor's token beside it, is no larger than a frame may be.
pub const MAX_TOKEN_BYTES: usize = 12 * 1024;

/// Characters of a key's id that are told.
const SHOWN_CHARS: usize = 64;

/// Verifies tokens.
pub struct Verifier {
    secret: Option<Key>,
    keys: Option<KeyRing>,
}

/// What came of a token.
#[derive(Debug)]
pub enum Verification {
    /// It is accepted or not.
    Done(Result<Verified, TokenError>),
    /// No key that is here can have signed it; a newer one may have. Holds what to say if not.
    KeyMissing(TokenError),
}

/// The only claim that is looked at without a key.
#[derive(Deserialize)]
struct End {
    exp: Option<f64>,
}

impl Verifier {
    /// A verifier with a secret, a ring of keys, or both. Without either it refuses every token.
    pub fn new(secret: Option<&str>, keys: Option<KeyRing>, checks: &Checks) -> Self {
        Self { secret: secret.map(|secret| Key::secret(secret, checks)), keys }
    }

    /// Verifies a token with the keys that are here.
    pub fn verify(&self, token: &Token) -> Verification {
        self.try_verify(token).unwrap_or_else(|error| Verification::Done(Err(error)))
    }

    /// Verifies a token whose key is missing, once newer keys have been read. Takes as long as that takes.
    ///
    /// # Errors
    /// [`TokenError`].
    pub async fn verify_renewed(&self, token: &Token) -> Result<Verified, TokenError> {
        let mut renewal = self.keys.as_ref().map(KeyRing::ask);
        let mut reading = Reading::Earlier;
        loop {
            match (self.verify(token), &mut renewal) {
                (Verification::Done(verified), _) => return verified,
                (Verification::KeyMissing(_), Some(renewal)) if reading == Reading::Earlier => {
                    reading = renewal.ended().await.map_err(|reason| {
                        TokenError::Unavailable(format!("the keys cannot be had ({reason})"))
                    })?;
                }
                (Verification::KeyMissing(error), _) => return Err(error),
            }
        }
    }

    fn try_verify(&self, token: &Token) -> Result<Verification, TokenError> {
        if self.secret.is_none() && self.keys.is_none() {
            return Err(TokenError::NoKeys);
        }
        let bytes = token.expose().len();
        if bytes > MAX_TOKEN_BYTES {
            return Err(TokenError::Invalid(format!(
                "it has {bytes} bytes: at most {MAX_TOKEN_BYTES} are allowed"
            )));
        }
        let header = jsonwebtoken::decode_header(token.expose())
            .map_err(|_| TokenError::invalid("it is not a JWT of an algorithm that is known here"))?;
        if header.crit.is_some() {
            return Err(TokenError::invalid("its header has extensions (\"crit\") that are not known here"));
        }
        match (header.alg, &self.secret, &self.keys) {
            (Algorithm::HS256, Some(secret), _) => {
                Ok(Verification::Done(secret.verify(token).and_then(|verified| {
                    verified.ok_or_else(|| {
                        TokenError::invalid("its signature is not that of this relay's token secret")
                    })
                })))
            }
            (Algorithm::HS256, None, _) => {
                Err(TokenError::invalid("its algorithm is HS256, which needs --token-secret"))
            }
            (Algorithm::HS384 | Algorithm::HS512, ..) => {
                Err(TokenError::invalid("of the algorithms with a secret only HS256 is taken"))
            }
            (algorithm, _, None) => {
                Err(TokenError::Invalid(format!("its algorithm is {algorithm:?}, which needs --token-jwks")))
            }
            (algorithm, _, Some(ring)) => with_ring(ring, token, header.kid.as_deref(), algorithm),
        }
    }
}

fn with_ring(
    ring: &KeyRing,
    token: &Token,
    id: Option<&str>,
    algorithm: Algorithm,
) -> Result<Verification, TokenError> {
    let keys = ring.keys();
    let candidates = keys.as_ref().map_or(Candidates::Missing, |keys| keys.candidates(id, algorithm));
    match candidates {
        Candidates::None(reason) => Err(TokenError::invalid(reason)),
        Candidates::Missing => missing(token, unknown_key(id)),
        Candidates::Some(candidates) => {
            for key in candidates {
                if let Some(verified) = key.verify(token)? {
                    return Ok(Verification::Done(Ok(verified)));
                }
            }
            let reason = "its signature is not that of a key of the key set";
            // A set whose keys have no ids may have been changed without a trace.
            if id.is_none() { missing(token, reason.to_owned()) } else { Err(TokenError::invalid(reason)) }
        }
    }
}

/// A token whose key is not here. One that has expired needs none: it is refused either way, and whoever hears that
/// it has expired gets a new one.
fn missing(token: &Token, reason: String) -> Result<Verification, TokenError> {
    let claims = jsonwebtoken::dangerous::insecure_decode_claims::<End>(token.expose());
    let end = claims.map_err(|_| TokenError::invalid("its claims cannot be read"))?.exp;
    if end.is_some_and(|end| end < jsonwebtoken::get_current_timestamp() as f64) {
        return Err(TokenError::Expired);
    }
    Ok(Verification::KeyMissing(TokenError::Invalid(reason)))
}

fn unknown_key(id: Option<&str>) -> String {
    match id {
        Some(id) => {
            let shown: String = id.chars().take(SHOWN_CHARS).flat_map(char::escape_debug).collect();
            format!("the key set has no key \"{shown}\"")
        }
        None => "it names no key, and the key set has none of its algorithm".to_owned(),
    }
}

#[cfg(test)]
#[path = "verifier_test.rs"]
mod tests;
