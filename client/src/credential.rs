//! The identity in use: for how long the relay takes it, and when another one is to be asked for.

use crate::backoff::Random;
use crate::millis::Millis;

/// The longest time before its end that a token is replaced: enough for a slow backend and several attempts.
const LONGEST_MARGIN: Millis = Millis::from_secs(60);

/// Of a token that holds for a short time only, this part is left when it is replaced: a fifth.
const MARGIN_PART: u64 = 5;

/// The shortest time between two attempts to replace a token.
const RETRY_SPACING: Millis = Millis::from_secs(5);

/// What is known of the identity that was given last.
#[derive(Debug)]
pub(crate) struct Credential {
    /// Whether another one may come of asking again.
    is_renewable: bool,
    /// Until when a connection may be made with it again. Nothing, unless a relay has accepted it.
    good_until: Millis,
    /// When the relay ends a connection that still has it.
    ends: Millis,
    /// When to ask for another one.
    replace_at: Millis,
}

impl Credential {
    pub(crate) const fn new() -> Self {
        Self { is_renewable: false, good_until: Millis::ZERO, ends: Millis::MAX, replace_at: Millis::MAX }
    }

    /// An identity has been given.
    pub(crate) const fn given(&mut self, is_renewable: bool) {
        self.is_renewable = is_renewable;
    }

    /// The relay has accepted it for so long, or without an end.
    pub(crate) fn accepted(&mut self, expires_in: Option<Millis>, now: Millis, random: &mut Random) {
        let Some(span) = expires_in else {
            *self = Self { is_renewable: self.is_renewable, good_until: Millis::MAX, ..Self::new() };
            return;
        };
        let margin = span.part(MARGIN_PART).min(LONGEST_MARGIN);
        // Clients whose tokens are of the same age do not all ask at once.
        let early = random.up_to(margin.part(2));
        self.ends = now + span;
        self.replace_at = now + span.less(margin + early);
        self.good_until = self.replace_at;
    }

    /// The relay does not take it any more, or somebody says that it is another one's.
    pub(crate) const fn rejected(&mut self) {
        self.good_until = Millis::ZERO;
    }

    /// Another one is being asked for: if none is accepted, the next attempt is half of the remaining time away, and the
    /// relay has the last word.
    pub(crate) fn asked(&mut self, now: Millis) {
        let next = now + self.ends.less(now).part(2).max(RETRY_SPACING);
        self.replace_at = if next < self.ends { next } else { Millis::MAX };
    }

    /// Whether another one may come of asking again.
    pub(crate) const fn is_renewable(&self) -> bool {
        self.is_renewable
    }

    /// Whether a connection may be made with it again.
    pub(crate) fn is_good(&self, now: Millis) -> bool {
        now < self.good_until
    }

    /// When to ask for another one while connected; never, where none would come of it.
    pub(crate) const fn replace_at(&self) -> Millis {
        if self.is_renewable { self.replace_at } else { Millis::MAX }
    }
}
