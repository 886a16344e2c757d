//! The judge of histories: what is right passes, and each broken promise is found and called by its name.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]

use std::collections::BTreeMap;

use faults::history::check::{Verdict, check};
use faults::history::record::{ClientNumber, Continuity, Entry, Event, Op, Place};
use faults::history::rules::{Reader, Rules};
use faults::history::violation::Kind;
use faults::random::Random;

const ANNA: ClientNumber = ClientNumber(1);
const BERT: ClientNumber = ClientNumber(2);

/// A history in the making: two clients that may read `news`.
struct Story {
    rules: Rules,
    events: Vec<Event>,
}

fn place(epoch: &str, offset: u64) -> Place {
    Place { epoch: epoch.to_owned(), offset }
}

fn payload(op: u32) -> String {
    format!("{{\"op\":{op}}}")
}

impl Story {
    fn new() -> Self {
        let clients = [(ANNA, "anna"), (BERT, "bert")].map(|(client, user)| {
            (client, Reader { user: Some(user.to_owned()), may_read: ["news".to_owned()].into() })
        });
        let rules =
            Rules { is_durable: true, window: 100, windows: BTreeMap::new(), clients: clients.into() };
        Self { rules, events: Vec::new() }
    }

    /// Both clients are there from the start.
    fn with_both() -> Self {
        Self::new().subscribed(ANNA, Continuity::First, "e", 0).subscribed(BERT, Continuity::First, "e", 0)
    }

    fn then(mut self, event: Event) -> Self {
        self.events.push(event);
        self
    }

    fn invoked(self, op: u32, users: Option<&[&str]>) -> Self {
        let users = users.map(|users| users.iter().map(|user| (*user).to_owned()).collect());
        self.then(Event::Invoke { op: Op(op), channel: "news".to_owned(), users, payload: payload(op) })
    }

    fn acknowledged(self, op: u32, epoch: &str, offset: u64) -> Self {
        self.then(Event::Acknowledged { op: Op(op), place: place(epoch, offset) })
    }

    fn published(self, op: u32, epoch: &str, offset: u64) -> Self {
        self.invoked(op, None).acknowledged(op, epoch, offset)
    }

    fn subscribed(self, client: ClientNumber, continuity: Continuity, epoch: &str, offset: u64) -> Self {
        self.then(Event::Subscribed {
            client,
            channel: "news".to_owned(),
            continuity,
            place: place(epoch, offset),
        })
    }

    fn got(self, client: ClientNumber, op: u32, epoch: &str, offset: u64) -> Self {
        self.got_text(client, &payload(op), epoch, offset)
    }

    fn got_text(self, client: ClientNumber, payload: &str, epoch: &str, offset: u64) -> Self {
        let (channel, payload) = ("news".to_owned(), payload.to_owned());
        self.then(Event::Delivered { client, channel, place: place(epoch, offset), payload })
    }

    fn both_got(self, op: u32, epoch: &str, offset: u64) -> Self {
        self.got(ANNA, op, epoch, offset).got(BERT, op, epoch, offset)
    }

    fn in_memory(mut self) -> Self {
        self.rules.is_durable = false;
        self
    }

    fn verdict(&self) -> Verdict {
        let entries = self.events.iter().zip(0..).map(|(event, at_us)| Entry { at_us, event: event.clone() });
        check(&entries.collect::<Vec<_>>(), &self.rules)
    }

    #[track_caller]
    fn is_right(&self) -> Verdict {
        let verdict = self.verdict();
        assert!(verdict.is_clean(), "{:#?}", verdict.violations);
        verdict
    }

    /// It is found, and called that.
    #[track_caller]
    fn breaks(&self, kind: Kind) {
        let kinds: Vec<_> = self.verdict().violations.iter().map(|violation| violation.kind).collect();
        assert!(kinds.contains(&kind), "{kinds:?}");
    }

    /// It is found, and nothing else is.
    #[track_caller]
    fn breaks_only(&self, kind: Kind) {
        let violations = self.verdict().violations;
        assert!(
            !violations.is_empty() && violations.iter().all(|found| found.kind == kind),
            "{violations:#?}"
        );
    }
}

#[test]
fn what_is_delivered_once_and_in_order_is_right() {
    let story =
        Story::with_both().published(1, "e", 1).both_got(1, "e", 1).published(2, "e", 2).both_got(2, "e", 2);
    let verdict = story.is_right();
    assert_eq!((verdict.published, verdict.acknowledged, verdict.delivered), (2, 2, 4));
}

#[test]
fn an_acknowledged_message_that_never_comes_is_lost() {
    let story = Story::with_both().published(1, "e", 1).got(ANNA, 1, "e", 1);
    story.breaks_only(Kind::Lost);
}

#[test]
fn a_message_without_an_answer_may_be_missing_everywhere_but_not_at_one_of_two() {
    let unknown = |story: Story| story.invoked(1, None).then(Event::Unknown { op: Op(1) });
    unknown(Story::with_both()).is_right();
    unknown(Story::with_both()).both_got(1, "e", 1).is_right();
    unknown(Story::with_both()).got(ANNA, 1, "e", 1).breaks_only(Kind::Lost);
}

