//! What is known and what is being asked: equal questions that are open at the same time are one.
//!
//! A **flight** is a question on its way to the backend and back, with everybody who waits for its answer. One lock
//! holds flights and memory together, so that no answer slips into the memory after it was to be forgotten.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use parking_lot::Mutex;
use tokio::sync::watch;

use super::super::question::{Decision, Question};
use super::memory::Memory;

/// Where questions come in.
#[derive(Debug)]
pub struct Desk {
    limit: usize,
    books: Mutex<Books>,
}

#[derive(Debug)]
struct Books {
    memory: Option<Memory>,
    flights: HashMap<Question, Arc<watch::Sender<Landing>>>,
}

/// What became of a flight.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Landing {
    /// It is on its way.
    Pending,
    /// This was answered.
    Decided(Decision),
    /// Its answer will not count: ask again.
    Void,
}

/// What the desk says to a question.
#[derive(Debug)]
pub enum Reception {
    /// It is known.
    Known(Decision),
    /// Somebody asks it already.
    Joined(Waiter),
    /// Nobody does: the flight is to be flown.
    First(Waiter, Flight),
    /// As many questions are open as may.
    Full,
}

/// One who waits for a flight. Dropping it is giving up.
#[derive(Debug)]
pub struct Waiter(watch::Receiver<Landing>);

/// What a waiter gets.
#[derive(Debug, PartialEq, Eq)]
pub enum Arrival {
    /// The answer.
    Decided(Decision),
    /// What was asked for may have changed meanwhile: ask again.
    AskAgain,
    /// The flight was lost.
    Lost,
}

/// A question under way. Dropped without [`land`](Self::land), it is lost.
#[derive(Debug)]
pub struct Flight {
    desk: Arc<Desk>,
    question: Question,
    landing: Arc<watch::Sender<Landing>>,
}

impl Desk {
    /// A desk for up to `limit` open questions.
    pub fn new(limit: usize, memory: Option<Memory>) -> Arc<Self> {
        Arc::new(Self { limit, books: Mutex::new(Books { memory, flights: HashMap::new() }) })
    }

    /// Takes a question in.
    pub fn receive(self: &Arc<Self>, question: &Question, now: Instant) -> Reception {
        let mut books = self.books.lock();
        if let Some(decision) = books.memory.as_ref().and_then(|memory| memory.recall(question, now)) {
            return Reception::Known(decision);
        }
        if let Some(landing) = books.flights.get(question) {
            return Reception::Joined(Waiter(landing.subscribe()));
        }
        if books.flights.len() >= self.limit {
            return Reception::Full;
        }
        let (landing, waiter) = watch::channel(Landing::Pending);
        let landing = Arc::new(landing);
        books.flights.insert(question.clone(), Arc::clone(&landing));
        let flight = Flight { desk: Arc::clone(self), question: question.clone(), landing };
        Reception::First(Waiter(waiter), flight)
    }

    /// Forgets what was answered and voids what is under way, of the questions that `is_stale` tells.
    pub fn forget(&self, is_stale: impl Fn(&Question) -> bool) {
        let mut books = self.books.lock();
        if let Some(memory) = &mut books.memory {
            memory.forget(&is_stale);
        }
        books.flights.retain(|question, landing| {
            let is_stale = is_stale(question);
            if is_stale {
                landing.send_replace(Landing::Void);
            }
            !is_stale
        });
    }

    /// How many questions are open.
    pub fn open(&self) -> usize {
        self.books.lock().flights.len()
    }
}

impl Waiter {
    /// Waits for the flight's end. Cancel-safe.
    pub async fn arrival(mut self) -> Arrival {
        match self.0.wait_for(|landing| *landing != Landing::Pending).await.as_deref() {
            Ok(Landing::Decided(decision)) => Arrival::Decided(decision.clone()),
            Ok(_) => Arrival::AskAgain,
            Err(_) => Arrival::Lost,
        }
    }
}

impl Flight {
    /// What is asked.
    pub const fn question(&self) -> &Question {
        &self.question
    }

    /// Comes back when nobody waits for the answer any more; the flight is off the desk then and is to be dropped.
    pub async fn deserted(&self) {
        loop {
            self.landing.closed().await;
            if self.leaves_if_deserted() {
                return;
            }
        }
    }

    /// Somebody may have joined since the last one gave up; whoever joins does so under the same lock.
    fn leaves_if_deserted(&self) -> bool {
        let mut books = self.desk.books.lock();
        let is_deserted = self.landing.receiver_count() == 0;
        if is_deserted {
            self.leave(&mut books);
        }
        is_deserted
    }

    /// Hands the answer to everybody who waits, and to the memory.
    pub fn land(self, decision: Decision, now: Instant) {
        let mut books = self.desk.books.lock();
        // One that was voided is not on the desk any more: whoever waited asks again, and its answer is not kept.
        if !self.leave(&mut books) {
            return;
        }
        if let Some(memory) = &mut books.memory {
            memory.note(&self.question, &decision, now);
        }
        drop(books);
        self.landing.send_replace(Landing::Decided(decision));
    }

