//! The rules for channels.

use realtime_protocol::channel::{Channel, UncheckedChannel};
use realtime_protocol::limits::{MAX_NAME_CHARS, MAX_RESOURCE_ID_CHARS};

use crate::assert_one_line;

/// A name on the first line, a resource id on the others, against the rules as the protocol's document has them.
pub fn channel(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (name, resource_id) = match text.split_once('\n') {
        Some((name, id)) => (name, Some(id)),
        None => (text, None),
    };
    let parsed = Channel::parse(name, resource_id);
    assert_eq!(
        parsed.is_ok(),
        is_name(name) && resource_id.is_none_or(is_resource_id),
        "{name:?} {resource_id:?}"
    );
    match parsed {
        Ok(channel) => {
            assert_eq!(
                (channel.name(), channel.resource_id()),
                (name, resource_id.filter(|id| !id.is_empty()))
            );
            assert_one_line(&channel.to_string());
            let json = serde_json::to_string(&channel).expect("a channel is JSON");
            let again: UncheckedChannel = serde_json::from_str(&json).expect("what was written is read");
            assert_eq!(again.check(), Ok(channel));
        }
        Err(error) => assert_one_line(&error.message()),
    }
}

fn is_name(name: &str) -> bool {
    let is_allowed = |c: char| matches!(c, 'A'..='Z' | 'a'..='z' | '0'..='9' | '_' | '-');
    (1..=MAX_NAME_CHARS).contains(&name.chars().count()) && name.chars().all(is_allowed)
}

fn is_resource_id(id: &str) -> bool {
    id.chars().count() <= MAX_RESOURCE_ID_CHARS && !id.contains(char::is_control)
}
