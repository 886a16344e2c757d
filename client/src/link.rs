//! The connection: its phases, and the times that move it from one to the next.

use realtime_protocol::close::{CloseCode, Return};
use realtime_protocol::frame::{ClientFrame, Heartbeat};

use crate::backoff::{self, Random};
use crate::credential::Credential;
use crate::effect::{Effect, Failure};
use crate::input::{ConnectionId, Identity};
use crate::millis::Millis;
use crate::settings::Times;

/// The shortest time between two attempts that the outside world's wake-ups may bring about.
const WAKE_SPACING: Millis = Millis::from_secs(1);

#[derive(Debug)]
pub(crate) enum Phase {
    /// Nothing is wanted.
    Idle,
    /// Something is wanted, but connecting again would end the same way.
    Closed,
    /// The next attempt comes at this time; with [`Millis::MAX`], when the outside world wakes it.
    Waiting { until: Millis },
    /// From opening the transport to the relay's welcome.
    Connecting(Attempt),
    /// Welcomed.
    Live(Live),
}

/// A connection under way. Hello leaves when the transport is open and the identity known.
#[derive(Debug)]
pub(crate) struct Attempt {
    connection: ConnectionId,
    deadline: Millis,
    is_open: bool,
    identity: Option<Identity>,
    has_greeted: bool,
}

/// A connection that the relay has welcomed.
#[derive(Debug)]
pub(crate) struct Live {
    connection: ConnectionId,
    since: Millis,
    /// When the relay was last heard.
    heard: Millis,
    /// How long it may stay silent.
    silence: Millis,
    /// By when it answers the question that a wake-up has asked. Never, where none is open.
    answers_by: Millis,
}

/// What the passing of time means for the connection.
pub(crate) enum Due {
    Nothing,
    /// Connecting has taken too long.
    Late,
    /// The relay has been silent for too long.
    Silent,
    /// Nothing has been wanted for long enough.
    Unwanted,
    /// The token ends soon.
    Expiring,
}

/// A connection that lasts for one of so many parts of the time that makes it good again makes up for one that did not
/// last: one that is lost at once, none.
const FORGIVING_PARTS: u64 = 5;

#[derive(Debug)]
pub(crate) struct Link {
    times: Times,
    random: Random,
    phase: Phase,
    last_connection: u32,
    /// When the latest attempt began.
    attempted_at: Millis,
    /// No attempt before this time, unless the outside world wakes it.
    retry_at: Millis,
    /// Connections in a row that did not last.
    failures: u32,
    /// How long the relay, in its goodbye, asked to stay away.
    goodbye: Option<Millis>,
    /// Since when the connection, made or in the making, is for nothing.
    unwanted_since: Option<Millis>,
    credential: Credential,
    /// Whether the last attempt was given up for want of an identity. Then that is asked for first, and a transport is opened
    /// when it is there: none is made to be thrown away.
    asks_first: bool,
    /// Whether an expired token has been answered by an attempt without a wait, since a connection last lasted.
    has_hurried: bool,
}

impl Link {
    pub(crate) const fn new(times: Times, seed: u64) -> Self {
        Self {
            times,
            random: Random::new(seed),
            phase: Phase::Idle,
            last_connection: 0,
            attempted_at: Millis::ZERO,
            retry_at: Millis::ZERO,
            failures: 0,
            goodbye: None,
            unwanted_since: None,
            credential: Credential::new(),
            asks_first: false,
            has_hurried: false,
        }
    }

    pub(crate) const fn phase(&self) -> &Phase {
        &self.phase
    }

    pub(crate) const fn random(&mut self) -> &mut Random {
        &mut self.random
    }

    pub(crate) const fn is_live(&self) -> bool {
        matches!(self.phase, Phase::Live(_))
    }

    /// Whether this is the connection of now.
    pub(crate) fn is_current(&self, connection: ConnectionId) -> bool {
        self.connection() == Some(connection)
    }

    /// The transport in use.
    pub(crate) const fn connection(&self) -> Option<ConnectionId> {
        match &self.phase {
            Phase::Connecting(attempt) => Some(attempt.connection),
            Phase::Live(live) => Some(live.connection),
            Phase::Idle | Phase::Closed | Phase::Waiting { .. } => None,
        }
    }

    /// Someone wants something new: makes sure that a connection exists or will.
    pub(crate) fn want(&mut self, now: Millis, effects: &mut Vec<Effect>) {
        if let Phase::Idle | Phase::Closed = self.phase {
            self.phase = Phase::Waiting { until: self.retry_at };
            self.connect_when_due(now, effects);
        }
    }

    /// Starts an attempt when its time has come.
    pub(crate) fn connect_when_due(&mut self, now: Millis, effects: &mut Vec<Effect>) {
        if let Phase::Waiting { until } = self.phase
            && until <= now
        {
            self.connect(now, effects);
        }
    }

