//! Channels and their resources: the addresses of messages, and the rules for their names.

use serde::{Deserialize, Serialize};

use crate::limits::{MAX_NAME_CHARS, MAX_RESOURCE_ID_CHARS, chars_in};

/// A channel, or one resource of it. Each is a stream of its own: a message on one never reaches the other.
///
/// A value of this type has passed [`Channel::parse`], so nothing behind the edge checks it again.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Channel {
    name: Box<str>,
    #[serde(rename = "resourceId", skip_serializing_if = "Option::is_none")]
    resource_id: Option<Box<str>>,
}

impl Channel {
    /// Checks a name and a resource id. An empty resource id means the channel itself.
    ///
    /// # Errors
    /// The first rule that is broken, with the offending character where there is one.
    pub fn parse(name: &str, resource_id: Option<&str>) -> Result<Self, ChannelError> {
        check_name(name)?;
        let resource_id = resource_id.filter(|id| !id.is_empty());
        if let Some(id) = resource_id {
            check_resource_id(id)?;
        }
        Ok(Self { name: name.into(), resource_id: resource_id.map(Into::into) })
    }

    /// The channel's name, without the resource.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The resource's id, unless this is the channel itself.
    pub fn resource_id(&self) -> Option<&str> {
        self.resource_id.as_deref()
    }

    /// The channel that this resource belongs to; `None` for a channel itself.
    pub fn parent(&self) -> Option<Self> {
        self.resource_id.as_ref().map(|_| Self { name: self.name.clone(), resource_id: None })
    }
}

impl std::fmt::Display for Channel {
    /// `name`, or `name/resourceId`, with characters that could confuse a log's reader escaped.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)?;
        match &self.resource_id {
            Some(id) => write!(f, "/{}", id.escape_debug()),
            None => Ok(()),
        }
    }
}

/// A channel as a stranger wrote it, to be given to [`Channel::parse`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct UncheckedChannel {
    /// The channel's name.
    pub name: String,
    /// The resource's id; missing, `null` or empty for the channel itself.
    #[serde(rename = "resourceId", default, skip_serializing_if = "Option::is_none")]
    pub resource_id: Option<String>,
}

impl UncheckedChannel {
    /// See [`Channel::parse`].
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn check(&self) -> Result<Channel, ChannelError> {
        Channel::parse(&self.name, self.resource_id.as_deref())
    }
}

impl From<&Channel> for UncheckedChannel {
    fn from(channel: &Channel) -> Self {
        Self { name: channel.name().into(), resource_id: channel.resource_id().map(Into::into) }
    }
}

/// Why a name or a resource id is refused. Positions count characters from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChannelError {
    /// The name has no character.
    NameEmpty,
    /// The name is longer than [`MAX_NAME_CHARS`].
    NameTooLong {
        /// How long it is, in characters.
        chars: usize,
    },
    /// The name starts with `@`, which is kept for the relay's own channels.
    NameReserved,
    /// The name has a character other than a letter, a digit, `_` or `-`.
    NameCharacter {
        /// The first such character.
        character: char,
        /// Where it stands.
        position: usize,
    },
    /// The resource id is longer than [`MAX_RESOURCE_ID_CHARS`].
    ResourceIdTooLong {
        /// How long it is, in characters.
        chars: usize,
    },
    /// The resource id has a control character.
    ResourceIdCharacter {
        /// The first such character.
        character: char,
        /// Where it stands.
        position: usize,
    },
}

