//! Running subscriptions are asked about again.

use std::sync::Arc;

use realtime_relay::app::Relay;
use realtime_relay::permission::question::{Decision, Question, Refusal};
use realtime_relay::session::recheck::rechecks::MAX_OPEN_QUESTIONS;
use serde_json::{Value, json};

use crate::doorman::{Doorman, allow, refuse, unavailable};
use crate::support::{Client, part, post, publish, relay_asking};
use crate::tokens::member;

async fn guarded() -> (Arc<Doorman>, Relay) {
    let doorman = Doorman::new();
    let relay = relay_asking(Arc::<Doorman>::clone(&doorman), &["--token-secret", "secret"]).await;
    (doorman, relay)
}

/// Asks for a recheck. Returns how many subscriptions it is about.
async fn recheck(relay: &Relay, selection: Value) -> u64 {
    let answer = post(relay, "/v1/permissions/recheck", selection).await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    answer.json()["subscriptions"].as_u64().unwrap()
}

/// Subscribes and returns the channel's number.
async fn number_of(client: &mut Client, channel: Value) -> Value {
    let reply = client.subscribe(1, channel, None).await;
    assert_eq!(reply["type"], "subscribed", "{reply}");
    reply["number"].clone()
}

fn ended(number: &Value, channel: &str) -> Value {
    let message = format!("no longer allowed to read channel {channel}");
    json!({"type": "ended", "number": number, "status": 403, "message": message})
}

/// Nothing but what is published now reaches this client.
async fn hears_only(relay: &Relay, client: &mut Client, channel: Value, word: &str) {
    publish(relay, channel, json!(word)).await;
    assert_eq!(client.payloads(1).await, [word]);
}

#[tokio::test]
async fn those_who_may_still_read_notice_nothing_and_those_who_may_not_are_told() {
    let (doorman, relay) = guarded().await;
    let (mut anna, mut ben) = (member(&relay, "anna").await, member(&relay, "ben").await);
    let number = number_of(&mut anna, json!({"name": "staff"})).await;
    number_of(&mut ben, json!({"name": "staff"})).await;
    assert_eq!(recheck(&relay, json!({})).await, 2);
    hears_only(&relay, &mut anna, json!({"name": "staff"}), "all stay").await;
    assert_eq!(ben.payloads(1).await, ["all stay"]);

    doorman.rule(not_anna);
    assert_eq!(recheck(&relay, json!({})).await, 2);
    assert_eq!(anna.frame().await, ended(&number, "staff"));
    hears_only(&relay, &mut ben, json!({"name": "staff"}), "anna is gone").await;
    // The connection lives on, and the channel can be asked for again.
    assert_eq!(anna.subscribe(2, json!({"name": "staff"}), None).await["status"], 403);
    doorman.rule(allow);
    number_of(&mut anna, json!({"name": "staff"})).await;
    hears_only(&relay, &mut anna, json!({"name": "staff"}), "anna is back").await;
    part(relay, (anna, ben)).await;
}

fn not_anna(question: &Question) -> Decision {
    if question.subscriber.id.as_str() == "anna" { Refusal::ByHandler.into() } else { Decision::ALLOWED }
}

#[tokio::test]
async fn a_user_is_asked_about_on_all_connections_and_nobody_else_is() {
    let (doorman, relay) = guarded().await;
    let mut annas = [member(&relay, "anna").await, member(&relay, "anna").await];
    let mut ben = member(&relay, "ben").await;
    let mut numbers = Vec::new();
    for anna in &mut annas {
        numbers.push(number_of(anna, json!({"name": "a"})).await);
        number_of(anna, json!({"name": "b"})).await;
    }
    number_of(&mut ben, json!({"name": "a"})).await;
    doorman.asked();
    doorman.rule(not_anna);
    assert_eq!(recheck(&relay, json!({"channel": {"name": "a"}, "user": "anna"})).await, 2);
    for (anna, number) in annas.iter_mut().zip(&numbers) {
        assert_eq!(anna.frame().await, ended(number, "a"));
    }
    doorman.rule(refuse);
    assert_eq!(recheck(&relay, json!({"user": "anna"})).await, 2);
    for anna in &mut annas {
        assert_eq!(anna.frame().await["message"], "no longer allowed to read channel b");
    }
    assert_eq!(recheck(&relay, json!({"user": "nobody"})).await, 0);
    hears_only(&relay, &mut ben, json!({"name": "a"}), "ben stays").await;
    assert!(doorman.asked().keys().all(|asked| asked.starts_with("anna ")));
    part(relay, (annas, ben)).await;
}

