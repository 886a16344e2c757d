//! Limits that both ends of the wire rely on. The relay's settings may be stricter, never looser.

/// Characters of a channel's name.
pub const MAX_NAME_CHARS: usize = 140;

/// Characters (Unicode scalar values) of a resource id.
pub const MAX_RESOURCE_ID_CHARS: usize = 1_000;

/// Characters of an epoch.
pub const MAX_EPOCH_CHARS: usize = 64;

/// Characters of a user id, which a token's `sub` carries. Long enough for every identity provider's ids, short
/// enough to be kept for each session.
pub const MAX_USER_ID_CHARS: usize = 256;

/// User ids that one publish may be addressed to.
pub const MAX_TARGETED_USERS: usize = 1_000;

/// Characters of a publish's idempotency id.
pub const MAX_PUBLISH_ID_CHARS: usize = 128;

/// Messages of one batch.
pub const MAX_BATCH_MESSAGES: usize = 100;

/// The largest integer that every JSON reader keeps exact (2^53 - 1).
pub const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

/// Bytes of one frame that a client sends. A hello with two tokens is the largest that a client needs.
pub const MAX_CLIENT_FRAME_BYTES: usize = 16 * 1024;

/// Bytes at which the relay closes a frame of joined messages. A single larger message has a frame of its own.
pub const JOINED_FRAME_BYTES: usize = 64 * 1024;

/// Bytes at which the relay closes a frame of messages that a client has missed. A client hears whole frames only, so
/// over a slow link each has to arrive within the time that silence may last: these do with half a kilobyte a second.
pub const RECOVERY_FRAME_BYTES: usize = 16 * 1024;

/// How many characters a text has. Counted one by one, since the standard library's count is unrolled for long texts,
/// which every page that has the browser SDK would download.
pub(crate) fn chars_in(text: &str) -> usize {
    text.chars().fold(0, |chars, _| chars + 1)
}
