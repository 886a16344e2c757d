//! The same answer for everyone: what holds when the site has no permissions file.

use std::time::Duration;

use super::explanation::Explanation;
use super::gauge;
use super::provider::{PendingDecision, PendingExplanation, Permission};
use super::question::{Decision, Question, Refusal};

/// Why the answer is yes.
const EVERYONE: &str = "there is no permissions file, so everyone may read";

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
        let decision = self.decision();
        gauge::count(&decision.answer);
        Box::pin(std::future::ready(decision))
    }

    fn explain(&self, _: Question) -> PendingExplanation<'_> {
        Box::pin(async move {
            let explanation = Explanation::new(&self.decision(), Duration::ZERO);
            let reason = explanation.reason.or_else(|| Some(EVERYONE.to_owned()));
            Explanation { reason, ..explanation }
        })
    }
}

impl FixedPermission {
    fn decision(self) -> Decision {
        match self {
            Self::AllowAll => Decision::ALLOWED,
            Self::RefuseAll => Refusal::NoHandlers.into(),
        }
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
