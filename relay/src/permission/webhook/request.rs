//! What the backend is asked, in the format of the service plugin.
//!
//! Source of the format: the public reference of Wix's service plugin "Realtime Permissions Provider", method Check
//! Subscriber Permissions, with the identity as Wix's service plugins carry it in their metadata.
//! `tests/fixtures/webhook/questions.json` holds this and the npm package to the same examples.

use realtime_protocol::channel::Channel;
use realtime_protocol::subscriber::{Subscriber, SubscriberType};
use serde::Serialize;

use super::super::question::Question;

#[derive(Serialize)]
struct Envelope<'a> {
    request: Request<'a>,
    metadata: Metadata<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    channel: &'a Channel,
    subscriber: Reader<'a>,
    /// Always empty: in a relay of one's own there are no other apps.
    requesting_app_id: &'static str,
}

#[derive(Serialize)]
struct Reader<'a> {
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Metadata<'a> {
    request_id: &'a str,
    identity: Identity<'a>,
}

#[derive(Serialize)]
#[serde(tag = "identityType")]
enum Identity<'a> {
    #[serde(rename = "ANONYMOUS_VISITOR", rename_all = "camelCase")]
    Visitor { anonymous_visitor_id: &'a str },
    #[serde(rename = "MEMBER", rename_all = "camelCase")]
    Member { member_id: &'a str },
    #[serde(rename = "WIX_USER", rename_all = "camelCase")]
    Admin { wix_user_id: &'a str },
}

/// The request's body. `request_id` tells it from others in the logs of both sides.
pub fn body(question: &Question, request_id: &str) -> String {
    let Question { channel, subscriber } = question;
    let envelope = Envelope {
        request: Request { channel, subscriber: reader(subscriber), requesting_app_id: "" },
        metadata: Metadata { request_id, identity: identity(subscriber) },
    };
    #[expect(clippy::expect_used, reason = "strings under fixed keys always have a JSON form")]
    serde_json::to_string(&envelope).expect("strings under fixed keys")
}

fn reader(subscriber: &Subscriber) -> Reader<'_> {
    let kind = match subscriber.kind {
        SubscriberType::Admin => "ADMIN",
        SubscriberType::Member => "MEMBER",
        SubscriberType::Visitor => "VISITOR",
    };
    Reader { id: subscriber.id.as_str(), kind }
}

fn identity(subscriber: &Subscriber) -> Identity<'_> {
    let id = subscriber.id.as_str();
    match subscriber.kind {
        SubscriberType::Visitor => Identity::Visitor { anonymous_visitor_id: id },
        SubscriberType::Member => Identity::Member { member_id: id },
        SubscriberType::Admin => Identity::Admin { wix_user_id: id },
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use realtime_protocol::channel::UncheckedChannel;
    use serde::Deserialize;

    use super::super::signature::{self, Secret};
    use super::*;

    /// A question, the body that carries it, and how that is signed.
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Example {
        channel: UncheckedChannel,
        subscriber: Subscriber,
        request_id: String,
        body: String,
        secret: String,
        sent_at: u64,
        signature: String,
    }

    fn examples() -> Vec<Example> {
        serde_json::from_str(include_str!("../../../tests/fixtures/webhook/questions.json")).unwrap()
    }

    #[test]
    fn questions_are_asked_and_signed_as_in_the_shared_examples() {
        for example in examples() {
            let question =
                Question { channel: example.channel.check().unwrap(), subscriber: example.subscriber };
            let body = body(&question, &example.request_id);
            assert_eq!(body, example.body);
            let sent_at = UNIX_EPOCH + Duration::from_secs(example.sent_at);
            assert_eq!(signature::sign(&Secret::new(&example.secret), sent_at, &body), example.signature);
        }
    }

    #[test]
    fn the_shared_examples_have_each_kind_of_subscriber() {
        for kind in [SubscriberType::Admin, SubscriberType::Member, SubscriberType::Visitor] {
            assert!(examples().iter().any(|example| example.subscriber.kind == kind), "{kind:?}");
        }
    }
}
