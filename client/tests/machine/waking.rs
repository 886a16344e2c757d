//! A page that wakes, and one that is put away.

use realtime_client::{ConnectionId, Effect, Input, Settings, State};
use realtime_protocol::close::CloseCode;
use realtime_protocol::frame::{ClientFrame, Control};

use crate::common::*;

#[test]
fn a_wake_up_ends_waiting_but_not_more_than_once_a_second() {
    let mut client = Client::live(1, "a");
    for _ in 0..8 {
        client.lost(1006);
        client.wait_for_attempt();
    }
    client.pass(2 * SECOND);
    client.lost(1006);
    assert!(matches!(client.on(Input::Wake)[..], [Effect::Connect(_)]));
    client.lost(1006);
    assert_eq!(client.on(Input::Wake), []);
    assert!(client.machine.deadline().unwrap() <= client.now + SECOND);
}

#[test]
fn a_wake_up_after_a_long_sleep_reconnects_at_once() {
    let mut client = Client::live(1, "a");
    client.now += 3600 * SECOND;
    let effects = client.on(Input::Wake);
    let lost = disconnected("the connection to the relay is lost: it has fallen silent");
    assert_eq!(effects, [Effect::Disconnect(ConnectionId(1)), lost, Effect::Connect(ConnectionId(2))]);
}

#[test]
fn a_wake_up_of_a_live_connection_asks_for_a_sign_of_life_and_gives_it_up_when_none_comes_in_time() {
    let mut client = Client::live(1, "a");
    let patience = Settings::default().probe_timeout;
    assert_eq!(client.on(Input::Wake), [Effect::Send(ClientFrame::Pong)]);
    client.pass(patience / 2);
    assert_eq!(client.on(Input::Wake), [Effect::Send(ClientFrame::Pong)], "asked again, and no more patient");
    let effects = client.pass(patience / 2);
    let lost = disconnected("the connection to the relay is lost: it has fallen silent");
    assert_eq!(effects, [Effect::Disconnect(ConnectionId(1)), lost]);
}

#[test]
fn whatever_comes_after_a_wake_up_is_a_sign_of_life() {
    let patience = Settings::default().probe_timeout;
    for answer in [true, false] {
        let mut client = Client::live(1, "a");
        client.on(Input::Wake);
        if answer {
            client.control(Control::Ping);
        } else {
            client.message(7, 1);
        }
        assert_eq!(client.pass(2 * patience), []);
        assert_eq!(client.machine.state(), State::Live);
    }
}

#[test]
fn a_page_that_is_put_away_leaves_its_connection_and_makes_another_one_when_it_wakes() {
    let mut client = Client::live(1, "a");
    let left = disconnected("the connection to the relay is left while the page is away");
    assert_eq!(client.on(Input::Suspend), [Effect::Disconnect(ConnectionId(1)), left]);
    assert_eq!(client.machine.deadline(), None, "nothing is planned meanwhile");
    assert_eq!(client.on(Input::Suspend), [], "told once");
    assert_eq!(client.pass(3600 * SECOND), []);
    assert_eq!(client.on(Input::Wake), [Effect::Connect(ConnectionId(2))]);
    assert!(client.welcome().contains(&asks(2, "a", Some(position("e", 0)))));
}

#[test]
fn a_page_that_is_put_away_again_and_again_makes_no_tight_loop() {
    let mut client = Client::live(1, "a");
    client.pass(2 * SECOND);
    client.on(Input::Suspend);
    assert!(matches!(client.on(Input::Wake)[..], [Effect::Connect(_)]));
    assert!(matches!(client.on(Input::Suspend)[..], [Effect::Disconnect(_)]));
    assert_eq!(client.on(Input::Wake), []);
    assert!(client.machine.deadline().unwrap() <= client.now + SECOND);
}

#[test]
fn whoever_is_to_stay_away_does_so_after_being_put_away_too() {
    let mut client = Client::live(1, "a");
    client.lost(CloseCode::BadToken.get());
    assert_eq!(client.on(Input::Suspend), []);
    assert_eq!(client.on(Input::Wake), []);
    assert_eq!(client.machine.state(), State::Closed);
}

#[test]
fn a_page_that_is_put_away_wanting_nothing_connects_to_nothing() {
    let mut client = Client::live(1, "a");
    client.unsubscribe(1);
    client.on(Input::Suspend);
    assert_eq!(client.on(Input::Wake), []);
    assert_eq!(client.machine.state(), State::Idle);
}
