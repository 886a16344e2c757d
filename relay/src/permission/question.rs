//! What is asked about a subscription, and what can be answered.

use std::fmt;

use realtime_protocol::channel::Channel;
use realtime_protocol::subscriber::Subscriber;
use serde::{Deserialize, Serialize};

/// May this subscriber read this channel?
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Question {
    /// The channel or resource that the subscriber wants to read.
    pub channel: Channel,
    /// Who wants to read it.
    pub subscriber: Subscriber,
}

/// The answer to a [`Question`], with why it fell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// May the subscriber read?
    pub answer: Answer,
    /// Which handler of the permissions router decided: `None` when the router was not asked, and for a yes that
    /// nobody wants explained, since finding out takes as long as half the decision.
    pub decided_by: Option<DecidedBy>,
}

/// May the subscriber read? Anything but [`Answer::Allowed`] means no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Yes.
    Allowed,
    /// No. Asking again brings the same, until the handlers change.
    Refused(Refusal),
    /// Nobody could decide now. Asking again later may bring an answer.
    Unavailable(Unavailability),
}

/// Why a subscription is refused. The texts are for the operator: bounded, without control characters, and with the
/// place in the site's file where it is known. A browser never gets them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The handler answered `{ read: false }`.
    ByHandler,
    /// The handler answered something that is not an object whose `read` is a boolean or absent.
    BadAnswer(String),
    /// The handler threw, or its promise was rejected.
    Threw(String),
    /// The handler's promise was still pending when nothing was left to run.
    NeverSettled,
    /// The handler ran into its time limit.
    TimedOut(String),
    /// The handler ran into the engine's memory limit.
    OutOfMemory,
    /// The handler called itself too deeply.
    StackOverflow(String),
    /// The engine could not be set up or broke down.
    EngineFailed(String),
    /// A permissions file is required and there is none.
    NoHandlers,
}

/// Why nobody could decide. The texts are for the operator: bounded and without control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unavailability {
    /// As many questions are waiting as may.
    QueueFull,
    /// The question waited for its turn for longer than it may.
    WaitedTooLong,
    /// No answer came back: every engine that could have given it hangs.
    Overdue,
    /// The site's backend cannot be reached.
    Unreachable(String),
    /// The site's backend did not answer in time.
    NoAnswer,
    /// The site's backend answered something that is neither yes nor no.
    BadReply(String),
    /// The site's backend has not answered for a while and is left alone for a moment.
    CutOff,
    /// The relay is stopping.
    Stopped,
}

/// Which handler of the permissions router decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DecidedBy {
    /// The handler added for exactly this channel or resource.
    Exact,
    /// The handler of the channel that the resource belongs to.
    Parent,
    /// The default handler.
    Default,
    /// No handler: everyone may read.
    #[serde(rename = "none")]
    Nobody,
}

impl Decision {
    /// Yes, from a provider without handlers.
    pub const ALLOWED: Self = Self { answer: Answer::Allowed, decided_by: None };

    /// May the subscriber read?
    pub fn is_allowed(&self) -> bool {
        self.answer == Answer::Allowed
    }
}

impl From<Refusal> for Decision {
    fn from(refusal: Refusal) -> Self {
        Self { answer: Answer::Refused(refusal), decided_by: None }
    }
}

impl From<Unavailability> for Decision {
    fn from(unavailability: Unavailability) -> Self {
        Self { answer: Answer::Unavailable(unavailability), decided_by: None }
    }
}

impl Answer {
    /// The word for metrics: one of three.
    pub const fn result(&self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Refused(_) => "refused",
            Self::Unavailable(_) => "unavailable",
        }
    }

    /// Why it is not yes, for the operator.
    pub fn reason(&self) -> Option<String> {
        match self {
            Self::Allowed => None,
            Self::Refused(refusal) => Some(refusal.to_string()),
            Self::Unavailable(unavailability) => Some(unavailability.to_string()),
        }
    }

    /// The word for metrics that tells why; `none` for yes.
    pub const fn cause(&self) -> &'static str {
        match self {
            Self::Allowed => "none",
            Self::Refused(refusal) => refusal.cause(),
            Self::Unavailable(unavailability) => unavailability.cause(),
        }
    }
}

