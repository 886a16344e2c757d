//! Subscribes under way: a bounded number of them is unanswered at a time, the others wait their turn.

use realtime_protocol::frame::RequestId;

use crate::line::Line;
use crate::millis::Millis;
use crate::table::ChannelKey;

/// A subscribe that the relay has not answered.
#[derive(Debug)]
struct Request {
    id: RequestId,
    key: ChannelKey,
    deadline: Millis,
}

#[derive(Debug)]
pub(crate) struct Requests {
    /// How many may be unanswered.
    limit: usize,
    timeout: Millis,
    /// In the order of their sending, which is that of their deadlines too. Never more than the limit.
    unanswered: Vec<Request>,
    /// Channels to ask for as replies make room.
    queue: Line<ChannelKey>,
    last_id: u32,
}

impl Requests {
    pub(crate) const fn new(limit: usize, timeout: Millis) -> Self {
        Self { limit, timeout, unanswered: Vec::new(), queue: Line::new(), last_id: 0 }
    }

    /// A number for a frame.
    pub(crate) const fn next_id(&mut self) -> RequestId {
        self.last_id = self.last_id.wrapping_add(1);
        RequestId(self.last_id)
    }

    /// Puts a channel at the end of the queue.
    pub(crate) fn enqueue(&mut self, key: ChannelKey) {
        self.queue.push(key);
    }

    /// Takes a channel out of the queue.
    pub(crate) fn unqueue(&mut self, key: ChannelKey) {
        self.queue.retain(|queued| queued != key);
    }

    /// The next channel to ask for, when there is room.
    pub(crate) fn next(&mut self) -> Option<ChannelKey> {
        if self.unanswered.len() < self.limit {
            return self.queue.pop();
        }
        None
    }

    /// Notes that a channel is being asked for.
    pub(crate) fn sent(&mut self, key: ChannelKey, now: Millis) -> RequestId {
        let id = self.next_id();
        self.wait(id, key, now);
        id
    }

    /// The channel that an answer is about.
    pub(crate) fn answered(&mut self, id: RequestId) -> Option<ChannelKey> {
        let at = self.unanswered.iter().position(|request| request.id == id)?;
        Some(self.unanswered.remove(at).key)
    }

    /// The next request whose answer is overdue. It is given up, unless the caller goes on waiting.
    pub(crate) fn overdue(&mut self, now: Millis) -> Option<(RequestId, ChannelKey)> {
        let first = self.unanswered.first().filter(|request| request.deadline <= now)?;
        let overdue = (first.id, first.key);
        self.unanswered.remove(0);
        Some(overdue)
    }

    /// Goes on waiting for an answer, for another full time.
    pub(crate) fn wait(&mut self, id: RequestId, key: ChannelKey, now: Millis) {
        let deadline = now + self.timeout;
        self.unanswered.push(Request { id, key, deadline });
    }

    /// When the first answer is overdue.
    pub(crate) fn deadline(&self) -> Option<Millis> {
        self.unanswered.first().map(|request| request.deadline)
    }

    /// Forgets all: there is no one to answer.
    pub(crate) fn clear(&mut self) {
        self.unanswered.clear();
        self.queue.clear();
    }
}
