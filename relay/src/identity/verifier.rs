//! The site's tokens: JWTs (RFC 7519) signed with a shared secret (HS256).
//!
//! Claims: `sub` is the user's id; `type` is `Admin`, `Member` or `Visitor` in any case, `Member` when it is missing;
//! `exp` and `nbf` are honoured when they are present. Nothing of a token appears in a log.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use realtime_protocol::frame::Token;
use realtime_protocol::subscriber::{Subscriber, SubscriberType, UserId};
use serde::Deserialize;

/// How far the clocks of relay and site may be apart.
const CLOCK_SKEW: Duration = Duration::from_secs(5);

/// Verifies tokens with one secret.
pub struct Verifier {
    key: DecodingKey,
    validation: Validation,
}

/// What a token says, once it has been verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The user.
    pub subscriber: Subscriber,
    /// When the token stops being valid, clock skew included.
    pub expires_at: Option<SystemTime>,
}

/// Why a token is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It was valid once. A new one would do.
    #[error("the token has expired")]
    Expired,
    /// It will never be valid.
    #[error("the token is not valid: {0}")]
    Invalid(String),
    /// Nobody can say at the moment: the key is not to be had. The same token may do later.
    #[error("the token cannot be checked at the moment: {0}; try again")]
    Unavailable(String),
    /// The relay has no secret to verify it with.
    #[error("this relay has no token secret, so it cannot verify a token: start it with --token-secret")]
    NoSecret,
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
    #[serde(rename = "type")]
    kind: Option<String>,
    exp: Option<f64>,
}

impl Verifier {
    /// A verifier of HS256 tokens. No other algorithm is accepted, `none` least of all.
    pub fn new(secret: &str) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = CLOCK_SKEW.as_secs();
        validation.validate_nbf = true;
        validation.validate_aud = false;
        validation.required_spec_claims = ["sub".to_owned()].into();
        Self { key: DecodingKey::from_secret(secret.as_bytes()), validation }
    }

    /// Verifies a token's signature and reads its claims.
    ///
    /// # Errors
    /// [`TokenError`], in words that are fit for the log and for the page's developer.
    pub fn verify(&self, token: &Token) -> Result<Verified, TokenError> {
        let claims = jsonwebtoken::decode::<Claims>(token.expose(), &self.key, &self.validation)
            .map_err(|error| token_error(&error))?
            .claims;
        let id = UserId::parse(&claims.sub).map_err(|why| TokenError::Invalid(format!("\"sub\": {why}")))?;
        let kind = match claims.kind {
            None => SubscriberType::Member,
            Some(text) => SubscriberType::parse(&text).ok_or_else(|| {
                TokenError::Invalid("\"type\" is none of Admin, Member and Visitor".to_owned())
            })?,
        };
        let expires_at = claims.exp.and_then(|seconds| {
            UNIX_EPOCH.checked_add(Duration::try_from_secs_f64(seconds).ok()? + CLOCK_SKEW)
        });
        Ok(Verified { subscriber: Subscriber { id, kind }, expires_at })
    }
}

fn token_error(error: &jsonwebtoken::errors::Error) -> TokenError {
    let reason = match error.kind() {
        ErrorKind::ExpiredSignature => return TokenError::Expired,
        ErrorKind::InvalidSignature => "its signature is not that of this relay's token secret",
        ErrorKind::InvalidAlgorithm | ErrorKind::InvalidAlgorithmName | ErrorKind::UnsupportedAlgorithm => {
            "its algorithm is not HS256"
        }
        ErrorKind::ImmatureSignature => "its \"nbf\" is in the future",
        ErrorKind::MissingRequiredClaim(_) => "it has no \"sub\"",
        ErrorKind::InvalidToken | ErrorKind::Base64(_) | ErrorKind::Utf8(_) => "it is not a JWT",
        ErrorKind::Json(_) | ErrorKind::InvalidClaimFormat(_) => {
            "its claims are not as they should be: \"sub\" is a string, \"exp\" a number of seconds"
        }
        _ => "it cannot be read",
    };
    TokenError::Invalid(reason.to_owned())
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{EncodingKey, Header};
    use serde_json::{Value, json};

    use super::*;

    fn token_with(algorithm: Algorithm, secret: &str, claims: &Value) -> Token {
        let key = EncodingKey::from_secret(secret.as_bytes());
        Token::new(jsonwebtoken::encode(&Header::new(algorithm), claims, &key).unwrap())
    }

    fn verify(claims: &Value) -> Result<Verified, TokenError> {
        Verifier::new("secret").verify(&token_with(Algorithm::HS256, "secret", claims))
    }

    fn in_seconds(seconds: i64) -> i64 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        i64::try_from(now).unwrap() + seconds
    }

    #[test]
    fn a_token_makes_its_bearer_the_user_that_it_names() {
        let cases = [
            (json!({"sub": "u1"}), SubscriberType::Member),
            (json!({"sub": "u1", "type": "ADMIN"}), SubscriberType::Admin),
            (json!({"sub": "u1", "type": "member", "exp": in_seconds(60)}), SubscriberType::Member),
            (json!({"sub": "u1", "type": "Visitor", "aud": "anyone"}), SubscriberType::Visitor),
        ];
        for (claims, kind) in cases {
            let verified = verify(&claims).unwrap_or_else(|error| panic!("{claims}: {error}"));
            assert_eq!(verified.subscriber, Subscriber { id: UserId::parse("u1").unwrap(), kind });
            assert_eq!(verified.expires_at.is_some(), claims.get("exp").is_some());
        }
    }

    #[test]
    fn a_token_that_is_not_right_is_refused_with_the_reason() {
        let cases = [
            (json!({"sub": "u1", "exp": in_seconds(-60)}), "expired"),
            (json!({"sub": "u1", "nbf": in_seconds(60)}), "nbf"),
            (json!({"type": "Member"}), "sub"),
            (json!({"sub": ""}), "empty"),
            (json!({"sub": "a\nb"}), "control character"),
            (json!({"sub": 7}), "\"sub\" is a string"),
            (json!({"sub": "u1", "type": "root"}), "none of Admin, Member and Visitor"),
        ];
        for (claims, reason) in cases {
            let error = verify(&claims).expect_err("a refusal").to_string();
            assert!(error.contains(reason), "{claims}: {error}");
        }
    }

    #[test]
    fn only_the_right_key_and_algorithm_count() {
        let verifier = Verifier::new("secret");
        let claims = json!({"sub": "u1"});
        let refused = [
            token_with(Algorithm::HS256, "guess", &claims),
            token_with(Algorithm::HS512, "secret", &claims),
            // {"alg":"none"}.{"sub":"u1"}.
            Token::new("eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1MSJ9."),
            Token::new("not a token"),
            Token::new(""),
        ];
        for token in refused {
            assert!(matches!(verifier.verify(&token), Err(TokenError::Invalid(_))));
        }
    }
}
