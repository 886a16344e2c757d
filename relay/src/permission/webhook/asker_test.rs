//! What holds of the provider, against a backend on loopback.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use futures_util::poll;
use realtime_protocol::channel::Channel;
use realtime_protocol::subscriber::UserId;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::super::provider::Permission;
use super::super::script::cases::{question, words};
use super::address::BackendAddress;
use super::asker::WebhookPermission;
use super::settings::WebhookSettings;
use super::signature::Secret;
use super::stand_in::{Act, Asked, DEADLINE, StandIn, bound, until, yes};

async fn decide(asker: &WebhookPermission, asked: &str) -> String {
    words(&timeout(DEADLINE, asker.decide(question(asked))).await.expect("an answer in time"))
}

fn answer(status: u16, body: &str) -> Act {
    Act::Answer(status, body.to_owned())
}

fn with(backend: &StandIn, change: impl FnOnce(&mut WebhookSettings)) -> WebhookPermission {
    let mut settings = backend.settings();
    change(&mut settings);
    WebhookPermission::new(settings).unwrap()
}

#[tokio::test]
async fn the_backends_answer_decides() {
    let backend = StandIn::start(|channel, _| match channel {
        "yes" => yes(),
        "no" => answer(200, r#"{"read":false}"#),
        "ours" => answer(200, r#"{"read":false,"cause":"threw","decidedBy":"default"}"#),
        "empty" => answer(200, "{}"),
        "broken" => answer(500, r#"{"title":"Internal error","detail":"no database"}"#),
        "long" => answer(200, &format!(r#"{{"read":true,"more":"{}"}}"#, "x".repeat(20_000))),
        other => panic!("{other}"),
    })
    .await;
    let asker = backend.asker();
    for (asked, expected) in [
        ("yes Member:m", "allowed"),
        ("no Member:m", "refused by_handler: the handler answered { read: false }"),
        ("ours Member:m", "refused threw by default: a handler threw in the permissions backend"),
        ("empty Member:m", "unavailable bad_reply: the permissions backend must answer"),
        ("broken Member:m", "unavailable bad_reply: the permissions backend answered 500: no database"),
        (
            "long Member:m",
            "unavailable bad_reply: the permissions backend answered 200, but the answer has more than 16384 bytes",
        ),
    ] {
        let actual = decide(&asker, asked).await;
        assert!(actual.starts_with(expected), "{asked}\n  expected {expected}\n  actual   {actual}");
    }
}

#[tokio::test]
async fn a_question_is_posted_as_json_and_signed() {
    let backend = StandIn::start(|_, _| yes()).await;
    let asker = with(&backend, |settings| settings.secret = Some(Secret::new("s3cret")));
    assert_eq!(decide(&asker, "chat/7 Visitor:v").await, "allowed");
    let [asked] = &backend.asked()[..] else { panic!("asked once") };
    assert_eq!(asked.line, "POST /v1/check-subscriber-permissions HTTP/1.1");
    assert_eq!(asked.header("content-type"), Some("application/json"));
    let signature = asked.header("realtime-signature").unwrap();
    assert!(signature.starts_with("t=") && signature.contains(",v1="), "{signature}");
    assert_eq!(asked.json()["request"]["channel"]["resourceId"], "7");
    // Without a secret there is nothing to sign with.
    assert_eq!(decide(&backend.asker(), "chat Visitor:v").await, "allowed");
    assert_eq!(backend.asked()[1].header("realtime-signature"), None);
}

#[tokio::test]
async fn connections_are_used_again() {
    let backend = StandIn::start(|_, _| yes()).await;
    let asker = backend.asker();
    for count in 0..20 {
        assert_eq!(decide(&asker, &format!("chat/{count} Member:m")).await, "allowed");
    }
    assert_eq!((backend.asked().len(), backend.connections()), (20, 1));
}

#[tokio::test]
async fn a_connection_that_the_backend_closed_meanwhile_costs_nobody_an_answer() {
    // The second request on the first connection meets its end.
    let backend = StandIn::start(|_, before| if before == 1 { Act::Cut } else { yes() }).await;
    let asker = backend.asker();
    assert_eq!(decide(&asker, "a Member:m").await, "allowed");
    assert_eq!(decide(&asker, "b Member:m").await, "allowed");
    assert_eq!((backend.asked().len(), backend.connections()), (3, 2));
}

#[tokio::test]
async fn a_backend_that_cuts_every_connection_is_asked_twice_and_no_more() {
    let backend = StandIn::start(|_, _| Act::Cut).await;
    let actual = decide(&backend.asker(), "a Member:m").await;
    assert!(
        actual.starts_with("unavailable unreachable: the permissions backend cannot be reached"),
        "{actual}"
    );
    assert_eq!(backend.asked().len(), 2);
}

#[tokio::test]
async fn a_backend_that_does_not_answer_in_time_decides_nothing() {
    let backend = StandIn::start(|_, _| Act::Hang).await;
    let asker = with(&backend, |settings| settings.timeout = Duration::from_millis(100));
    assert_eq!(
        decide(&asker, "a Member:m").await,
        "unavailable no_answer: the permissions backend did not answer in time"
    );
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = StandIn::start(|_, _| yes()).await;
    let port = elsewhere.port;
    let backend = StandIn::start(move |_, _| Act::Redirect(port)).await;
    let actual = decide(&backend.asker(), "a Member:m").await;
    assert!(actual.contains("answered 307 (redirects are not followed)"), "{actual}");
    assert_eq!(elsewhere.asked().len(), 0);
}

#[tokio::test]
async fn equal_questions_at_the_same_time_are_asked_once() {
    let backend = StandIn::start(|_, _| Act::Wait).await;
    let asker = Arc::new(backend.asker());
    let mut tabs = JoinSet::new();
    for _ in 0..50 {
        let asker = Arc::clone(&asker);
        tabs.spawn(async move { decide(&asker, "chat Member:anna").await });
    }
    let other = tokio::spawn({
        let asker = Arc::clone(&asker);
        async move { decide(&asker, "chat Member:ben").await }
    });
    until("both questions are under way", || backend.open() == 2).await;
    backend.release();
    assert!(tabs.join_all().await.iter().all(|answer| answer == "allowed"));
    assert_eq!(other.await.unwrap(), "allowed");
    assert_eq!(backend.asked().len(), 2);
    // Answered, the next one is asked anew.
    assert_eq!(decide(&asker, "chat Member:anna").await, "allowed");
    assert_eq!(backend.asked().len(), 3);
}

#[tokio::test]
async fn only_so_many_questions_are_under_way_and_the_others_wait_for_their_turn() {
    let backend = StandIn::start(|_, _| Act::Wait).await;
    let asker = with(&backend, |settings| settings.max_in_flight = NonZeroU32::new(2).unwrap());
    let mut asked = JoinSet::new();
    let asker = Arc::new(asker);
    for count in 0..10 {
        let asker = Arc::clone(&asker);
        asked.spawn(async move { decide(&asker, &format!("chat/{count} Member:m")).await });
    }
    until("two are under way", || backend.open() == 2).await;
    until("all are open", || asker.open() == 10).await;
    assert_eq!(backend.asked().len(), 2);
    backend.release();
    assert!(asked.join_all().await.iter().all(|answer| answer == "allowed"));
    assert_eq!((backend.asked().len(), backend.connections()), (10, 2));
    assert_eq!(asker.open(), 0);
}

#[tokio::test]
async fn a_question_that_waits_too_long_for_its_turn_is_not_sent() {
    let backend = StandIn::start(|_, _| Act::Hang).await;
    let asker = with(&backend, |settings| {
        settings.timeout = Duration::from_millis(200);
        settings.max_in_flight = NonZeroU32::new(1).unwrap();
    });
    let questions = ["a Member:m", "b Member:m", "c Member:m", "d Member:m"];
    let answers = futures_util::future::join_all(questions.map(|asked| decide(&asker, asked))).await;
    let sent: Vec<_> = backend.asked().iter().map(Asked::channel).collect();
    let (mut unsent, mut unanswered) = (0, 0);
    for (asked, answer) in questions.iter().zip(&answers) {
        if answer.starts_with("unavailable waited_too_long") {
            unsent += 1;
            assert!(!sent.contains(&asked[..1].to_owned()), "{asked} was sent: {sent:?}");
        } else {
            unanswered += 1;
            assert!(answer.starts_with("unavailable no_answer"), "{answers:?}");
        }
    }
    assert!(unsent > 0 && unanswered > 0, "{answers:?}");
}

#[tokio::test]
async fn a_question_that_nobody_waits_for_any_more_is_not_sent() {
    let backend = StandIn::start(|_, _| Act::Wait).await;
    let asker = with(&backend, |settings| settings.max_in_flight = NonZeroU32::new(1).unwrap());
    let mut first = asker.decide(question("first Member:m"));
    assert!(poll!(&mut first).is_pending());
    until("the first is under way", || backend.open() == 1).await;
    let mut given_up = asker.decide(question("second Member:m"));
    assert!(poll!(&mut given_up).is_pending());
    drop(given_up);
    until("the second is off the desk", || asker.open() == 1).await;
    backend.release();
    assert_eq!(words(&first.await), "allowed");
    assert_eq!(decide(&asker, "third Member:m").await, "allowed");
    assert_eq!(backend.asked().len(), 2);
}

#[tokio::test]
async fn a_question_that_was_sent_keeps_its_connection_though_nobody_waits() {
    let backend = StandIn::start(|_, _| Act::Wait).await;
    let asker = backend.asker();
    let mut given_up = asker.decide(question("a Member:m"));
    assert!(poll!(&mut given_up).is_pending());
    until("it is under way", || backend.open() == 1).await;
    drop(given_up);
    backend.release();
    until("it is answered", || asker.open() == 0).await;
    assert_eq!(decide(&asker, "b Member:m").await, "allowed");
    assert_eq!((backend.asked().len(), backend.connections()), (2, 1));
}

#[tokio::test]
async fn a_dead_backend_is_left_alone_and_noticed_when_it_is_back() {
    let place = bound();
    let address = BackendAddress::parse(&format!("http://{}", place.local_addr().unwrap())).unwrap();
    let settings = WebhookSettings { timeout: DEADLINE, ..WebhookSettings::at(address) };
    let asker = WebhookPermission::new(settings).unwrap();
    for count in 0..5 {
        let actual = decide(&asker, &format!("chat/{count} Member:m")).await;
        assert!(actual.starts_with("unavailable unreachable") && actual.contains("refused"), "{actual}");
    }
    // A machine that lets this wait for longer than the moment has it be a probe, which fails as well.
    let left_alone = "unavailable cut_off: the permissions backend has not answered for a while and is left alone for a moment";
    let cut_off = async { while decide(&asker, "chat Member:m").await != left_alone {} };
    timeout(DEADLINE, cut_off).await.unwrap();
    let backend = StandIn::start_at(place, |_, _| yes());
    let back = async {
        while decide(&asker, "chat Member:m").await != "allowed" {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(DEADLINE, back).await.unwrap();
    assert_eq!(backend.asked().len(), 1, "one probe is enough");
    for count in 0..10 {
        assert_eq!(decide(&asker, &format!("chat/{count} Member:m")).await, "allowed");
    }
}

#[tokio::test]
async fn while_the_backend_is_silent_nobody_waits_for_a_turn_that_a_probe_has() {
    let backend = StandIn::start(|channel, _| if channel == "hangs" { Act::Hang } else { Act::Cut }).await;
    let asker = with(&backend, |settings| {
        settings.max_in_flight = NonZeroU32::new(1).unwrap();
        // Whoever waited for the probe would wait for longer than this test.
        settings.timeout = DEADLINE * 3;
    });
    for _ in 0..5 {
        assert!(decide(&asker, "gone Member:m").await.starts_with("unavailable unreachable"));
    }
    let mut probe = asker.decide(question("hangs Member:m"));
    let sent = async {
        // Until a probe is due, it is refused at once.
        while backend.open() == 0 {
            if poll!(&mut probe).is_ready() {
                probe = asker.decide(question("hangs Member:m"));
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(DEADLINE, sent).await.unwrap();
    assert!(decide(&asker, "hangs Member:n").await.starts_with("unavailable cut_off"));
}

#[tokio::test]
async fn a_backend_that_answers_nonsense_is_not_taken_for_dead() {
    let backend = StandIn::start(|channel, _| if channel == "good" { yes() } else { answer(500, "") }).await;
    let asker = backend.asker();
    for _ in 0..20 {
        assert!(decide(&asker, "bad Member:m").await.starts_with("unavailable bad_reply"));
    }
    assert_eq!(decide(&asker, "good Member:m").await, "allowed");
}

#[tokio::test]
async fn a_channel_whose_handler_hangs_does_not_keep_the_others_refused() {
    let backend = StandIn::start(|channel, _| if channel == "hangs" { Act::Hang } else { yes() }).await;
    let asker = Arc::new(with(&backend, |settings| settings.timeout = Duration::from_millis(500)));
    let attack = tokio::spawn({
        let asker = Arc::clone(&asker);
        async move {
            let mut flood = JoinSet::new();
            for count in 0..10_000_u32 {
                let asker = Arc::clone(&asker);
                flood.spawn(async move { decide(&asker, &format!("hangs/{count} Visitor:v")).await });
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    });
    let cut_off =
        async { while !decide(&asker, "hangs Visitor:v").await.starts_with("unavailable cut_off") {} };
    timeout(DEADLINE, cut_off).await.unwrap();
    let served = async {
        while decide(&asker, "chat Member:m").await != "allowed" {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(DEADLINE, served).await.expect("an honest question closes the breaker");
    attack.abort();
}

#[tokio::test]
async fn an_answer_is_remembered_for_its_time_if_that_is_wanted() {
    let backend = StandIn::start(|_, _| yes()).await;
    let forgetful = backend.asker();
    let asker = with(&backend, |settings| settings.remembered_for = Some(Duration::from_secs(60)));
    for _ in 0..3 {
        assert_eq!(decide(&asker, "chat Member:m").await, "allowed");
    }
    assert_eq!(backend.asked().len(), 1);
    for _ in 0..3 {
        assert_eq!(decide(&forgetful, "chat Member:m").await, "allowed");
    }
    assert_eq!(backend.asked().len(), 4);
    let brief = with(&backend, |settings| settings.remembered_for = Some(Duration::from_millis(1)));
    assert_eq!(decide(&brief, "chat Member:m").await, "allowed");
    tokio::time::sleep(Duration::from_millis(2)).await;
    assert_eq!(decide(&brief, "chat Member:m").await, "allowed");
    assert_eq!(backend.asked().len(), 6);
}

#[tokio::test]
async fn what_is_to_be_forgotten_is_asked_anew_and_nothing_else() {
    const KNOWN: [&str; 5] = ["a Member:m", "a/1 Member:m", "a/2 Member:n", "b Member:m", "b/1 Member:n"];
    let channel = |name, resource| Some(Channel::parse(name, resource).unwrap());
    let user = |id| Some(UserId::parse(id).unwrap());
    for (channel, user, asked_anew) in [
        (None, None, vec![0, 1, 2, 3, 4]),
        (channel("a", None), None, vec![0, 1, 2]),
        (channel("a", Some("1")), None, vec![1]),
        (None, user("n"), vec![2, 4]),
        (channel("b", None), user("n"), vec![4]),
        (channel("c", None), None, vec![]),
    ] {
        let backend = StandIn::start(|_, _| yes()).await;
        let asker = with(&backend, |settings| settings.remembered_for = Some(Duration::from_secs(60)));
        for asked in KNOWN {
            assert_eq!(decide(&asker, asked).await, "allowed");
        }
        asker.forget(channel.as_ref(), user.as_ref());
        let mut anew = Vec::new();
        for (index, asked) in KNOWN.iter().enumerate() {
            let before = backend.asked().len();
            assert_eq!(decide(&asker, asked).await, "allowed");
            if backend.asked().len() > before {
                anew.push(index);
            }
        }
        assert_eq!(anew, asked_anew, "{channel:?} {user:?}");
    }
}

#[tokio::test]
async fn an_answer_from_before_it_was_to_be_forgotten_does_not_count() {
    let backend =
        StandIn::start(|_, before| if before == 0 { Act::Wait } else { answer(200, r#"{"read":false}"#) })
            .await;
    let asker = backend.asker();
    let mut decision = asker.decide(question("a Member:m"));
    assert!(poll!(&mut decision).is_pending());
    until("it is under way", || backend.open() == 1).await;
    asker.forget(None, None);
    let decision = timeout(DEADLINE, decision).await.unwrap();
    assert!(words(&decision).starts_with("refused by_handler"), "{decision:?}");
    backend.release();
}
