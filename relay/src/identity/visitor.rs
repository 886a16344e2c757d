//! Visitors: a random id in a token that the relay signs, so that nobody can take another visitor's.

use std::hash::{BuildHasher, RandomState};
use std::time::{SystemTime, UNIX_EPOCH};

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use realtime_protocol::frame::Token;
use realtime_protocol::subscriber::{Subscriber, SubscriberType, UserId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The audience of visitor tokens.
const AUDIENCE: &str = "realtime-relay-visitor";

/// Signs and verifies visitor tokens.
pub struct Visitors {
    signing: EncodingKey,
    verifying: DecodingKey,
    validation: Validation,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    sub: String,
    aud: String,
    iat: u64,
}

impl Visitors {
    /// Visitors whose key comes from the site's token secret, so that they stay the same over restarts. A different
    /// key than the secret itself: a visitor token is no user token.
    pub fn from_token_secret(secret: &str) -> Self {
        let secret = EncodingKey::from_secret(secret.as_bytes());
        match jsonwebtoken::crypto::sign(AUDIENCE.as_bytes(), &secret, Algorithm::HS256) {
            Ok(key) => Self::from_key(key.as_bytes()),
            Err(_) => Self::until_restart(),
        }
    }

    /// Visitors whose key is random, so that they are strangers after a restart.
    pub fn until_restart() -> Self {
        let mut key = Uuid::new_v4().as_bytes().to_vec();
        key.extend(Uuid::new_v4().as_bytes());
        key.extend(RandomState::new().hash_one(AUDIENCE).to_be_bytes());
        Self::from_key(&key)
    }

    fn from_key(key: &[u8]) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.validate_exp = false;
        validation.required_spec_claims = ["sub".to_owned(), "aud".to_owned()].into();
        validation.set_audience(&[AUDIENCE]);
        Self { signing: EncodingKey::from_secret(key), verifying: DecodingKey::from_secret(key), validation }
    }

    /// A new visitor, and the token that makes it the same one next time.
    #[expect(
        clippy::expect_used,
        reason = "a UUID is a user id, and HMAC signs whatever plain claims it is given"
    )]
    pub fn welcome(&self) -> (Subscriber, Token) {
        let id = Uuid::new_v4().to_string();
        let issued = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let claims = Claims { sub: id.clone(), aud: AUDIENCE.to_owned(), iat: issued };
        let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.signing);
        let id = UserId::parse(&id).expect("a UUID is a user id");
        (visitor(id), Token::new(token.expect("plain claims can be signed")))
    }

    /// The visitor that a token names, if this relay signed it.
    pub fn recognise(&self, token: &Token) -> Option<Subscriber> {
        let data = jsonwebtoken::decode::<Claims>(token.expose(), &self.verifying, &self.validation).ok()?;
        Some(visitor(UserId::parse(&data.claims.sub).ok()?))
    }
}

const fn visitor(id: UserId) -> Subscriber {
    Subscriber { id, kind: SubscriberType::Visitor }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visitor_is_recognised_by_its_token() {
        let visitors = Visitors::until_restart();
        let (visitor, token) = visitors.welcome();
        assert_eq!(visitors.recognise(&token), Some(visitor.clone()));
        assert_ne!(visitors.welcome().0, visitor);
    }

    #[test]
    fn visitors_of_the_same_secret_survive_a_restart() {
        let (visitor, token) = Visitors::from_token_secret("secret").welcome();
        assert_eq!(Visitors::from_token_secret("secret").recognise(&token), Some(visitor));
        assert_eq!(Visitors::from_token_secret("other").recognise(&token), None);
        assert_eq!(Visitors::until_restart().recognise(&token), None);
    }

    #[test]
    fn a_token_of_the_site_makes_no_visitor() {
        let key = EncodingKey::from_secret(b"secret");
        let claims = serde_json::json!({"sub": "u1", "aud": AUDIENCE});
        let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key).unwrap();
        assert_eq!(Visitors::from_token_secret("secret").recognise(&Token::new(token)), None);
    }
}
