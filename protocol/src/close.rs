//! Why a connection ends. The ranges carry the meaning: 4000 to 4499 come back, 4500 to 4999 stay away.

/// A close code that the relay sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CloseCode {
    /// 4000: the relay is stopping; a `goodbye` frame said when to return.
    Draining,
    /// 4001: the client read too slowly and its outbox is full; what it missed can be recovered.
    Slow,
    /// 4002: the client did not answer the heartbeat.
    Silent,
    /// 4003: something went wrong inside the relay.
    Internal,
    /// 4004: the relay has as many connections as it may.
    Overloaded,
    /// 4005: no hello came in time.
    HelloTooLate,
    /// 4006: the token has expired; come back with a new one.
    TokenExpired,
    /// 4007: the site's backend asked the client to come back; a `goodbye` frame said when.
    Reconnect,
    /// 4008: the token cannot be checked at the moment.
    Unavailable,
    /// 4009: nothing was subscribed for long; come back when something is.
    Idle,
    /// 4500: a frame that the protocol does not know.
    BadFrame,
    /// 4501: a token that is not valid.
    BadToken,
    /// 4502: a frame larger than the limit.
    FrameTooLarge,
    /// 4503: the site's backend ended this connection.
    Disconnected,
    /// 4504: more frames than the limit allows.
    Flooding,
}

impl CloseCode {
    /// Every code, in the order of their numbers.
    pub const ALL: [Self; 15] = [
        Self::Draining,
        Self::Slow,
        Self::Silent,
        Self::Internal,
        Self::Overloaded,
        Self::HelloTooLate,
        Self::TokenExpired,
        Self::Reconnect,
        Self::Unavailable,
        Self::Idle,
        Self::BadFrame,
        Self::BadToken,
        Self::FrameTooLarge,
        Self::Disconnected,
        Self::Flooding,
    ];

    /// The code's number on the wire.
    pub const fn get(self) -> u16 {
        match self {
            Self::Draining => 4000,
            Self::Slow => 4001,
            Self::Silent => 4002,
            Self::Internal => 4003,
            Self::Overloaded => 4004,
            Self::HelloTooLate => 4005,
            Self::TokenExpired => 4006,
            Self::Reconnect => 4007,
            Self::Unavailable => 4008,
            Self::Idle => 4009,
            Self::BadFrame => 4500,
            Self::BadToken => 4501,
            Self::FrameTooLarge => 4502,
            Self::Disconnected => 4503,
            Self::Flooding => 4504,
        }
    }
}

/// What a client does after a connection has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Return {
    /// Connect again, after a back-off.
    ComeBack,
    /// Do not connect again by itself: it would end the same way.
    StayAway,
}

impl Return {
    /// What a close code means, those of RFC 6455 section 7.4.1 included: the ones that say that a peer broke the
    /// protocol keep it away, all others are a lost connection.
    pub const fn after(code: u16) -> Self {
        match code {
            1002 | 1003 | 1007 | 1008 | 1009 | 1010 | 4500..=4999 => Self::StayAway,
            _ => Self::ComeBack,
        }
    }
}

/// Bytes of a close frame's reason (RFC 6455 section 5.5: 125 less the code's two).
pub const MAX_REASON_BYTES: usize = 123;
