//! The way back: when the next attempt comes, what is told of an outage, and who stays away.

use std::time::Duration;

use realtime_client::{ConnectionId, Effect, Input, Settings, State};
use realtime_protocol::close::CloseCode;
use realtime_protocol::error::ErrorCode;
use realtime_protocol::frame::Control;

use crate::common::*;

#[test]
fn waits_grow_with_each_failure_and_start_over_after_a_connection_that_lasted() {
    let mut client = Client::live(1, "a");
    let longest_wait = |client: &mut Client, code: u16| {
        client.lost(code);
        let began = client.now;
        client.wait_for_attempt();
        client.now - began
    };
    let waits: Vec<Duration> = (0..12).map(|_| longest_wait(&mut client, 1006)).collect();
    assert!(waits.iter().all(|w| *w >= Settings::default().backoff_floor));
    assert!(waits[0] <= SECOND && waits[1] <= 2 * SECOND && waits[2] <= 4 * SECOND);
    assert!(waits[6..].iter().any(|w| *w > 8 * SECOND), "{waits:?}");
    assert!(waits.iter().all(|w| *w <= 30 * SECOND));

    // A connection that comes and goes at once does not make the client hurry.
    client.welcome();
    let after_flash: Vec<Duration> = (0..4).map(|_| longest_wait(&mut client, 1006)).collect();
    assert!(after_flash.iter().any(|w| *w > 4 * SECOND), "{after_flash:?}");

    client.welcome();
    client.control(recovered(2, 7, position("e", 0), true));
    client.pass(20 * SECOND);
    assert!(longest_wait(&mut client, 1006) <= SECOND);
}

#[test]
fn a_network_that_breaks_again_and_again_does_not_end_with_the_longest_waits() {
    let mut client = Client::live(1, "a");
    let wait = |client: &mut Client| {
        client.lost(1006);
        let began = client.now;
        client.wait_for_attempt();
        client.now - began
    };
    // Seven attempts that failed: the next wait would be up to 30 seconds.
    for _ in 0..7 {
        wait(&mut client);
    }
    // Connections too short to be good again: each two seconds of them make up for one of those.
    let waits: Vec<Duration> = (0..12)
        .map(|_| {
            client.welcome();
            client.pass(8 * SECOND);
            wait(&mut client)
        })
        .collect();
    assert!(waits[0] <= 4 * SECOND, "{waits:?}");
    assert!(waits[1..].iter().all(|wait| *wait <= SECOND), "{waits:?}");
}

#[test]
fn goodbye_says_when_to_return() {
    for code in [CloseCode::Draining, CloseCode::Reconnect] {
        let mut client = Client::live(1, "a");
        assert_eq!(client.control(Control::Goodbye { retry_after_ms: 12_345 }), []);
        client.lost(code.get());
        let began = client.now;
        client.wait_for_attempt();
        assert_eq!(client.now - began, Duration::from_millis(12_345));
    }
}

#[test]
fn a_goodbye_cannot_send_a_client_away_for_ever_or_into_a_tight_loop() {
    for (asked, waits) in [(u32::MAX, 600 * SECOND), (0, Duration::from_millis(50))] {
        let mut client = Client::live(1, "a");
        client.control(Control::Goodbye { retry_after_ms: asked });
        client.lost(CloseCode::Draining.get());
        let began = client.now;
        client.wait_for_attempt();
        assert_eq!(client.now - began, waits);
    }
}

#[test]
fn every_close_code_means_what_its_range_says() {
    let come_back = [1000, 1001, 1005, 1006, 1011, 1012, 4000, 4001, 4007, 4008, 4499, 5000];
    let stay_away = [1002, 1003, 1007, 1008, 1009, 1010, 4500, 4501, 4503, 4504, 4999];
    for (codes, state) in [(&come_back[..], State::Waiting), (&stay_away[..], State::Closed)] {
        for code in codes {
            let mut client = Client::live(1, "a");
            client.lost(*code);
            assert_eq!(client.machine.state(), state, "{code}");
        }
    }
}

#[test]
fn staying_away_is_an_error_event_and_refuses_who_waits() {
    let mut client = Client::live(1, "a");
    client.subscribe(2, "b");
    let effects = client.lost(CloseCode::BadToken.get());
    let refusals = refusals(&effects);
    assert_eq!(refusals.len(), 1);
    assert_eq!((refusals[0].0, refusals[0].1.code), (2, ErrorCode::Connection));
    let message = "the relay has closed the connection for good: cut (4501)".to_owned();
    assert!(matches!(effects[0], Effect::Disconnected(_)));
    assert_eq!(errors(&effects), [(ErrorCode::Connection, message)], "once, with the loss");
    assert_eq!(client.machine.deadline(), None, "nothing is planned");
    assert_eq!(client.on(Input::Wake), []);
}

#[test]
fn an_attempt_that_is_turned_away_for_good_is_an_error_event_each_time() {
    let mut client = Client::live(1, "a");
    client.lost(1006);
    for _ in 0..2 {
        client.wait_for_attempt();
        let effects = client.lost(CloseCode::Disconnected.get());
        let message = "the relay has closed the connection for good: cut (4503)".to_owned();
        assert_eq!(errors(&effects), [(ErrorCode::Connection, message)]);
        assert!(matches!(effects[..], [Effect::Error(_)]));
        client.subscribe(2, "b");
        client.unsubscribe(2);
    }
}

#[test]
fn a_closed_client_tries_again_when_asked_for_something_new_but_not_in_a_tight_loop() {
    let mut client = Client::live(1, "a");
    client.lost(CloseCode::Flooding.get());
    for round in 2..8 {
        assert_eq!(client.subscribe(round, "b"), [], "the wait is still on");
        let began = client.now;
        client.wait_for_attempt();
        assert!(client.now > began);
        client.lost(CloseCode::Flooding.get());
    }
}

#[test]
fn a_new_identity_opens_a_closed_client_and_brings_its_subscriptions_back() {
    let mut client = Client::live(1, "a");
    client.lost(CloseCode::BadToken.get());
    let effects = client.on(Input::Reconnect);
    assert_eq!(effects, [Effect::Connect(ConnectionId(2))]);
    let effects = client.welcome();
    assert!(effects.contains(&asks(2, "a", Some(position("e", 0)))));
}

#[test]
fn an_identity_that_cannot_be_found_out_is_a_failed_attempt() {
    let mut client = Client::live(1, "a");
    client.lost(1006);
    client.wait_for_attempt();
    let connection = client.connection;
    let effects = client.on(Input::Identified { connection, identity: Err("getToken failed: 500".into()) });
    assert_eq!(effects[0], Effect::Disconnect(connection));
    let message = "cannot connect to the relay, trying again: getToken failed: 500".to_owned();
    assert_eq!(errors(&effects), [(ErrorCode::Connection, message)]);
    assert_eq!(client.machine.state(), State::Waiting);
}

#[test]
fn an_outage_is_one_error_event_however_many_attempts_fail() {
    let mut client = Client::live(1, "a");
    for _ in 0..2 {
        let mut told = errors(&client.lost(1006)).len();
        assert_eq!(told, 0, "the loss itself is told by disconnected");
        for _ in 0..5 {
            client.wait_for_attempt();
            told += errors(&client.lost(1006)).len();
        }
        assert_eq!(told, 1);
        client.wait_for_attempt();
        client.welcome();
    }
}
