//! Answers that are remembered for a while.
//!
//! Rules without I/O: time is an argument. Only yes and a handler's own no are remembered; a fault is asked again.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use super::super::question::{Answer, Decision, Question, Refusal};

/// Answers with the time until which they hold: all live equally long, so the oldest is the first to go.
#[derive(Debug)]
pub struct Memory {
    lifetime: Duration,
    limit: usize,
    answers: HashMap<Question, (Decision, Instant)>,
    /// In the order of their ends. A question that is forgotten and answered anew is in here twice for a while.
    order: VecDeque<(Question, Instant)>,
}

impl Memory {
    /// Remembers up to `limit` answers.
    pub fn new(lifetime: Duration, limit: usize) -> Self {
        Self { lifetime, limit, answers: HashMap::new(), order: VecDeque::new() }
    }

    /// The answer, while it holds.
    pub fn recall(&self, question: &Question, now: Instant) -> Option<Decision> {
        self.answers.get(question).filter(|(_, until)| now < *until).map(|(decision, _)| decision.clone())
    }

    /// Remembers an answer, if it is one that holds for a while.
    pub fn note(&mut self, question: &Question, decision: &Decision, now: Instant) {
        if !matches!(decision.answer, Answer::Allowed | Answer::Refused(Refusal::ByHandler)) {
            return;
        }
        while self.order.front().is_some_and(|(_, until)| *until <= now || self.order.len() >= self.limit) {
            self.drop_oldest();
        }
        let until = now + self.lifetime;
        self.answers.insert(question.clone(), (decision.clone(), until));
        self.order.push_back((question.clone(), until));
    }

    /// Drops the answers that `is_stale` tells.
    pub fn forget(&mut self, is_stale: impl Fn(&Question) -> bool) {
        self.answers.retain(|question, _| !is_stale(question));
    }

    fn drop_oldest(&mut self) {
        let Some((question, until)) = self.order.pop_front() else { return };
        if self.answers.get(&question).is_some_and(|(_, newest)| *newest == until) {
            self.answers.remove(&question);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::question::Unavailability;
    use super::super::super::script::cases::question;
    use super::*;

    const LIFETIME: Duration = Duration::from_secs(10);

    fn no() -> Decision {
        Refusal::ByHandler.into()
    }

    #[test]
    fn an_answer_is_known_until_its_time_is_up() {
        let now = Instant::now();
        let mut memory = Memory::new(LIFETIME, 10);
        memory.note(&question("a Member:m"), &Decision::ALLOWED, now);
        memory.note(&question("b Member:m"), &no(), now);
        let almost = now + LIFETIME - Duration::from_millis(1);
        assert_eq!(memory.recall(&question("a Member:m"), almost), Some(Decision::ALLOWED));
        assert_eq!(memory.recall(&question("b Member:m"), almost), Some(no()));
        for other in ["a/x Member:m", "a Member:n", "a Admin:m", "c Member:m"] {
            assert_eq!(memory.recall(&question(other), now), None, "{other}");
        }
        assert_eq!(memory.recall(&question("a Member:m"), now + LIFETIME), None);
    }

    #[test]
    fn faults_are_not_remembered() {
        let now = Instant::now();
        let mut memory = Memory::new(LIFETIME, 10);
        for decision in [Refusal::Threw(String::new()).into(), Unavailability::NoAnswer.into()] {
            memory.note(&question("a Member:m"), &decision, now);
            assert_eq!(memory.recall(&question("a Member:m"), now), None);
        }
    }

    #[test]
    fn beyond_the_limit_the_oldest_go_and_what_has_passed_leaves_nothing_behind() {
        let now = Instant::now();
        let mut memory = Memory::new(LIFETIME, 3);
        for (count, name) in ["a", "b", "c", "d"].iter().enumerate() {
            let at = now + Duration::from_millis(count as u64);
            memory.note(&question(&format!("{name} Member:m")), &Decision::ALLOWED, at);
        }
        let later = now + Duration::from_millis(9);
        assert_eq!(memory.recall(&question("a Member:m"), later), None);
        assert!(
            ["b", "c", "d"]
                .iter()
                .all(|name| memory.recall(&question(&format!("{name} Member:m")), later).is_some())
        );
        memory.note(&question("e Member:m"), &Decision::ALLOWED, now + LIFETIME * 2);
        assert_eq!((memory.answers.len(), memory.order.len()), (1, 1));
    }

    #[test]
    fn what_is_forgotten_and_answered_anew_lives_its_whole_time() {
        let now = Instant::now();
        let mut memory = Memory::new(LIFETIME, 10);
        memory.note(&question("a Member:m"), &Decision::ALLOWED, now);
        memory.forget(|question| question.channel.name() == "a");
        assert_eq!(memory.recall(&question("a Member:m"), now), None);
        let half = now + LIFETIME / 2;
        memory.note(&question("a Member:m"), &no(), half);
        // The first one's end passes.
        memory.note(&question("b Member:m"), &no(), now + LIFETIME);
        assert_eq!(memory.recall(&question("a Member:m"), now + LIFETIME), Some(no()));
    }
}
