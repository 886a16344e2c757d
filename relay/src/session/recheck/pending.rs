//! Which running subscriptions are to be asked about, and in which order.

use std::collections::BTreeSet;
use std::ops::Bound;
use std::time::Duration;

use realtime_hub::channel::SessionId;
use realtime_protocol::frame::ChannelNumber;

/// A subscription. It may have ended by the time its turn comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    /// The channel.
    pub number: ChannelNumber,
    /// Who reads it.
    pub session: SessionId,
}

/// Subscriptions that are selected together and go ahead of others: a user has some, a channel seldom more. A second's
/// share of the usual rate, so that nothing waits for long behind those that go ahead.
const FEW: usize = 5_000;

/// How long what nobody could decide rests before it is asked again. It doubles with each time, until nothing was put
/// off for a while.
const FIRST_REST: Duration = Duration::from_secs(1);

/// The longest rest. Soon enough for a person who waits for a backend to come back.
const LONGEST_REST: Duration = Duration::from_secs(60);

/// What is to be asked. Each subscription is in a round once, whatever selects it again: 16 bytes, and the tree's own.
#[derive(Debug, Default)]
pub struct Pending {
    few: Round,
    many: Round,
    resting: BTreeSet<Target>,
    /// When what rests is asked again, and how long it rests; kept for a while afterwards, for the next rest's length.
    rest: Option<(Duration, Duration)>,
}

/// Targets that are taken in turns, so that none waits for ever behind those that are added later.
#[derive(Debug, Default)]
struct Round {
    targets: BTreeSet<Target>,
    last: Option<Target>,
}

impl Pending {
    /// Adds what is to be asked.
    pub fn add(&mut self, targets: Vec<Target>) {
        let round = if targets.len() <= FEW { &mut self.few } else { &mut self.many };
        round.targets.extend(targets);
    }

    /// Puts off what nobody could decide.
    pub fn put_off(&mut self, target: Target, now: Duration) {
        self.resting.insert(target);
        if self.rest.is_none_or(|(until, _)| until <= now) {
            let before = self.rest.filter(|(until, _)| now < *until + LONGEST_REST);
            let length = before.map_or(FIRST_REST, |(_, length)| (2 * length).min(LONGEST_REST));
            self.rest = Some((now + length, length));
        }
    }

    /// Takes what is next, if something is to be asked now.
    pub fn next(&mut self, now: Duration) -> Option<Target> {
        if self.rest.is_some_and(|(until, _)| until <= now) {
            self.many.targets.append(&mut self.resting);
        }
        self.few.next().or_else(|| self.many.next())
    }

