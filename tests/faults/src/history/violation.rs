//! What a broken promise is called.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::record::{ClientNumber, Op, Place};

/// A broken promise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// Which.
    pub kind: Kind,
    /// At whom; `None` where it is not one client's.
    pub client: Option<ClientNumber>,
    /// Where.
    pub channel: String,
    /// What exactly, for people.
    pub detail: String,
}

/// Each promise that can be broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// An accepted message never came to a client that was there, or came back, to the end.
    Lost,
    /// A message came twice, or one publish became two messages.
    Doubled,
    /// A message came after a later one, or an earlier publish stands behind a later one.
    Reordered,
    /// A payload is not what was published.
    Changed,
    /// A client got what it may not read, or what was for others.
    NotPermitted,
    /// A client got what nobody has published there.
    Phantom,
    /// Messages are missing in the middle, and the client was told nothing.
    GapNotTold,
    /// A client was told of a gap, though everything that it missed should have been kept.
    NeedlessGap,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} in {}", self.kind, self.channel)?;
        if let Some(ClientNumber(client)) = self.client {
            write!(f, " at client {client}")?;
        }
        write!(f, ": {}", self.detail)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.epoch, self.offset)
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "publish {}", self.0)
    }
}
