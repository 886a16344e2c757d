//! Where the site's backend is.

use reqwest::Url;

use crate::outbound::client;

/// What is added to the base address: the service plugin's own path.
pub const PATH: &str = "/v1/check-subscriber-permissions";

/// The base address of a backend that decides about permissions, as the operator wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackendAddress {
    written: String,
    endpoint: Url,
}

impl BackendAddress {
    /// Reads a base address: `http` or `https`, a path if there is one, nothing behind it.
    ///
    /// # Errors
    /// What is wrong with it and what would be right, as a sentence.
    pub fn parse(written: &str) -> Result<Self, String> {
        let refuse = |why: &str| {
            format!(
                "{written:?} is no address of a permissions backend: {why}, like https://example.org/realtime"
            )
        };
        let base = Url::parse(written).map_err(|error| refuse(&format!("it is not a URL ({error})")))?;
        if !matches!(base.scheme(), "http" | "https") {
            return Err(refuse("it begins with http:// or https://"));
        }
        if !base.username().is_empty() || base.password().is_some() {
            return Err(
                "the address of the permissions backend has a user name or a password in it, which would \
                        show in logs: protect it by --permissions-secret"
                    .to_owned(),
            );
        }
        if base.query().is_some() || base.fragment().is_some() {
            return Err(refuse("it ends with its path, without ? and #"));
        }
        let path = base.path().trim_end_matches('/');
        if path.ends_with(PATH) {
            return Err(format!("leave {PATH} off {written:?}: the relay adds it"));
        }
        let mut endpoint = base.clone();
        endpoint.set_path(&format!("{path}{PATH}"));
        Ok(Self { written: written.to_owned(), endpoint })
    }

    /// The base address as it was written.
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// Where questions are posted.
    pub const fn endpoint(&self) -> &Url {
        &self.endpoint
    }

    /// Without TLS?
    pub fn is_plain(&self) -> bool {
        self.endpoint.scheme() == "http"
    }

    /// On this machine?
    pub fn is_loopback(&self) -> bool {
        client::is_loopback(&self.endpoint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_the_service_plugin_is_added_to_the_base() {
        for (base, endpoint) in [
            ("https://example.org", "https://example.org/v1/check-subscriber-permissions"),
            ("https://example.org/", "https://example.org/v1/check-subscriber-permissions"),
            ("http://[::1]:8080/a/b/", "http://[::1]:8080/a/b/v1/check-subscriber-permissions"),
        ] {
            assert_eq!(BackendAddress::parse(base).unwrap().endpoint().as_str(), endpoint);
        }
    }

    #[test]
    fn an_address_that_is_not_right_is_refused_with_what_would_be() {
        for (written, words) in [
            ("example.org", "not a URL"),
            ("", "not a URL"),
            ("ftp://example.org", "http:// or https://"),
            ("https://example.org/?a=b", "without ? and #"),
            ("https://example.org/#a", "without ? and #"),
            ("https://example.org/v1/check-subscriber-permissions", "the relay adds it"),
        ] {
            let error = BackendAddress::parse(written).unwrap_err();
            assert!(error.contains(words), "{written}: {error}");
        }
        let error = BackendAddress::parse("https://me:pass@example.org").unwrap_err();
        assert!(error.contains("--permissions-secret") && !error.contains("pass@"), "{error}");
    }
}