impl ChannelError {
    /// What was wrong and what would be right, for the person who wrote the name.
    ///
    /// Built without `format!`, so that the browser SDK does not carry the formatting machinery for it.
    pub fn message(&self) -> String {
        let mut text = Text::default();
        match self {
            Self::NameEmpty => text
                .str("channel name is empty: use 1 to ")
                .number(MAX_NAME_CHARS)
                .str(" characters of ")
                .str(ALLOWED),
            Self::NameTooLong { chars } => too_long(&mut text, "channel name", *chars, MAX_NAME_CHARS),
            Self::NameReserved => text
                .str("channel name starts with \"@\", which is reserved: start it with one of ")
                .str(ALLOWED),
            Self::NameCharacter { character, position } => {
                illegal(&mut text, "channel name", *character, *position).str(": use only ").str(ALLOWED);
                if matches!(character, ':' | '.' | '/') {
                    text.str("; for parts of a channel use resourceId");
                }
                &mut text
            }
            Self::ResourceIdTooLong { chars } => {
                too_long(&mut text, "resourceId", *chars, MAX_RESOURCE_ID_CHARS)
            }
            Self::ResourceIdCharacter { character, position } => {
                illegal(&mut text, "resourceId", *character, *position)
                    .str(": control characters are not allowed")
            }
        };
        text.0
    }
}

impl std::fmt::Display for ChannelError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message())
    }
}

impl std::error::Error for ChannelError {}

const ALLOWED: &str = "A-Z, a-z, 0-9, \"_\" and \"-\"";

fn check_name(name: &str) -> Result<(), ChannelError> {
    if name.is_empty() {
        return Err(ChannelError::NameEmpty);
    }
    if name.starts_with('@') {
        return Err(ChannelError::NameReserved);
    }
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if let Some((index, character)) = name.chars().enumerate().find(|(_, c)| !is_allowed(*c)) {
        return Err(ChannelError::NameCharacter { character, position: index + 1 });
    }
    match name.len() {
        chars if chars > MAX_NAME_CHARS => Err(ChannelError::NameTooLong { chars }),
        _ => Ok(()),
    }
}

fn check_resource_id(id: &str) -> Result<(), ChannelError> {
    let chars = chars_in(id);
    if chars > MAX_RESOURCE_ID_CHARS {
        return Err(ChannelError::ResourceIdTooLong { chars });
    }
    match id.chars().enumerate().find(|(_, c)| c.is_control()) {
        Some((index, character)) => Err(ChannelError::ResourceIdCharacter { character, position: index + 1 }),
        None => Ok(()),
    }
}

fn too_long<'a>(text: &'a mut Text, what: &str, chars: usize, max: usize) -> &'a mut Text {
    text.str(what).str(" has ").number(chars).str(" characters: at most ").number(max).str(" are allowed")
}

fn illegal<'a>(text: &'a mut Text, what: &str, character: char, position: usize) -> &'a mut Text {
    text.str(what).str(" has ").character(character).str(" at position ").number(position)
}

/// A string under construction.
#[derive(Default)]
struct Text(String);

impl Text {
    fn str(&mut self, part: &str) -> &mut Self {
        self.0.push_str(part);
        self
    }

    fn number(&mut self, number: usize) -> &mut Self {
        if number >= 10 {
            self.number(number / 10);
        }
        self.0.push(char::from(b'0' + (number % 10) as u8));
        self
    }

    /// A character in quotes. One that is no ASCII has its number, too, since it may look like another; one that
    /// cannot be seen has its number only.
    fn character(&mut self, character: char) -> &mut Self {
        if character.is_control() {
            return self.code_point(character);
        }
        self.0.extend(['"', character, '"']);
        if character.is_ascii() {
            return self;
        }
        self.str(" (").code_point(character).str(")")
    }

    /// `U+` and at least four digits, as Unicode writes it.
    fn code_point(&mut self, character: char) -> &mut Self {
        self.str("U+");
        let code = u32::from(character);
        let digits = if code > 0xF_FFFF {
            6
        } else if code > 0xFFFF {
            5
        } else {
            4
        };
        for digit in (0..digits).rev() {
            let nibble = (code >> (digit * 4)) & 0xF;
            self.0.extend(char::from_digit(nibble, 16).map(|c| c.to_ascii_uppercase()));
        }
        self
    }
}
