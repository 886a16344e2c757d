//! A channel as it is written at the command line: `NAME` or `NAME/RESOURCE`.

use realtime_protocol::channel::{Channel, ChannelError};

/// Reads `NAME` or `NAME/RESOURCE`. The first `/` splits, since a name has none; a resource id may have more.
///
/// # Errors
/// The protocol's own: which rule is broken, and where.
pub fn parse(text: &str) -> Result<Channel, ChannelError> {
    match text.split_once('/') {
        Some((name, resource_id)) => Channel::parse(name, Some(resource_id)),
        None => Channel::parse(text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_slash_splits_a_channel_from_its_resource() {
        let parts = |text: &str| {
            let channel = parse(text).unwrap();
            (channel.name().to_owned(), channel.resource_id().map(str::to_owned))
        };
        assert_eq!(parts("chat"), ("chat".to_owned(), None));
        assert_eq!(parts("chat/"), ("chat".to_owned(), None));
        assert_eq!(parts("chat/a/b: ä"), ("chat".to_owned(), Some("a/b: ä".to_owned())));
    }

    #[test]
    fn an_error_is_the_protocols() {
        assert_eq!(parse("a:b").unwrap_err().message(), Channel::parse("a:b", None).unwrap_err().message());
        assert_eq!(parse("/7"), Err(ChannelError::NameEmpty));
    }
}
