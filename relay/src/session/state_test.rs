//! The rules of a session, each with its test.

use realtime_protocol::codec::read_client_frame;
use realtime_protocol::error::ErrorCode;
use realtime_protocol::frame::Token;
use realtime_protocol::subscriber::{SubscriberType, UserId};

use super::*;
use crate::session::flood::FrameLimit;

const RULES: SessionRules = SessionRules {
    frames: FrameLimit { per_second: 100, burst: 1_000 },
    heartbeat_interval: Duration::from_secs(20),
    heartbeat_timeout: Duration::from_secs(10),
    hello_timeout: Duration::from_secs(5),
    idle_timeout: Duration::from_secs(300),
    max_subscriptions: 2,
};

pub(super) fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(super) fn live() -> Session {
    let mut session = Session::new(RULES, 0.0, Duration::ZERO);
    send(&mut session, r#"{"type":"hello"}"#);
    identify(&mut session, None);
    session
}

fn identify(session: &mut Session, expires_at: Option<Duration>) {
    let identity = Established { expires_at, ..established("u", SubscriberType::Member) };
    session.identified("s-1".to_owned(), identity, Duration::ZERO, &mut Vec::new());
}

fn established(user: &str, kind: SubscriberType) -> Established {
    let subscriber = Subscriber { id: UserId::parse(user).unwrap(), kind };
    Established { subscriber, visitor_token: None, expires_at: None }
}

fn refresh(session: &mut Session, identity: Established, now: Duration) -> Vec<Effect> {
    let mut effects = send(session, r#"{"type":"refresh","token":"new"}"#);
    assert_eq!(effects, [Effect::Refresh(Token::new("new"))]);
    effects.clear();
    session.refreshed(identity, now, &mut effects);
    effects
}

pub(super) fn send(session: &mut Session, frame: &str) -> Vec<Effect> {
    let mut effects = Vec::new();
    session.frame(read_client_frame(frame).unwrap(), &mut effects);
    effects
}

pub(super) fn subscribe(session: &mut Session, id: u32, channel: &str) -> Vec<Effect> {
    send(session, &format!(r#"{{"type":"subscribe","id":{id},"channel":{{"name":"{channel}"}}}}"#))
}

pub(super) fn unsubscribe(session: &mut Session, id: u32, channel: &str) -> Vec<Effect> {
    send(session, &format!(r#"{{"type":"unsubscribe","id":{id},"channel":{{"name":"{channel}"}}}}"#))
}

pub(super) fn decide(session: &mut Session, channel: &str, verdict: Verdict) -> Vec<Effect> {
    let mut effects = Vec::new();
    session.decided(&name(channel), verdict, &mut effects);
    effects
}

fn time(session: &mut Session, now: Duration) -> Vec<Effect> {
    let mut effects = Vec::new();
    session.time(now, &mut effects);
    effects
}

pub(super) fn name(channel: &str) -> Channel {
    Channel::parse(channel, None).unwrap()
}

pub(super) fn attach(id: u32, channel: &str) -> Effect {
    Effect::Attach { id: RequestId(id), channel: name(channel), position: None }
}

pub(super) fn unsubscribed(id: u32) -> Effect {
    Effect::Send(Control::Unsubscribed { id: RequestId(id) })
}

pub(super) fn is_end(effects: &[Effect], code: CloseCode) -> bool {
    matches!(effects, [Effect::End(got, _)] if *got == code)
}

#[test]
fn a_subscription_is_asked_for_and_then_attached() {
    let mut session = live();
    assert_eq!(subscribe(&mut session, 1, "a"), [Effect::Ask(name("a"))]);
    assert_eq!(decide(&mut session, "a", Verdict::Allowed), [attach(1, "a")]);
    session.attached();
    assert_eq!(session.subscriptions(), 1);
}

#[test]
fn a_refusal_is_told_and_ends_what_was_held() {
    let mut session = live();
    for (verdict, status) in
        [(Verdict::Refused, Status::Forbidden), (Verdict::Unavailable, Status::Unavailable)]
    {
        subscribe(&mut session, 1, "a");
        let effects = decide(&mut session, "a", verdict);
        let [Effect::Send(Control::Refused { id, code, status: got, .. }), Effect::Detach(channel)] =
            &effects[..]
        else {
            panic!("{effects:?}")
        };
        assert_eq!((*id, *code, *got), (RequestId(1), ErrorCode::Subscription, status));
        assert_eq!(*channel, name("a"));
    }
}

#[test]
fn frames_about_a_channel_whose_question_is_open_wait_for_its_answer() {
    let mut session = live();
    subscribe(&mut session, 1, "a");
    assert_eq!(unsubscribe(&mut session, 2, "a"), []);
    assert_eq!(subscribe(&mut session, 3, "a"), []);
    assert_eq!(unsubscribe(&mut session, 4, "b"), [Effect::Detach(name("b")), unsubscribed(4)]);
    let effects = decide(&mut session, "a", Verdict::Allowed);
    assert_eq!(effects, [attach(1, "a"), Effect::Detach(name("a")), unsubscribed(2), Effect::Ask(name("a"))]);
    assert_eq!(decide(&mut session, "a", Verdict::Allowed), [attach(3, "a")]);
}

#[test]
fn an_answer_that_nobody_waits_for_does_nothing() {
    assert_eq!(decide(&mut live(), "a", Verdict::Allowed), []);
}

#[test]
fn a_session_with_many_open_questions_reads_no_further() {
    let rules = SessionRules { max_subscriptions: 1_000, ..RULES };
    let mut session = Session::new(rules, 0.0, Duration::ZERO);
    send(&mut session, r#"{"type":"hello"}"#);
    assert!(!session.may_read(), "its identity is not known yet");
    identify(&mut session, None);
    for index in 0..MAX_OPEN_REQUESTS {
        assert!(session.may_read());
        subscribe(&mut session, 1, &format!("c{index}"));
    }
    assert!(!session.may_read());
    decide(&mut session, "c0", Verdict::Allowed);
    assert!(session.may_read());
}

#[test]
fn frames_that_wait_for_an_answer_count_too() {
    let mut session = live();
    subscribe(&mut session, 1, "a");
    for _ in 1..MAX_OPEN_REQUESTS {
        assert!(session.may_read());
        unsubscribe(&mut session, 2, "a");
    }
    assert!(!session.may_read());
    decide(&mut session, "a", Verdict::Refused);
    assert!(session.may_read());
}

#[test]
fn the_hello_comes_first_and_once() {
    let mut early = Session::new(RULES, 0.0, Duration::ZERO);
    assert!(is_end(&subscribe(&mut early, 1, "a"), CloseCode::BadFrame));
    assert!(is_end(&send(&mut live(), r#"{"type":"hello"}"#), CloseCode::BadFrame));
    let mut hasty = Session::new(RULES, 0.0, Duration::ZERO);
    send(&mut hasty, r#"{"type":"hello"}"#);
    assert!(is_end(&send(&mut hasty, r#"{"type":"hello"}"#), CloseCode::BadFrame));
}

#[test]
fn frames_that_came_along_with_the_hello_are_handled_behind_the_welcome() {
    let mut session = Session::new(RULES, 0.0, Duration::ZERO);
    send(&mut session, r#"{"type":"hello"}"#);
    assert_eq!(subscribe(&mut session, 1, "a"), []);
    assert_eq!(unsubscribe(&mut session, 2, "b"), []);
    let mut effects = Vec::new();
    let identity = established("u", SubscriberType::Member);
    session.identified("s-1".to_owned(), identity, Duration::ZERO, &mut effects);
    assert!(matches!(effects[0], Effect::Send(Control::Welcome { .. })), "{effects:?}");
    assert_eq!(effects[1..], [Effect::Ask(name("a")), Effect::Detach(name("b")), unsubscribed(2)]);
}

#[test]
fn an_identity_that_takes_too_long_sends_the_client_away_to_come_back() {
    let mut session = Session::new(RULES, 0.0, Duration::ZERO);
    send(&mut session, r#"{"type":"hello","token":"slow"}"#);
    assert_eq!(session.deadline(), secs(5));
    assert!(is_end(&time(&mut session, secs(5)), CloseCode::Unavailable));
    let mut effects = Vec::new();
    session.identified("s-1".to_owned(), established("u", SubscriberType::Member), secs(6), &mut effects);
    assert_eq!(effects, [], "it comes too late");
}

#[test]
fn the_welcome_tells_how_long_the_token_holds() {
    for (expires_at, left) in [(None, None), (Some(secs(7)), Some(5_000)), (Some(secs(1)), Some(0))] {
        let mut session = Session::new(RULES, 0.0, Duration::ZERO);
        send(&mut session, r#"{"type":"hello","token":"t"}"#);
        let mut effects = Vec::new();
        let identity = Established { expires_at, ..established("u", SubscriberType::Member) };
        session.identified("s-1".to_owned(), identity, secs(2), &mut effects);
        let [Effect::Send(Control::Welcome { expires_in_ms, .. })] = effects[..] else {
            panic!("{effects:?}")
        };
        assert_eq!(expires_in_ms, left);
    }
}

#[test]
fn a_refresh_moves_the_end_of_the_right() {
    let mut session = Session::new(RULES, 0.0, Duration::ZERO);
    send(&mut session, r#"{"type":"hello","token":"t"}"#);
    identify(&mut session, Some(secs(7)));
    let identity = Established { expires_at: Some(secs(9)), ..established("u", SubscriberType::Member) };
    let effects = refresh(&mut session, identity, secs(6));
    assert_eq!(effects, [Effect::Send(Control::Refreshed { expires_in_ms: Some(3_000) })]);
    assert_eq!(time(&mut session, secs(7)), []);
    assert!(is_end(&time(&mut session, secs(9)), CloseCode::TokenExpired));
}

#[test]
fn a_refresh_with_a_token_without_end_lifts_the_end() {
    let mut session = Session::new(RULES, 0.0, Duration::ZERO);
    send(&mut session, r#"{"type":"hello","token":"t"}"#);
    identify(&mut session, Some(secs(7)));
    let effects = refresh(&mut session, established("u", SubscriberType::Member), secs(6));
    assert_eq!(effects, [Effect::Send(Control::Refreshed { expires_in_ms: None })]);
    assert_eq!(session.deadline(), secs(20), "the next ping");
}

#[test]
fn a_refresh_of_another_user_ends_the_session() {
    let mut session = live();
    let effects = refresh(&mut session, established("somebody else", SubscriberType::Member), secs(1));
    assert!(is_end(&effects, CloseCode::BadToken), "{effects:?}");
}

#[test]
fn a_refresh_of_another_type_has_everything_asked_again() {
    let mut session = live();
    subscribe(&mut session, 1, "a");
    let effects = refresh(&mut session, established("u", SubscriberType::Visitor), secs(1));
    assert_eq!(effects, [Effect::Send(Control::Refreshed { expires_in_ms: None }), Effect::Recheck]);
    assert_eq!(session.subscriber().unwrap().kind, SubscriberType::Visitor);
    // The answer to the question about the member says nothing about the visitor.
    assert_eq!(decide(&mut session, "a", Verdict::Allowed), [Effect::Ask(name("a"))]);
    assert_eq!(decide(&mut session, "a", Verdict::Allowed), [attach(1, "a")]);
}

#[test]
fn an_ended_session_does_nothing_more() {
    let mut session = live();
    let mut effects = Vec::new();
    session.end(CloseCode::Internal, "over", &mut effects);
    session.end(CloseCode::Internal, "again", &mut effects);
    session.drain(secs(1), &mut effects);
    assert!(is_end(&effects, CloseCode::Internal));
    assert_eq!(subscribe(&mut session, 1, "a"), []);
    assert_eq!(time(&mut session, secs(1_000)), []);
}

#[test]
fn a_hello_that_does_not_come_ends_the_session() {
    let mut session = Session::new(RULES, 0.0, Duration::ZERO);
    assert_eq!(session.deadline(), secs(5));
    assert_eq!(time(&mut session, Duration::from_millis(4_999)), []);
    assert!(is_end(&time(&mut session, secs(5)), CloseCode::HelloTooLate));
}

#[test]
fn a_client_that_says_other_things_than_hello_has_no_more_time_for_it() {
    let mut session = Session::new(RULES, 0.0, Duration::ZERO);
    for second in 1..5 {
        session.heard(secs(second));
        assert_eq!(session.deadline(), secs(5));
    }
    assert!(is_end(&time(&mut session, secs(5)), CloseCode::HelloTooLate));
}

#[test]
fn whoever_checks_a_hello_has_as_much_time_as_the_client_had() {
    let mut session = Session::new(RULES, 0.0, Duration::ZERO);
    session.heard(secs(4));
    send(&mut session, r#"{"type":"hello","token":"slow"}"#);
    assert_eq!(time(&mut session, Duration::from_millis(8_999)), []);
    assert!(is_end(&time(&mut session, secs(9)), CloseCode::Unavailable));
}

#[test]
fn pings_come_within_the_interval_and_silence_ends_the_session() {
    let mut session = live();
    assert_eq!(session.deadline(), secs(20));
    assert_eq!(time(&mut session, secs(20)), [Effect::Send(Control::Ping)]);
    session.heard(secs(21));
    assert_eq!(time(&mut session, secs(40)), [Effect::Send(Control::Ping)]);
    assert_eq!(session.deadline(), secs(51));
    assert!(is_end(&time(&mut session, secs(51)), CloseCode::Silent));
}

#[test]
fn a_pong_that_answers_no_ping_is_answered_by_one() {
    let mut session = live();
    let pong = r#"{"type":"pong"}"#;
    assert_eq!(send(&mut session, pong), [Effect::Send(Control::Ping)]);
    assert_eq!(send(&mut session, pong), [], "this one answers that ping");
    time(&mut session, secs(20));
    assert_eq!(send(&mut session, pong), [], "and this one the heartbeat's");
    assert_eq!(send(&mut session, pong), [Effect::Send(Control::Ping)]);
}

#[test]
fn jitter_makes_pings_earlier_and_never_later() {
    let at = |jitter| {
        let mut session = Session::new(RULES, jitter, Duration::ZERO);
        send(&mut session, r#"{"type":"hello"}"#);
        identify(&mut session, None);
        session.deadline()
    };
    assert_eq!((at(0.0), at(0.5), at(1.0)), (secs(20), secs(18), secs(16)));
}

#[test]
fn a_right_that_expires_ends_the_session() {
    let mut session = Session::new(RULES, 0.0, Duration::ZERO);
    send(&mut session, r#"{"type":"hello"}"#);
    identify(&mut session, Some(secs(7)));
    assert_eq!(session.deadline(), secs(7));
    assert!(is_end(&time(&mut session, secs(7)), CloseCode::TokenExpired));
}

#[test]
fn a_client_that_sends_more_than_it_may_is_told_so_and_stays_away() {
    let rules = SessionRules { frames: FrameLimit { per_second: 10, burst: 30 }, ..RULES };
    let mut session = Session::new(rules, 0.0, Duration::ZERO);
    let mut effects = Vec::new();
    (0..30).for_each(|_| session.received(&mut effects));
    assert_eq!(effects, []);
    session.heard(Duration::from_millis(100));
    session.received(&mut effects);
    assert_eq!(effects, []);
    session.received(&mut effects);
    let reason = "a connection may send 10 messages a second".to_owned();
    assert_eq!(effects, [Effect::End(CloseCode::Flooding, reason)]);
    assert!(session.has_ended());
}

#[test]
fn who_takes_what_waits_is_not_silent_and_who_hardly_does_is() {
    let reads = |bytes: usize| {
        let mut session = live();
        (1..=1_000).all(|second| {
            session.took(bytes, secs(second));
            !is_end(&time(&mut session, secs(second)), CloseCode::Silent)
        })
    };
    assert!(reads(300));
    assert!(!reads(200));
    // What was taken in the past counts for no silence that is to come.
    let mut session = live();
    session.took(usize::MAX, secs(10));
    assert_eq!(time(&mut session, secs(39)).len(), 1, "a ping");
    assert!(is_end(&time(&mut session, secs(40)), CloseCode::Silent));
}

#[test]
fn a_client_that_has_subscribed_to_nothing_for_long_is_let_go_and_one_that_has_stays() {
    let answers_pings = |session: &mut Session, from: u64, to: u64| {
        (from..to).find(|second| {
            session.heard(secs(*second));
            is_end(&time(session, secs(*second)), CloseCode::Idle)
        })
    };
    let mut idle = live();
    assert!(idle.deadline() <= secs(300));
    assert_eq!(answers_pings(&mut idle, 0, 1_000), Some(300));
    let mut subscribed = live();
    subscribe(&mut subscribed, 1, "a");
    decide(&mut subscribed, "a", Verdict::Allowed);
    subscribed.attached();
    assert_eq!(answers_pings(&mut subscribed, 0, 1_000), None);
    // What it gave up last counts.
    subscribed.detached();
    assert_eq!(answers_pings(&mut subscribed, 1_000, 2_000), Some(1_299));
}
