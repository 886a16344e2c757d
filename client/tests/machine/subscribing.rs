//! Subscriptions: what is asked of the relay, what its answers mean, and who learns of it.

use realtime_client::{Continuity, Settings, State};
use realtime_protocol::error::Status;
use realtime_protocol::frame::{Control, RequestId};

use crate::common::*;

#[test]
fn a_subscription_is_live_with_the_relays_answer() {
    let mut client = Client::new();
    client.subscribe(1, "a");
    let effects = client.welcome();
    assert_eq!(effects[1], asks(1, "a", None));
    assert!(client.message(7, 1).is_empty(), "nothing is delivered before the answer");
    assert_eq!(client.control(subscribed(1, 7, 0)), [live(1, Continuity::First)]);
    assert_eq!(client.message(7, 1), [1]);
}

#[test]
fn subscriptions_made_before_the_connection_are_asked_for_in_their_order() {
    let mut client = Client::new();
    for (subscription, name) in [(1, "b"), (2, "a"), (3, "a/r")] {
        client.subscribe(subscription, name);
    }
    let effects = client.welcome();
    assert_eq!(effects[1..4], [asks(1, "b", None), asks(2, "a", None), asks(3, "a/r", None)]);
}

#[test]
fn one_request_serves_all_subscriptions_of_a_channel() {
    let mut client = Client::new();
    client.subscribe(1, "a");
    client.welcome();
    assert_eq!(client.subscribe(2, "a"), []);
    assert_eq!(client.control(subscribed(1, 7, 0)), [live(1, Continuity::First), live(2, Continuity::First)]);
    assert_eq!(client.subscribe(3, "a"), [live(3, Continuity::First)]);
    assert_eq!(client.message(7, 1), [1, 2, 3]);
}

#[test]
fn a_channel_and_its_resource_are_separate() {
    let mut client = Client::live(1, "a");
    assert_eq!(client.subscribe(2, "a/r"), [asks(2, "a/r", None)]);
    client.control(subscribed(2, 8, 0));
    assert_eq!(client.message(7, 1), [1]);
    assert_eq!(client.message(8, 1), [2]);
    assert_eq!(client.unsubscribe(1), [leaves(3, "a")]);
    assert_eq!(client.message(8, 2), [2]);
}

#[test]
fn the_relay_is_told_when_the_last_subscription_of_a_channel_goes() {
    let mut client = Client::live(1, "a");
    client.subscribe(2, "a");
    assert_eq!(client.unsubscribe(1), []);
    assert_eq!(client.message(7, 1), [2]);
    assert_eq!(client.unsubscribe(2), [leaves(2, "a")]);
    assert!(client.message(7, 2).is_empty());
    assert_eq!(client.control(Control::Unsubscribed { id: RequestId(2) }), []);
}

#[test]
fn unsubscribing_what_is_unknown_changes_nothing() {
    let mut client = Client::live(1, "a");
    assert_eq!(client.unsubscribe(9), []);
    assert_eq!(client.message(7, 1), [1]);
}

#[test]
fn unsubscribing_before_the_answer_is_undone_when_the_answer_comes() {
    let mut client = Client::live(1, "a");
    client.subscribe(2, "b");
    assert_eq!(client.unsubscribe(2), [], "the relay has not answered yet");
    assert_eq!(client.control(subscribed(2, 8, 0)), [leaves(3, "b")]);
    assert!(client.message(8, 1).is_empty());
}

#[test]
fn who_subscribes_again_before_the_answer_joins_the_request_under_way() {
    let mut client = Client::live(1, "a");
    client.subscribe(2, "b");
    client.unsubscribe(2);
    assert_eq!(client.subscribe(3, "b"), []);
    assert_eq!(client.control(subscribed(2, 8, 0)), [live(3, Continuity::First)]);
    assert_eq!(client.message(8, 1), [3]);
}

#[test]
fn who_subscribes_again_after_leaving_gets_no_message_of_before() {
    let mut client = Client::live(1, "a");
    client.unsubscribe(1);
    assert_eq!(client.subscribe(2, "a"), [asks(3, "a", None)]);
    assert!(client.message(7, 1).is_empty(), "it was still under way");
    client.control(Control::Unsubscribed { id: RequestId(2) });
    client.control(subscribed(3, 7, 1));
    assert!(client.message(7, 1).is_empty());
    assert_eq!(client.message(7, 2), [2]);
}

#[test]
fn a_returning_client_asks_for_a_bounded_number_of_channels_at_once() {
    let mut client = Client::with(Settings { requests_in_flight: 3, ..Settings::default() });
    for subscription in 1..=10 {
        client.subscribe(subscription, &format!("c{subscription}"));
    }
    let mut asked = requests(&client.welcome());
    assert_eq!(asked, [1, 2, 3]);
    client.unsubscribe(5);
    let mut all = asked.clone();
    while let Some(request) = asked.pop() {
        let answer = if request % 2 == 0 {
            subscribed(request, u64::from(request), 0)
        } else {
            refused(request, Status::Forbidden)
        };
        let next = requests(&client.control(answer));
        assert!(asked.len() + next.len() <= 3);
        all.extend(&next);
        asked.extend(next);
    }
    assert_eq!(all.len(), 9, "each but the one that nobody wants any more");
}

#[test]
fn an_answer_to_no_request_counts_for_nothing() {
    let mut client = Client::live(1, "a");
    assert_eq!(client.control(subscribed(9, 9, 0)), []);
    assert_eq!(client.control(refused(9, Status::Forbidden)), []);
    assert_eq!(client.control(subscribed(1, 9, 5)), [], "it was answered before");
    assert!(client.message(9, 6).is_empty());
    assert_eq!(client.message(7, 1), [1]);
}

#[test]
fn thousands_of_subscriptions_come_and_go() {
    let mut client = Client::new();
    for subscription in 0..5_000 {
        client.subscribe(subscription, &format!("c{}", subscription % 2_500));
    }
    let mut asked: std::collections::VecDeque<u32> = requests(&client.welcome()).into();
    let mut answered = 0;
    while let Some(request) = asked.pop_front() {
        answered += 1;
        asked.extend(requests(&client.control(subscribed(request, u64::from(request), 0))));
    }
    assert_eq!(answered, 2_500);
    assert_eq!(client.message(1, 1), [0, 2_500]);
    for subscription in 0..5_000 {
        client.unsubscribe(subscription);
    }
    client.pass(10 * SECOND);
    assert_eq!(client.machine.state(), State::Idle);
}
