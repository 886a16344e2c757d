//! Whether the relay is ready for more, and why not: what load balancers and operators ask.

use std::collections::BTreeMap;

use parking_lot::Mutex;

/// What keeps the relay from being ready, by the part that says so.
///
/// Only what makes the relay turn work away counts. A part that goes on with what it has (a permissions file that
/// does not load any more, say) does not.
#[derive(Debug, Default)]
pub struct Readiness {
    faults: Mutex<BTreeMap<&'static str, String>>,
}

impl Readiness {
    /// A part is not ready, and why: a sentence without a stop.
    pub fn fault(&self, part: &'static str, why: impl Into<String>) {
        self.faults.lock().insert(part, why.into());
    }

    /// A part is ready again.
    pub fn clear(&self, part: &'static str) {
        self.faults.lock().remove(part);
    }

    /// Why the relay is not ready; nothing when it is.
    pub fn why_not(&self) -> Option<String> {
        let faults = self.faults.lock();
        let sentences: Vec<_> = faults.values().map(String::as_str).collect();
        (!sentences.is_empty()).then(|| sentences.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relay_is_ready_while_no_part_says_otherwise() {
        let readiness = Readiness::default();
        assert_eq!(readiness.why_not(), None);
        readiness.fault("store", "the disk is full");
        readiness.fault("relay", "the relay is stopping");
        assert_eq!(readiness.why_not().as_deref(), Some("the relay is stopping; the disk is full"));
        readiness.fault("store", "the disk does not answer");
        readiness.clear("relay");
        assert_eq!(readiness.why_not().as_deref(), Some("the disk does not answer"));
        readiness.clear("store");
        assert_eq!(readiness.why_not(), None);
    }
}