    /// When something is to be asked: at once, or after a rest.
    pub fn next_at(&self) -> Option<Duration> {
        if !self.few.targets.is_empty() || !self.many.targets.is_empty() {
            return Some(Duration::ZERO);
        }
        self.rest.filter(|_| !self.resting.is_empty()).map(|(until, _)| until)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.few.targets.len() + self.many.targets.len() + self.resting.len()
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Round {
    fn next(&mut self) -> Option<Target> {
        let after =
            self.last.and_then(|last| self.targets.range((Bound::Excluded(last), Bound::Unbounded)).next());
        let next = after.or_else(|| self.targets.first()).copied()?;
        self.targets.remove(&next);
        self.last = Some(next);
        Some(next)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    impl Pending {
        fn has(&self, target: &Target) -> bool {
            [&self.few.targets, &self.many.targets, &self.resting]
                .iter()
                .any(|targets| targets.contains(target))
        }
    }

    const NOW: Duration = Duration::from_secs(100);

    fn target(number: u64) -> Target {
        Target { number: ChannelNumber(number), session: SessionId(1) }
    }

    fn take_all(pending: &mut Pending, now: Duration) -> Vec<u64> {
        std::iter::from_fn(|| pending.next(now)).map(|target| target.number.0).collect()
    }

    #[test]
    fn what_is_selected_twice_is_asked_once_and_then_nothing_is_left() {
        let mut pending = Pending::default();
        pending.add(vec![target(1), target(2)]);
        pending.add(vec![target(2), target(3)]);
        assert_eq!((pending.len(), pending.next_at()), (3, Some(Duration::ZERO)));
        assert_eq!(take_all(&mut pending, NOW), [1, 2, 3]);
        assert_eq!((pending.is_empty(), pending.next_at()), (true, None));
    }

    #[test]
    fn what_is_selected_while_it_is_being_asked_is_asked_again() {
        let mut pending = Pending::default();
        pending.add(vec![target(1)]);
        assert_eq!(pending.next(NOW), Some(target(1)));
        pending.add(vec![target(1)]);
        assert_eq!(pending.next(NOW), Some(target(1)));
    }

    #[test]
    fn a_few_go_ahead_of_many() {
        let mut pending = Pending::default();
        pending.add((0..=FEW as u64).map(target).collect());
        assert_eq!(pending.next(NOW), Some(target(0)));
        pending.add(vec![target(1_000_000)]);
        assert_eq!(pending.next(NOW), Some(target(1_000_000)));
        assert_eq!(pending.next(NOW), Some(target(1)));
    }

    #[test]
    fn nothing_waits_for_ever_behind_what_is_added_later() {
        let mut pending = Pending::default();
        pending.add((1..=3).map(target).collect());
        let mut order = Vec::new();
        for _ in 0..6 {
            order.push(pending.next(NOW).unwrap().number.0);
            pending.add(vec![target(1)]);
        }
        assert_eq!(order, [1, 2, 3, 1, 1, 1]);
    }

    #[test]
    fn what_nobody_can_decide_is_asked_again_after_rests_that_grow_up_to_a_minute() {
        let mut pending = Pending::default();
        pending.add(vec![target(1)]);
        let mut now = NOW;
        let mut rests = Vec::new();
        for _ in 0..9 {
            assert_eq!(pending.next(now), Some(target(1)));
            pending.put_off(target(1), now);
            assert_eq!(pending.next(now), None);
            let next_at = pending.next_at().unwrap();
            rests.push((next_at - now).as_secs());
            now = next_at;
        }
        assert_eq!(rests, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(pending.next(now), Some(target(1)));
        assert_eq!(pending.next_at(), None);
    }

    #[test]
    fn those_put_off_together_rest_together_and_the_first_rest_is_short_again_later() {
        let mut pending = Pending::default();
        pending.put_off(target(1), NOW);
        pending.put_off(target(2), NOW + Duration::from_millis(500));
        assert_eq!(pending.next(NOW + Duration::from_millis(999)), None);
        let then = NOW + Duration::from_secs(1);
        assert_eq!(take_all(&mut pending, then), [1, 2]);
        let later = then + LONGEST_REST;
        pending.put_off(target(3), later);
        assert_eq!(pending.next_at(), Some(later + FIRST_REST));
    }

    #[derive(Debug, Clone)]
    enum Step {
        Add(u64),
        AddMany,
        Ask,
        CannotDecide,
        Wait(u64),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            3 => (0..20u64).prop_map(Step::Add),
            1 => Just(Step::AddMany),
            6 => Just(Step::Ask),
            2 => Just(Step::CannotDecide),
            1 => (0..5u64).prop_map(Step::Wait),
        ]
    }

    proptest! {
        // A step may add thousands, so that few cases do much.
        #![proptest_config(ProptestConfig::with_cases(20))]

        #[test]
        fn whatever_is_added_is_asked_and_nothing_else(steps in prop::collection::vec(step(), 0..60)) {
            let mut pending = Pending::default();
            let mut owed = BTreeSet::new();
            let mut now = NOW;
            for step in steps {
                match step {
                    Step::Add(number) => {
                        pending.add(vec![target(number)]);
                        owed.insert(target(number));
                    }
                    Step::AddMany => {
                        let many: Vec<_> = (0..=FEW as u64).map(target).collect();
                        owed.extend(many.iter().copied());
                        pending.add(many);
                    }
                    Step::Wait(seconds) => now += Duration::from_secs(seconds),
                    Step::Ask | Step::CannotDecide => {
                        let Some(next) = pending.next(now) else {
                            prop_assert!(pending.next_at().is_none_or(|at| at > now));
                            continue;
                        };
                        prop_assert!(owed.contains(&next), "{next:?} is asked and nobody wants it");
                        if matches!(step, Step::CannotDecide) {
                            pending.put_off(next, now);
                        } else if !pending.has(&next) {
                            owed.remove(&next);
                        }
                    }
                }
            }
            while let Some(at) = pending.next_at() {
                prop_assert!(at <= now + LONGEST_REST, "a rest without end");
                now = now.max(at);
                while let Some(next) = pending.next(now) {
                    owed.remove(&next);
                }
            }
            prop_assert!(owed.is_empty() && pending.is_empty(), "never asked: {owed:?}");
        }
    }
}
