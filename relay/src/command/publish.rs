//! `relay publish`: one message from the command line.

use std::io::{Read, stdin};
use std::process::ExitCode;

use clap::Args;
use realtime_protocol::channel::Channel;
use realtime_protocol::position::Position;
use realtime_protocol::subscriber::UserId;
use serde::Serialize;
use serde_json::value::RawValue;

use super::address::UrlArgs;
use super::dial::Way;
use super::failure::Failure;
use super::{channel, output, request};

/// Characters of a text that is shown back in a suggestion; a longer one would hide it.
const MAX_SHOWN_CHARS: usize = 60;

/// What `relay publish` is given.
#[derive(Args)]
pub struct PublishArgs {
    /// The channel, or one of its resources
    #[arg(value_name = "CHANNEL[/RESOURCE]", value_parser = channel::parse)]
    pub channel: Channel,

    /// The payload as JSON, or - to read it from standard input. It is sent byte for byte
    #[arg(allow_negative_numbers = true)]
    pub payload: String,

    /// Only this user receives it; may be given more than once
    #[arg(long = "user", value_name = "ID", value_parser = UserId::parse)]
    pub users: Vec<UserId>,

    /// Where.
    #[command(flatten)]
    pub url: UrlArgs,

    /// The relay's API key; of several, the first [default on this machine: dev]
    #[arg(long, env = "RELAY_API_KEY", value_delimiter = ',', hide_env_values = true, value_name = "KEY")]
    pub api_key: Option<Vec<String>>,
}

/// The request's body, as `docs/protocol.md` has it.
#[derive(Serialize)]
struct Body<'a> {
    channel: &'a Channel,
    payload: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    options: Option<Options<'a>>,
}

#[derive(Serialize)]
struct Options<'a> {
    users: &'a [UserId],
}

/// Publishes and prints the message's position.
///
/// # Errors
/// When the payload is not JSON, or the relay does not take it.
pub fn run(args: &PublishArgs) -> Result<ExitCode, Failure> {
    let key = args.url.url.key(args.api_key.as_deref())?;
    let text = if args.payload == "-" { read_input()? } else { args.payload.clone() };
    let body = body(&args.channel, payload(&text)?, &args.users)?;
    let way = Way::to(&args.url.url, args.url.ca.as_deref())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let answer = runtime.block_on(request::post(&way, "/v1/publish", &key, body))?;
    output::print(&format!("{}\n", position(&answer.success()?)?))?;
    Ok(ExitCode::SUCCESS)
}

fn read_input() -> Result<String, Failure> {
    let mut text = Vec::new();
    stdin().read_to_end(&mut text)?;
    String::from_utf8(text).map_err(|_| Failure::usage("the payload is not UTF-8, as JSON has to be"))
}

fn payload(text: &str) -> Result<&RawValue, Failure> {
    serde_json::from_str(text).map_err(|error| {
        let what = if text.trim().is_empty() {
            "empty, which is not JSON".to_owned()
        } else {
            format!("not JSON: {error}")
        };
        Failure::Usage(format!("the payload is {what}{}", suggestion(text)))
    })
}

/// What someone who left out the quotes meant. A shell takes one pair of them away.
fn suggestion(text: &str) -> String {
    if text.chars().count() > MAX_SHOWN_CHARS || text.contains(['{', '[', '\n']) {
        return "; a text in it needs double quotes, and the whole single ones: '{\"text\":\"Hi\"}'"
            .to_owned();
    }
    let json = serde_json::Value::from(text.trim()).to_string();
    format!("; for a text, write quotes inside quotes: '{}'", json.replace('\'', r"'\''"))
}

fn body(channel: &Channel, payload: &RawValue, users: &[UserId]) -> Result<String, Failure> {
    let options = (!users.is_empty()).then_some(Options { users });
    serde_json::to_string(&Body { channel, payload, options }).map_err(Failure::failed)
}

fn position(body: &[u8]) -> Result<String, Failure> {
    let position: Result<Position, _> = serde_json::from_slice(body);
    position
        .and_then(|position| serde_json::to_string(&position))
        .map_err(|error| Failure::Failed(format!("the answer is not a relay's: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str, users: &[UserId]) -> String {
        body(&channel::parse("chat/7").unwrap(), payload(text).unwrap(), users).unwrap()
    }

    #[test]
    fn a_payload_is_sent_as_it_is_written() {
        for payload in ["1e400", "{ \"b\" : 1,\n \"a\":\"\\u00e4ä\" }", "null", "\"\""] {
            let body = format!(r#"{{"channel":{{"name":"chat","resourceId":"7"}},"payload":{payload}}}"#);
            assert_eq!(written(payload, &[]), body);
        }
    }

    #[test]
    fn users_are_named_only_when_there_are_some() {
        let users = [UserId::parse("anna").unwrap(), UserId::parse("ben").unwrap()];
        assert!(written("1", &users).ends_with(r#""payload":1,"options":{"users":["anna","ben"]}}"#));
    }

    #[test]
    fn what_is_not_json_is_refused_with_the_quotes_that_are_missing() {
        let refusal = |text: &str| match payload(text) {
            Err(Failure::Usage(why)) => why,
            other => panic!("{other:?}"),
        };
        assert!(refusal("Hi there").ends_with(r#"write quotes inside quotes: '"Hi there"'"#));
        assert!(refusal("it's").ends_with(r#"'"it'\''s"'"#));
        assert!(refusal("{text: 1}").contains("key must be a string at line 1 column 2; a text in it"));
        assert!(refusal("1 2").contains("trailing characters"));
        assert!(refusal(" ").contains("is empty"));
    }

    #[test]
    fn the_position_is_printed_as_it_is_known() {
        assert_eq!(position(br#"{"epoch":"e","offset":7,"more":1}"#).unwrap(), r#"{"epoch":"e","offset":7}"#);
        assert!(position(b"{}").unwrap_err().to_string().contains("not a relay's"));
    }
}
