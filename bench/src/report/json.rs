//! Comparisons for programs.

use serde_json::{Map, Value, json};

use crate::report::comparison::{Comparison, Row};
use crate::report::figure::Better;

/// All comparisons with every round's values, and the machine they are of.
pub fn json(machine: &str, comparisons: &[Comparison]) -> Value {
    let scenarios: Vec<Value> = comparisons
        .iter()
        .map(|comparison| {
            let figures: Vec<Value> = comparison.rows.iter().map(|row| figure(comparison, row)).collect();
            let failures: Map<String, Value> =
                comparison.failed().map(|(server, why)| (server.to_owned(), why.into())).collect();
            json!({
                "title": comparison.title, "rounds": comparison.rounds, "figures": figures, "failures": failures
            })
        })
        .collect();
    json!({ "machine": machine, "scenarios": scenarios })
}

fn figure(comparison: &Comparison, row: &Row) -> Value {
    let mut servers = Map::new();
    for ((server, values), median) in comparison.servers.iter().zip(&row.values).zip(row.medians()) {
        if let Some(median) = median {
            servers.insert((*server).to_owned(), json!({ "median": median, "values": values }));
        }
    }
    let better = match row.better {
        Better::Higher => "higher",
        Better::Lower => "lower",
        Better::Neither => "neither",
    };
    json!({ "name": row.name, "unit": row.unit, "better": better, "servers": servers })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::figure::Figure;

    #[test]
    fn every_value_of_every_round_is_there() {
        let mut comparison = Comparison::new("fan-out".to_owned(), 2, vec!["relay"]);
        for value in [1.0, 3.0] {
            comparison.add(0, vec![Figure::new("deliveries", "/s", Better::Higher, value)]);
        }
        let json = json("a machine", &[comparison]);
        let figure = &json["scenarios"][0]["figures"][0];
        assert_eq!(figure["servers"]["relay"], json!({ "median": 2.0, "values": [1.0, 3.0] }));
        assert_eq!((&figure["better"], &json["machine"]), (&json!("higher"), &json!("a machine")));
    }
}
