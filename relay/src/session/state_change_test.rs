//! What a session does when something changes from outside: permissions, the relay's stop, the backend's wish.

use super::place_tests::{is_too_many, subscribe_at_limit};
use super::tests::{attach, decide, is_end, live, name, send, subscribe, unsubscribe, unsubscribed};
use super::*;
use crate::session::asked::MAX_OUTDATED;

fn recheck(session: &mut Session, channel: &str, verdict: Verdict) -> Vec<Effect> {
    let mut effects = Vec::new();
    session.rechecked(Arc::new(name(channel)), verdict, &mut effects);
    effects
}

/// A session that is attached to a channel.
fn subscribed(channel: &str) -> Session {
    let mut session = live();
    subscribe(&mut session, 1, channel);
    decide(&mut session, channel, Verdict::Allowed);
    session.attached();
    session
}

fn ended(channel: &str) -> Effect {
    Effect::Finish {
        channel: Arc::new(name(channel)),
        status: Status::Forbidden,
        message: format!("no longer allowed to read channel {channel}"),
    }
}

#[test]
fn only_a_clear_no_ends_a_running_subscription() {
    for (verdict, expected) in [
        (Verdict::Allowed, vec![]),
        (Verdict::Refused, vec![ended("a")]),
        (Verdict::Unavailable, vec![]),
        (Verdict::Outdated, vec![]),
    ] {
        assert_eq!(recheck(&mut subscribed("a"), "a", verdict), expected, "{verdict:?}");
    }
}

#[test]
fn a_subscription_that_has_ended_leaves_room_for_another() {
    let mut session = subscribed("a");
    subscribe(&mut session, 2, "b");
    assert!(is_too_many(&subscribe_at_limit(&mut session, 3, "c", &["a"])));
    recheck(&mut session, "a", Verdict::Refused);
    session.detached();
    assert_eq!(subscribe(&mut session, 4, "c"), [Effect::Ask(name("c"))]);
}

#[test]
fn a_question_about_a_running_subscription_holds_no_frame_up() {
    // Nothing tells the session that it is being asked, so nothing can wait for the answer.
    let mut session = subscribed("a");
    assert_eq!(unsubscribe(&mut session, 2, "a"), [Effect::Detach(name("a")), unsubscribed(2)]);
    session.detached();
    // The answer that comes now is about a channel that is not attached: performing this does nothing.
    assert_eq!(recheck(&mut session, "a", Verdict::Refused), [ended("a")]);
    assert_eq!(subscribe(&mut session, 3, "a"), [Effect::Ask(name("a"))]);
    assert_eq!(decide(&mut session, "a", Verdict::Allowed), [attach(3, "a")]);
}

#[test]
fn an_answer_about_a_session_that_has_ended_does_nothing() {
    let mut session = subscribed("a");
    session.end(CloseCode::Internal, "over", &mut Vec::new());
    assert_eq!(recheck(&mut session, "a", Verdict::Refused), []);
}

#[test]
fn an_outdated_answer_counts_for_nothing_and_the_question_is_asked_again() {
    let mut session = live();
    subscribe(&mut session, 1, "a");
    unsubscribe(&mut session, 2, "a");
    assert_eq!(decide(&mut session, "a", Verdict::Outdated), [Effect::Ask(name("a"))]);
    let effects = decide(&mut session, "a", Verdict::Allowed);
    assert_eq!(effects, [attach(1, "a"), Effect::Detach(name("a")), unsubscribed(2)]);
}

#[test]
fn changes_that_come_faster_than_answers_keep_nobody_waiting_for_ever() {
    let mut session = live();
    subscribe(&mut session, 1, "a");
    for _ in 0..MAX_OUTDATED {
        assert_eq!(decide(&mut session, "a", Verdict::Outdated), [Effect::Ask(name("a"))]);
    }
    let effects = decide(&mut session, "a", Verdict::Outdated);
    assert!(
        matches!(
            &effects[..],
            [Effect::Send(Control::Refused { status: Status::Unavailable, .. }), Effect::Detach(_)]
        ),
        "{effects:?}"
    );
}

#[test]
fn a_drain_says_when_to_come_back_and_closes() {
    let mut effects = Vec::new();
    live().drain(Duration::from_millis(1_500), &mut effects);
    assert_eq!(effects[0], Effect::Send(Control::Goodbye { retry_after_ms: 1_500 }));
    assert!(is_end(&effects[1..], CloseCode::Draining));
}

#[test]
fn a_disconnected_client_stays_away_unless_it_is_told_when_to_come_back() {
    let mut effects = Vec::new();
    live().disconnect(None, "signed out", &mut effects);
    assert_eq!(effects, [Effect::End(CloseCode::Disconnected, "signed out".to_owned())]);
    effects.clear();
    let mut session = live();
    session.disconnect(Some(Duration::from_millis(700)), "new rights", &mut effects);
    assert_eq!(effects[0], Effect::Send(Control::Goodbye { retry_after_ms: 700 }));
    assert!(is_end(&effects[1..], CloseCode::Reconnect));
    effects.clear();
    session.disconnect(None, "again", &mut effects);
    session.drain(Duration::ZERO, &mut effects);
    assert_eq!(effects, []);
    assert_eq!(send(&mut session, r#"{"type":"pong"}"#), []);
}
