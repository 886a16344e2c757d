//! What a publish may say, and what it is told when it is not right.

use bytes::Bytes;

use super::*;
use crate::http::batch::read_batch;

fn problem(body: &str) -> serde_json::Value {
    let problem = read(body.as_bytes(), 20).expect_err(body);
    serde_json::from_str(&problem.to_json()).unwrap()
}

#[test]
fn any_json_value_is_a_payload_and_stays_as_it_is_written() {
    let payloads = [
        "null",
        "false",
        "0",
        "\"\"",
        "1e400",
        "12345678901234567890",
        "-0.0",
        "{ \"b\" : 1 }",
        "\"\\ud800\"",
    ];
    for payload in payloads {
        let body = format!(r#"{{"channel":{{"name":"c"}},"payload":{payload}}}"#);
        assert_eq!(read(body.as_bytes(), 20).unwrap().payload.get(), payload);
    }
}

#[test]
fn a_publisher_is_shown_only_when_that_is_asked_for() {
    let publisher = |options: &str| {
        let body = format!(
            r#"{{"channel":{{"name":"c"}},"payload":1,"publisher":{{"id":"u1"}},"options":{options}}}"#
        );
        read(body.as_bytes(), 20).unwrap().publisher.map(|id| id.to_string())
    };
    assert_eq!(publisher(r#"{"includePublisher":true}"#).as_deref(), Some("u1"));
    assert_eq!(publisher(r#"{"includePublisher":false}"#), None);
    assert_eq!(publisher("{}"), None);
    assert_eq!(publisher("null"), None);
}

#[test]
fn users_name_the_audience_and_none_is_not_everyone() {
    let audience = |users: &str| {
        let body = format!(r#"{{"channel":{{"name":"c"}},"payload":1,"options":{{"users":{users}}}}}"#);
        read(body.as_bytes(), 20).unwrap().audience
    };
    let user = UserId::parse("u1").unwrap();
    assert!(audience(r#"["u1","u2"]"#).includes(&user));
    assert!(!audience(r#"["u2"]"#).includes(&user));
    assert!(!audience("[]").includes(&user));
    assert_eq!(audience("null"), Audience::Everyone);
}

#[test]
fn bad_input_is_refused_with_the_field_and_a_sentence() {
    let many = format!(
        r#"{{"channel":{{"name":"c"}},"payload":1,"options":{{"users":[{}]}}}}"#,
        vec!["\"u\""; 1001].join(",")
    );
    let cases = [
        ("", "bad_input", None, "EOF"),
        ("[]", "bad_input", None, "must be a JSON object"),
        ("7", "bad_input", None, "must be a JSON object"),
        (r#"{"channel":["c"],"payload":1}"#, "bad_input", Some("channel"), "must not be an array"),
        (
            r#"{"channel":{"name":"c"},"payload":1,"options":[]}"#,
            "bad_input",
            Some("options"),
            "not be an array",
        ),
        ("{", "bad_input", None, "EOF"),
        (r#"{"payload":1}"#, "bad_input", Some("channel"), "channel is missing"),
        (
            r#"{"channel":"chat","payload":1}"#,
            "bad_input",
            Some("channel"),
            r#"did you mean { "name": "chat" }?"#,
        ),
        (r#"{"channel":null,"payload":1}"#, "bad_input", Some("channel"), "invalid type: null"),
        (r#"{"channel":{"name":"a:b"},"payload":1}"#, "bad_channel", Some("channel"), "\":\" at position 2"),
        (r#"{"channel":{"name":7},"payload":1}"#, "bad_input", Some("channel"), "expected a string"),
        (r#"{"channel":{"name":"c"}}"#, "bad_input", Some("payload"), "payload is missing"),
        (r#"{"channel":{"name":"c"},"payload":undefined}"#, "bad_input", None, "expected value"),
        (r#"{"channel":{"name":"c"},"payload":1,"users":[]}"#, "bad_input", None, "unknown field `users`"),
        (
            r#"{"channel":{"name":"c"},"payload":1,"options":{"users":"u"}}"#,
            "bad_input",
            Some("options"),
            "expected a sequence",
        ),
        (
            r#"{"channel":{"name":"c"},"payload":1,"options":{"user":[]}}"#,
            "bad_input",
            Some("options"),
            "unknown field `user`",
        ),
        (
            r#"{"channel":{"name":"c"},"payload":1,"options":{"users":[""]}}"#,
            "bad_input",
            Some("options"),
            "user id is empty",
        ),
        (&many, "bad_input", Some("options.users"), "1001 ids"),
        (
            r#"{"channel":{"name":"c"},"payload":1,"publisher":{"id":"u","name":"U"}}"#,
            "bad_input",
            Some("publisher"),
            "unknown field `name`",
        ),
        (
            r#"{"channel":{"name":"c"},"payload":1,"publisher":{}}"#,
            "bad_input",
            Some("publisher"),
            "missing field `id`",
        ),
        (r#"{"channel":{"name":"c"},"payload":1,"id":""}"#, "bad_input", Some("id"), "visible ASCII"),
        (
            r#"{"channel":{"name":"c"},"payload":"12345678901234567890"}"#,
            "payload_too_large",
            Some("payload"),
            "22 bytes: at most 20",
        ),
    ];
    for (body, code, field, detail) in cases {
        let problem = problem(body);
        assert_eq!(problem["code"], code, "{body}");
        assert_eq!(problem["field"].as_str(), field, "{body}: {problem}");
        assert!(problem["detail"].as_str().unwrap().contains(detail), "{body}: {problem}");
    }
}

#[test]
fn a_batch_is_an_object_with_at_most_a_hundred_messages() {
    let refused = |body: &str| read_batch(&Bytes::copy_from_slice(body.as_bytes())).err().unwrap().to_json();
    assert!(refused("[[]]").contains("must be a JSON object"));
    assert!(refused("{}").contains("missing field `messages`"));
    assert!(refused(r#"{"messages":[],"id":"a"}"#).contains("unknown field `id`"));
    let messages = |count| format!(r#"{{"messages":[{}]}}"#, vec!["0"; count].join(","));
    assert!(refused(&messages(101)).contains("at most 100 messages, this one has 101"));
    assert_eq!(read_batch(&messages(100).into()).map(|batch| batch.len()).ok(), Some(100));
}

#[test]
fn an_idempotency_key_is_bare_or_in_quotes() {
    let id = |key: &str| check_id(unquoted(key).to_owned()).ok();
    for (key, wanted) in [
        ("a", Some("a")),
        ("\"a\"", Some("a")),
        ("a\"", Some("a\"")),
        ("\"", None),
        ("\"\"", None),
        ("\"a", None),
    ] {
        assert_eq!(id(key).as_deref(), wanted, "{key}");
    }
}

#[test]
fn what_is_no_json_is_called_that_and_a_key_too_many_is_named() {
    assert_eq!(
        problem("{'channel':1}")["detail"],
        "the body is not JSON: key must be a string at line 1 column 2"
    );
    assert_eq!(
        problem(r#"{"channel""#)["detail"],
        "the body is not JSON: EOF while parsing an object at line 1 column 10"
    );
    let unknown = problem(r#"{"chanel":1}"#);
    assert!(unknown["detail"].as_str().unwrap().starts_with("unknown field `chanel`"), "{unknown}");
}
