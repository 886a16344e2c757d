//! The identity of a session, from what its hello or its refresh carries.

use std::pin::Pin;
use std::sync::Arc;
use std::time::SystemTime;

use realtime_protocol::frame::Token;
use realtime_protocol::subscriber::Subscriber;

use super::claims::Verified;
use super::error::TokenError;
use super::gauge;
use super::keys::ring::KeyRing;
use super::settings::IdentitySettings;
use super::verifier::{Verification, Verifier};
use super::visitor::Visitors;

/// Establishes identities.
pub struct Identities {
    verifier: Arc<Verifier>,
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

impl From<Verified> for Identity {
    fn from(Verified { subscriber, expires_at }: Verified) -> Self {
        Self { subscriber, expires_at, visitor_token: None }
    }
}

impl Identities {
    /// Identities by these settings; `keys` are the keys of the key set, if one is used. With neither a key set nor a
    /// secret everyone is a visitor; with neither a secret nor a visitor key, until the restart.
    pub fn new(settings: &IdentitySettings, keys: Option<KeyRing>) -> Self {
        let secret = settings.token_secret.as_deref();
        let named = Visitors::of(settings.visitor_keys.iter().map(String::as_str));
        Self {
            verifier: Arc::new(Verifier::new(secret, keys, &settings.checks)),
            visitors: named.or_else(|| Visitors::of(secret)).unwrap_or_else(Visitors::until_restart),
        }
    }

    /// Who it is that says hello. A visitor token that is not recognised makes a new visitor: it may come from before
    /// a restart, and nothing depends on it.
    ///
    /// A token of the site that is not accepted is an error: its bearer meant to be somebody.
    pub fn establish(&self, token: Option<Token>, visitor_token: Option<Token>) -> Establishing {
        let Some(token) = token else {
            let (subscriber, token) = self.visitors.welcome(visitor_token);
            return Establishing::Done(Ok(Identity {
                subscriber,
                expires_at: None,
                visitor_token: Some(token),
            }));
        };
        match self.verifier.verify(&token) {
            Verification::Done(verified) => Establishing::Done(counted(verified)),
            Verification::KeyMissing(_) => {
                let verifier = Arc::clone(&self.verifier);
                Establishing::Waiting(Box::pin(async move { counted(verifier.verify_renewed(&token).await) }))
            }
        }
    }
}

fn counted(verified: Result<Verified, TokenError>) -> Result<Identity, TokenError> {
    gauge::count_token(verified.as_ref().err());
    verified.map(Identity::from)
}
