//! The connection's life: when it is made, when it counts as lost, when the client comes back and when it stays away.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on panics"
)]

mod common;

use std::time::Duration;

use common::*;
use realtime_client::{ConnectionId, Effect, Identity, Input, Notice, Settings, State};
use realtime_protocol::close::CloseCode;
use realtime_protocol::error::ErrorCode;
use realtime_protocol::frame::{ClientFrame, Control, Token};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn nothing_connects_until_something_is_wanted() {
    let mut client = Client::new();
    assert_eq!(client.on(Input::Wake), []);
    assert_eq!(client.on(Input::Reconnect), []);
    assert_eq!(client.on(Input::Timer), []);
    assert_eq!(client.machine.state(), State::Idle);
    assert_eq!(client.machine.deadline(), None);
    assert_eq!(client.subscribe(1, "a"), [Effect::Connect(ConnectionId(1))]);
    assert_eq!(client.machine.state(), State::Connecting);
}

#[test]
fn hello_leaves_once_when_transport_and_identity_are_there_in_any_order() {
    let token = Some(Token::new("t"));
    for transport_first in [true, false] {
        let mut client = Client::new();
        client.subscribe(1, "a");
        let connection = client.connection;
        let identity = Ok(Identity { token: token.clone(), ..Identity::default() });
        let mut inputs = [Input::Opened(connection), Input::Identified { connection, identity }];
        if !transport_first {
            inputs.reverse();
        }
        let hello = Effect::Send(ClientFrame::Hello { token: token.clone(), visitor_token: None });
        assert_eq!(client.on(inputs[0].clone()), []);
        let subscribe = asks(1, "a", None);
        assert_eq!(client.on(inputs[1].clone()), [hello, subscribe], "no round trip in between");
        assert_eq!(client.on(inputs[1].clone()), [], "a second time changes nothing");
    }
}

#[test]
fn a_welcome_before_hello_counts_for_nothing_and_nothing_counts_before_the_welcome() {
    let mut client = Client::new();
    client.subscribe(1, "a");
    client.on(Input::Opened(client.connection));
    assert_eq!(client.control(welcome()), []);
    assert_eq!(client.machine.state(), State::Connecting);
    client.on(Input::Identified { connection: client.connection, identity: Ok(Identity::default()) });
    assert_eq!(client.control(subscribed(1, 7, 0)), []);
    assert_eq!(client.control(Control::Ping), []);
    assert!(matches!(client.control(welcome())[..], [Effect::Connected]));
}

#[test]
fn connected_is_told_at_the_first_connection_and_at_every_reconnection() {
    let mut client = Client::live(1, "a");
    for _ in 0..3 {
        let effects = client.lost(1006);
        assert_eq!(effects, [disconnected("the connection to the relay is lost: cut")]);
        assert_eq!(client.machine.state(), State::Waiting);
        client.wait_for_attempt();
        let effects = client.welcome();
        assert!(effects.iter().any(|e| matches!(e, Effect::Connected)));
    }
}

#[test]
fn a_visitor_token_is_to_be_kept_before_connected_is_told() {
    let mut client = Client::new();
    client.subscribe(1, "a");
    let connection = client.connection;
    client.on(Input::Opened(connection));
    client.on(Input::Identified { connection, identity: Ok(Identity::default()) });
    let Control::Welcome { session, subscriber, heartbeat, .. } = welcome() else { unreachable!() };
    let effects = client.control(Control::Welcome {
        session,
        subscriber,
        heartbeat,
        visitor_token: Some(Token::new("v")),
        expires_in_ms: None,
    });
    assert_eq!(effects[0], Effect::KeepVisitorToken(Token::new("v")));
    assert!(matches!(effects[1], Effect::Connected));
}

#[test]
fn inputs_of_an_earlier_connection_count_for_nothing() {
    let mut client = Client::live(1, "a");
    let old = client.connection;
    client.lost(1006);
    client.wait_for_attempt();
    client.welcome();
    client.control(recovered(2, 7, position("e", 0), true));
    let stale = Input::Lost { connection: old, code: 4501, reason: String::new() };
    assert_eq!(client.on(stale), []);
    let stale = Input::Notice { connection: old, notice: Notice::Ping };
    assert_eq!(client.on(stale), []);
    assert!(!client.machine.heard(old, client.now));
    assert_eq!(client.machine.state(), State::Live);
}

