//! Who may read what, and since when not.

use std::collections::BTreeMap;
use std::time::Duration;

use realtime_protocol::channel::Channel;
use realtime_protocol::subscriber::UserId;

/// For how long after a refusal began a message may still be written: until the change has been noticed, the question
/// asked and the answer come, which a few times may be nobody's.
const NOTICED_WITHIN: Duration = Duration::from_secs(10);

/// Who may not read what.
#[derive(Debug, Default)]
pub(crate) struct Permissions {
    forbidden: BTreeMap<(UserId, Channel), Duration>,
}

impl Permissions {
    pub(crate) fn may_read(&self, user: &UserId, channel: &Channel) -> bool {
        !self.forbidden.contains_key(&(user.clone(), channel.clone()))
    }

    /// Changes a permission. Returns whether the user may read now.
    pub(crate) fn toggle(&mut self, user: &UserId, channel: &Channel, now: Duration) -> bool {
        let key = (user.clone(), channel.clone());
        if self.forbidden.remove(&key).is_some() {
            return true;
        }
        self.forbidden.insert(key, now);
        false
    }

    pub(crate) fn allow_all(&mut self) {
        self.forbidden.clear();
    }

    /// Whether a user has been refused for so long that nothing of the channel may be written any more.
    pub(crate) fn is_long_refused(&self, user: &UserId, channel: &Channel, now: Duration) -> bool {
        let since = self.forbidden.get(&(user.clone(), channel.clone()));
        since.is_some_and(|since| now > *since + NOTICED_WITHIN)
    }
}