#[tokio::test]
async fn a_channel_takes_its_resources_along_and_a_resource_nothing() {
    let (doorman, relay) = guarded().await;
    let mut client = Client::visitor(&relay).await;
    let room = json!({"name": "staff", "resourceId": "7"});
    let mut numbers = Vec::new();
    for channel in [json!({"name": "staff"}), room.clone(), json!({"name": "staff2"})] {
        numbers.push(number_of(&mut client, channel).await);
    }
    doorman.rule(refuse);
    assert_eq!(recheck(&relay, json!({"channel": room})).await, 1);
    assert_eq!(client.frame().await, ended(&numbers[1], "staff/7"));
    doorman.rule(allow);
    number_of(&mut client, room).await;
    doorman.rule(refuse);
    assert_eq!(recheck(&relay, json!({"channel": {"name": "staff"}})).await, 2);
    let mut told = [client.frame().await["number"].clone(), client.frame().await["number"].clone()];
    told.sort_by_key(|number| number.as_u64());
    let mut expected = [numbers[0].clone(), numbers[1].clone()];
    expected.sort_by_key(|number| number.as_u64());
    assert_eq!(told, expected);
    hears_only(&relay, &mut client, json!({"name": "staff2"}), "untouched").await;
    part(relay, client).await;
}

#[tokio::test]
async fn after_ended_no_message_of_that_channel_follows() {
    let (doorman, relay) = guarded().await;
    let channel = json!({"name": "c"});
    let mut clients = Vec::new();
    for _ in 0..8 {
        clients.push(Client::visitor(&relay).await);
    }
    for _ in 0..3 {
        doorman.rule(allow);
        let mut number = Value::Null;
        for client in &mut clients {
            number = number_of(client, channel.clone()).await;
        }
        doorman.rule(refuse);
        let publishing = async {
            for count in 0..20 {
                publish(&relay, channel.clone(), json!(count)).await;
            }
        };
        let rechecking = async {
            publish(&relay, channel.clone(), json!("first")).await;
            recheck(&relay, json!({})).await;
        };
        tokio::join!(publishing, rechecking);
        publish(&relay, channel.clone(), json!("last")).await;
        for client in &mut clients {
            while client.frame().await != ended(&number, "c") {}
            // Unasked-for channels are left quietly; whatever came before this reply was behind `ended`.
            client.send(json!({"type": "unsubscribe", "id": 9, "channel": {"name": "other"}})).await;
            assert_eq!(client.frame().await, json!({"type": "unsubscribed", "id": 9}));
        }
    }
    part(relay, clients).await;
}

#[tokio::test]
async fn messages_go_on_while_a_question_is_open_and_an_unsubscribe_does_not_wait_for_it() {
    let (doorman, relay) = guarded().await;
    let mut client = Client::visitor(&relay).await;
    let channel = json!({"name": "c"});
    number_of(&mut client, channel.clone()).await;
    doorman.rule(refuse);
    doorman.close_gate();
    recheck(&relay, json!({})).await;
    doorman.open_questions(1).await;
    hears_only(&relay, &mut client, channel.clone(), "meanwhile").await;
    client.send(json!({"type": "unsubscribe", "id": 2, "channel": channel})).await;
    assert_eq!(client.frame().await, json!({"type": "unsubscribed", "id": 2}));
    doorman.open_gate();
    doorman.open_questions(0).await;
    // The answer was a no, but there is nothing left to end.
    doorman.rule(allow);
    number_of(&mut client, channel.clone()).await;
    hears_only(&relay, &mut client, channel, "again").await;
    part(relay, client).await;
}

#[tokio::test]
async fn questions_about_sessions_that_end_are_withdrawn_and_keep_nobody_waiting() {
    let (doorman, relay) = guarded().await;
    let mut leaving = Vec::new();
    for _ in 0..MAX_OPEN_QUESTIONS {
        let mut client = Client::visitor(&relay).await;
        number_of(&mut client, json!({"name": "leaving"})).await;
        leaving.push(client);
    }
    let mut staying = member(&relay, "anna").await;
    let number = number_of(&mut staying, json!({"name": "staying"})).await;
    doorman.close_gate();
    recheck(&relay, json!({"channel": {"name": "leaving"}})).await;
    doorman.open_questions(MAX_OPEN_QUESTIONS).await;
    doorman.rule(refuse);
    recheck(&relay, json!({"user": "anna"})).await;
    drop(leaving);
    doorman.open_questions(1).await;
    doorman.open_gate();
    assert_eq!(staying.frame().await, ended(&number, "staying"));
    part(relay, staying).await;
}

