//! A permission provider that a test holds in its hand.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use realtime_relay::permission::provider::{PendingDecision, Permission};
use realtime_relay::permission::question::{Decision, Question, Refusal, Unavailability};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::support::DEADLINE;

type Rule = fn(&Question) -> Decision;

/// Decides by a rule that can be changed, and holds answers back while its gate is closed. The rule that counts is the
/// one of the moment of the question, whenever the answer is let out.
pub(crate) struct Doorman {
    rule: Mutex<Rule>,
    gate: watch::Sender<bool>,
    open: watch::Sender<usize>,
    most_open: AtomicUsize,
    asked: Mutex<HashMap<String, usize>>,
}

/// Everyone may read.
pub(crate) fn allow(_: &Question) -> Decision {
    Decision::ALLOWED
}

/// Nobody may read.
pub(crate) fn refuse(_: &Question) -> Decision {
    Refusal::ByHandler.into()
}

/// Nobody can say.
pub(crate) fn unavailable(_: &Question) -> Decision {
    Unavailability::QueueFull.into()
}

impl Doorman {
    /// One that lets everyone in.
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            rule: Mutex::new(allow),
            gate: watch::Sender::new(true),
            open: watch::Sender::new(0),
            most_open: AtomicUsize::new(0),
            asked: Mutex::default(),
        })
    }

    pub(crate) fn rule(&self, rule: Rule) {
        *self.rule.lock().unwrap() = rule;
    }

    /// Holds answers back from now on.
    pub(crate) fn close_gate(&self) {
        self.gate.send_replace(false);
    }

    /// Lets out what was held back.
    pub(crate) fn open_gate(&self) {
        self.gate.send_replace(true);
    }

    /// Waits until so many questions are open.
    pub(crate) async fn open_questions(&self, count: usize) {
        let mut open = self.open.subscribe();
        let reached = timeout(DEADLINE, open.wait_for(|open| *open == count)).await;
        assert!(reached.is_ok(), "{} questions are open and not {count}", *self.open.borrow());
    }

    /// The most questions that were open at once since the last time.
    pub(crate) fn most_open(&self) -> usize {
        self.most_open.swap(0, Ordering::Relaxed)
    }

    /// How often each was asked since the last time.
    pub(crate) fn asked(&self) -> HashMap<String, usize> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

/// Counts a question as open until it is answered or withdrawn.
struct Open<'a>(&'a watch::Sender<usize>);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|open| *open -= 1);
    }
}

impl Permission for Doorman {
    fn decide(&self, question: Question) -> PendingDecision<'_> {
        let decision = (self.rule.lock().unwrap())(&question);
        let name = format!("{} {}", question.subscriber.id, question.channel);
        *self.asked.lock().unwrap().entry(name).or_default() += 1;
        self.open.send_modify(|open| *open += 1);
        self.most_open.fetch_max(*self.open.borrow(), Ordering::Relaxed);
        let open = Open(&self.open);
        Box::pin(async move {
            let _open = open;
            let mut gate = self.gate.subscribe();
            gate.wait_for(|is_open| *is_open).await.unwrap();
            decision
        })
    }
}
