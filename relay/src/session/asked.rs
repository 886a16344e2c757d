//! A subscription whose permission is being asked.

use std::collections::VecDeque;

use realtime_protocol::channel::Channel;
use realtime_protocol::frame::{ClientFrame, RequestId};
use realtime_protocol::position::Position;

use crate::session::effect::Verdict;

/// How often a question is asked anew because its answer was outdated. Changes that come faster than answers must not
/// keep a client waiting for ever.
pub(super) const MAX_OUTDATED: u8 = 3;

/// A subscription that waits for its answer.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) id: RequestId,
    pub(super) channel: Channel,
    pub(super) position: Option<Position>,
    /// Later frames about the same channel, which wait so that they are handled in order.
    pub(super) later: VecDeque<ClientFrame>,
    /// It counts as one of the subscriptions that a connection may have, unless it is to a channel that is read already.
    pub(super) has_place: bool,
    /// The subscriber's type has changed since the question: its answer counts for nothing, and it is asked again.
    is_outdated: bool,
    /// How often the answer was outdated by what decides.
    outdated: u8,
}

impl Asked {
    pub(super) const fn new(
        id: RequestId,
        channel: Channel,
        position: Option<Position>,
        has_place: bool,
    ) -> Self {
        Self { id, channel, position, later: VecDeque::new(), has_place, is_outdated: false, outdated: 0 }
    }

    /// Frames of the client that wait for the answer.
    pub(super) fn frames(&self) -> usize {
        1 + self.later.len()
    }

    /// Whoever asks is no longer the one that was asked about.
    pub(super) const fn outdate(&mut self) {
        self.is_outdated = true;
    }

    /// Whether such an answer counts for nothing, so that it is to be asked again.
    pub(super) fn asks_again(&mut self, verdict: Verdict) -> bool {
        if std::mem::take(&mut self.is_outdated) {
            return true;
        }
        let again = verdict == Verdict::Outdated && self.outdated < MAX_OUTDATED;
        self.outdated += u8::from(again);
        again
    }
}
