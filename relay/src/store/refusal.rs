//! Why something cannot be stored now, or is not known to be.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use realtime_hub::dedupe::IdTaken;

/// Nothing was stored and nothing will be delivered, but for [`Refusal::Unanswered`]; the same publish can be tried again.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Refusal {
    /// There is no room on the disk, or for this user or process.
    #[error("the relay's disk is full: it takes messages again as soon as there is room")]
    Full,
    /// The disk does not do what it should.
    #[error("the relay cannot write its history ({0}): it goes on trying")]
    Failing(Arc<io::Error>),
    /// The disk says nothing: neither that it has what was written nor that it cannot take it.
    #[error("the relay's disk does not answer: messages are taken again as soon as it does")]
    Silent,
    /// The disk has been given it, and has said nothing since: it may be stored and delivered yet. Whoever repeats it with
    /// its id learns that.
    #[error(
        "the relay's disk does not answer: whether the message is stored is not known yet; send it again with the same \
         id to learn that"
    )]
    Unanswered,
    /// More waits for the disk than may.
    #[error("more is published than the relay's disk takes")]
    Busy,
    /// The relay is stopping.
    #[error("the relay is stopping")]
    Stopping,
}

/// Why a publish is given no place.
#[derive(Debug, Clone, thiserror::Error)]
pub enum NotPlaced {
    /// Repeating it changes nothing.
    #[error(
        "another message was published with this id on this channel a short while ago: to repeat a publish, send the \
         same payload, users and publisher; for another message, take another id"
    )]
    IdTaken,
    /// It cannot be stored now.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

impl From<IdTaken> for NotPlaced {
    fn from(_: IdTaken) -> Self {
        Self::IdTaken
    }
}

impl Refusal {
    pub(crate) fn of(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                Self::Full
            }
            _ => Self::Failing(Arc::new(error)),
        }
    }

    /// A word for it, by which it is counted.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Failing(_) => "failing",
            Self::Silent => "silent",
            Self::Unanswered => "unanswered",
            Self::Busy => "busy",
            Self::Stopping => "stopping",
        }
    }

    /// When it makes sense to try again.
    pub const fn retry_after(&self) -> Duration {
        match self {
            Self::Busy => Duration::from_secs(1),
            Self::Stopping => Duration::from_secs(2),
            // A person may have to make room; until then each attempt is one in vain.
            Self::Full | Self::Failing(_) | Self::Silent | Self::Unanswered => Duration::from_secs(5),
        }
    }
}