    /// Starts an attempt now.
    pub(crate) fn connect(&mut self, now: Millis, effects: &mut Vec<Effect>) {
        self.last_connection = self.last_connection.wrapping_add(1);
        let connection = ConnectionId(self.last_connection);
        self.attempted_at = now;
        self.goodbye = None;
        self.phase = Phase::Connecting(Attempt {
            connection,
            deadline: now + self.times.connect_timeout,
            is_open: false,
            identity: None,
            has_greeted: false,
        });
        if !self.asks_first {
            effects.push(Effect::Connect(connection));
        }
        effects.push(Effect::Identify { connection, renew: !self.credential.is_good(now) });
    }

    /// The transport is open. True when hello has left with that.
    pub(crate) fn opened(&mut self, effects: &mut Vec<Effect>) -> bool {
        let Phase::Connecting(attempt) = &mut self.phase else {
            return false;
        };
        attempt.is_open = true;
        attempt.greet(effects)
    }

    /// The identity is known. True when hello has left with that.
    pub(crate) fn identified(&mut self, identity: Identity, now: Millis, effects: &mut Vec<Effect>) -> bool {
        let Phase::Connecting(attempt) = &mut self.phase else {
            return false;
        };
        self.credential.given(identity.is_renewable);
        attempt.identity = Some(identity);
        if self.asks_first {
            self.asks_first = false;
            attempt.deadline = now + self.times.connect_timeout;
            effects.push(Effect::Connect(attempt.connection));
        }
        attempt.greet(effects)
    }

    /// The connection is of no use, and about to be lost.
    pub(crate) fn give_up(&mut self, effects: &mut Vec<Effect>) {
        effects.extend(self.connection().map(Effect::Disconnect));
        if let Phase::Connecting(attempt) = &self.phase {
            self.asks_first = !attempt.has_greeted && attempt.identity.is_none();
        }
    }

    /// The relay has answered the greeting. False when there was none.
    pub(crate) fn welcomed(&mut self, heartbeat: Heartbeat, expires_in_ms: Option<u64>, now: Millis) -> bool {
        let Phase::Connecting(attempt) = &self.phase else {
            return false;
        };
        if !attempt.has_greeted {
            return false;
        }
        let millis = u64::from(heartbeat.interval_ms) + u64::from(heartbeat.timeout_ms);
        self.phase = Phase::Live(Live {
            connection: attempt.connection,
            since: now,
            heard: now,
            silence: Millis::new(millis),
            answers_by: Millis::MAX,
        });
        self.accepted(expires_in_ms, now);
        true
    }

    /// The relay has accepted the token.
    pub(crate) fn accepted(&mut self, expires_in_ms: Option<u64>, now: Millis) {
        self.credential.accepted(expires_in_ms.map(Millis::new), now, &mut self.random);
    }

    /// The identity that was given last is of no more use.
    pub(crate) const fn distrust(&mut self) {
        self.credential.rejected();
    }

    /// Asks for another identity on the connection that is made.
    pub(crate) fn replace_token(&mut self, now: Millis, effects: &mut Vec<Effect>) {
        if let Phase::Live(Live { connection, .. }) = self.phase {
            self.credential.asked(now);
            effects.push(Effect::Identify { connection, renew: true });
        }
    }

    /// The relay has sent something.
    pub(crate) const fn heard(&mut self, now: Millis) {
        if let Phase::Live(live) = &mut self.phase {
            live.heard = now;
            live.answers_by = Millis::MAX;
        }
    }

    /// The relay will close the connection, and says when to return.
    pub(crate) fn goodbye(&mut self, retry_after: Millis) {
        self.goodbye = Some(retry_after.min(self.times.longest_goodbye));
    }

    /// The connection is no more. Says what to do next, and does it where something is wanted.
    pub(crate) fn lost(&mut self, code: u16, is_wanted: bool, now: Millis) -> Return {
        if let Phase::Live(live) = &self.phase {
            let lasted = now.less(live.since);
            // A network that breaks again and again would otherwise end with the longest waits.
            let forgiven = lasted.get() / self.times.stable_after.part(FORGIVING_PARTS).get().max(1);
            self.failures = self.failures.saturating_sub(u32::try_from(forgiven).unwrap_or(u32::MAX));
            if lasted >= self.times.stable_after {
                self.failures = 0;
                self.has_hurried = false;
            }
        }
        let has_expired = code == CloseCode::TokenExpired.get();
        let verdict = match Return::after(code) {
            // The same token would end the same way.
            Return::ComeBack if has_expired && !self.credential.is_renewable() => Return::StayAway,
            verdict => verdict,
        };
        // Who is asked to come back may be somebody else for the backend now: a new token says so.
        let is_asked_back = code == CloseCode::Reconnect.get();
        if has_expired || is_asked_back || verdict == Return::StayAway {
            self.credential.rejected();
        }
        let wait = match self.goodbye.take() {
            Some(wait) if verdict == Return::ComeBack => wait.max(self.times.backoff_floor),
            _ if has_expired && !self.has_hurried => {
                self.has_hurried = true;
                Millis::ZERO
            }
            _ => self.next_wait(),
        };
        self.retry_at = now + wait;
        self.phase = match verdict {
            _ if !is_wanted => Phase::Idle,
            Return::StayAway => Phase::Closed,
            Return::ComeBack => Phase::Waiting { until: self.retry_at },
        };
        verdict
    }

