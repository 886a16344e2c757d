//! Who can be asked for permission.

use std::future::Future;
use std::pin::Pin;
use std::time::Instant;

use realtime_protocol::channel::Channel;
use realtime_protocol::subscriber::UserId;

use super::explanation::Explanation;
use super::question::{Decision, Question};

/// A decision under way. Dropping it withdraws the question.
pub type PendingDecision<'a> = Pin<Box<dyn Future<Output = Decision> + Send + 'a>>;

/// An explanation under way. Dropping it withdraws the question.
pub type PendingExplanation<'a> = Pin<Box<dyn Future<Output = Explanation> + Send + 'a>>;

/// Decides who may read which channel. One of these serves all sessions at once.
///
/// A provider answers within a time of its own and never fails: what it cannot decide it refuses, with the cause in
/// the [`Decision`]. It logs faults and counts decisions itself, so that whoever asks only has to obey.
pub trait Permission: Send + Sync + 'static {
    /// Asks. Cancel-safe: a dropped future's question is not answered, and nobody else notices.
    fn decide(&self, question: Question) -> PendingDecision<'_>;

    /// Asks as [`decide`](Self::decide) does, and tells all that is known about the answer. For people who want to know
    /// why; a provider that knows more than its decision says so here.
    fn explain(&self, question: Question) -> PendingExplanation<'_> {
        Box::pin(async move {
            let asked_at = Instant::now();
            let decision = self.decide(question).await;
            Explanation::new(&decision, asked_at.elapsed())
        })
    }

    /// What was decided earlier may be wrong by now: about this channel and its resources (about one resource only,
    /// if it is one), or all channels; for this user, or all users. Every question that is answered after this
    /// returns, one that is under way included, is answered anew.
    fn forget(&self, _channel: Option<&Channel>, _user: Option<&UserId>) {}

    /// How many questions wait for an answer.
    fn open(&self) -> usize {
        0
    }
}
