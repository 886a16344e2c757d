//! Which subscriptions a change concerns.

use realtime_protocol::channel::Channel;
use realtime_protocol::subscriber::UserId;

/// Some of the subscriptions: those to a channel, those of a user, those that are both, or all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Only this channel and its resources, since a channel's handler decides about those too; or only this resource.
    pub channel: Option<Channel>,
    /// Only this user's.
    pub user: Option<UserId>,
}

impl Selection {
    /// All subscriptions.
    pub const ALL: Self = Self { channel: None, user: None };

    /// Those of a user.
    pub const fn of_user(user: UserId) -> Self {
        Self { channel: None, user: Some(user) }
    }

    /// Whether a subscription of this user to this channel is one of them.
    pub fn has(&self, channel: &Channel, user: &UserId) -> bool {
        self.has_channel(channel) && self.has_user(user)
    }

    /// Whether some subscriptions of this user may be among them.
    pub fn has_user(&self, user: &UserId) -> bool {
        self.user.as_ref().is_none_or(|selected| selected == user)
    }

    /// Whether some subscriptions to this channel may be among them.
    pub fn has_channel(&self, channel: &Channel) -> bool {
        self.channel.as_ref().is_none_or(|selected| match selected.resource_id() {
            None => selected.name() == channel.name(),
            Some(_) => selected == channel,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_takes_its_resources_along_and_a_resource_nothing() {
        let channel = |resource: Option<&str>| Channel::parse("staff", resource).unwrap();
        let (user, other) = (UserId::parse("anna").unwrap(), UserId::parse("ben").unwrap());
        let of = |channel, user: Option<&UserId>| Selection { channel, user: user.cloned() };
        let room = channel(Some("7"));
        for (selection, selected, expected) in [
            (Selection::ALL, &room, true),
            (of(Some(channel(None)), None), &room, true),
            (of(Some(channel(None)), None), &channel(None), true),
            (of(Some(channel(Some("7"))), None), &room, true),
            (of(Some(channel(Some("7"))), None), &channel(None), false),
            (of(Some(channel(Some("7"))), None), &channel(Some("8")), false),
            (of(Some(Channel::parse("staff2", None).unwrap()), None), &room, false),
            (of(None, Some(&user)), &room, true),
            (of(None, Some(&other)), &room, false),
            (of(Some(channel(None)), Some(&other)), &room, false),
            (of(Some(channel(None)), Some(&user)), &room, true),
        ] {
            assert_eq!(selection.has(selected, &user), expected, "{selection:?} {selected}");
        }
    }
}
