//! The questions that wait for an engine: a bounded queue between tasks that ask and threads that answer.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::super::explanation::Explanation;
use super::super::question::{Decision, Question, Unavailability};

/// A question that waits for its answer.
#[derive(Debug)]
pub struct Waiting {
    /// What is asked.
    pub question: Question,
    /// Until when an answer is of use.
    pub give_up_at: Instant,
    /// Where the answer goes.
    pub answer: AnswerTo,
}

/// Where an answer goes, and how much of it is wanted. Closed when nobody waits for it any more.
#[derive(Debug)]
pub enum AnswerTo {
    /// The decision.
    Decision(oneshot::Sender<Decision>),
    /// All that is known about it.
    Explanation(oneshot::Sender<Explanation>),
}

impl AnswerTo {
    /// Whether nobody waits for it any more.
    pub fn is_closed(&self) -> bool {
        match self {
            Self::Decision(answer) => answer.is_closed(),
            Self::Explanation(answer) => answer.is_closed(),
        }
    }

    /// Answers that nobody could decide, if somebody still waits.
    pub fn unavailable(self, why: Unavailability) {
        match self {
            Self::Decision(answer) => drop(answer.send(why.into())),
            Self::Explanation(answer) => {
                drop(answer.send(Explanation::new(&why.into(), Duration::ZERO)));
            }
        }
    }
}

/// A question that did not fit in, and why.
#[derive(Debug)]
pub struct Rejected(pub Question, pub Unavailability);

/// First in, first out, for any number of threads on both sides.
#[derive(Debug)]
pub struct Queue {
    limit: NonZeroUsize,
    state: Mutex<State>,
    filled: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Waiting>,
    /// Threads that sleep and have not been woken: waking costs a system call, so nobody is woken twice.
    asleep: usize,
    /// Somebody is about to wake them.
    is_waking: bool,
    is_closed: bool,
}

impl Queue {
    /// An empty queue for at most `limit` questions.
    pub fn new(limit: NonZeroUsize) -> Self {
        Self { limit, state: Mutex::default(), filled: Condvar::new() }
    }

    /// Adds a question. Never blocks for longer than it takes to add one. Returns whether [`wake`](Self::wake) has to be
    /// called soon: once for this question and all that others add until then.
    ///
    /// # Errors
    /// When as many wait as may, or the queue is closed: the question comes back.
    pub fn push(&self, waiting: Waiting) -> Result<bool, Rejected> {
        let mut state = self.state();
        if state.is_closed {
            return Err(Rejected(waiting.question, Unavailability::Stopped));
        }
        if state.waiting.len() >= self.limit.get() {
            return Err(Rejected(waiting.question, Unavailability::QueueFull));
        }
        state.waiting.push_back(waiting);
        let wakes = state.asleep > 0 && !state.is_waking;
        state.is_waking |= wakes;
        Ok(wakes)
    }

    /// Wakes as many of those that sleep as there are questions.
    pub fn wake(&self) {
        let mut state = self.state();
        state.is_waking = false;
        let woken = state.asleep.min(state.waiting.len());
        state.asleep -= woken;
        drop(state);
        for _ in 0..woken {
            self.filled.notify_one();
        }
    }

    /// Takes the question that has waited longest; sleeps until there is one. `None` once the queue is closed.
    pub fn pop(&self) -> Option<Waiting> {
        let mut state = self.state();
        loop {
            if state.is_closed {
                return None;
            }
            if let Some(waiting) = state.waiting.pop_front() {
                return Some(waiting);
            }
            state.asleep += 1;
            state = self.filled.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// How many questions wait.
    pub fn waiting(&self) -> usize {
        self.state().waiting.len()
    }

    /// Ends the queue: what waits is dropped, every thread in [`pop`](Self::pop) comes back with `None`.
    pub fn close(&self) {
        let mut state = self.state();
        state.is_closed = true;
        state.waiting.clear();
        drop(state);
        self.filled.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::thread;

    use realtime_protocol::channel::Channel;
    use realtime_protocol::subscriber::{Subscriber, SubscriberType, UserId};

    use super::*;

    fn waiting(name: &str) -> Waiting {
        Waiting {
            question: Question {
                channel: Channel::parse(name, None).unwrap(),
                subscriber: Subscriber { id: UserId::parse("u1").unwrap(), kind: SubscriberType::Visitor },
            },
            give_up_at: Instant::now() + Duration::from_secs(10),
            answer: AnswerTo::Decision(oneshot::channel().0),
        }
    }

    fn queue(limit: usize) -> Queue {
        Queue::new(NonZeroUsize::new(limit).unwrap())
    }

    #[test]
    fn questions_come_out_in_the_order_they_went_in() {
        let queue = queue(3);
        for name in ["a", "b", "c"] {
            queue.push(waiting(name)).unwrap();
        }
        for name in ["a", "b", "c"] {
            assert_eq!(queue.pop().unwrap().question.channel.name(), name);
        }
    }

    #[test]
    fn a_full_queue_gives_the_question_back() {
        let queue = queue(1);
        queue.push(waiting("a")).unwrap();
        let Rejected(question, why) = queue.push(waiting("b")).unwrap_err();
        assert_eq!((question.channel.name(), why), ("b", Unavailability::QueueFull));
        queue.pop().unwrap();
        queue.push(waiting("c")).unwrap();
    }

    #[test]
    fn a_closed_queue_takes_nothing_and_wakes_who_sleeps() {
        let queue = Arc::new(queue(1));
        let sleepers: Vec<_> = (0..3)
            .map(|_| {
                let queue = Arc::clone(&queue);
                thread::spawn(move || queue.pop().is_none())
            })
            .collect();
        queue.close();
        assert!(sleepers.into_iter().all(|sleeper| sleeper.join().unwrap()));
        assert_eq!(queue.push(waiting("a")).unwrap_err().1, Unavailability::Stopped);
    }

    #[test]
    fn no_wake_up_is_lost_between_many_threads() {
        const QUESTIONS: usize = 20_000;
        let queue = Arc::new(queue(QUESTIONS));
        let takers: Vec<_> = (0..3)
            .map(|_| {
                let queue = Arc::clone(&queue);
                thread::spawn(move || {
                    std::iter::from_fn(|| queue.pop())
                        .take_while(|w| w.question.channel.name() != "end")
                        .count()
                })
            })
            .collect();
        let mut is_to_wake = false;
        for count in 0..QUESTIONS {
            let name = if count < QUESTIONS - 3 { "a" } else { "end" };
            is_to_wake |= queue.push(waiting(name)).unwrap();
            // Whoever is told to wake does so a little later.
            if count % 5 == 4 && std::mem::take(&mut is_to_wake) {
                queue.wake();
            }
            if count % 64 == 0 {
                thread::yield_now();
            }
        }
        if is_to_wake {
            queue.wake();
        }
        let taken: usize = takers.into_iter().map(|taker| taker.join().unwrap()).sum();
        assert_eq!(taken, QUESTIONS - 3);
    }
}
