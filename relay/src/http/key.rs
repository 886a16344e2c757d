//! The keys of backends that may publish.

use http::{HeaderMap, header};
use subtle::ConstantTimeEq;

use crate::http::problem::{Code, Problem};

/// Which of the keys it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyIndex(pub usize);

/// The keys that a relay accepts.
#[derive(Clone)]
pub struct ApiKeys(Vec<String>);

impl ApiKeys {
    /// Keys that may publish.
    pub const fn new(keys: Vec<String>) -> Self {
        Self(keys)
    }

    /// Checks `Authorization: Bearer KEY`. Returns which of the keys it is.
    ///
    /// # Errors
    /// 401.
    pub fn check(&self, headers: &HeaderMap) -> Result<KeyIndex, Problem> {
        let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let Some(value) = value else {
            return Err(Problem::new(
                Code::Unauthorized,
                "send the relay's key as \"Authorization: Bearer KEY\"",
            ));
        };
        let key = value.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        match key.map(|(_, key)| self.find(key.trim())) {
            Some(Some(index)) => Ok(index),
            Some(None) => Err(Problem::new(Code::Unauthorized, "the key is not one of this relay's")),
            None => Err(Problem::new(
                Code::Unauthorized,
                "the scheme must be Bearer: \"Authorization: Bearer KEY\"",
            )),
        }
    }

    /// Compares with every key, each in a time that does not depend on where they differ.
    fn find(&self, key: &str) -> Option<KeyIndex> {
        let matches = self.0.iter().map(|ours| ours.as_bytes().ct_eq(key.as_bytes()));
        // Every comparison is made before the first result is looked at.
        let matches: Vec<bool> = matches.map(bool::from).collect();
        matches.into_iter().position(|is_equal| is_equal).map(KeyIndex)
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn check(authorization: Option<&'static str>) -> Option<String> {
        let keys = ApiKeys::new(vec!["first".to_owned(), "second".to_owned()]);
        let mut headers = HeaderMap::new();
        if let Some(value) = authorization {
            headers.insert(header::AUTHORIZATION, HeaderValue::from_static(value));
        }
        keys.check(&headers).err().map(|problem| problem.to_json())
    }

    #[test]
    fn each_of_the_keys_is_accepted() {
        for value in ["Bearer first", "Bearer second", "bearer first", "Bearer  first"] {
            assert_eq!(check(Some(value)), None, "{value}");
        }
    }

    #[test]
    fn anything_else_is_refused_with_what_would_be_right() {
        for value in [
            None,
            Some("first"),
            Some("Basic first"),
            Some("Bearer firs"),
            Some("Bearer "),
            Some("Bearer third"),
        ] {
            let problem = check(value).unwrap_or_else(|| panic!("{value:?} was accepted"));
            assert!(problem.contains("\"status\":401"), "{problem}");
        }
    }

    #[test]
    fn a_key_is_told_from_the_others() {
        let keys = ApiKeys::new(vec!["first".to_owned(), "second".to_owned()]);
        assert_eq!((keys.find("first"), keys.find("second")), (Some(KeyIndex(0)), Some(KeyIndex(1))));
    }

    #[test]
    fn a_relay_without_keys_accepts_none() {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Bearer "));
        assert!(ApiKeys::new(Vec::new()).check(&headers).is_err());
    }
}
