//! How many requests there were, by operation and outcome: counted in place, without a lock or an allocation.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::http::operation::Operation;
use crate::http::problem::Code;

const OPERATIONS: usize = Operation::ALL.len();
const CODES: usize = Code::ALL.len();

/// Counts by operation (the last row is for what reaches none) and by problem code (the last column is success).
#[derive(Debug)]
pub struct HttpCounters([[AtomicU64; CODES + 1]; OPERATIONS + 1]);

impl Default for HttpCounters {
    fn default() -> Self {
        Self(std::array::from_fn(|_| std::array::from_fn(|_| AtomicU64::new(0))))
    }
}

impl HttpCounters {
    /// Counts an answer: to which operation, if to one, and its problem, if it is one.
    pub fn count(&self, operation: Option<Operation>, problem: Option<Code>) {
        let row = operation.map_or(OPERATIONS, |operation| operation as usize);
        let column = problem.map_or(CODES, |code| code as usize);
        if let Some(count) = self.0.get(row).and_then(|row| row.get(column)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Every operation's name, outcome and count: successes of every operation, problems where there were any.
    pub fn each(&self, mut tell: impl FnMut(&'static str, &'static str, u64)) {
        let operations = Operation::ALL.map(Operation::name).into_iter().chain(["none"]);
        for (operation, row) in operations.zip(&self.0) {
            let outcomes = Code::ALL.map(Code::as_str).into_iter().chain(["ok"]);
            for (outcome, count) in outcomes.zip(row) {
                let count = count.load(Ordering::Relaxed);
                if count > 0 || (outcome == "ok" && operation != "none") {
                    tell(operation, outcome, count);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_counted_by_its_operation_and_its_problem() {
        let counters = HttpCounters::default();
        counters.count(Some(Operation::Publish), None);
        counters.count(Some(Operation::Publish), None);
        counters.count(Some(Operation::Publish), Some(Code::Unauthorized));
        counters.count(None, Some(Code::NotFound));
        let mut told = Vec::new();
        counters.each(|operation, outcome, count| {
            if count > 0 {
                told.push((operation, outcome, count));
            }
        });
        assert_eq!(told, [("publish", "unauthorized", 1), ("publish", "ok", 2), ("none", "not_found", 1)]);
    }

    #[test]
    fn operations_and_codes_are_numbered_in_the_order_of_their_lists() {
        assert!(Operation::ALL.iter().enumerate().all(|(index, operation)| *operation as usize == index));
        assert!(Code::ALL.iter().enumerate().all(|(index, code)| *code as usize == index));
    }
}
