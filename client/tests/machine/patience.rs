//! Patience: how long an answer is waited for, and what comes of it when there is none.

use realtime_client::{Continuity, Effect, Input, Patience, State, SubscriptionId};
use realtime_protocol::error::{ErrorCode, Status};
use realtime_protocol::frame::Control;

use crate::common::*;

#[test]
fn a_first_subscribe_is_refused_when_the_relay_cannot_be_reached_in_time() {
    let mut client = Client::new();
    client.subscribe(1, "a");
    let began = client.now;
    client.lost(1006);
    let mut attempts = 1;
    let refused = loop {
        let effects = client.wait();
        if let [(1, failure)] = &refusals(&effects)[..] {
            break failure.clone();
        }
        if client.machine.state() == State::Connecting {
            attempts += 1;
            assert_eq!(client.lost(1006), []);
        }
    };
    assert_eq!(client.now - began, 10 * SECOND);
    assert!(attempts > 2, "it was tried {attempts} times");
    assert_eq!(refused.code, ErrorCode::Connection);
    assert_eq!(refused.message, "cannot connect to the relay: cut");
    assert!(refused.recoverable);
    assert_eq!(client.machine.state(), State::Idle, "nothing is wanted any more");
    assert_eq!(client.machine.deadline(), None);
}

#[test]
fn a_live_subscription_is_not_given_up_however_long_the_relay_is_away() {
    let mut client = Client::live(1, "a");
    client.lost(1006);
    for _ in 0..100 {
        client.wait_for_attempt();
        client.lost(1006);
    }
    client.wait_for_attempt();
    let effects = client.welcome();
    assert!(effects.contains(&asks(2, "a", Some(position("e", 0)))));
}

#[test]
fn an_unanswered_subscribe_is_refused_in_time_and_left() {
    let mut client = Client::live(1, "a");
    client.subscribe(2, "b");
    let effects = client.pass(10 * SECOND);
    let refusals = refusals(&effects);
    assert_eq!(refusals[0].1.message, "the relay did not answer in time");
    assert_eq!(effects.last(), Some(&leaves(3, "b")));
    assert_eq!(client.machine.state(), State::Live, "the others go on");
    assert_eq!(client.control(subscribed(2, 8, 0)), []);
}

#[test]
fn an_unanswered_request_is_kept_for_who_came_later() {
    let mut client = Client::live(1, "a");
    client.subscribe(2, "b");
    client.pass(6 * SECOND);
    client.subscribe(3, "b");
    let effects = client.pass(4 * SECOND);
    assert_eq!(effects.len(), 1, "only the first has lost patience");
    assert_eq!(client.control(subscribed(2, 8, 0)), [live(3, Continuity::First)]);
}

#[test]
fn a_request_that_is_never_answered_is_given_up() {
    let mut client = Client::live(1, "a");
    client.subscribe(2, "b");
    client.unsubscribe(2);
    assert_eq!(client.pass(10 * SECOND), [leaves(3, "b")]);
    assert_eq!(client.control(subscribed(2, 8, 0)), []);
}

#[test]
fn an_unanswered_resubscribe_is_a_lost_connection() {
    let mut client = Client::live(1, "a");
    client.lost(1006);
    client.wait_for_attempt();
    client.welcome();
    let connection = client.connection;
    let lost = disconnected("the connection to the relay is lost: it did not answer a subscribe");
    assert_eq!(client.pass(10 * SECOND), [Effect::Disconnect(connection), lost]);
    client.wait_for_attempt();
    assert!(client.welcome().contains(&asks(3, "a", Some(position("e", 0)))));
}

/// A client with a live subscription, and one without an answer whose patience has no end.
fn patient() -> Client {
    let mut client = Client::live(1, "a");
    assert_eq!(client.subscribe_with(Patience::Unlimited, 2, "b"), [asks(2, "b", None)]);
    client
}

#[test]
fn unlimited_patience_is_told_once_that_the_answer_is_late_and_goes_on() {
    let mut client = patient();
    let told = interruptions(&client.pass(10 * SECOND));
    let [(subscriptions, failure)] = &told[..] else {
        panic!("{told:?}");
    };
    assert_eq!(subscriptions[..], [2]);
    assert_eq!((failure.code, failure.recoverable), (ErrorCode::Connection, true));
    client.control(Control::Ping);
    assert_eq!(client.pass(10 * SECOND), [], "it is said once");
    assert_eq!(client.control(subscribed(2, 8, 0)), [live(2, Continuity::First)]);
}

#[test]
fn unlimited_patience_outlives_a_relay_that_cannot_be_reached() {
    let mut client = Client::new();
    client.subscribe_with(Patience::Unlimited, 1, "a");
    let mut told = Vec::new();
    for _ in 0..20 {
        client.lost(1006);
        told.extend(interruptions(&client.wait_for_attempt()));
    }
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].1.message, "cannot connect to the relay: cut");
    assert!(client.welcome().contains(&asks(1, "a", None)));
}

#[test]
fn unlimited_patience_outlives_temporary_refusals_and_is_asked_again() {
    let mut client = patient();
    client.subscribe(3, "b");
    let effects = client.control(refused(2, Status::Unavailable));
    assert_eq!(refusals(&effects)[0].0, 3, "who is not so patient is refused");
    assert_eq!(interruptions(&effects)[0].0, [2]);
    let mut asked = Vec::new();
    while asked.is_empty() {
        asked = requests(&client.wait());
    }
    assert_eq!(asked, [3]);
    assert_eq!(client.control(subscribed(3, 8, 0)), [live(2, Continuity::First)]);
}

#[test]
fn unlimited_patience_ends_with_a_refusal_for_good() {
    let mut client = patient();
    let effects = client.control(refused(2, Status::Forbidden));
    assert_eq!(refusals(&effects)[0].0, 2);
    assert_eq!(errors(&effects), []);
    assert_eq!(client.machine.channel_of(SubscriptionId(2)), None);
}

#[test]
fn unlimited_patience_outlives_a_relay_that_wants_no_return() {
    let mut client = patient();
    let effects = client.lost(4503);
    assert!(matches!(&effects[..], [Effect::Disconnected(failure)] if !failure.recoverable));
    assert_eq!(client.pass(20 * SECOND), [], "it has been said that nothing will come");
    client.on(Input::Reconnect);
    assert!(client.welcome().contains(&asks(4, "b", None)));
}

#[test]
fn unlimited_patience_ends_with_an_unsubscribe() {
    let mut client = patient();
    client.unsubscribe(2);
    assert_eq!(client.control(refused(2, Status::Unavailable)), []);
    assert_eq!(client.pass(10 * SECOND), []);
}
