//! Visitors: a random id in a token that the relay signs, so that nobody can take another visitor's.
//!
//! A token is `ID.SIGNATURE`: the id, and its HMAC-SHA256 in base64url. It is no JWT, so that neither can be taken for
//! the other, and it never expires: it gives no right but that of being the same stranger again.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use realtime_protocol::frame::Token;
use realtime_protocol::subscriber::{Subscriber, SubscriberType, UserId};
use ring::hmac::{HMAC_SHA256, Key, sign, verify};
use uuid::Uuid;

/// What a visitor's key is derived with: another key than the secret itself, which may sign other things.
const PURPOSE: &[u8] = b"realtime-relay-visitor";

/// Signs and verifies visitors' tokens. The keys are set up once: that is half the work of a signature.
pub struct Visitors {
    signing: Key,
    /// Keys of before, by which visitors are still known.
    earlier: Vec<Key>,
}

impl Visitors {
    /// Visitors of these secrets, who stay the same over restarts: the first signs, all verify. None without a secret.
    pub fn of<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let mut keys = secrets.into_iter().map(|secret| {
            let secret = Key::new(HMAC_SHA256, secret.as_bytes());
            Key::new(HMAC_SHA256, sign(&secret, PURPOSE).as_ref())
        });
        let signing = keys.next()?;
        Some(Self { signing, earlier: keys.collect() })
    }

    /// Visitors whose key is random, so that they are strangers after a restart.
    pub fn until_restart() -> Self {
        let random = [Uuid::new_v4().into_bytes(), Uuid::new_v4().into_bytes()].concat();
        Self { signing: Key::new(HMAC_SHA256, &random), earlier: Vec::new() }
    }

    /// The visitor that a token names, or a new one where it is not recognised; and the token that makes it the same
    /// one next time, which is signed with the newest key.
    pub fn welcome(&self, token: Option<Token>) -> (Subscriber, Token) {
        let Some((visitor, token, is_newest)) = token.and_then(|token| self.recognise(token)) else {
            return self.stranger();
        };
        let token = if is_newest { token } else { self.token(&visitor) };
        (Subscriber { id: visitor, kind: SubscriberType::Visitor }, token)
    }

    #[expect(clippy::expect_used, reason = "a UUID is a user id")]
    fn stranger(&self) -> (Subscriber, Token) {
        let id = UserId::parse(&Uuid::new_v4().to_string()).expect("a UUID is a user id");
        let token = self.token(&id);
        (Subscriber { id, kind: SubscriberType::Visitor }, token)
    }

    /// The visitor of a token that one of the keys signed, and whether that is the newest.
    fn recognise(&self, token: Token) -> Option<(UserId, Token, bool)> {
        let (id, signature) = token.expose().rsplit_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        let is_of = |key: &Key| verify(key, id.as_bytes(), &signature).is_ok();
        let is_newest = is_of(&self.signing);
        if !is_newest && !self.earlier.iter().any(is_of) {
            return None;
        }
        let id = UserId::parse(id).ok()?;
        Some((id, token, is_newest))
    }

    fn token(&self, id: &UserId) -> Token {
        let signature = sign(&self.signing, id.as_str().as_bytes());
        Token::new(format!("{id}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(secrets: &[&str]) -> Visitors {
        Visitors::of(secrets.iter().copied()).unwrap()
    }

    #[test]
    fn a_visitor_is_recognised_by_its_token_and_keeps_it() {
        let visitors = Visitors::until_restart();
        let (visitor, token) = visitors.welcome(None);
        assert_eq!(visitor.kind, SubscriberType::Visitor);
        assert_eq!(visitors.welcome(Some(token.clone())), (visitor.clone(), token));
        assert_ne!(visitors.welcome(None).0, visitor);
    }

    #[test]
    fn visitors_of_the_same_secret_survive_a_restart() {
        let (visitor, token) = of(&["secret"]).welcome(None);
        assert_eq!(of(&["secret"]).welcome(Some(token.clone())).0, visitor);
        assert_ne!(of(&["other"]).welcome(Some(token.clone())).0, visitor);
        assert_ne!(Visitors::until_restart().welcome(Some(token)).0, visitor);
    }

    #[test]
    fn a_new_key_signs_and_the_old_ones_still_verify() {
        let (visitor, old) = of(&["first"]).welcome(None);
        let (same, new) = of(&["second", "first"]).welcome(Some(old.clone()));
        assert_eq!(same, visitor);
        assert_ne!(new, old);
        // Whoever came by in the meantime is known without the old key too.
        assert_eq!(of(&["second"]).welcome(Some(new.clone())), (visitor.clone(), new));
        assert_ne!(of(&["second"]).welcome(Some(old)).0, visitor);
    }

    #[test]
    fn a_token_that_was_changed_makes_a_new_visitor() {
        let visitors = of(&["secret"]);
        let (visitor, token) = visitors.welcome(None);
        let (id, signature) = token.expose().split_once('.').unwrap();
        let other = visitors.welcome(None).0.id;
        let by_the_secret_itself = sign(&Key::new(HMAC_SHA256, b"secret"), id.as_bytes());
        let forged = [
            format!("{other}.{signature}"),
            format!("{id}.{}", signature.get(1..).unwrap()),
            format!("{id}."),
            format!(".{signature}"),
            format!("{id}.{}", URL_SAFE_NO_PAD.encode(by_the_secret_itself)),
            id.to_owned(),
            String::new(),
            "ä.ö".to_owned(),
        ];
        for forged in forged {
            let (stranger, _) = visitors.welcome(Some(Token::new(forged.clone())));
            assert!(stranger.id != visitor.id && stranger.id != other, "{forged}");
        }
    }
}
