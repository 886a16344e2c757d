//! The keys that an issuer publishes: a JSON Web Key Set (RFC 7517, section 5).

use jsonwebtoken::Algorithm;
use serde::Deserialize;
use serde_json::Value;

use super::key::Key;
use crate::identity::claims::Checks;

/// Keys of one set. Issuers have a handful; a set with more is not one that was meant.
pub const MAX_KEYS: usize = 64;

/// Keys that are tried for a token that names none. Each try costs the relay a verification, the sender nothing.
const MAX_TRIES: usize = 8;

/// The keys of an issuer, those that can be used here.
pub struct KeySet {
    keys: Vec<Key>,
}

/// A key of a set that is left out, and why.
#[derive(Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Its id, if it has one.
    pub id: Option<String>,
    /// Why, as the end of a sentence.
    pub why: &'static str,
}

/// A text that is no key set, or one without any key for us.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeySetError {
    /// Not a key set at all.
    #[error("it is no JSON Web Key Set: {{\"keys\":[…]}} is expected")]
    NotASet,
    /// Far too many keys.
    #[error("it has {0} keys: at most 64 are allowed")]
    TooMany(usize),
    /// An issuer that publishes no key at all has trouble.
    #[error("it has no keys")]
    Empty,
    /// None that can be used here.
    #[error("none of its keys can be used: {0}")]
    NoneUsable(&'static str),
}

/// The keys that may have signed a token.
pub enum Candidates<'a> {
    /// One of these, if any.
    Some(Vec<&'a Key>),
    /// None that is in the set. A newer set may have it.
    Missing,
    /// None ever, with the reason.
    None(&'static str),
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

impl KeySet {
    /// Reads a key set. A key that cannot be used is left out, so that one does not cost the others.
    ///
    /// # Errors
    /// When it is no key set, or has no key that can be used.
    pub fn read(text: &[u8], checks: &Checks) -> Result<(Self, Vec<LeftOut>), KeySetError> {
        let document: Document = serde_json::from_slice(text).map_err(|_| KeySetError::NotASet)?;
        if document.keys.len() > MAX_KEYS {
            return Err(KeySetError::TooMany(document.keys.len()));
        }
        let mut set = Self { keys: Vec::new() };
        let mut left_out = Vec::new();
        for jwk in &document.keys {
            match Key::public(jwk, checks) {
                Ok(key) => set.keys.push(key),
                Err(why) => {
                    let id = jwk.get("kid").and_then(Value::as_str).map(str::to_owned);
                    left_out.push(LeftOut { id, why });
                }
            }
        }
        match left_out.first() {
            _ if !set.keys.is_empty() => Ok((set, left_out)),
            Some(LeftOut { why, .. }) => Err(KeySetError::NoneUsable(why)),
            None => Err(KeySetError::Empty),
        }
    }

    /// The keys that may have signed a token with this header.
    pub fn candidates(&self, id: Option<&str>, algorithm: Algorithm) -> Candidates<'_> {
        let is_named = |key: &&Key| id.is_none() || key.id() == id;
        let (fitting, other): (Vec<_>, Vec<_>) =
            self.keys.iter().filter(is_named).partition(|key| key.algorithm() == algorithm);
        match (fitting.len(), other.is_empty()) {
            (0, false) if id.is_some() => {
                Candidates::None("its algorithm is not that of the key that it names")
            }
            (0, _) => Candidates::Missing,
            (1..=MAX_TRIES, _) => Candidates::Some(fitting),
            _ => Candidates::None("it names no key, and there are too many to try: sign it with a \"kid\""),
        }
    }

    /// How many keys there are; never none.
    #[expect(clippy::len_without_is_empty, reason = "a set without keys is not read")]
    pub const fn len(&self) -> usize {
        self.keys.len()
    }

    /// Each key's id and algorithm, for the log.
    pub fn names(&self) -> Vec<String> {
        let name =
            |key: &Key| format!("{}:{:?}", key.id().unwrap_or("(no kid)").escape_debug(), key.algorithm());
        self.keys.iter().map(name).collect()
    }
}

#[cfg(test)]
#[path = "set_test.rs"]
mod tests;
