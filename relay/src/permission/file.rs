//! The permission provider of a file that may change, or appear, while the relay runs.

use std::io;
use std::sync::Arc;

use parking_lot::RwLock;

use super::fixed::FixedPermission;
use super::provider::{PendingDecision, PendingExplanation, Permission};
use super::question::Question;
use super::script::loaded::Script;
use super::script::pool::ScriptPermission;
use super::script::settings::PoolSettings;

/// Decides by the script in force; as long as there is none, all get the same answer.
pub struct FilePermission {
    pool: RwLock<Option<Arc<ScriptPermission>>>,
    otherwise: FixedPermission,
    settings: PoolSettings,
}

impl FilePermission {
    /// A provider without a script.
    pub const fn without_script(otherwise: FixedPermission, settings: PoolSettings) -> Self {
        Self { pool: RwLock::new(None), otherwise, settings }
    }

    /// The script in force.
    pub fn script(&self) -> Option<Arc<Script>> {
        self.pool.read().as_ref().map(|pool| pool.script())
    }

    /// Puts a script in force: it answers every question that is asked after this returns.
    ///
    /// # Errors
    /// When it is the first one, and the system has no threads to give. Nothing changes then.
    pub fn replace(&self, script: Arc<Script>) -> io::Result<()> {
        let mut pool = self.pool.write();
        match &*pool {
            Some(pool) => pool.replace(script),
            None => *pool = Some(Arc::new(ScriptPermission::start(script, self.settings)?)),
        }
        Ok(())
    }

    fn pool(&self) -> Option<Arc<ScriptPermission>> {
        self.pool.read().clone()
    }
}

impl Permission for FilePermission {
    fn decide(&self, question: Question) -> PendingDecision<'_> {
        match self.pool() {
            Some(pool) => Box::pin(async move { pool.decide(question).await }),
            None => self.otherwise.decide(question),
        }
    }

    fn explain(&self, question: Question) -> PendingExplanation<'_> {
        match self.pool() {
            Some(pool) => Box::pin(async move { pool.explain(question).await }),
            None => self.otherwise.explain(question),
        }
    }

    fn open(&self) -> usize {
        self.pool().map_or(0, |pool| pool.open())
    }
}

#[cfg(test)]
mod tests {
    use realtime_protocol::channel::Channel;
    use realtime_protocol::subscriber::{Subscriber, SubscriberType, UserId};

    use super::*;
    use crate::permission::script::settings::EngineLimits;

    #[tokio::test]
    async fn a_script_takes_over_from_the_answer_that_all_get() {
        let question = || Question {
            channel: Channel::parse("chat", None).unwrap(),
            subscriber: Subscriber { id: UserId::parse("u1").unwrap(), kind: SubscriberType::Admin },
        };
        let permission = FilePermission::without_script(FixedPermission::AllowAll, PoolSettings::default());
        assert!(permission.decide(question()).await.is_allowed());
        assert!(permission.explain(question()).await.reason.unwrap().contains("no permissions file"));
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("permissions.js");
        std::fs::write(&file, "export const realtime_check_permission = () => ({ read: false });").unwrap();
        let script = Script::load(&file, None, EngineLimits::default()).unwrap();
        permission.replace(Arc::clone(&script)).unwrap();
        assert!(!permission.decide(question()).await.is_allowed());
        assert!(permission.explain(question()).await.reason.unwrap().contains("read: false"));
        assert_eq!(permission.script(), Some(script));
    }
}
