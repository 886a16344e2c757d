//! What has changed lately, so that an answer from before is recognised.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use realtime_protocol::channel::Channel;
use realtime_protocol::subscriber::UserId;

use crate::session::recheck::selection::Selection;

/// Kinds of changes that are remembered one by one, each with its latest. A question that is older than one that is
/// forgotten is taken to be concerned: it is asked once more than necessary, and that many kinds in the time of one
/// question are rare. One user, who can bring changes about by refreshing a token, is one kind, however often.
const REMEMBERED: usize = 64;

/// How many changes there were when a question was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Generation(u64);

/// The changes since the start.
#[derive(Debug, Default)]
pub struct Changes {
    /// Changed under the lock of `recent`, read without.
    generation: AtomicU64,
    recent: Mutex<Recent>,
}

/// The latest changes.
#[derive(Debug, Default)]
struct Recent {
    /// What changed, each once, and as how manieth change it did the last time; the latest in front.
    remembered: VecDeque<(u64, Selection)>,
    /// The latest change that is no longer among them.
    forgotten: u64,
}

impl Changes {
    /// Where things stand now.
    pub fn generation(&self) -> Generation {
        Generation(self.generation.load(Ordering::SeqCst))
    }

    /// Notes that the answers to some questions may have changed.
    pub fn note(&self, selection: Selection) {
        let mut recent = self.recent.lock();
        let generation = self.generation().0 + 1;
        recent.note(generation, selection);
        self.generation.store(generation, Ordering::SeqCst);
    }

    /// Whether the answer to a question may have changed since.
    pub fn concern(&self, since: Generation, channel: &Channel, user: &UserId) -> bool {
        if since == self.generation() {
            return false;
        }
        self.recent.lock().concern(since, channel, user)
    }
}

impl Recent {
    fn note(&mut self, generation: u64, selection: Selection) {
        self.remembered.retain(|(_, before)| *before != selection);
        self.remembered.push_front((generation, selection));
        if self.remembered.len() > REMEMBERED
            && let Some((oldest, _)) = self.remembered.pop_back()
        {
            self.forgotten = oldest;
        }
    }

    fn concern(&self, Generation(since): Generation, channel: &Channel, user: &UserId) -> bool {
        let mut later = self.remembered.iter().take_while(|(generation, _)| *generation > since);
        since < self.forgotten || later.any(|(_, selection)| selection.has(channel, user))
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
            changes.note(Selection::of_user(user(&format!("user-{count}"))));
            assert_eq!(changes.concern(asked, &channel, &user("anna")), count > REMEMBERED, "{count}");
        }
    }

    #[test]
    fn a_user_who_changes_again_and_again_concerns_no_other_and_makes_nothing_be_forgotten() {
        let changes = Changes::default();
        let (chat, news) = (Channel::parse("chat", None).unwrap(), Channel::parse("news", None).unwrap());
        let asked = changes.generation();
        changes.note(Selection { channel: Some(news.clone()), user: None });
        for _ in 0..3 * REMEMBERED {
            changes.note(Selection::of_user(user("ben")));
        }
        assert!(!changes.concern(asked, &chat, &user("anna")));
        assert!(changes.concern(asked, &news, &user("anna")));
        let asked = changes.generation();
        changes.note(Selection::of_user(user("ben")));
        assert!(changes.concern(asked, &chat, &user("ben")), "the latest time counts");
        assert!(!changes.concern(asked, &news, &user("anna")));
    }
}
