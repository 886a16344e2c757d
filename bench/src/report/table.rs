//! Comparisons for people.

use std::fmt::Write;

use crate::report::comparison::{Comparison, Row};

/// A comparison as lines: a row for each figure, a column for each server, and how the first server stands to each
/// other one.
pub fn table(comparison: &Comparison) -> String {
    let mut lines = vec![header(comparison)];
    lines.extend(comparison.rows.iter().map(|row| cells(comparison, row)));
    let widths: Vec<usize> = (0..lines.first().map_or(0, Vec::len))
        .map(|column| lines.iter().filter_map(|line| line.get(column)).map(|cell| cell.chars().count()).max())
        .map(Option::unwrap_or_default)
        .collect();
    let mut text = format!("{}  (medians of {})\n", comparison.title, comparison.rounds);
    for line in &lines {
        for (index, (cell, width)) in line.iter().zip(&widths).enumerate() {
            // The first column is words, the others are numbers.
            let _ =
                if index == 0 { write!(text, "  {cell:<width$}") } else { write!(text, "  {cell:>width$}") };
        }
        text.push('\n');
    }
    for (server, why) in comparison.failed() {
        let _ = writeln!(text, "  {server} failed: {why}");
    }
    text
}

fn header(comparison: &Comparison) -> Vec<String> {
    let first = comparison.servers.first().copied().unwrap_or_default();
    let mut cells = vec![String::new()];
    cells.extend(comparison.servers.iter().map(ToString::to_string));
    cells.extend(comparison.servers.iter().skip(1).map(|other| format!("{first} ÷ {other}")));
    cells
}

fn cells(comparison: &Comparison, row: &Row) -> Vec<String> {
    let mut cells = vec![row.name.to_owned()];
    cells.extend(row.medians().iter().map(|median| match median {
        Some(value) => with_unit(*value, row.unit),
        None => "–".to_owned(),
    }));
    cells.extend((1..comparison.servers.len()).map(|server| match row.ratio_to(server) {
        Some(ratio) => format!("{ratio:.2}"),
        None => String::new(),
    }));
    cells
}

fn with_unit(value: f64, unit: &str) -> String {
    match unit {
        "" => rounded(value),
        "/s" => format!("{}/s", rounded(value)),
        unit => format!("{} {unit}", rounded(value)),
    }
}

/// Three digits that count, and thousands set apart.
fn rounded(value: f64) -> String {
    let digits = if value >= 100.0 {
        0
    } else if value >= 10.0 {
        1
    } else if value >= 1.0 {
        2
    } else {
        3
    };
    let step = if value >= 1_000.0 { 10f64.powf(value.log10().floor() - 2.0) } else { 1.0 };
    let value = if value >= 1_000.0 { (value / step).round() * step } else { value };
    let text = format!("{value:.digits$}");
    let (whole, fraction) = text.split_once('.').map_or((text.as_str(), None), |(a, b)| (a, Some(b)));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    fraction.map_or_else(|| grouped.clone(), |fraction| format!("{grouped}.{fraction}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::figure::{Better, Figure};

    #[test]
    fn numbers_keep_three_digits() {
        let cases = [
            (13_254_321.0, "13,300,000"),
            (999_600.0, "1,000,000"),
            (1_234.0, "1,230"),
            (321.4, "321"),
            (32.14, "32.1"),
            (3.214, "3.21"),
            (0.0604, "0.060"),
            (0.0, "0.000"),
        ];
        for (value, text) in cases {
            assert_eq!(rounded(value), text);
        }
    }

    #[test]
    fn a_table_has_a_column_for_each_server_and_one_for_each_ratio() {
        let mut comparison = Comparison::new("fan-out".to_owned(), 1, vec!["relay", "bare loop"]);
        comparison.add(0, vec![Figure::new("deliveries", "/s", Better::Higher, 9_000_000.0)]);
        comparison.add(1, vec![Figure::new("deliveries", "/s", Better::Higher, 12_000_000.0)]);
        let wanted = "fan-out  (medians of 1)\n\
                      \x20                   relay     bare loop  relay ÷ bare loop\n\
                      \x20 deliveries  9,000,000/s  12,000,000/s               0.75\n";
        assert_eq!(table(&comparison), wanted);

        comparison.servers.push("Bun");
        comparison.failures.push(None);
        comparison.fail(2, "it ended".to_owned());
        comparison.rows[0].values.push(Vec::new());
        let text = table(&comparison);
        assert!(text.contains("12,000,000/s    –") && text.ends_with("\n  Bun failed: it ended\n"), "{text}");
    }
}
