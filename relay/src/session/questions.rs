//! The questions that a session has open.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use realtime_protocol::channel::Channel;
use realtime_protocol::subscriber::Subscriber;

use crate::permission::question::{Answer, Question};
use crate::session::effect::Verdict;
use crate::session::recheck::changes::Generation;
use crate::session::recheck::ticket::Ticket;
use crate::session::sessions::Sessions;

/// A question's answer, and what it is good for.
pub struct Answered {
    /// The channel that it is about.
    pub channel: Arc<Channel>,
    /// The answer.
    pub verdict: Verdict,
    /// When the question was asked.
    pub asked_at: Generation,
    /// What for.
    pub asked_for: AskedFor,
}

/// What a question is asked for.
pub enum AskedFor {
    /// A subscription that is to begin.
    Subscribing,
    /// One that runs.
    Running(Ticket),
}

/// The answer to one question, when it comes.
type Answering = Pin<Box<dyn Future<Output = Answered> + Send>>;

/// Open questions. Holds memory only while there are some, since most of the time there are none. Dropping it withdraws
/// them.
#[derive(Default)]
pub struct Questions(Option<Box<Open>>);

#[derive(Default)]
struct Open {
    answering: FuturesUnordered<Answering>,
    /// Subscriptions that are allowed, and are to begin when the client has taken more of what waits for it.
    allowed: VecDeque<Answered>,
}

impl Questions {
    /// Asks.
    pub fn ask(
        &mut self,
        sessions: &Arc<Sessions>,
        channel: Arc<Channel>,
        subscriber: Subscriber,
        asked_for: AskedFor,
    ) {
        let permission = Arc::clone(&sessions.permission);
        let asked_at = sessions.rechecks.generation();
        let question = Question { channel: Channel::clone(&channel), subscriber };
        // Only a subscription that is to begin makes a channel.
        let begins = matches!(asked_for, AskedFor::Subscribing) && sessions.broker.is_durable();
        let keeper = begins.then(|| Arc::clone(sessions));
        let answering = async move {
            let verdict = match permission.decide(question).await.answer {
                Answer::Allowed => Verdict::Allowed,
                Answer::Refused(_) => Verdict::Refused,
                Answer::Unavailable(_) => Verdict::Unavailable,
            };
            if let (Some(sessions), Verdict::Allowed) = (keeper, verdict) {
                sessions.broker.make_known(&channel).await;
            }
            Answered { channel, verdict, asked_at, asked_for }
        };
        self.0.get_or_insert_default().answering.push(Box::pin(answering));
    }

    /// Whether one waits for its answer.
    pub fn are_open(&self) -> bool {
        self.0.as_ref().is_some_and(|open| !open.answering.is_empty())
    }

    /// The next answer, or never while no question is open. One by which a subscription begins is kept back until
    /// `may_begin`; no other waits behind it. Cancel-safe.
    pub async fn answered(&mut self, may_begin: bool) -> Answered {
        if let Some(open) = &mut self.0 {
            if may_begin && let Some(allowed) = open.allowed.pop_front() {
                return allowed;
            }
            while let Some(answer) = open.answering.next().await {
                if may_begin || !answer.begins() {
                    return answer;
                }
                open.allowed.push_back(answer);
            }
            if open.allowed.is_empty() {
                self.0 = None;
            }
        }
        std::future::pending().await
    }
}

impl Answered {
    /// Whether a subscription begins by it.
    const fn begins(&self) -> bool {
        matches!((&self.asked_for, self.verdict), (AskedFor::Subscribing, Verdict::Allowed))
    }
}
