//! What can go wrong with connections, as data.

use serde::{Deserialize, Serialize};

/// A fault, as the control port takes it: `{"kind":"delay","direction":"down","ms":200}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Fault {
    /// Ends every connection that there is now. New ones are not touched.
    Cut {
        /// With which farewell.
        #[serde(default)]
        how: How,
    },
    /// Ends one direction of every connection that there is now: the reader there sees the end of the stream, while the
    /// other direction goes on. What the writer still sends is thrown away.
    HalfClose {
        /// Which.
        direction: Direction,
    },
    /// Connections stay and carry nothing, new ones included. Healed, they carry what has waited.
    Stall {
        /// Which.
        #[serde(default)]
        direction: Direction,
    },
    /// Connections stay and carry nothing, **for ever**: those that there are now, and those that are made until it is
    /// healed. What a NAT that has forgotten its connections does: nobody is told.
    BlackHole,
    /// Everything takes longer. Bytes keep their order, and as many are under way as fit.
    Delay {
        /// Which.
        #[serde(default)]
        direction: Direction,
        /// By how much, in milliseconds.
        ms: u64,
        /// And by up to this much more, in milliseconds, differently for each piece.
        #[serde(default)]
        jitter_ms: u64,
    },
    /// No more than so many bytes in a second, for each connection.
    Throttle {
        /// Which.
        #[serde(default)]
        direction: Direction,
        /// How many; at least 1.
        bytes_per_second: u32,
    },
    /// New connections are reset at once. (They are accepted first, so that they can be counted.)
    Refuse,
    /// New connections are answered as captive portals do: whatever is asked, with status 200 and this page.
    Portal {
        /// The page.
        html: String,
    },
}

/// One direction of a connection, or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// From the client to the server.
    Up,
    /// From the server to the client.
    Down,
    /// Both.
    #[default]
    Both,
}

impl Direction {
    /// Whether it is this one, or both.
    pub(super) fn covers(self, one: Self) -> bool {
        self == one || self == Self::Both
    }
}

/// The farewell of a cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// RST: both ends see an error.
    #[default]
    Reset,
    /// FIN: both ends see the end of the stream.
    Orderly,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_read_as_the_control_port_documents_them() {
        let read = |text| serde_json::from_str::<Fault>(text).unwrap();
        assert_eq!(read(r#"{"kind":"cut"}"#), Fault::Cut { how: How::Reset });
        assert_eq!(read(r#"{"kind":"cut","how":"orderly"}"#), Fault::Cut { how: How::Orderly });
        assert_eq!(
            read(r#"{"kind":"stall","direction":"both"}"#),
            Fault::Stall { direction: Direction::Both }
        );
        assert_eq!(read(r#"{"kind":"black-hole"}"#), Fault::BlackHole);
        assert_eq!(
            read(r#"{"kind":"delay","direction":"down","ms":200,"jitterMs":5}"#),
            Fault::Delay { direction: Direction::Down, ms: 200, jitter_ms: 5 }
        );
        assert_eq!(
            read(r#"{"kind":"throttle","bytesPerSecond":2048}"#),
            Fault::Throttle { direction: Direction::Both, bytes_per_second: 2048 }
        );
    }

    #[test]
    fn a_fault_that_is_not_known_is_refused_by_name() {
        for text in [r#"{"kind":"earthquake"}"#, r#"{"kind":"half-close"}"#, r#"{"kind":"cut","x":1}"#] {
            assert!(serde_json::from_str::<Fault>(text).is_err(), "{text}");
        }
        let error = serde_json::from_str::<Fault>(r#"{"kind":"earthquake"}"#).unwrap_err().to_string();
        assert!(error.contains("earthquake") && error.contains("black-hole"), "{error}");
    }
}
