//! Figures of several servers over several rounds.

use crate::report::figure::{Better, Figure, median};

/// What one scenario gave.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// The scenario.
    pub title: String,
    /// How often it was done on each server.
    pub rounds: usize,
    /// The servers, in the order of the columns.
    pub servers: Vec<&'static str>,
    /// The figures.
    pub rows: Vec<Row>,
    /// Why each server gave no more figures; nothing for those that did.
    pub failures: Vec<Option<String>>,
}

/// One figure of all servers.
#[derive(Debug, Clone)]
pub struct Row {
    /// What it is.
    pub name: &'static str,
    /// In what.
    pub unit: &'static str,
    /// Which way is up.
    pub better: Better,
    /// The values of each server's rounds.
    pub values: Vec<Vec<f64>>,
}

impl Comparison {
    /// Nothing measured yet.
    pub fn new(title: String, rounds: usize, servers: Vec<&'static str>) -> Self {
        let failures = vec![None; servers.len()];
        Self { title, rounds, servers, rows: Vec::new(), failures }
    }

    /// Notes why a server, named by its column, takes no further part. The first reason stands.
    pub fn fail(&mut self, server: usize, why: String) {
        if let Some(failure) = self.failures.get_mut(server) {
            failure.get_or_insert(why);
        }
    }

    /// Whether a server takes no further part.
    pub fn has_failed(&self, server: usize) -> bool {
        self.failures.get(server).is_some_and(Option::is_some)
    }

    /// The servers that failed, each with its reason.
    pub fn failed(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let named = self.servers.iter().zip(&self.failures);
        named.filter_map(|(server, why)| why.as_deref().map(|why| (*server, why)))
    }

    /// Adds a round's figures of one server, named by its column.
    pub fn add(&mut self, server: usize, figures: Vec<Figure>) {
        for figure in figures {
            let Figure { name, unit, better, value } = figure;
            let known = self.rows.iter().position(|row| row.name == name).unwrap_or(self.rows.len());
            if known == self.rows.len() {
                self.rows.push(Row { name, unit, better, values: vec![Vec::new(); self.servers.len()] });
            }
            if let Some(values) = self.rows.get_mut(known).and_then(|row| row.values.get_mut(server)) {
                values.push(value);
            }
        }
    }
}

impl Row {
    /// Each server's median; nothing for one without figures.
    pub fn medians(&self) -> Vec<Option<f64>> {
        self.values.iter().map(|values| (!values.is_empty()).then(|| median(values))).collect()
    }

    /// The first server's median as a multiple of another's. `None` where a ratio says nothing.
    pub fn ratio_to(&self, server: usize) -> Option<f64> {
        let medians = self.medians();
        let (first, other) = ((*medians.first()?)?, (*medians.get(server)?)?);
        (self.better != Better::Neither && server > 0 && other > 0.0).then(|| first / other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_come_together_as_medians_and_a_ratio() {
        let mut comparison = Comparison::new("a title".to_owned(), 3, vec!["ours", "theirs"]);
        for (ours, theirs) in [(10.0, 20.0), (30.0, 25.0), (20.0, 50.0)] {
            comparison.add(0, vec![Figure::new("deliveries", "/s", Better::Higher, ours)]);
            comparison.add(1, vec![Figure::new("deliveries", "/s", Better::Higher, theirs)]);
        }
        let row = &comparison.rows[0];
        assert_eq!(row.medians(), [Some(20.0), Some(25.0)]);
        assert_eq!((row.ratio_to(1), row.ratio_to(0)), (Some(0.8), None));
    }
}