#[test]
fn a_client_that_never_comes_back_has_lost_something_even_where_nothing_was_published_since() {
    let story =
        Story::with_both().in_memory().published(1, "e", 1).both_got(1, "e", 1).then(Event::RelayEnded);
    let story = story.subscribed(ANNA, Continuity::Lost, "f", 0).published(2, "f", 1).got(ANNA, 2, "f", 1);
    story.breaks_only(Kind::Lost);
    let never = Story::new().subscribed(ANNA, Continuity::First, "e", 0);
    never.breaks_only(Kind::Lost);
}

#[test]
fn a_message_that_comes_twice_is_doubled_and_so_is_a_publish_that_became_two_messages() {
    let story = Story::with_both().published(1, "e", 1).both_got(1, "e", 1);
    story.got(ANNA, 1, "e", 1).breaks_only(Kind::Doubled);
    let story = Story::with_both().published(1, "e", 1).both_got(1, "e", 1);
    story.both_got(1, "e", 2).breaks_only(Kind::Doubled);
    let story = Story::with_both().published(1, "e", 1).published(2, "e", 1).both_got(1, "e", 1);
    story.breaks(Kind::Doubled);
}

#[test]
fn a_publish_may_become_two_messages_only_where_the_relays_memory_ended_in_between() {
    let story = |is_durable| {
        let mut story = Story::with_both().invoked(1, None).both_got(1, "e", 1).then(Event::RelayEnded);
        story.rules.is_durable = is_durable;
        story
            .subscribed(ANNA, Continuity::Lost, "f", 0)
            .subscribed(BERT, Continuity::Lost, "f", 0)
            .acknowledged(1, "f", 1)
            .both_got(1, "f", 1)
    };
    story(false).is_right();
    story(true).breaks(Kind::Doubled);
}

#[test]
fn a_message_behind_a_later_one_is_reordered() {
    let story = Story::with_both()
        .published(1, "e", 1)
        .published(2, "e", 2)
        .got(BERT, 1, "e", 1)
        .got(BERT, 2, "e", 2);
    story.got(ANNA, 2, "e", 2).got(ANNA, 1, "e", 1).breaks(Kind::Reordered);
}

#[test]
fn a_publish_that_began_after_another_was_acknowledged_stands_behind_it() {
    let story =
        Story::with_both().published(1, "e", 2).published(2, "e", 1).both_got(2, "e", 1).both_got(1, "e", 2);
    story.breaks_only(Kind::Reordered);
    let at_once =
        Story::with_both().invoked(1, None).invoked(2, None).acknowledged(2, "e", 1).acknowledged(1, "e", 2);
    at_once.both_got(2, "e", 1).both_got(1, "e", 2).is_right();
}

#[test]
fn a_payload_with_another_byte_is_changed() {
    let story = Story::with_both().published(1, "e", 1).got(ANNA, 1, "e", 1);
    story.got_text(BERT, "{\"op\": 1}", "e", 1).breaks_only(Kind::Changed);
}

#[test]
fn what_nobody_published_there_is_a_phantom_and_so_is_what_was_refused() {
    Story::with_both().got_text(ANNA, "{\"op\":9}", "e", 1).breaks_only(Kind::Phantom);
    let story = Story::with_both().invoked(1, None).then(Event::Refused { op: Op(1) });
    story.is_right();
    let story = Story::with_both().invoked(1, None).then(Event::Refused { op: Op(1) });
    story.both_got(1, "e", 1).breaks_only(Kind::Phantom);
    let mut story = Story::with_both().published(1, "e", 1).both_got(1, "e", 1);
    for reader in story.rules.clients.values_mut() {
        reader.may_read.insert("other".to_owned());
    }
    let other = |client, continuity| Event::Subscribed {
        client,
        channel: "other".to_owned(),
        continuity,
        place: place("o", 0),
    };
    let story = story.then(other(ANNA, Continuity::First)).then(other(BERT, Continuity::First));
    story.is_right();
    let crossed = Event::Delivered {
        client: ANNA,
        channel: "other".to_owned(),
        place: place("o", 1),
        payload: payload(1),
    };
    story.then(crossed).breaks_only(Kind::Phantom);
}

#[test]
fn what_is_for_others_or_in_a_channel_that_it_may_not_read_is_not_permitted() {
    let story = Story::with_both().invoked(1, Some(&["anna"])).acknowledged(1, "e", 1).got(ANNA, 1, "e", 1);
    story.is_right();
    story.got(BERT, 1, "e", 1).breaks_only(Kind::NotPermitted);

    let staff =
        |event: fn(ClientNumber, String) -> Event| Story::with_both().then(event(ANNA, "staff".to_owned()));
    staff(|client, channel| Event::Denied { client, channel }).is_right();
    let let_in = staff(|client, channel| Event::Subscribed {
        client,
        channel,
        continuity: Continuity::First,
        place: place("s", 0),
    });
    let_in.breaks_only(Kind::NotPermitted);
}

