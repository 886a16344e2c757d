//! What listening tells and does, event by event.

use super::*;
use crate::command::channel;

const NOW: Duration = Duration::from_secs(1);
const WELCOME: &str = r#"{"type":"welcome","session":"s","subscriber":{"id":"v","type":"Visitor"},"visitorToken":"t","heartbeat":{"intervalMs":25000,"timeoutMs":10000}}"#;

fn position(offset: u64) -> Position {
    serde_json::from_value(serde_json::json!({"epoch": "e", "offset": offset})).unwrap()
}

fn follower(wanted: &[(&str, Option<u64>)]) -> Follower {
    let wanted = wanted
        .iter()
        .map(|(name, since)| Wanted { channel: channel::parse(name).unwrap(), since: since.map(position) });
    Follower::start(wanted.collect(), None, 7, NOW)
}

fn actions(follower: &mut Follower) -> Vec<Action> {
    std::iter::from_fn(|| follower.next_action()).collect()
}

/// Connects; returns the frames that are sent behind hello.
fn connect(follower: &mut Follower) -> (ConnectionId, Vec<String>) {
    let connection = actions(follower).into_iter().find_map(|action| match action {
        Action::Connect(connection) => Some(connection),
        _ => None,
    });
    let connection = connection.expect("a connection is wanted");
    follower.heard(connection, Event::Opened, NOW);
    follower.heard(connection, Event::Frame(WELCOME.to_owned()), NOW);
    let sent = actions(follower).into_iter().filter_map(|action| match action {
        Action::Send(frame) => Some(frame),
        _ => None,
    });
    (connection, sent.collect())
}

fn hear(follower: &mut Follower, connection: ConnectionId, frame: &str) -> Vec<Action> {
    follower.heard(connection, Event::Frame(frame.to_owned()), NOW);
    actions(follower)
}

fn says(text: &str) -> Vec<Action> {
    vec![Action::Say(text.to_owned())]
}

