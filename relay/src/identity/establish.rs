//! The identity of a session, from what its hello carries.

use std::pin::Pin;
use std::time::SystemTime;

use realtime_protocol::frame::Token;
use realtime_protocol::subscriber::Subscriber;

use crate::identity::verifier::{TokenError, Verifier};
use crate::identity::visitor::Visitors;

/// Establishes identities.
pub struct Identities {
    verifier: Option<Verifier>,
    visitors: Visitors,
}

/// The answer to who a client is: at once in most cases, later when a key has to be fetched first.
pub enum Establishing {
    /// At once.
    Done(Result<Identity, TokenError>),
    /// Later. Bounded by nothing but the fetch: whoever waits sets a deadline.
    Waiting(Waiting),
}

/// An answer that comes later.
pub type Waiting = Pin<Box<dyn Future<Output = Result<Identity, TokenError>> + Send>>;

/// Who a client is.
#[derive(Debug)]
pub struct Identity {
    /// The user.
    pub subscriber: Subscriber,
    /// When its right ends.
    pub expires_at: Option<SystemTime>,
    /// A visitor's token, to be handed back.
    pub visitor_token: Option<Token>,
}

impl Identities {
    /// With a secret, tokens of the site are verified; without one, everyone is a visitor until the restart.
    pub fn new(token_secret: Option<&str>) -> Self {
        Self {
            verifier: token_secret.map(Verifier::new),
            visitors: token_secret.map_or_else(Visitors::until_restart, Visitors::from_token_secret),
        }
    }

    /// Who it is that says hello. A visitor token that is not recognised makes a new visitor: it may come from
    /// before a restart, and nothing depends on it.
    ///
    /// A token of the site that is not accepted is an error: its bearer meant to be somebody.
    pub fn establish(&self, token: Option<&Token>, visitor_token: Option<Token>) -> Establishing {
        Establishing::Done(match token {
            Some(token) => self.member(token),
            None => Ok(self.visitor(visitor_token)),
        })
    }

    fn member(&self, token: &Token) -> Result<Identity, TokenError> {
        let verified = self.verifier.as_ref().ok_or(TokenError::NoSecret)?.verify(token)?;
        let (subscriber, expires_at) = (verified.subscriber, verified.expires_at);
        Ok(Identity { subscriber, expires_at, visitor_token: None })
    }

    fn visitor(&self, visitor_token: Option<Token>) -> Identity {
        let recognised = visitor_token.and_then(|token| Some((self.visitors.recognise(&token)?, token)));
        let (subscriber, token) = recognised.unwrap_or_else(|| self.visitors.welcome());
        Identity { subscriber, expires_at: None, visitor_token: Some(token) }
    }
}

#[cfg(test)]
mod tests {
    use realtime_protocol::subscriber::SubscriberType;

    use super::*;

    fn establish(
        identities: &Identities,
        token: Option<&Token>,
        visitor_token: Option<Token>,
    ) -> Result<Identity, TokenError> {
        match identities.establish(token, visitor_token) {
            Establishing::Done(identity) => identity,
            Establishing::Waiting(_) => panic!("nothing is to be fetched"),
        }
    }

    #[test]
    fn without_a_token_a_client_is_a_visitor_and_stays_the_same_one() {
        let identities = Identities::new(None);
        let first = establish(&identities, None, None).unwrap();
        assert_eq!(first.subscriber.kind, SubscriberType::Visitor);
        let again = establish(&identities, None, first.visitor_token.clone()).unwrap();
        assert_eq!(again.subscriber, first.subscriber);
        let stranger = establish(&identities, None, Some(Token::new("made up"))).unwrap();
        assert_ne!(stranger.subscriber, first.subscriber);
    }

    #[test]
    fn a_token_needs_a_secret_to_be_verified_with() {
        let error = establish(&Identities::new(None), Some(&Token::new("a.b.c")), None).unwrap_err();
        assert_eq!(error, TokenError::NoSecret);
    }
}
