//! Why a measurement ended without a figure.

use std::io;

use crate::check::fault::Fault;

/// What a person at the command line reads.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// The system refused something.
    #[error("cannot {what}: {source}")]
    System {
        /// What was tried.
        what: String,
        /// Why it failed.
        source: io::Error,
    },
    /// The server under test cannot be used.
    #[error("{server}: {why}")]
    Server {
        /// Which one.
        server: String,
        /// What is wrong, and what would be right.
        why: String,
    },
    /// The server broke its promise to a subscriber.
    #[error("subscriber {subscriber}: {fault}")]
    Subscriber {
        /// The load generator's number of it.
        subscriber: usize,
        /// What it did.
        fault: Fault,
    },
    /// The server broke its promise to all subscribers of a channel.
    #[error("channel {channel}: {fault}")]
    Channel {
        /// The load generator's number of it.
        channel: usize,
        /// What it did.
        fault: Fault,
    },
    /// A connection was closed or an answer was not what it should be.
    #[error("{0}")]
    Peer(String),
    /// Nothing came any more.
    #[error("nothing came for {seconds} seconds, {what}")]
    Stalled {
        /// What was waited for.
        what: String,
        /// How long.
        seconds: u64,
    },
}

impl BenchError {
    /// For `map_err`: the system refused to do something.
    pub fn system<E: Into<io::Error>>(what: impl Into<String>) -> impl FnOnce(E) -> Self {
        let what = what.into();
        move |source| Self::System { what, source: source.into() }
    }
}