#[test]
fn a_message_is_a_line_once() {
    let mut follower = follower(&[("chat/7", None)]);
    let (connection, sent) = connect(&mut follower);
    assert_eq!(sent[1], r#"{"type":"subscribe","id":1,"channel":{"name":"chat","resourceId":"7"}}"#);
    let reply = r#"{"type":"subscribed","id":1,"number":3,"position":{"epoch":"e","offset":4}}"#;
    assert_eq!(hear(&mut follower, connection, reply), says("listening to chat/7"));
    let line = r#"{"channel":{"name":"chat","resourceId":"7"},"epoch":"e","offset":5,"payload":1.0}"#;
    let frame = "[[3,4,0],[3,5,1.0],[3,5,1.0],[9,6,1]]";
    assert_eq!(hear(&mut follower, connection, frame), [Action::Print(format!("{line}\n"))]);
    assert_eq!(hear(&mut follower, connection, r#"{"type":"news of a later version"}"#), []);
}

#[test]
fn a_position_is_asked_for_and_whether_it_could_be_continued_is_told() {
    let frame = |recovered| {
        format!(
            r#"{{"type":"subscribed","id":1,"number":3,"position":{{"epoch":"e","offset":9}},"recovered":{recovered}}}"#
        )
    };
    let texts = [
        (true, "listening to chat"),
        (false, "listening to chat; the relay cannot continue at e:5: messages may be missing"),
    ];
    for (recovered, text) in texts {
        let mut follower = follower(&[("chat", Some(5))]);
        let (connection, sent) = connect(&mut follower);
        assert!(sent[1].ends_with(r#""position":{"epoch":"e","offset":5}}"#), "{}", sent[1]);
        assert_eq!(hear(&mut follower, connection, &frame(recovered)), says(text));
        let lines = hear(&mut follower, connection, "[[3,6,1]]").len();
        assert_eq!(lines, usize::from(recovered));
    }
}

#[test]
fn a_refused_channel_is_told_and_the_others_go_on_until_none_is_left() {
    let mut follower = follower(&[("a", None), ("b", None)]);
    let (connection, _) = connect(&mut follower);
    let refused = r#"{"type":"refused","id":1,"code":2,"status":403,"message":"no"}"#;
    assert_eq!(hear(&mut follower, connection, refused), says("a: refused: no"));
    assert!(follower.is_listening());
    hear(
        &mut follower,
        connection,
        r#"{"type":"subscribed","id":2,"number":3,"position":{"epoch":"e","offset":0}}"#,
    );
    let ended = r#"{"type":"ended","number":3,"status":403,"message":"no more"}"#;
    assert_eq!(hear(&mut follower, connection, ended), says("b: ended: no more"));
    assert!(!follower.is_listening());
}

#[test]
fn a_lost_connection_is_made_again_for_the_same_visitor_and_goes_on_where_it_stood() {
    let mut follower = follower(&[("a", None)]);
    let (connection, sent) = connect(&mut follower);
    assert_eq!(sent[0], r#"{"type":"hello"}"#);
    hear(
        &mut follower,
        connection,
        r#"{"type":"subscribed","id":1,"number":3,"position":{"epoch":"e","offset":0}}"#,
    );
    hear(&mut follower, connection, "[[3,1,true]]");
    follower.heard(connection, Event::Lost { code: 1006, reason: String::new() }, NOW);
    assert_eq!(actions(&mut follower), says("the connection is lost"));
    let later = follower.deadline().unwrap();
    follower.timer(later);
    let (_, sent) = connect(&mut follower);
    assert_eq!(sent[0], r#"{"type":"hello","visitorToken":"t"}"#);
    assert!(sent[1].ends_with(r#""position":{"epoch":"e","offset":1}}"#), "{}", sent[1]);
}

#[test]
fn a_relay_that_cannot_be_reached_is_waited_for_a_while_and_not_for_ever() {
    let mut follower = follower(&[("a", None)]);
    let mut now = NOW;
    let mut told = Vec::new();
    while follower.is_listening() {
        for action in actions(&mut follower) {
            match action {
                Action::Connect(connection) => {
                    follower.heard(connection, Event::Lost { code: 1006, reason: "closed".to_owned() }, now);
                }
                action => told.push(action),
            }
        }
        now = follower.deadline().expect("something is waited for");
        follower.timer(now);
    }
    told.extend(actions(&mut follower).into_iter().filter(|action| matches!(action, Action::Say(_))));
    assert_eq!(told, says("a: cannot connect to the relay: closed"));
    assert_eq!(now - NOW, Settings::default().subscribe_timeout);
}

#[test]
fn what_is_hopeless_ends_it_at_once_unless_there_has_been_a_connection() {
    let wrong = || Event::Hopeless { why: "its certificate ended today".to_owned() };
    let said = || says("cannot connect to the relay: its certificate ended today");
    let mut fresh = follower(&[("a", None)]);
    let [Action::Connect(connection)] = actions(&mut fresh)[..] else { panic!("it connects") };
    fresh.heard(connection, wrong(), NOW);
    assert_eq!((actions(&mut fresh), fresh.is_listening()), (said(), false));

    let mut known = follower(&[("a", None)]);
    let (connection, _) = connect(&mut known);
    known.heard(connection, Event::Lost { code: 1006, reason: String::new() }, NOW);
    actions(&mut known);
    let mut told = Vec::new();
    for _ in 0..3 {
        let now = known.deadline().unwrap();
        known.timer(now);
        let [Action::Connect(connection)] = actions(&mut known)[..] else { panic!("it tries again") };
        known.heard(connection, wrong(), now);
        told.extend(actions(&mut known));
    }
    assert_eq!((told, known.is_listening()), (said(), true));
    let now = known.deadline().unwrap();
    known.timer(now);
    connect(&mut known);
    assert_eq!(known.hopeless, None, "it would be told again");
}

#[test]
fn a_relay_that_wants_us_to_stay_away_ends_it() {
    let mut follower = follower(&[("a", None)]);
    let (connection, _) = connect(&mut follower);
    follower.heard(connection, Event::Lost { code: 4501, reason: "bad token".to_owned() }, NOW);
    assert!(!follower.is_listening());
    let told = format!("{:?}", actions(&mut follower));
    assert!(told.contains("bad token (4501)"), "{told}");
}
