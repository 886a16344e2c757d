//! Tokens that end: when another one is asked for, and what happens when none comes.

use std::time::Duration;

use realtime_client::{ConnectionId, Effect, Identity, Input, Machine, Patience, Settings, State};
use realtime_protocol::close::CloseCode;
use realtime_protocol::error::ErrorCode;
use realtime_protocol::frame::{ClientFrame, Control, Token};

use crate::common::*;

fn token(text: &str) -> Result<Identity, String> {
    Ok(Identity { token: Some(Token::new(text)), visitor_token: None, is_renewable: true })
}

impl Client {
    fn identified(&mut self, identity: Result<Identity, String>) -> Vec<Effect> {
        let connection = self.connection;
        self.on(Input::Identified { connection, identity })
    }

    /// From an attempt to a welcome that takes the token for so long.
    fn welcome_with(&mut self, identity: Result<Identity, String>, expires_in_ms: Option<u64>) {
        self.on(Input::Opened(self.connection));
        self.identified(identity);
        self.control(welcome_for(expires_in_ms));
        assert_eq!(self.machine.state(), State::Live);
    }

    /// A live client whose token can be replaced, and holds for so long.
    fn signed_in(expires_in_ms: Option<u64>) -> Self {
        let mut client = Self::new();
        client.subscribe(1, "a");
        client.welcome_with(token("first"), expires_in_ms);
        client.control(subscribed(1, 7, 0));
        client.identify.clear();
        client
    }

    /// Lets time pass, with a relay that is heard all the time; gives what was sent.
    fn stay(&mut self, span: Duration) -> Vec<ClientFrame> {
        let end = self.now + span;
        let mut sent = Vec::new();
        while self.now < end {
            let next = self.machine.deadline().map_or(end, |deadline| deadline.min(self.now + 10 * SECOND));
            self.now = next.clamp(self.now, end);
            self.machine.heard(self.connection, self.now);
            let effects = self.on(Input::Timer);
            sent.extend(effects.into_iter().filter_map(|effect| match effect {
                Effect::Send(frame) => Some(frame),
                _ => None,
            }));
        }
        sent
    }

    /// The time until another token is asked for.
    fn time_to_question(&mut self) -> Duration {
        let began = self.now;
        while self.identify.is_empty() {
            self.stay(SECOND / 4);
            assert!(self.now - began < 3600 * SECOND, "nothing is asked");
        }
        assert_eq!(std::mem::take(&mut self.identify), [true]);
        self.now - began
    }
}

fn refresh(text: &str) -> Effect {
    Effect::Send(ClientFrame::Refresh { token: Token::new(text) })
}

#[test]
fn a_token_is_asked_for_at_the_first_connection_and_used_again_while_the_relay_takes_it() {
    let mut client = Client::new();
    client.subscribe(1, "a");
    assert_eq!(std::mem::take(&mut client.identify), [true]);
    client.lost(1006);
    client.wait_for_attempt();
    assert_eq!(std::mem::take(&mut client.identify), [true], "no relay has taken it yet");
    for expires_in in [None, Some(3_600_000)] {
        client.welcome_with(token("t"), expires_in);
        client.lost(1006);
        client.wait_for_attempt();
        assert_eq!(std::mem::take(&mut client.identify), [false]);
        client.lost(1006);
        client.wait_for_attempt();
        assert_eq!(std::mem::take(&mut client.identify), [false], "an attempt that fails says nothing of it");
    }
}

#[test]
fn another_token_is_asked_for_when_it_has_become_too_old_while_the_relay_was_away() {
    let mut client = Client::signed_in(Some(100_000));
    client.lost(1006);
    client.now += 90 * SECOND;
    client.wait_for_attempt();
    assert_eq!(client.identify, [true]);
}

#[test]
fn another_token_is_asked_for_when_the_page_or_the_relay_says_that_it_is_of_no_more_use() {
    let mut client = Client::signed_in(None);
    client.on(Input::Reconnect);
    assert_eq!(std::mem::take(&mut client.identify), [true]);
    client.welcome_with(token("second"), None);
    client.on(Input::Close);
    client.subscribe(1, "a");
    assert_eq!(std::mem::take(&mut client.identify), [true], "closed by the page");
    client.welcome_with(token("another"), None);
    client.lost(CloseCode::BadToken.get());
    client.subscribe(2, "b");
    client.wait_for_attempt();
    assert_eq!(std::mem::take(&mut client.identify), [true]);
    client.welcome_with(token("third"), None);
    client.lost(CloseCode::TokenExpired.get());
    client.wait_for_attempt();
    assert_eq!(std::mem::take(&mut client.identify), [true]);
    client.welcome_with(token("fourth"), None);
    client.lost(CloseCode::Reconnect.get());
    client.wait_for_attempt();
    assert_eq!(client.identify, [true]);
}

