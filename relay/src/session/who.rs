//! Who the client is, from the question to what the session's rules make of it.

use std::time::SystemTime;

use realtime_protocol::close::CloseCode;

use crate::clock::Clock;
use crate::identity::error::TokenError;
use crate::identity::establish::{Identity, Waiting};
use crate::log::pace::Pace;
use crate::session::effect::Established;

/// The identity that is being established, if one is.
#[derive(Default)]
pub struct Question(Option<Waiting>);

impl Question {
    /// Waits for this one. It takes the place of an earlier one, whose answer counts for nothing any more.
    pub fn ask(&mut self, waiting: Waiting) {
        self.0 = Some(waiting);
    }

    /// Waits for none.
    pub fn forget(&mut self) {
        self.0 = None;
    }

    /// The answer, or never while there is no question. Dropped half-way, it goes on where it was.
    pub async fn answered(&mut self) -> Result<Identity, TokenError> {
        let Some(waiting) = &mut self.0 else { return std::future::pending().await };
        let answer = waiting.await;
        self.0 = None;
        answer
    }
}

/// An identity with its end on the session's clock.
pub fn on_clock(identity: Identity, clock: &Clock) -> Established {
    let Identity { subscriber, visitor_token, expires_at } = identity;
    let left = |at: SystemTime| at.duration_since(SystemTime::now()).unwrap_or_default();
    Established { subscriber, visitor_token, expires_at: expires_at.map(|at| clock.now() + left(at)) }
}

/// How a session ends whose token is not accepted.
pub const fn close_code(error: &TokenError) -> CloseCode {
    match error {
        TokenError::Expired => CloseCode::TokenExpired,
        TokenError::Unavailable(_) => CloseCode::Unavailable,
        TokenError::Invalid(_) | TokenError::NoKeys => CloseCode::BadToken,
    }
}

/// Says in the log why a token was not accepted, and what follows from that: at a sane rate, since any stranger can
/// send any token, and each one at level debug.
pub fn log_refusal(session: u64, error: &TokenError, consequence: &str) {
    static PACE: Pace = Pace::new();
    match PACE.turn() {
        Some(left_out) => tracing::info!(session, %error, left_out, "token refused: {consequence}"),
        None => tracing::debug!(session, %error, "token refused: {consequence}"),
    }
}