#[test]
fn a_ping_is_answered() {
    let mut client = Client::live(1, "a");
    assert_eq!(client.control(Control::Ping), [Effect::Send(ClientFrame::Pong)]);
}

#[test]
fn silence_for_longer_than_the_agreed_time_is_a_lost_connection() {
    let mut client = Client::live(1, "a");
    let connection = client.connection;
    assert_eq!(client.pass(34 * SECOND), []);
    client.control(Control::Ping);
    assert_eq!(client.pass(34 * SECOND), [], "any frame starts the time anew");
    assert!(client.machine.heard(connection, client.now));
    assert_eq!(client.pass(34 * SECOND), [], "messages do too");
    let effects = client.pass(SECOND);
    let told = disconnected("the connection to the relay is lost: it has fallen silent");
    assert_eq!(effects, [Effect::Disconnect(connection), told]);
    assert_eq!(client.machine.state(), State::Waiting);
}

#[test]
fn an_attempt_without_an_answer_is_given_up_in_time() {
    let mut client = Client::live(1, "a");
    client.lost(1006);
    client.wait_for_attempt();
    let connection = client.connection;
    client.on(Input::Opened(connection));
    assert_eq!(client.pass(9 * SECOND), []);
    let effects = client.pass(SECOND);
    assert_eq!(effects[0], Effect::Disconnect(connection));
    assert_eq!(client.machine.state(), State::Waiting);
}

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
fn reconnecting_leaves_the_old_connection_first() {
    let mut client = Client::live(1, "a");
    let effects = client.on(Input::Reconnect);
    let left = disconnected("the connection to the relay is made anew");
    assert_eq!(effects, [Effect::Disconnect(ConnectionId(1)), left, Effect::Connect(ConnectionId(2))]);
}

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

#[test]
fn a_connection_closes_when_nothing_has_been_wanted_for_a_while() {
    let mut client = Client::live(1, "a");
    client.unsubscribe(1);
    assert_eq!(client.machine.state(), State::Live, "a page may subscribe again at once");
    assert_eq!(client.pass(SECOND / 2), []);
    client.subscribe(2, "b");
    client.control(subscribed(3, 8, 0));
    assert_eq!(client.pass(20 * SECOND), [], "it is wanted again");
    client.unsubscribe(2);
    let effects = client.wait();
    let left = disconnected("nothing is subscribed any more");
    assert_eq!(effects, [Effect::Disconnect(ConnectionId(1)), left]);
    assert_eq!(client.machine.state(), State::Idle);
    assert_eq!(client.machine.deadline(), None);
}

#[test]
fn an_attempt_for_nothing_goes_on_for_those_who_subscribe_again_at_once() {
    let mut client = Client::new();
    client.subscribe(1, "a");
    assert_eq!(client.unsubscribe(1), []);
    assert_eq!(client.subscribe(2, "a"), [], "the attempt is still on");
    assert!(client.welcome().contains(&asks(1, "a", None)));
    assert_eq!(client.connection, ConnectionId(1));
}

#[test]
fn an_attempt_for_nothing_is_dropped_after_a_while() {
    let mut client = Client::new();
    client.subscribe(1, "a");
    client.unsubscribe(1);
    assert_eq!(client.wait(), [Effect::Disconnect(ConnectionId(1))]);
    assert_eq!(client.machine.state(), State::Idle);
    assert_eq!(client.subscribe(2, "a"), [Effect::Connect(ConnectionId(2))]);
    client.lost(1006);
    client.unsubscribe(2);
    assert_eq!(client.machine.state(), State::Idle, "nothing is waited for");
    assert_eq!(client.machine.deadline(), None);
}

#[test]
fn close_drops_everything_and_a_later_subscribe_starts_anew() {
    let mut client = Client::live(1, "a");
    client.subscribe(2, "b");
    let left = disconnected("the connection to the relay was closed");
    assert_eq!(client.on(Input::Close), [Effect::Disconnect(ConnectionId(1)), left]);
    assert_eq!(client.machine.state(), State::Idle);
    assert_eq!(client.position("a"), None);
    assert_eq!(client.subscribe(3, "a"), [Effect::Connect(ConnectionId(2))]);
}