#[test]
fn a_token_is_replaced_a_minute_or_a_fifth_of_its_time_before_it_ends_and_a_little_earlier() {
    for (expires_in, margin) in [(905_000, 60), (20_000, 4)] {
        let mut client = Client::signed_in(Some(expires_in));
        let latest = Duration::from_millis(expires_in) - margin * SECOND;
        let earliest = latest - margin * SECOND / 2;
        for name in ["second", "third"] {
            let waited = client.time_to_question();
            assert!((earliest..=latest + SECOND / 4).contains(&waited), "{waited:?} of {expires_in}");
            assert_eq!(client.identified(token(name)), [refresh(name)]);
            assert_eq!(client.control(Control::Refreshed { expires_in_ms: Some(expires_in) }), []);
        }
        assert_eq!(client.machine.state(), State::Live, "it is all one connection");
    }
}

#[test]
fn clients_whose_tokens_are_of_the_same_age_do_not_all_ask_at_once() {
    let mut times: Vec<Duration> = (0..20)
        .map(|seed| {
            let mut client = Client { machine: Machine::new(Settings::default(), seed), ..Client::new() };
            client.subscribe(1, "a");
            client.welcome_with(token("t"), Some(905_000));
            client.control(subscribed(1, 7, 0));
            client.identify.clear();
            client.time_to_question()
        })
        .collect();
    times.sort();
    times.dedup();
    assert!(times.len() > 15, "{times:?}");
    assert!(times[times.len() - 1] - times[0] > 15 * SECOND, "{times:?}");
}

#[test]
fn a_token_without_an_end_is_never_replaced() {
    let mut client = Client::signed_in(None);
    client.stay(100_000 * SECOND);
    assert!(client.identify.is_empty());
    let mut client = Client::signed_in(Some(905_000));
    client.time_to_question();
    client.identified(token("second"));
    client.control(Control::Refreshed { expires_in_ms: None });
    client.stay(100_000 * SECOND);
    assert!(client.identify.is_empty());
}

#[test]
fn a_replacement_that_fails_or_is_not_answered_is_tried_again_until_the_end_and_in_no_tight_loop() {
    for answer in [token("second"), Err("500".to_owned())] {
        let mut client = Client::signed_in(Some(905_000));
        let mut waited = client.time_to_question();
        let mut waits = Vec::new();
        while waited < 895 * SECOND {
            let effects = client.identified(answer.clone());
            assert_eq!(effects.len(), usize::from(answer.is_ok()), "a failure is nobody's business yet");
            let wait = client.time_to_question();
            waits.push(wait);
            waited += wait;
        }
        assert!(waits.len() >= 2, "{waits:?}");
        assert!(waits.iter().all(|wait| *wait >= 5 * SECOND), "{waits:?}");
        client.stay(1000 * SECOND);
        assert!(client.identify.len() < 2, "the relay has the last word: {:?}", client.identify);
    }
}

#[test]
fn who_is_asked_for_a_token_and_never_answers_is_asked_a_few_times_only() {
    let mut client = Client::signed_in(Some(905_000));
    client.stay(2000 * SECOND);
    assert!((2..8).contains(&client.identify.len()), "{:?}", client.identify);
    assert_eq!(client.machine.state(), State::Live);
}

#[test]
fn an_expired_token_is_answered_by_another_attempt_at_once_and_then_with_a_wait() {
    let mut client = Client::signed_in(Some(905_000));
    let lost = client.lost(CloseCode::TokenExpired.get());
    assert_eq!(lost, [disconnected("the connection to the relay is lost: cut")]);
    let began = client.now;
    client.wait_for_attempt();
    assert_eq!(client.now, began, "at once");
    let mut waits = Vec::new();
    for _ in 0..10 {
        client.identified(token("it has expired too"));
        client.lost(CloseCode::TokenExpired.get());
        let began = client.now;
        client.wait_for_attempt();
        waits.push(client.now - began);
    }
    assert!(waits.iter().all(|wait| *wait >= Settings::default().backoff_floor), "{waits:?}");
    assert!(waits.iter().sum::<Duration>() > 20 * SECOND, "{waits:?}");
    assert_eq!(client.identify, [true; 11], "each time another one is asked for");

    client.welcome_with(token("a good one"), Some(905_000));
    client.stay(11 * SECOND);
    client.lost(CloseCode::TokenExpired.get());
    let began = client.now;
    client.wait_for_attempt();
    assert_eq!(client.now, began, "after a connection that lasted, at once again");
}

#[test]
fn a_token_that_expires_at_once_makes_no_tight_loop() {
    let mut client = Client::signed_in(Some(1));
    let began = client.now;
    let mut connections = 0;
    while client.now - began < 60 * SECOND {
        client.wait_for_attempt();
        connections += 1;
        client.welcome_with(token("short"), Some(1));
        client.lost(CloseCode::TokenExpired.get());
    }
    assert!(connections < 20, "{connections} connections in a minute");
}

