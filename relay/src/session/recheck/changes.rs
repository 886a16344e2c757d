//! What has changed lately, so that an answer from before is recognised.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use realtime_protocol::channel::Channel;
use realtime_protocol::subscriber::UserId;

use crate::session::recheck::selection::Selection;

/// Changes that are remembered one by one. A question that is older than all of them is taken to be concerned: it is
/// asked once more than necessary, and that many changes in the time of one question are rare.
const REMEMBERED: usize = 64;

/// How many changes there were when a question was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Generation(u64);

/// The changes since the start.
#[derive(Debug, Default)]
pub struct Changes {
    /// Changed under the lock of `recent`, read without.
    generation: AtomicU64,
    recent: Mutex<VecDeque<Selection>>,
}

impl Changes {
    /// Where things stand now.
    pub fn generation(&self) -> Generation {
        Generation(self.generation.load(Ordering::SeqCst))
    }

    /// Notes that the answers to some questions may have changed.
    pub fn note(&self, selection: Selection) {
        let mut recent = self.recent.lock();
        recent.truncate(REMEMBERED - 1);
        recent.push_front(selection);
        self.generation.fetch_add(1, Ordering::SeqCst);
    }

    /// Whether the answer to a question may have changed since.
    pub fn concern(&self, since: Generation, channel: &Channel, user: &UserId) -> bool {
        if since == self.generation() {
            return false;
        }
        let recent = self.recent.lock();
        let count = usize::try_from(self.generation().0 - since.0).unwrap_or(usize::MAX);
        count > recent.len() || recent.iter().take(count).any(|selection| selection.has(channel, user))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(id: &str) -> UserId {
        UserId::parse(id).unwrap()
    }

    #[test]
    fn only_what_came_since_and_is_about_the_question_concerns_it() {
        let changes = Changes::default();
        let channel = Channel::parse("chat", None).unwrap();
        changes.note(Selection::ALL);
        let asked = changes.generation();
        assert!(!changes.concern(asked, &channel, &user("anna")));
        changes.note(Selection::of_user(user("ben")));
        assert!(!changes.concern(asked, &channel, &user("anna")));
        assert!(changes.concern(asked, &channel, &user("ben")));
        changes.note(Selection { channel: Some(channel.clone()), user: None });
        assert!(changes.concern(asked, &channel, &user("anna")));
        assert!(!changes.concern(changes.generation(), &channel, &user("anna")));
    }

    #[test]
    fn a_question_older_than_all_that_is_remembered_is_concerned() {
        let changes = Changes::default();
        let channel = Channel::parse("chat", None).unwrap();
        let asked = changes.generation();
        for count in 1..=REMEMBERED + 1 {
            changes.note(Selection::of_user(user("ben")));
            assert_eq!(changes.concern(asked, &channel, &user("anna")), count > REMEMBERED, "{count}");
        }
    }
}