    /// The outside world has changed: waiting ends, though not more often than [`WAKE_SPACING`] allows.
    pub(crate) fn wake(&mut self, now: Millis, effects: &mut Vec<Effect>) {
        match &mut self.phase {
            Phase::Waiting { until } => {
                *until = (*until).min(self.attempted_at + WAKE_SPACING);
                self.connect_when_due(now, effects);
            }
            // A relay answers a pong that it has not asked for. Whatever comes counts; another wake-up changes nothing.
            Phase::Live(live) => {
                live.answers_by = live.answers_by.min(now + self.times.probe_timeout);
                effects.push(Effect::Send(ClientFrame::Pong));
            }
            Phase::Idle | Phase::Closed | Phase::Connecting(_) => {}
        }
    }

    /// Leaves the transport, if there is one. Nothing is connected or planned afterwards.
    pub(crate) fn leave(&mut self, reason: &str, effects: &mut Vec<Effect>) {
        if let Some(connection) = self.connection() {
            effects.push(Effect::Disconnect(connection));
        }
        if self.is_live() {
            effects.push(Effect::Disconnected(Failure::connection(reason, true)));
        }
        self.phase = Phase::Idle;
    }

    /// Leaves the transport and plans nothing until the outside world wakes it. Who is to stay away goes on doing that.
    pub(crate) fn suspend(&mut self, reason: &str, effects: &mut Vec<Effect>) {
        if let Phase::Closed = self.phase {
            return;
        }
        self.leave(reason, effects);
        self.phase = Phase::Waiting { until: Millis::MAX };
    }

    /// Notes whether anything is wanted: from then on a connection for nothing lives for a while only, and nothing else
    /// is planned.
    pub(crate) fn settle(&mut self, is_wanted: bool, now: Millis) {
        self.unwanted_since = match self.unwanted_since {
            _ if is_wanted => None,
            None => Some(now),
            since => since,
        };
        if !is_wanted && let Phase::Closed | Phase::Waiting { .. } = self.phase {
            self.phase = Phase::Idle;
        }
    }

    /// What the time means.
    pub(crate) fn due(&self, now: Millis) -> Due {
        match &self.phase {
            Phase::Connecting(attempt) if attempt.deadline <= now => Due::Late,
            Phase::Live(live) if live.silent_at() <= now => Due::Silent,
            Phase::Connecting(_) | Phase::Live(_) if self.closes_at() <= now => Due::Unwanted,
            Phase::Live(_) if self.credential.replace_at() <= now => Due::Expiring,
            _ => Due::Nothing,
        }
    }

    /// What an attempt has waited for in vain.
    pub(crate) const fn why_late(&self) -> &'static str {
        match &self.phase {
            Phase::Connecting(attempt) if !attempt.has_greeted && (attempt.is_open || self.asks_first) => {
                "who the user is was not known in time"
            }
            _ => "it did not answer in time",
        }
    }

    /// When something has to happen.
    pub(crate) fn deadline(&self) -> Option<Millis> {
        match &self.phase {
            Phase::Idle | Phase::Closed | Phase::Waiting { until: Millis::MAX } => None,
            Phase::Waiting { until } => Some(*until),
            Phase::Connecting(attempt) => Some(attempt.deadline.min(self.closes_at())),
            Phase::Live(live) => {
                Some(live.silent_at().min(self.closes_at()).min(self.credential.replace_at()))
            }
        }
    }

    /// When a connection has been for nothing for long enough; never, while something is wanted.
    fn closes_at(&self) -> Millis {
        self.unwanted_since.map_or(Millis::MAX, |since| since + self.times.linger)
    }

    fn next_wait(&mut self) -> Millis {
        let wait = backoff::delay(self.failures, &self.times, &mut self.random);
        self.failures = self.failures.saturating_add(1);
        wait
    }
}

impl Attempt {
    fn greet(&mut self, effects: &mut Vec<Effect>) -> bool {
        if !self.is_open || self.has_greeted {
            return false;
        }
        let Some(identity) = self.identity.take() else {
            return false;
        };
        self.has_greeted = true;
        effects.push(Effect::Send(ClientFrame::Hello {
            token: identity.token,
            visitor_token: identity.visitor_token,
        }));
        true
    }
}

impl Live {
    fn silent_at(&self) -> Millis {
        (self.heard + self.silence).min(self.answers_by)
    }
}
