//! What became of everything that is stored together, for all who wait for it.

use tokio::sync::SetOnce;

use super::refusal::Refusal;

/// Set once, when everything of one ticket is stored and accepted, or will not be.
#[derive(Debug, Default)]
pub struct Outcome(SetOnce<Result<(), Refusal>>);

impl Outcome {
    /// Waits for it.
    ///
    /// # Errors
    /// Why it is not stored.
    pub async fn wait(&self) -> Result<(), Refusal> {
        self.0.wait().await.clone()
    }

    /// Tells everyone who waits. Only the first time counts.
    pub fn tell(&self, result: Result<(), Refusal>) {
        let _ = self.0.set(result);
    }
}
