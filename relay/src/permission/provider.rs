//! Who can be asked for permission.

use std::future::Future;
use std::pin::Pin;

use super::question::{Decision, Question};

/// A decision under way. Dropping it withdraws the question.
pub type PendingDecision<'a> = Pin<Box<dyn Future<Output = Decision> + Send + 'a>>;

/// Decides who may read which channel. One of these serves all sessions at once.
///
/// A provider answers within a time of its own and never fails: what it cannot decide it refuses, with the cause in
/// the [`Decision`]. It logs faults and counts decisions itself, so that whoever asks only has to obey.
pub trait Permission: Send + Sync + 'static {
    /// Asks. Cancel-safe: a dropped future's question is not answered, and nobody else notices.
    fn decide(&self, question: Question) -> PendingDecision<'_>;
}
