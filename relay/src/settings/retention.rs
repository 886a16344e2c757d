//! The settings file's `[[retention]]` tables: what channels of a name keep.

use std::time::Duration;

use realtime_hub::retention::{ChannelPattern, Retention, RetentionRule, Retentions};
use serde::{Deserialize, Serialize};

use super::error::SettingsError;
use super::in_force::seconds;

/// One `[[retention]]` table. What it does not say is as for other channels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetentionTable {
    /// The channels' names, where `*` stands for any characters; resources follow their channel.
    pub channels: String,
    /// Messages that each keeps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub messages: Option<usize>,
    /// How long a message is kept, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u64>,
    /// Bytes of all messages of a channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<usize>,
}

impl RetentionTable {
    fn check(&self, default: Retention) -> Result<RetentionRule, SettingsError> {
        let wrong = |reason: String| SettingsError::Retention { channels: self.channels.clone(), reason };
        let channels = ChannelPattern::parse(&self.channels).map_err(wrong)?;
        if (self.messages, self.seconds, self.bytes) == (None, None, None) {
            return Err(wrong("it limits nothing: give it messages, seconds or bytes".to_owned()));
        }
        let age = self.seconds.map(|given| seconds("retention.seconds", given)).transpose()?;
        let retention = Retention {
            messages: self.messages.unwrap_or(default.messages),
            age: age.unwrap_or(default.age),
            bytes: self.bytes.unwrap_or(default.bytes),
        };
        Ok(RetentionRule { channels, retention })
    }
}

/// Checks the tables, in order, over what `--history-messages` and `--history-seconds` say of all channels.
pub(super) fn check(
    tables: &[RetentionTable],
    messages: usize,
    age: Duration,
) -> Result<Retentions, SettingsError> {
    let default = Retention { messages, age, ..Retention::default() };
    let mut rules: Vec<RetentionRule> = Vec::with_capacity(tables.len());
    for table in tables {
        let rule = table.check(default)?;
        if rules.iter().any(|earlier| earlier.channels == rule.channels) {
            let reason = "the same channels have a table further up, which is the one that counts".to_owned();
            return Err(SettingsError::Retention { channels: table.channels.clone(), reason });
        }
        rules.push(rule);
    }
    Ok(Retentions { default, rules })
}
