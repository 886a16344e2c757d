//! The identity in use: for how long the relay takes it, and when another one is to be asked for.

use std::time::Duration;

use crate::backoff::Random;

/// The longest time before its end that a token is replaced: enough for a slow backend and several attempts.
const LONGEST_MARGIN: Duration = Duration::from_secs(60);

/// Of a token that holds for a short time only, this part is left when it is replaced: a fifth.
const MARGIN_PART: u32 = 5;

/// The shortest time between two attempts to replace a token.
const RETRY_SPACING: Duration = Duration::from_secs(5);

/// What is known of the identity that was given last.
#[derive(Debug)]
pub(crate) struct Credential {
    /// Whether another one may come of asking again.
    is_renewable: bool,
    /// Until when a connection may be made with it again. Nothing, unless a relay has accepted it.
    good_until: Duration,
    /// When the relay ends a connection that still has it.
    ends: Duration,
    /// When to ask for another one.
    replace_at: Duration,
}

impl Credential {
    pub(crate) const fn new() -> Self {
        Self {
            is_renewable: false,
            good_until: Duration::ZERO,
            ends: Duration::MAX,
            replace_at: Duration::MAX,
        }
    }

    /// An identity has been given.
    pub(crate) const fn given(&mut self, is_renewable: bool) {
        self.is_renewable = is_renewable;
    }

    /// The relay has accepted it for so long, or without an end.
    pub(crate) fn accepted(&mut self, expires_in: Option<Duration>, now: Duration, random: &mut Random) {
        let Some(span) = expires_in else {
            *self = Self { is_renewable: self.is_renewable, good_until: Duration::MAX, ..Self::new() };
            return;
        };
        let margin = (span / MARGIN_PART).min(LONGEST_MARGIN);
        // Clients whose tokens are of the same age do not all ask at once.
        let early = random.up_to(margin / 2);
        self.ends = now.saturating_add(span);
        self.replace_at = self.ends.saturating_sub(margin).saturating_sub(early);
        self.good_until = self.replace_at;
    }

    /// The relay does not take it any more, or somebody says that it is another one's.
    pub(crate) const fn rejected(&mut self) {
        self.good_until = Duration::ZERO;
    }

    /// Another one is being asked for: if none is accepted, the next attempt is half of the remaining time away, and the
    /// relay has the last word.
    pub(crate) fn asked(&mut self, now: Duration) {
        let next = now.saturating_add((self.ends.saturating_sub(now) / 2).max(RETRY_SPACING));
        self.replace_at = if next < self.ends { next } else { Duration::MAX };
    }

    /// Whether another one may come of asking again.
    pub(crate) const fn is_renewable(&self) -> bool {
        self.is_renewable
    }

    /// Whether a connection may be made with it again.
    pub(crate) fn is_good(&self, now: Duration) -> bool {
        now < self.good_until
    }

    /// When to ask for another one while connected; never, where none would come of it.
    pub(crate) const fn replace_at(&self) -> Duration {
        if self.is_renewable { self.replace_at } else { Duration::MAX }
    }
}
