//! A no: to a first subscribe, to one of a client that returns, and to a subscription that runs.

use realtime_client::{Continuity, Effect, SubscriptionId};
use realtime_protocol::error::{ErrorCode, Status};
use realtime_protocol::frame::{ChannelNumber, Control};

use crate::common::*;

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
