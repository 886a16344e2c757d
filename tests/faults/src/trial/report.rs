//! What came out of a trial.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::plan::Keeps;
use crate::history::check::Verdict;
use crate::history::record::{Entry, Event};

/// A trial's outcome.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Its seed.
    pub seed: u64,
    /// Where the relay kept its history.
    pub keeps: Keeps,
    /// How long things went wrong, in seconds.
    pub seconds: u64,
    /// What was done, by its kind, and how often.
    pub deeds: BTreeMap<String, u64>,
    /// What could not be tried here, and why.
    pub lacks: Vec<String>,
    /// The judge's.
    pub verdict: Verdict,
}

/// Counts the deeds of a history by their kind: `relay: Kill`, `network: Cut`.
pub fn deeds(entries: &[Entry]) -> BTreeMap<String, u64> {
    let mut deeds = BTreeMap::new();
    for entry in entries {
        if let Event::Nemesis { deed } = &entry.event
            && let Some((whose, what)) = deed.split_once(": ")
            && what.starts_with(|first: char| first.is_ascii_uppercase())
        {
            let kind: String = what.chars().take_while(char::is_ascii_alphabetic).collect();
            let part = if whose == "relay" { "relay" } else { "network" };
            *deeds.entry(format!("{part}: {kind}")).or_insert(0) += 1;
        }
    }
    deeds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deeds_are_counted_by_their_kind_and_what_only_happens_is_not() {
        let said = [
            "relay: Kill { gone: 3ms }",
            "client 7: Cut { how: Reset } for 2s",
            "client 8: Cut",
            "relay: started",
        ];
        let entry = |deed: &str| Entry { at_us: 0, event: Event::Nemesis { deed: deed.to_owned() } };
        let counted = deeds(&said.map(entry));
        assert_eq!(counted, [("network: Cut".to_owned(), 2), ("relay: Kill".to_owned(), 1)].into());
    }
}
