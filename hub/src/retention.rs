//! How much of a channel's past is kept: rules by the channel's name.

use std::time::Duration;

use realtime_protocol::channel::Channel;
use realtime_protocol::limits::MAX_NAME_CHARS;

/// How much of one channel is kept. Each of the three forgets the oldest messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Messages. 0 keeps none.
    pub messages: usize,
    /// How long each is kept. A channel that nobody uses is remembered for as long as that, and as its publish ids.
    pub age: Duration,
    /// Bytes of all its messages together, as they are on the wire.
    pub bytes: usize,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            messages: 1_000,
            // Long enough for a laptop lid or a tunnel, short enough that memory follows traffic.
            age: Duration::from_secs(300),
            // One budget over all channels bounds them anyway.
            bytes: usize::MAX,
        }
    }
}

/// A retention for the channels that a pattern names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetentionRule {
    /// Which channels. A channel's resources follow it.
    pub channels: ChannelPattern,
    /// What is kept of each.
    pub retention: Retention,
}

/// The retention of every channel: that of the first rule whose pattern names it, else the default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Retentions {
    /// For channels that no rule names.
    pub default: Retention,
    /// The rules, in order.
    pub rules: Vec<RetentionRule>,
}

/// Which retention a channel has: its place among the rules, the default being the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RetentionNumber(u32);

impl Retentions {
    /// One retention for all channels.
    pub const fn of_all(default: Retention) -> Self {
        Self { default, rules: Vec::new() }
    }

    pub(crate) fn number_of(&self, channel: &Channel) -> RetentionNumber {
        let place = self.rules.iter().position(|rule| rule.channels.names(channel));
        RetentionNumber(place.unwrap_or(self.rules.len()) as u32)
    }

    pub(crate) fn get(&self, number: RetentionNumber) -> &Retention {
        self.rules.get(number.index()).map_or(&self.default, |rule| &rule.retention)
    }
}

impl RetentionNumber {
    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Channel names, where `*` stands for any characters, none included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelPattern(Box<str>);

impl ChannelPattern {
    /// Checks a pattern: 1 to [`MAX_NAME_CHARS`] characters of a channel's name, and `*`.
    ///
    /// # Errors
    /// The rule that is broken, as a sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() || text.len() > MAX_NAME_CHARS {
            return Err(format!("it has 1 to {MAX_NAME_CHARS} characters, like \"chat*\""));
        }
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '*');
        match text.chars().find(|c| !is_allowed(*c)) {
            Some(wrong) => Err(format!(
                "{wrong:?} is in no channel's name: use A-Z, a-z, 0-9, \"_\", \"-\", and \"*\" for any of them"
            )),
            None => Ok(Self(text.into())),
        }
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it names a channel, or the channel of a resource.
    pub fn names(&self, channel: &Channel) -> bool {
        matches(self.0.as_bytes(), channel.name().as_bytes())
    }
}

/// Takes a star for as little as possible, and for one character more each time that what follows does not fit: as
/// long as there is no second star, since an earlier one never needs to be reconsidered.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut read) = (0, 0);
    let mut star = None;
    while read < name.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, read));
                at += 1;
            }
            literal if literal.is_some() && literal == name.get(read) => {
                at += 1;
                read += 1;
            }
            _ => match star {
                Some((star_at, taken)) => {
                    star = Some((star_at, taken + 1));
                    (at, read) = (star_at + 1, taken + 1);
                }
                None => return false,
            },
        }
    }
    pattern.get(at..).is_some_and(|rest| rest.iter().all(|byte| *byte == b'*'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names(pattern: &str, name: &str) -> bool {
        ChannelPattern::parse(pattern).unwrap().names(&Channel::parse(name, None).unwrap())
    }

    #[test]
    fn a_star_stands_for_any_characters_and_none() {
        for (pattern, name, expected) in [
            ("chat", "chat", true),
            ("chat", "chats", false),
            ("chat", "cha", false),
            ("chat*", "chat", true),
            ("chat*", "chat-7", true),
            ("chat*", "my-chat", false),
            ("*chat", "my-chat", true),
            ("*", "x", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("*aab", "aaab", true),
        ] {
            assert_eq!(names(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn a_resource_follows_its_channel() {
        let pattern = ChannelPattern::parse("room*").unwrap();
        assert!(pattern.names(&Channel::parse("room-1", Some("table ✓")).unwrap()));
        assert!(!pattern.names(&Channel::parse("hall", Some("room")).unwrap()));
    }

    #[test]
    fn a_pattern_that_names_no_channel_is_refused_with_what_would_be_right() {
        for (pattern, words) in [("", "1 to 140"), ("chat:*", "':'"), ("chat/*", "'/'"), ("[ab]", "'['")] {
            let error = ChannelPattern::parse(pattern).unwrap_err();
            assert!(error.contains(words), "{pattern}: {error}");
        }
    }

    #[test]
    fn the_first_rule_that_names_a_channel_counts() {
        let rule = |channels: &str, messages| RetentionRule {
            channels: ChannelPattern::parse(channels).unwrap(),
            retention: Retention { messages, ..Retention::default() },
        };
        let retentions =
            Retentions { rules: vec![rule("chat-log", 1), rule("chat*", 2)], ..Retentions::default() };
        let messages = |name: &str| {
            let number = retentions.number_of(&Channel::parse(name, None).unwrap());
            retentions.get(number).messages
        };
        assert_eq!([messages("chat-log"), messages("chat-1"), messages("news")], [1, 2, 1_000]);
    }

    proptest! {
        #[test]
        fn a_pattern_made_of_a_name_by_putting_stars_for_parts_names_it(
            parts in prop::collection::vec(("[ab]{0,4}", any::<bool>()), 1..6),
        ) {
            let name: String = parts.iter().map(|(part, _)| part.as_str()).collect();
            let pattern: String =
                parts.iter().map(|(part, is_star)| if *is_star { "*" } else { part }).collect();
            prop_assume!(!name.is_empty() && !pattern.is_empty());
            prop_assert!(names(&pattern, &name));
        }
    }
}