    /// Takes the flight off the desk. Was it still there?
    fn leave(&self, books: &mut Books) -> bool {
        let is_own =
            books.flights.get(&self.question).is_some_and(|landing| Arc::ptr_eq(landing, &self.landing));
        if is_own {
            books.flights.remove(&self.question);
        }
        is_own
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        let mut books = self.desk.books.lock();
        self.leave(&mut books);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::poll;

    use super::super::super::question::Refusal;
    use super::super::super::script::cases::question;
    use super::*;

    const LIFETIME: Duration = Duration::from_secs(60);

    fn desk() -> Arc<Desk> {
        Desk::new(3, Some(Memory::new(LIFETIME, 10)))
    }

    fn first(desk: &Arc<Desk>, asked: &str) -> (Waiter, Flight) {
        match desk.receive(&question(asked), Instant::now()) {
            Reception::First(waiter, flight) => (waiter, flight),
            other => panic!("{asked} is not the first: {other:?}"),
        }
    }

    fn joined(desk: &Arc<Desk>, asked: &str) -> Waiter {
        match desk.receive(&question(asked), Instant::now()) {
            Reception::Joined(waiter) => waiter,
            other => panic!("{asked} is not joined: {other:?}"),
        }
    }

    #[tokio::test]
    async fn equal_questions_share_one_flight_and_others_have_their_own() {
        let desk = Desk::new(3, None);
        let (waiter, flight) = first(&desk, "a Member:m");
        let second = joined(&desk, "a Member:m");
        let (other, _other_flight) = first(&desk, "a Member:n");
        flight.land(Decision::ALLOWED, Instant::now());
        assert_eq!(waiter.arrival().await, Arrival::Decided(Decision::ALLOWED));
        assert_eq!(second.arrival().await, Arrival::Decided(Decision::ALLOWED));
        assert!(poll!(std::pin::pin!(other.arrival())).is_pending());
        // Without a memory the next one asks anew.
        first(&desk, "a Member:m");
    }

    #[tokio::test]
    async fn one_who_gives_up_leaves_the_others_their_answer() {
        let desk = desk();
        let (waiter, flight) = first(&desk, "a Member:m");
        let second = joined(&desk, "a Member:m");
        drop(waiter);
        assert!(poll!(std::pin::pin!(flight.deserted())).is_pending());
        flight.land(Refusal::ByHandler.into(), Instant::now());
        assert_eq!(second.arrival().await, Arrival::Decided(Refusal::ByHandler.into()));
    }

    #[tokio::test]
    async fn a_flight_that_everybody_has_given_up_is_off_the_desk() {
        let desk = desk();
        let (waiter, flight) = first(&desk, "a Member:m");
        drop(waiter);
        flight.deserted().await;
        assert_eq!(desk.open(), 0);
        // The next one does not wait for it, and it takes nobody else's place.
        let (_waiter, _flight) = first(&desk, "a Member:m");
        drop(flight);
        joined(&desk, "a Member:m");
    }

    #[tokio::test]
    async fn one_who_joins_before_a_deserted_flight_is_off_the_desk_keeps_it_there() {
        let desk = desk();
        let (waiter, flight) = first(&desk, "a Member:m");
        drop(waiter);
        let late = joined(&desk, "a Member:m");
        assert!(!flight.leaves_if_deserted());
        flight.land(Decision::ALLOWED, Instant::now());
        assert_eq!(late.arrival().await, Arrival::Decided(Decision::ALLOWED));
    }

    #[tokio::test]
    async fn a_flight_that_is_dropped_tells_those_who_wait() {
        let desk = desk();
        let (waiter, flight) = first(&desk, "a Member:m");
        drop(flight);
        assert_eq!((waiter.arrival().await, desk.open()), (Arrival::Lost, 0));
    }

    #[test]
    fn beyond_the_limit_questions_are_refused_and_equal_ones_count_once() {
        let desk = desk();
        let _open: Vec<_> =
            ["a Member:m", "b Member:m", "c Member:m"].map(|asked| first(&desk, asked)).into();
        joined(&desk, "a Member:m");
        assert!(matches!(desk.receive(&question("d Member:m"), Instant::now()), Reception::Full));
    }

    #[tokio::test]
    async fn an_answer_is_known_to_the_next_until_it_is_forgotten() {
        let desk = desk();
        first(&desk, "a Member:m").1.land(Decision::ALLOWED, Instant::now());
        let known = desk.receive(&question("a Member:m"), Instant::now());
        assert!(matches!(known, Reception::Known(decision) if decision.is_allowed()));
        desk.forget(|question| question.channel.name() == "b");
        assert!(matches!(desk.receive(&question("a Member:m"), Instant::now()), Reception::Known(_)));
        desk.forget(|question| question.channel.name() == "a");
        first(&desk, "a Member:m");
    }

    #[tokio::test]
    async fn what_is_under_way_when_it_is_to_be_forgotten_is_asked_again_and_not_remembered() {
        let desk = desk();
        let (waiter, old) = first(&desk, "a Member:m");
        desk.forget(|_| true);
        assert_eq!(waiter.arrival().await, Arrival::AskAgain);
        let (again, new) = first(&desk, "a Member:m");
        old.land(Decision::ALLOWED, Instant::now());
        joined(&desk, "a Member:m");
        new.land(Refusal::ByHandler.into(), Instant::now());
        assert_eq!(again.arrival().await, Arrival::Decided(Refusal::ByHandler.into()));
        let known = desk.receive(&question("a Member:m"), Instant::now());
        assert!(matches!(known, Reception::Known(decision) if !decision.is_allowed()));
    }
}
