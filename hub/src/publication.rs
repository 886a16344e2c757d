//! What is published, and to whom.

use std::collections::HashSet;
use std::sync::Arc;

use realtime_protocol::subscriber::UserId;
use serde_json::value::RawValue;

/// A message on its way into a channel.
#[derive(Debug, Clone)]
pub struct Publication<'a> {
    /// The payload's JSON text, which is delivered byte for byte.
    pub payload: &'a RawValue,
    /// The publisher's id, where recipients are to see it.
    pub publisher: Option<&'a UserId>,
    /// Who receives it.
    pub audience: Audience,
    /// The publish's idempotency id.
    pub id: Option<&'a str>,
}

/// Who of a channel's subscribers receives a message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Audience {
    /// All of them.
    #[default]
    Everyone,
    /// Those whose user id is in the set, on every device. An empty set reaches nobody.
    Users(Arc<HashSet<UserId>>),
}

impl Audience {
    /// Whether a user is part of it.
    pub fn includes(&self, user: &UserId) -> bool {
        match self {
            Self::Everyone => true,
            Self::Users(users) => users.contains(user),
        }
    }

    pub(crate) fn held_bytes(&self) -> usize {
        match self {
            Self::Everyone => 0,
            // Each id is a shared text of its own, and has a place in the table.
            Self::Users(users) => users.iter().map(|user| user.as_str().len() + 48).sum(),
        }
    }
}
