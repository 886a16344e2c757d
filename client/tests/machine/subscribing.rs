//! Subscriptions: what is asked of the relay, what its answers mean, and who learns of it.

use realtime_client::{Continuity, Effect, Input, Patience, Settings, State, SubscriptionId};
use realtime_protocol::error::{ErrorCode, Status};
use realtime_protocol::frame::{ChannelNumber, Control, RequestId};

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
fn a_refusal_reaches_all_who_wait_and_no_one_else() {
    let mut client = Client::live(1, "a");
    client.subscribe(2, "b");
    client.subscribe(3, "b");
    let effects = client.control(refused(2, Status::Forbidden));
    let refusals = refusals(&effects);
    assert_eq!(refusals.iter().map(|(s, _)| *s).collect::<Vec<_>>(), [2, 3]);
    let failure = &refusals[0].1;
    assert_eq!(failure.code, ErrorCode::Subscription);
    assert_eq!(failure.status, Some(Status::Forbidden));
    assert!(!failure.recoverable);
    assert_eq!(errors(&effects), [], "a first refusal is no error event");
    assert_eq!(client.message(7, 1), [1]);
    assert_eq!(client.subscribe(4, "b"), [asks(3, "b", None)], "it may be asked again");
}

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

#[test]
fn a_refused_resubscribe_is_an_error_event_and_the_subscriptions_are_gone() {
    let mut client = Client::live(1, "a");
    client.subscribe(2, "a");
    client.lost(1006);
    client.subscribe(3, "a");
    client.wait_for_attempt();
    client.welcome();
    let effects = client.control(refused(2, Status::Forbidden));
    assert_eq!(refusals(&effects)[0].0, 3, "the newcomer's promise is rejected");
    let Effect::Ended { subscriptions, failure } = &effects[1] else {
        panic!("{effects:?}");
    };
    assert_eq!(subscriptions[..], [SubscriptionId(1), SubscriptionId(2)]);
    assert_eq!(failure.code, ErrorCode::Subscription);
    assert_eq!(client.machine.channel_of(SubscriptionId(1)), None);
}

#[test]
fn a_temporary_refusal_of_a_resubscribe_is_told_and_asked_again() {
    let mut client = Client::live(1, "a");
    client.lost(1006);
    client.wait_for_attempt();
    client.welcome();
    for request in 2..6 {
        let effects = client.control(refused(request, Status::Unavailable));
        assert_eq!(errors(&effects), [(ErrorCode::Subscription, "no".into())]);
        let mut asked = Vec::new();
        while asked.is_empty() {
            client.control(Control::Ping);
            asked = requests(&client.wait());
        }
        assert_eq!(asked, [request + 1]);
    }
    let effects = client.control(recovered(6, 7, position("e", 3), true));
    assert_eq!(effects, [live(1, Continuity::Whole)]);
}

#[test]
fn a_newcomer_ends_the_rest_of_a_refused_channel() {
    let mut client = Client::live(1, "a");
    client.lost(1006);
    client.wait_for_attempt();
    client.welcome();
    client.control(refused(2, Status::TooMany));
    let effects = client.subscribe(2, "a");
    assert_eq!(requests(&effects), [3]);
}

#[test]
fn a_subscription_that_the_relay_ends_is_an_error_event() {
    let mut client = Client::live(1, "a");
    let effects = client.control(Control::Ended {
        number: ChannelNumber(7),
        status: Status::Forbidden,
        message: "permissions have changed".into(),
    });
    assert_eq!(errors(&effects), [(ErrorCode::Subscription, "permissions have changed".into())]);
    assert!(client.message(7, 1).is_empty());
    assert_eq!(client.subscribe(2, "a"), [asks(2, "a", None)]);
}

#[test]
fn a_subscription_that_the_relay_ends_for_the_moment_is_asked_for_again() {
    let mut client = Client::live(1, "a");
    client.message(7, 4);
    let effects = client.control(Control::Ended {
        number: ChannelNumber(7),
        status: Status::Unavailable,
        message: "the permissions could not be asked".into(),
    });
    assert!(matches!(&interruptions(&effects)[..], [(subscriptions, _)] if subscriptions[..] == [1]));
    assert!(client.message(7, 5).is_empty());
    let effects = client.wait();
    assert_eq!(effects, [asks(2, "a", Some(position("e", 4)))]);
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
