//! How many subscriptions a session may have, and which of them take a place.

use super::tests::{attach, decide, live, name, subscribe, unsubscribe, unsubscribed};
use super::*;

/// Subscribes at the limit, where the session is attached to these channels.
pub(super) fn subscribe_at_limit(
    session: &mut Session,
    id: u32,
    channel: &str,
    attached: &[&str],
) -> Vec<Effect> {
    assert_eq!(subscribe(session, id, channel), [Effect::FindPlace(name(channel))]);
    find_place(session, channel, attached)
}

fn find_place(session: &mut Session, channel: &str, attached: &[&str]) -> Vec<Effect> {
    let mut effects = Vec::new();
    let is_attached = |channel: &Channel| attached.iter().any(|other| name(other) == *channel);
    session.place(&name(channel), is_attached, &mut effects);
    effects
}

pub(super) fn is_too_many(effects: &[Effect]) -> bool {
    matches!(effects, [Effect::Send(Control::Refused { status: Status::TooMany, .. }), ..])
}

/// A session that is attached to these channels.
fn attached_to(channels: &[&str]) -> Session {
    let mut session = live();
    for channel in channels {
        subscribe(&mut session, 1, channel);
        assert_eq!(decide(&mut session, channel, Verdict::Allowed), [attach(1, channel)]);
        session.attached();
    }
    session
}

#[test]
fn open_questions_count_as_subscriptions() {
    let mut session = attached_to(&["a"]);
    subscribe(&mut session, 2, "b");
    let effects = subscribe_at_limit(&mut session, 3, "c", &["a"]);
    assert!(is_too_many(&effects), "{effects:?}");
    session.detached();
    assert_eq!(subscribe(&mut session, 4, "c"), [Effect::Ask(name("c"))]);
}

#[test]
fn a_subscription_that_repeats_another_takes_no_further_place() {
    let mut session = attached_to(&["a", "b"]);
    assert_eq!(subscribe_at_limit(&mut session, 2, "a", &["a", "b"]), [Effect::Ask(name("a"))]);
    let effects = subscribe_at_limit(&mut session, 3, "c", &["a", "b"]);
    assert!(is_too_many(&effects), "{effects:?}");
    assert_eq!(decide(&mut session, "a", Verdict::Allowed), [attach(2, "a")]);
    assert_eq!(session.subscriptions(), 2);

    // Neither does it while it is asked about and another wants the place that is left.
    let mut session = attached_to(&["a"]);
    assert_eq!(subscribe(&mut session, 2, "a"), [Effect::Ask(name("a"))]);
    assert_eq!(subscribe_at_limit(&mut session, 3, "b", &["a"]), [Effect::Ask(name("b"))]);
    // It does once what it repeats has ended.
    assert!(is_too_many(&subscribe_at_limit(&mut session, 4, "c", &["a"])));
    session.detached();
    assert!(is_too_many(&subscribe_at_limit(&mut session, 5, "c", &[])));
}

#[test]
fn frames_behind_a_subscription_without_a_place_are_handled_after_its_refusal() {
    let mut session = attached_to(&["a", "b"]);
    assert_eq!(subscribe(&mut session, 2, "c"), [Effect::FindPlace(name("c"))]);
    assert_eq!(unsubscribe(&mut session, 3, "c"), [], "it waits");
    // One that waits for its own place takes nobody's.
    session.detached();
    assert_eq!(subscribe(&mut session, 4, "d"), [Effect::FindPlace(name("d"))]);
    assert_eq!(find_place(&mut session, "d", &["a"]), [Effect::Ask(name("d"))]);
    let effects = find_place(&mut session, "c", &["a"]);
    assert!(is_too_many(&effects), "{effects:?}");
    assert_eq!(effects[1..], [Effect::Detach(name("c")), unsubscribed(3)]);
}
