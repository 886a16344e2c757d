//! What is wrong with a history, in words for the operator.

use std::fmt::{self, Display, Formatter};

/// Something that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The file.
    pub file: String,
    /// What is wrong with it.
    pub what: What,
}

/// Ways to be damaged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// Bytes that are no record.
    Unreadable {
        /// Where they begin.
        at: u64,
        /// How many they are.
        bytes: u64,
    },
    /// A record whose content is not what was written.
    Record {
        /// Where it begins.
        at: u64,
        /// How long it is.
        bytes: u64,
    },
    /// The file is shorter than it was.
    Truncated {
        /// Bytes that are missing.
        missing: u64,
    },
    /// The file is not there.
    Missing,
    /// The file cannot be read.
    Io(String),
    /// The file is of another history.
    Foreign,
    /// A newer relay wrote the file, in this format. The relay does not start then.
    Newer(u16),
    /// The file that says where the history ends is missing or damaged.
    NoEnd,
    /// The folder is a copy of another, or was put back from one.
    Copied,
    /// The machine went down while the relay ran, and writes were not waited for.
    MachineDown,
}

impl Display for Damage {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let file = &self.file;
        match &self.what {
            What::Unreadable { at, bytes } => {
                write!(f, "{file}: the {bytes} bytes from byte {at} on are not what was written")
            }
            What::Record { at, bytes } => {
                write!(f, "{file}: the record of {bytes} bytes at byte {at} is not what was written")
            }
            What::Truncated { missing } => write!(f, "{file}: its last {missing} bytes are missing"),
            What::Missing => write!(f, "{file}: it is missing"),
            What::Io(error) => write!(f, "{file}: it cannot be read: {error}"),
            What::Foreign => write!(f, "{file}: it belongs to another history"),
            What::Newer(format) => write!(f, "{file}: a newer relay wrote it (format {format})"),
            What::NoEnd => {
                write!(f, "{file}: it is missing or damaged, so the newest messages may be missing")
            }
            What::Copied => {
                write!(f, "{file}: the folder is a copy, so newer messages may have been published elsewhere")
            }
            What::MachineDown => write!(
                f,
                "{file}: the machine went down while the relay ran with durability \"process\", so the messages of \
                 its last seconds may be missing"
            ),
        }
    }
}

/// What a start found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// What is wrong.
    pub damage: Vec<Damage>,
    /// Messages of which it is known that they are lost, or that were before one that is lost, and so can no longer be
    /// recovered.
    pub lost_messages: u64,
    /// Channels that begin anew, because nobody knows how they ended.
    pub renewed_channels: u64,
    /// Messages that are there.
    pub messages: u64,
    /// Channels that are there.
    pub channels: u64,
    /// Bytes that were read.
    pub bytes: u64,
}

/// More lines would only hide the others.
const MAX_LINES: usize = 20;

impl Report {
    /// Tells the operator.
    pub fn log(&self) {
        for damage in self.damage.iter().take(MAX_LINES) {
            tracing::error!("{damage}");
        }
        if let Some(more) = self.damage.len().checked_sub(MAX_LINES).filter(|more| *more > 0) {
            tracing::error!(more, "more places of the history are damaged");
        }
        if !self.damage.is_empty() {
            tracing::error!(
                lost_messages = self.lost_messages,
                renewed_channels = self.renewed_channels,
                "the history is damaged; the relay goes on with all that is left, and tells clients that may have missed \
                 something. Nothing has to be done now; if it happens again, check the disk"
            );
        }
    }
}
