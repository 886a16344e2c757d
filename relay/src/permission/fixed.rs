//! The same answer for everyone: what holds when the site has no permissions file.

use super::gauge;
use super::provider::{PendingDecision, Permission};
use super::question::{Decision, Question, Refusal};

/// Decides without looking at the question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FixedPermission {
    /// Everyone may read every channel.
    AllowAll,
    /// Nobody may read anything.
    RefuseAll,
}

impl Permission for FixedPermission {
    /// Ready at once.
    fn decide(&self, _: Question) -> PendingDecision<'_> {
        let decision = match self {
            Self::AllowAll => Decision::ALLOWED,
            Self::RefuseAll => Refusal::NoHandlers.into(),
        };
        gauge::count(&decision.answer);
        Box::pin(std::future::ready(decision))
    }
}

#[cfg(test)]
mod tests {
    use realtime_protocol::channel::Channel;
    use realtime_protocol::subscriber::{Subscriber, SubscriberType, UserId};

    use super::*;

    fn question() -> Question {
        Question {
            channel: Channel::parse("chat", None).unwrap(),
            subscriber: Subscriber { id: UserId::parse("u1").unwrap(), kind: SubscriberType::Admin },
        }
    }

    #[tokio::test]
    async fn allow_all_allows_and_refuse_all_refuses_even_an_admin() {
        assert!(FixedPermission::AllowAll.decide(question()).await.is_allowed());
        assert_eq!(FixedPermission::RefuseAll.decide(question()).await, Refusal::NoHandlers.into());
    }
}
