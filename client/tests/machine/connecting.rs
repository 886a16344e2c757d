//! A connection's life: when it is made, what comes over it, when it counts as lost, and when it is left.

use realtime_client::{ConnectionId, Effect, Identity, Input, Notice, State};
use realtime_protocol::frame::{ClientFrame, Control, Token};

use crate::common::*;

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
fn reconnecting_leaves_the_old_connection_first() {
    let mut client = Client::live(1, "a");
    let effects = client.on(Input::Reconnect);
    let left = disconnected("the connection to the relay is made anew");
    assert_eq!(effects, [Effect::Disconnect(ConnectionId(1)), left, Effect::Connect(ConnectionId(2))]);
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