impl Refusal {
    /// The word for metrics.
    pub const fn cause(&self) -> &'static str {
        match self {
            Self::ByHandler => "by_handler",
            Self::BadAnswer(_) => "bad_answer",
            Self::Threw(_) => "threw",
            Self::NeverSettled => "never_settled",
            Self::TimedOut(_) => "timed_out",
            Self::OutOfMemory => "out_of_memory",
            Self::StackOverflow(_) => "stack_overflow",
            Self::EngineFailed(_) => "engine_failed",
            Self::NoHandlers => "no_handlers",
        }
    }

    /// Is something wrong with the site's file, as opposed to a handler that said no?
    pub const fn is_fault(&self) -> bool {
        !matches!(self, Self::ByHandler | Self::NoHandlers)
    }
}

impl Unavailability {
    /// The word for metrics.
    pub const fn cause(&self) -> &'static str {
        match self {
            Self::QueueFull => "queue_full",
            Self::WaitedTooLong => "waited_too_long",
            Self::Overdue => "overdue",
            Self::Unreachable(_) => "unreachable",
            Self::NoAnswer => "no_answer",
            Self::BadReply(_) => "bad_reply",
            Self::CutOff => "cut_off",
            Self::Stopped => "stopped",
        }
    }
}

impl DecidedBy {
    /// The router's own word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Parent => "parent",
            Self::Default => "default",
            Self::Nobody => "none",
        }
    }

    /// Reads the router's word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Exact, Self::Parent, Self::Default, Self::Nobody]
            .into_iter()
            .find(|decided_by| decided_by.as_str() == word)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ByHandler => f.write_str("the handler answered { read: false }"),
            Self::BadAnswer(what) | Self::Threw(what) | Self::TimedOut(what) | Self::StackOverflow(what) => {
                f.write_str(what)
            }
            Self::NeverSettled => f.write_str(
                "the handler's promise never settles: nothing is left to run that could resolve it (there are no \
                 timers and no network in permissions handlers)",
            ),
            Self::OutOfMemory => f.write_str("the handler needs more memory than its engine may have"),
            Self::EngineFailed(what) => write!(f, "the engine that runs the handlers failed: {what}"),
            Self::NoHandlers => f.write_str("a permissions file is required, and there is none"),
        }
    }
}

impl fmt::Display for Unavailability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::QueueFull => "too many permission questions are waiting",
            Self::WaitedTooLong => "the question waited too long for its turn",
            Self::Overdue => "every engine that could answer hangs in a handler",
            Self::Unreachable(why) => return write!(f, "the permissions backend cannot be reached: {why}"),
            Self::NoAnswer => "the permissions backend did not answer in time",
            Self::BadReply(what) => return f.write_str(what),
            Self::CutOff => {
                "the permissions backend has not answered for a while and is left alone for a moment"
            }
            Self::Stopped => "the relay is stopping",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_allowed_is_allowed() {
        assert!(Decision::ALLOWED.is_allowed());
        assert!(!Decision::from(Refusal::ByHandler).is_allowed());
        assert!(!Decision::from(Unavailability::QueueFull).is_allowed());
    }

    #[test]
    fn a_handler_that_says_no_is_no_fault_and_one_that_throws_is() {
        assert!(!Refusal::ByHandler.is_fault());
        assert!(Refusal::Threw(String::new()).is_fault());
    }

    #[test]
    fn the_routers_words_are_read_back() {
        for word in ["exact", "parent", "default", "none"] {
            assert_eq!(DecidedBy::parse(word).map(DecidedBy::as_str), Some(word));
        }
        assert_eq!(DecidedBy::parse(""), None);
    }
}