#[tokio::test]
async fn what_nobody_can_decide_stays_and_is_asked_until_somebody_can() {
    let (doorman, relay) = guarded().await;
    let mut client = Client::visitor(&relay).await;
    let number = number_of(&mut client, json!({"name": "c"})).await;
    doorman.rule(unavailable);
    doorman.asked();
    recheck(&relay, json!({})).await;
    doorman.open_questions(0).await;
    hears_only(&relay, &mut client, json!({"name": "c"}), "still here").await;
    // A new subscription is not taken on trust.
    assert_eq!(client.subscribe(2, json!({"name": "d"}), None).await["status"], 503);
    doorman.rule(refuse);
    assert_eq!(client.frame().await, ended(&number, "c"));
    part(relay, client).await;
}

#[tokio::test]
async fn a_subscription_that_was_allowed_by_what_held_before_does_not_survive() {
    let (doorman, relay) = guarded().await;
    let mut client = Client::visitor(&relay).await;
    doorman.close_gate();
    client.send(json!({"type": "subscribe", "id": 1, "channel": {"name": "c"}})).await;
    doorman.open_questions(1).await;
    doorman.rule(refuse);
    assert_eq!(recheck(&relay, json!({})).await, 0, "nothing runs yet");
    doorman.open_gate();
    let reply = client.frame().await;
    assert_eq!((&reply["type"], &reply["status"]), (&json!("refused"), &json!(403)));

    // A change that is about somebody else outdates nothing.
    doorman.rule(allow);
    doorman.close_gate();
    client.send(json!({"type": "subscribe", "id": 2, "channel": {"name": "c"}})).await;
    doorman.open_questions(1).await;
    doorman.rule(refuse);
    recheck(&relay, json!({"user": "somebody else"})).await;
    doorman.open_gate();
    assert_eq!(client.frame().await["type"], "subscribed");
    part(relay, client).await;
}

#[tokio::test]
async fn an_answer_about_a_running_subscription_from_before_a_change_counts_for_nothing() {
    let (doorman, relay) = guarded().await;
    let mut client = Client::visitor(&relay).await;
    number_of(&mut client, json!({"name": "c"})).await;
    doorman.rule(refuse);
    doorman.close_gate();
    recheck(&relay, json!({})).await;
    doorman.open_questions(1).await;
    doorman.rule(allow);
    doorman.asked();
    recheck(&relay, json!({})).await;
    doorman.open_questions(2).await;
    doorman.open_gate();
    doorman.open_questions(0).await;
    hears_only(&relay, &mut client, json!({"name": "c"}), "allowed in the end").await;
    part(relay, client).await;
}

#[tokio::test]
async fn more_changes_than_are_remembered_let_nobody_slip_through() {
    let (doorman, relay) = guarded().await;
    let mut client = Client::visitor(&relay).await;
    let number = number_of(&mut client, json!({"name": "c"})).await;
    doorman.rule(refuse);
    doorman.close_gate();
    recheck(&relay, json!({})).await;
    doorman.open_questions(1).await;
    for index in 0..100 {
        recheck(&relay, json!({"user": format!("somebody else {index}")})).await;
    }
    doorman.open_gate();
    assert_eq!(client.frame().await, ended(&number, "c"));
    part(relay, client).await;
}

#[tokio::test]
async fn a_thousand_subscriptions_are_asked_about_once_each_and_few_at_a_time() {
    const CLIENTS: usize = 10;
    const CHANNELS: usize = 100;
    let (doorman, relay) = guarded().await;
    let mut clients = Vec::new();
    for index in 0..CLIENTS {
        let mut client = member(&relay, &format!("user{index}")).await;
        for channel in 0..CHANNELS {
            number_of(&mut client, json!({"name": "c", "resourceId": channel.to_string()})).await;
        }
        clients.push(client);
    }
    doorman.asked();
    doorman.most_open();
    doorman.rule(refuse);
    doorman.close_gate();
    assert_eq!(recheck(&relay, json!({})).await, 1_000);
    // Selected again before they are asked: still once.
    assert_eq!(recheck(&relay, json!({"channel": {"name": "c"}})).await, 1_000);
    doorman.open_questions(MAX_OPEN_QUESTIONS).await;
    // Somebody who subscribes does not wait behind them.
    let mut newcomer = member(&relay, "newcomer").await;
    newcomer.send(json!({"type": "subscribe", "id": 1, "channel": {"name": "new"}})).await;
    doorman.open_questions(MAX_OPEN_QUESTIONS + 1).await;
    doorman.open_gate();
    for client in &mut clients {
        for _ in 0..CHANNELS {
            assert_eq!(client.frame().await["type"], "ended");
        }
    }
    assert_eq!(doorman.most_open(), MAX_OPEN_QUESTIONS + 1);
    let asked = doorman.asked();
    let again = asked.values().filter(|times| **times > 1).count();
    assert_eq!(asked.len(), CLIENTS * CHANNELS + 1);
    assert!(again <= MAX_OPEN_QUESTIONS, "only what was open at the second time is asked twice: {again}");
    part(relay, (clients, newcomer)).await;
}
