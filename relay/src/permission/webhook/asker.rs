//! The permission provider that asks the site's backend.

use std::sync::Arc;
use std::time::Instant;

use parking_lot::Mutex;
use realtime_protocol::channel::Channel;
use realtime_protocol::subscriber::UserId;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use super::super::gauge as decisions;
use super::super::provider::{PendingDecision, Permission};
use super::super::question::{Answer, Decision, Question, Unavailability};
use super::super::report::Report;
use super::backend::Backend;
use super::breaker::{Breaker, Change, Pass};
use super::desk::{Arrival, Desk, Flight, Reception};
use super::gauge;
use super::memory::Memory;
use super::reply::Outcome;
use super::settings::{MAX_OPEN, MAX_REMEMBERED, WebhookSettings};

/// Decides by asking the site's backend.
///
/// An answer comes within twice [`WebhookSettings::timeout`], once for waiting and once for asking; a
/// [`forget`](Permission::forget) meanwhile starts the time anew. Within the same time ends what is under way when this
/// is dropped.
#[derive(Debug)]
pub struct WebhookPermission {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    settings: WebhookSettings,
    desk: Arc<Desk>,
    /// One for each question that may be under way.
    turns: Semaphore,
    breaker: Mutex<Breaker>,
    backend: Backend,
    report: Report,
}

impl WebhookPermission {
    /// Asks nothing yet: a backend that is down now may be up when it is needed.
    ///
    /// # Errors
    /// When the certificates that the system trusts cannot be loaded.
    pub fn new(settings: WebhookSettings) -> Result<Self, reqwest::Error> {
        let memory = settings.remembered_for.map(|lifetime| Memory::new(lifetime, MAX_REMEMBERED));
        gauge::set_breaker_open(false);
        Ok(Self {
            shared: Arc::new(Shared {
                desk: Desk::new(MAX_OPEN, memory),
                turns: Semaphore::new(settings.max_in_flight.get() as usize),
                breaker: Mutex::default(),
                backend: Backend::new(&settings)?,
                report: Report::default(),
                settings,
            }),
        })
    }

    /// How many questions are open: under way or waiting for their turn, equal ones counted once.
    pub fn open(&self) -> usize {
        self.shared.desk.open()
    }

    async fn ask(&self, question: &Question) -> Decision {
        let shared = &self.shared;
        loop {
            let waiter = match shared.desk.receive(question, Instant::now()) {
                Reception::Known(decision) => {
                    gauge::count_remembered();
                    return decision;
                }
                Reception::Joined(waiter) => {
                    gauge::count_shared();
                    waiter
                }
                // Dropping the flight takes it off the desk.
                Reception::First(..) if shared.is_cut_off(question) => return Unavailability::CutOff.into(),
                Reception::First(waiter, flight) => {
                    tokio::spawn(Arc::clone(shared).fly(flight));
                    waiter
                }
                Reception::Full => return shared.reported(question, Unavailability::QueueFull.into()),
            };
            match waiter.arrival().await {
                Arrival::Decided(decision) => return decision,
                Arrival::AskAgain => {}
                Arrival::Lost => return Unavailability::Stopped.into(),
            }
        }
    }
}

impl Permission for WebhookPermission {
    /// Needs a tokio runtime with its timer and its network enabled.
    fn decide(&self, question: Question) -> PendingDecision<'_> {
        Box::pin(async move {
            let asked_at = Instant::now();
            let decision = self.ask(&question).await;
            decisions::count(&decision.answer);
            decisions::time(asked_at.elapsed());
            decision
        })
    }

    fn open(&self) -> usize {
        Self::open(self)
    }

    fn forget(&self, channel: Option<&Channel>, user: Option<&UserId>) {
        self.shared.desk.forget(|question| {
            channel.is_none_or(|channel| covers(channel, &question.channel))
                && user.is_none_or(|user| *user == question.subscriber.id)
        });
    }
}

/// Is this the channel, or one of its resources?
fn covers(channel: &Channel, other: &Channel) -> bool {
    channel == other || (channel.resource_id().is_none() && channel.name() == other.name())
}

impl Shared {
    /// Sees a question through, from waiting for its turn to its answer.
    async fn fly(self: Arc<Self>, flight: Flight) {
        let decision = match self.turn(&flight).await {
            None => return,
            Some(Err(why)) => self.reported(flight.question(), why.into()),
            Some(Ok(_turn)) => self.ask_backend(flight.question()).await,
        };
        flight.land(decision, Instant::now());
    }

    /// Waits for leave to send; `None` when nobody waits for the answer any more.
    async fn turn(&self, flight: &Flight) -> Option<Result<SemaphorePermit<'_>, Unavailability>> {
        tokio::select! {
            biased;
            turn = timeout(self.settings.timeout, self.turns.acquire()) => Some(match turn {
                Ok(Ok(turn)) => Ok(turn),
                Ok(Err(_closed)) => Err(Unavailability::Stopped),
                Err(_elapsed) => Err(Unavailability::WaitedTooLong),
            }),
            () = flight.deserted() => None,
        }
    }

    async fn ask_backend(&self, question: &Question) -> Decision {
        let Some(pass) = self.breaker.lock().admit(question.channel.name(), Instant::now()) else {
            return Unavailability::CutOff.into();
        };
        let asked_at = Instant::now();
        let outcome = self.backend.ask(question).await;
        gauge::count_request(&outcome, asked_at.elapsed());
        self.settle(pass, &outcome);
        self.reported(question, outcome.into_decision())
    }

    fn is_cut_off(&self, question: &Question) -> bool {
        self.breaker.lock().is_shut_for(question.channel.name(), Instant::now())
    }

    /// Tells the breaker what became of a question, and the log what became of the breaker.
    fn settle(&self, pass: Pass, outcome: &Outcome) {
        let backend = self.settings.address.as_str();
        match outcome {
            Outcome::Answered(_) => {
                if self.breaker.lock().answered(pass) == Some(Change::Closed) {
                    gauge::set_breaker_open(false);
                    tracing::info!(backend, "the permissions backend answers again");
                }
            }
            Outcome::Silent(why) => {
                if self.breaker.lock().failed(pass, Instant::now()) == Some(Change::Opened) {
                    gauge::set_breaker_open(true);
                    tracing::error!(
                        backend,
                        "the permissions backend has fallen silent, so every subscription is refused (503) until it \
                         answers; last: {why}"
                    );
                }
            }
        }
    }

    /// Logs a decision that no handler made.
    fn reported(&self, question: &Question, decision: Decision) -> Decision {
        let is_fault = match &decision.answer {
            Answer::Allowed => false,
            Answer::Refused(refusal) => refusal.is_fault(),
            Answer::Unavailable(_) => true,
        };
        if is_fault {
            self.report.answer(question, &decision);
        }
        decision
    }
}