#[test]
fn a_client_that_can_get_no_other_token_stays_away_when_it_has_expired_and_says_so() {
    let mut client = Client::new();
    client.subscribe(1, "a");
    let fixed = Identity { token: Some(Token::new("t")), ..Identity::default() };
    client.welcome_with(Ok(fixed), Some(905_000));
    client.control(subscribed(1, 7, 0));
    client.identify.clear();
    client.stay(905 * SECOND);
    assert!(client.identify.is_empty(), "it is not even asked");
    let connection = client.connection;
    let reason = "the token has expired".to_owned();
    let effects = client.on(Input::Lost { connection, code: CloseCode::TokenExpired.get(), reason });
    let message = "the relay has closed the connection for good: the token has expired (4006)".to_owned();
    assert_eq!(errors(&effects), [(ErrorCode::Connection, message)]);
    assert_eq!(client.machine.deadline(), None);
    client.on(Input::Reconnect);
    assert_eq!(client.identify, [true], "another one may have been set");
}

#[test]
fn a_user_who_has_signed_out_meanwhile_gets_a_connection_of_their_own_as_a_visitor() {
    let mut client = Client::signed_in(Some(905_000));
    client.time_to_question();
    let effects = client.identified(Ok(Identity { is_renewable: true, ..Identity::default() }));
    let left = disconnected("the connection to the relay is made anew");
    assert_eq!(effects, [Effect::Disconnect(ConnectionId(1)), left, Effect::Connect(ConnectionId(2))]);
    assert_eq!(client.identify, [true]);
}

#[test]
fn an_answer_for_an_earlier_connection_refreshes_nothing() {
    let mut client = Client::signed_in(Some(905_000));
    client.time_to_question();
    client.lost(1006);
    client.wait_for_attempt();
    let late = Input::Identified { connection: ConnectionId(1), identity: token("late") };
    assert_eq!(client.on(late), []);
}

#[test]
fn a_client_that_wakes_up_with_an_expired_token_asks_for_another_one_first() {
    let mut client = Client::signed_in(Some(905_000));
    client.now += 3600 * SECOND;
    client.on(Input::Wake);
    assert_eq!(client.machine.state(), State::Connecting, "the connection has died meanwhile");
    assert_eq!(client.identify, [true]);

    let mut client = Client::signed_in(Some(20_000));
    client.now += 21 * SECOND;
    client.on(Input::Wake);
    assert_eq!(client.machine.state(), State::Live, "it was a short sleep");
    assert_eq!(client.identify, [true]);
}

#[test]
fn an_identity_that_could_not_be_had_is_asked_for_before_the_next_transport_is_opened() {
    let mut client = Client::new();
    assert_eq!(client.subscribe_with(Patience::Unlimited, 1, "a"), [Effect::Connect(ConnectionId(1))]);
    let effects = client.identified(Err("500".to_owned()));
    assert_eq!(effects[0], Effect::Disconnect(ConnectionId(1)));
    for attempt in 2..6 {
        assert!(!client.wait_for_attempt().iter().any(|effect| matches!(effect, Effect::Connect(_))));
        assert_eq!(client.connection, ConnectionId(attempt));
        client.identified(Err("500".to_owned()));
    }
    client.wait_for_attempt();
    client.now += 9 * SECOND;
    assert_eq!(client.identified(token("first")), [Effect::Connect(ConnectionId(6))]);
    client.now += 9 * SECOND;
    client.on(Input::Timer);
    assert_eq!(client.machine.state(), State::Connecting, "the transport has its own time");
    let effects = client.on(Input::Opened(client.connection));
    assert!(matches!(effects[0], Effect::Send(ClientFrame::Hello { .. })), "{effects:?}");
    client.control(welcome());
    client.lost(1006);
    assert_eq!(client.wait_for_attempt(), [Effect::Connect(ConnectionId(7))], "beside the question again");
}

#[test]
fn an_identity_that_is_late_is_asked_for_before_the_next_transport_is_opened() {
    let mut client = Client::new();
    client.subscribe_with(Patience::Unlimited, 1, "a");
    client.on(Input::Opened(client.connection));
    client.pass(10 * SECOND);
    assert!(!client.wait_for_attempt().iter().any(|effect| matches!(effect, Effect::Connect(_))));
    let effects = client.pass(10 * SECOND);
    assert!(effects.contains(&Effect::Disconnect(ConnectionId(2))), "{effects:?}");
    client.wait_for_attempt();
    assert_eq!(client.identified(token("late")), [Effect::Connect(ConnectionId(3))]);
}

#[test]
fn an_attempt_that_waits_for_the_identity_in_vain_says_so() {
    let mut client = Client::new();
    client.subscribe(1, "a");
    client.on(Input::Opened(client.connection));
    let effects = client.pass(10 * SECOND);
    let message = "cannot connect to the relay: who the user is was not known in time";
    assert_eq!(refusals(&effects)[0].1.message, message);
}
