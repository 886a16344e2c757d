//! What the tests of a hub share.

use realtime_hub::channel::{Reader, SessionId};
use realtime_protocol::subscriber::UserId;

/// A reader, by session and user.
#[derive(Debug, Clone)]
pub(crate) struct Anyone(pub(crate) SessionId, pub(crate) UserId);

impl Reader for Anyone {
    fn session(&self) -> SessionId {
        self.0
    }

    fn user(&self) -> &UserId {
        &self.1
    }
}
