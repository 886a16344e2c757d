//! The rules of sessions that the settings decide.

use std::time::Duration;

use crate::session::flood::FrameLimit;

/// The rules that the settings decide.
#[derive(Debug, Clone, Copy)]
pub struct SessionRules {
    /// How often the client hears a ping at the least.
    pub heartbeat_interval: Duration,
    /// How much longer than that a silence may last.
    pub heartbeat_timeout: Duration,
    /// How long a client may take to say hello.
    pub hello_timeout: Duration,
    /// How long a client may be there without a subscription.
    pub idle_timeout: Duration,
    /// Subscriptions that one session may have.
    pub max_subscriptions: usize,
    /// Messages that its client may send.
    pub frames: FrameLimit,
}