#[test]
fn a_client_that_is_refused_what_it_may_read_has_lost_it() {
    let denied = Event::Denied { client: ANNA, channel: "news".to_owned() };
    Story::with_both().then(denied).breaks_only(Kind::Lost);
}

#[test]
fn a_gap_in_the_middle_that_nobody_told_of_is_found() {
    let story = Story::with_both()
        .published(1, "e", 1)
        .published(2, "e", 2)
        .got(BERT, 1, "e", 1)
        .got(BERT, 2, "e", 2);
    story.got(ANNA, 2, "e", 2).breaks_only(Kind::GapNotTold);
}

#[test]
fn a_recovery_that_says_whole_and_is_not_is_a_gap_not_told() {
    let outage = |continuity| {
        let story = Story::with_both().published(1, "e", 1).got(BERT, 1, "e", 1);
        let story = story.subscribed(ANNA, continuity, "e", 1).published(2, "e", 2);
        story.both_got(2, "e", 2)
    };
    outage(Continuity::Whole).breaks_only(Kind::GapNotTold);
    outage(Continuity::First).breaks_only(Kind::GapNotTold);
    // It was told, but the relay had the message.
    outage(Continuity::Lost).breaks_only(Kind::NeedlessGap);
}

#[test]
fn another_life_of_a_stream_begins_with_a_gap_that_is_told() {
    let restart = |continuity| {
        let story =
            Story::with_both().in_memory().published(1, "e", 1).both_got(1, "e", 1).then(Event::RelayEnded);
        story
            .subscribed(ANNA, continuity, "f", 0)
            .subscribed(BERT, Continuity::Lost, "f", 0)
            .published(2, "f", 1)
            .both_got(2, "f", 1)
    };
    restart(Continuity::Lost).is_right();
    restart(Continuity::Whole).breaks(Kind::GapNotTold);
    let silent =
        Story::with_both().in_memory().then(Event::RelayEnded).subscribed(BERT, Continuity::Lost, "f", 0);
    silent.published(2, "f", 1).both_got(2, "f", 1).breaks_only(Kind::GapNotTold);
}

#[test]
fn a_gap_is_needless_where_the_relay_lived_or_keeps_its_history_on_disk() {
    let gap = |has_ended: bool, is_durable: bool| {
        let mut story = Story::with_both();
        story.rules.is_durable = is_durable;
        let story = if has_ended { story.then(Event::RelayEnded) } else { story };
        let story =
            story.subscribed(ANNA, Continuity::Lost, "f", 0).subscribed(BERT, Continuity::Lost, "f", 0);
        story.published(1, "f", 1).both_got(1, "f", 1)
    };
    gap(true, false).is_right();
    gap(false, false).breaks_only(Kind::NeedlessGap);
    gap(true, true).breaks_only(Kind::NeedlessGap);
}

#[test]
fn a_gap_may_be_told_to_whoever_missed_more_than_the_history_keeps() {
    let away = |missed: u32| {
        let mut story = Story::with_both();
        story.rules.windows.insert("news".to_owned(), 3);
        for op in 1..=missed {
            story = story.published(op, "e", u64::from(op)).got(BERT, op, "e", u64::from(op));
        }
        story.subscribed(ANNA, Continuity::Lost, "e", u64::from(missed))
    };
    away(3).breaks_only(Kind::NeedlessGap);
    away(4).is_right();
}

/// A right history of both clients, with an outage of one.
fn right() -> Story {
    let mut story = Story::with_both();
    for op in 1..=20_u32 {
        story = story.published(op, "e", u64::from(op)).got(BERT, op, "e", u64::from(op));
        if op == 10 {
            story = story.subscribed(ANNA, Continuity::Whole, "e", 10);
        }
        story = story.got(ANNA, op, "e", u64::from(op));
    }
    story
}

#[test]
fn no_delivery_of_a_right_history_can_be_left_out_repeated_swapped_or_changed_unnoticed() {
    let mut random = Random::new(4);
    right().is_right();
    for _ in 0..500 {
        let mut story = right();
        let deliveries: Vec<_> = (0..story.events.len())
            .filter(|index| matches!(story.events[*index], Event::Delivered { client: ANNA, .. }))
            .collect();
        let at = *random.choice(&deliveries).unwrap();
        let other = *random.choice(&deliveries).unwrap();
        let what = random.below(4);
        match what {
            0 => drop(story.events.remove(at)),
            1 => {
                let again = story.events[at].clone();
                story.events.insert(other.max(at) + 1, again);
            }
            2 if at != other => story.events.swap(at, other),
            _ => {
                let Event::Delivered { payload, .. } = &mut story.events[at] else { unreachable!() };
                payload.push(' ');
            }
        }
        let violations = story.verdict().violations;
        assert!(!violations.is_empty(), "nothing found after change {what} at {at} and {other}");
    }
}
