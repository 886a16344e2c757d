//! Who reads: the identity that the relay established for a session.

use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer};

use crate::limits::{MAX_USER_ID_CHARS, chars_in};

/// A user's id: the `sub` of a token, the id in `users`, and `publisher.id` are all of this kind.
/// A clone shares the text.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct UserId(Arc<str>);

impl UserId {
    /// Checks an id: 1 to [`MAX_USER_ID_CHARS`] characters, none of them a control character.
    ///
    /// # Errors
    /// The rule that is broken, as a sentence.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text.is_empty() {
            return Err("a user id is empty: it has 1 to 256 characters");
        }
        if chars_in(text) > MAX_USER_ID_CHARS {
            return Err("a user id is too long: it has 1 to 256 characters");
        }
        if text.chars().any(char::is_control) {
            return Err("a user id has a control character, which is not allowed");
        }
        Ok(Self(text.into()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Serialize for UserId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl TryFrom<String> for UserId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl std::fmt::Display for UserId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a subscriber is to the site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SubscriberType {
    /// May manage the site.
    Admin,
    /// Is signed in.
    Member,
    /// Is not signed in.
    Visitor,
}

impl SubscriberType {
    /// Reads a type in any case (`member`, `MEMBER`, …).
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Admin, Self::Member, Self::Visitor].into_iter().find(|t| t.as_str().eq_ignore_ascii_case(text))
    }

    /// The type as permission handlers see it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "Admin",
            Self::Member => "Member",
            Self::Visitor => "Visitor",
        }
    }
}

/// Who reads, as permission handlers see it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Subscriber {
    /// The user's id; a visitor's is random.
    pub id: UserId,
    /// What the user is to the site.
    #[serde(rename = "type")]
    pub kind: SubscriberType,
}
