//! Requests that the relay makes by itself: to the backend that decides about permissions, to whoever publishes the
//! keys of tokens.
//!
//! What holds in this room:
//!
//! - **A request goes where the operator said and nowhere else**: redirects are not followed, and no proxy is taken
//!   from the environment.
//! - **What comes back is bounded**: a body is read up to a limit and not beyond.
//! - A certificate is checked against those that the system trusts; `SSL_CERT_FILE` and `SSL_CERT_DIR` name others.
//!
//! Deadlines are the caller's: a request has none by itself.
//!
//! Reading order: [`client`] (what carries a request), [`body`] (what comes back), [`reason`](mod@reason) (why
//! nothing did).

pub mod body;
pub mod client;
pub mod reason;
