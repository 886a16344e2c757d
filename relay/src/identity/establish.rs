//! The identity of a session, from what its hello carries.

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
    /// # Errors
    /// When there is a token of the site and it is not accepted: its bearer meant to be somebody.
    pub fn establish(
        &self,
        token: Option<&Token>,
        visitor_token: Option<Token>,
    ) -> Result<Identity, TokenError> {
        if let Some(token) = token {
            let verified = self.verifier.as_ref().ok_or(TokenError::NoSecret)?.verify(token)?;
            let (subscriber, expires_at) = (verified.subscriber, verified.expires_at);
            return Ok(Identity { subscriber, expires_at, visitor_token: None });
        }
        let recognised = visitor_token.and_then(|token| Some((self.visitors.recognise(&token)?, token)));
        let (subscriber, token) = recognised.unwrap_or_else(|| self.visitors.welcome());
        Ok(Identity { subscriber, expires_at: None, visitor_token: Some(token) })
    }
}

#[cfg(test)]
mod tests {
    use realtime_protocol::subscriber::SubscriberType;

    use super::*;

    #[test]
    fn without_a_token_a_client_is_a_visitor_and_stays_the_same_one() {
        let identities = Identities::new(None);
        let first = identities.establish(None, None).unwrap();
        assert_eq!(first.subscriber.kind, SubscriberType::Visitor);
        let again = identities.establish(None, first.visitor_token.clone()).unwrap();
        assert_eq!(again.subscriber, first.subscriber);
        let stranger = identities.establish(None, Some(Token::new("made up"))).unwrap();
        assert_ne!(stranger.subscriber, first.subscriber);
    }

    #[test]
    fn a_token_needs_a_secret_to_be_verified_with() {
        let error = Identities::new(None).establish(Some(&Token::new("a.b.c")), None).unwrap_err();
        assert_eq!(error, TokenError::NoSecret);
    }
}
