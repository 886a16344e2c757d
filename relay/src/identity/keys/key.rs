//! One key that signatures are verified with, and the one algorithm that it is good for.

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind, Validation};
use realtime_protocol::frame::Token;
use serde::Deserialize;
use serde_json::Value;

use crate::identity::claims::{Checks, Claims, Verified};
use crate::identity::cryptography::{self, RSA_BITS};
use crate::identity::error::TokenError;

/// A key. Its algorithm is fixed when it is read, from the key and never from a token: a token that was signed with
/// another algorithm is refused, whatever its key.
pub struct Key {
    id: Option<String>,
    algorithm: Algorithm,
    decoding: DecodingKey,
    validation: Validation,
    checks: Checks,
}

impl Key {
    /// A shared secret, for HS256.
    pub fn secret(secret: &str, checks: &Checks) -> Self {
        Self::new(None, Algorithm::HS256, DecodingKey::from_secret(secret.as_bytes()), checks)
    }

    /// A public key of a key set (RFC 7517).
    ///
    /// # Errors
    /// Why it cannot be used here, as the end of a sentence.
    pub fn public(jwk: &Value, checks: &Checks) -> Result<Self, &'static str> {
        if jwk.get("d").is_some() {
            return Err("it is a private key, which must not be published");
        }
        let jwk = Jwk::deserialize(jwk).map_err(|_| "it is not a JWK")?;
        if !is_for_signatures(&jwk) {
            return Err("it is not meant for verifying signatures");
        }
        let algorithm = algorithm(&jwk)?;
        let decoding = DecodingKey::from_jwk(&jwk).map_err(|_| "its numbers are not base64url")?;
        check_size(algorithm, decoding.kind())?;
        Ok(Self::new(jwk.common.key_id, algorithm, decoding, checks))
    }

    fn new(id: Option<String>, algorithm: Algorithm, decoding: DecodingKey, checks: &Checks) -> Self {
        cryptography::install();
        let validation = checks.of(algorithm);
        Self { id, algorithm, decoding, validation, checks: checks.clone() }
    }

    /// Its id (`kid`), by which tokens name it.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// What it is good for.
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Verifies a token's signature and reads its claims. `None` when the signature is not this key's.
    ///
    /// # Errors
    /// When it is, and the token is not right in another way; or when the token has no readable parts.
    pub fn verify(&self, token: &Token) -> Result<Option<Verified>, TokenError> {
        match jsonwebtoken::decode::<Claims>(token.expose(), &self.decoding, &self.validation) {
            Ok(data) => self.checks.read(data.claims).map(Some),
            Err(error) if *error.kind() == jsonwebtoken::errors::ErrorKind::InvalidSignature => Ok(None),
            Err(error) => Err(TokenError::from(&error)),
        }
    }
}

fn is_for_signatures(jwk: &Jwk) -> bool {
    let is_meant = jwk.common.public_key_use.as_ref().is_none_or(|meant| *meant == PublicKeyUse::Signature);
    let may_verify =
        jwk.common.key_operations.as_ref().is_none_or(|may| may.contains(&KeyOperations::Verify));
    is_meant && may_verify
}

/// The algorithm of a key: the one that it names, if its kind of key can do that, else the usual one of its kind.
fn algorithm(jwk: &Jwk) -> Result<Algorithm, &'static str> {
    use Algorithm::{ES256, ES384, EdDSA, PS256, PS384, PS512, RS256, RS384, RS512};
    let possible: &[Algorithm] = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => &[RS256, RS384, RS512, PS256, PS384, PS512],
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => &[ES256],
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P384 => &[ES384],
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => &[EdDSA],
        AlgorithmParameters::OctetKey(_) => return Err("it is a shared secret: give that as --token-secret"),
        _ => return Err("it is of a kind that is not known here: RSA, P-256, P-384 and Ed25519 are"),
    };
    let usual = possible.first().copied();
    match jwk.common.key_algorithm {
        None => usual,
        Some(named) => possible.iter().copied().find(|possible| KeyAlgorithm::from(*possible) == named),
    }
    .ok_or("its \"alg\" is not known here, or not one for its kind of key")
}

fn check_size(algorithm: Algorithm, key: &DecodingKeyKind) -> Result<(), &'static str> {
    let is_right = match (algorithm, key) {
        (_, DecodingKeyKind::RsaModulusExponent { n, .. }) => RSA_BITS.contains(&bits(n)),
        (Algorithm::EdDSA, DecodingKeyKind::SecretOrDer(point)) => point.len() == 32,
        // An uncompressed point: a byte that says so, and two coordinates (SEC 1, section 2.3.3).
        (Algorithm::ES256, DecodingKeyKind::SecretOrDer(point)) => point.len() == 1 + 2 * 32,
        (Algorithm::ES384, DecodingKeyKind::SecretOrDer(point)) => point.len() == 1 + 2 * 48,
        _ => false,
    };
    if is_right { Ok(()) } else { Err("it has the wrong size: RSA keys have 2048 to 8192 bits") }
}

fn bits(number: &[u8]) -> usize {
    let leading: usize = number.iter().take_while(|byte| **byte == 0).count();
    number.get(leading).map_or(0, |first| (number.len() - leading) * 8 - first.leading_zeros() as usize)
}
