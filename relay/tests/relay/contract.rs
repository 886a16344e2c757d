//! `openapi.yaml` and `docs/protocol.md` name what the code has: every address, method, problem code and limit.

use std::collections::BTreeSet;
use std::path::Path;

use realtime_relay::http::operation::Operation;
use realtime_relay::http::problem::Code;

use serde_json::Value;

use crate::support::{http, relay};

fn file(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The lines from one to the next that is indented as little.
fn section<'a>(text: &'a str, head: &str) -> Vec<&'a str> {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let from = text.lines().skip_while(|line| *line != head).skip(1);
    let lines: Vec<_> = from.take_while(|line| line.is_empty() || indent(line) > indent(head)).collect();
    assert!(!lines.is_empty(), "{head:?} is not there");
    lines
}

#[tokio::test]
async fn the_contract_is_served_as_it_is_written() {
    let relay = relay(&[]).await;
    let answer = http(&relay, "GET", "/v1/openapi.yaml", "", "").await;
    assert_eq!((answer.status, answer.body == file("openapi.yaml")), (200, true));
    assert!(answer.head.contains("content-type: application/yaml"), "{}", answer.head);
    relay.stop().await;
}

#[test]
fn every_operation_is_in_the_contract_and_no_other() {
    let contract = file("openapi.yaml");
    let mut written = Vec::new();
    let mut path = "";
    for line in section(&contract, "paths:") {
        match line.strip_prefix("  ").map(|rest| (rest, rest.trim_end_matches(':'))) {
            Some((rest, name)) if rest.starts_with('/') => path = name,
            Some((rest, name)) if rest.starts_with("  ") && !rest.starts_with("   ") => {
                written.push((path.to_owned(), name.trim().to_uppercase()));
            }
            _ => {}
        }
    }
    // HEAD goes without saying where GET is.
    let methods = |operation: Operation| operation.methods().split(", ").filter(|method| *method != "HEAD");
    let mut coded: Vec<_> = Operation::ALL
        .into_iter()
        .flat_map(|operation| {
            methods(operation).map(move |method| (operation.path().to_owned(), method.to_owned()))
        })
        .collect();
    written.sort();
    coded.sort();
    assert_eq!(written, coded);
}

#[test]
fn the_webhooks_example_is_a_question_that_is_asked() {
    let contract = file("openapi.yaml");
    let example =
        contract.lines().find_map(|line| line.trim().strip_prefix("example: {\"request\"")).unwrap();
    let example = format!("{{\"request\"{example}");
    let questions: Vec<Value> = serde_json::from_str(&file("tests/fixtures/webhook/questions.json")).unwrap();
    let question =
        questions.iter().find(|question| question["body"] == *example).expect("one of the questions");
    assert!(contract.contains(question["signature"].as_str().unwrap()));
}

#[test]
fn every_problem_code_is_in_the_contract_and_in_the_specification() {
    let contract = file("openapi.yaml");
    let listed: Vec<_> = section(&contract, "          enum:")
        .iter()
        .map(|line| line.trim_start_matches([' ', '-']))
        .collect();
    let codes = Code::ALL.map(Code::as_str);
    assert_eq!(listed, codes);
    let specification = file("../docs/protocol.md");
    let table = specification.split("### Problem documents").nth(1).unwrap();
    let rows = table.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| code"));
    let written: Vec<_> =
        rows.map(|row| row.split('|').take(3).map(str::trim).collect::<Vec<_>>().join(" ")).collect();
    let coded = Code::ALL.map(|code| format!(" {} {}", code.as_str(), code.status().as_u16()));
    assert_eq!(written, coded);
}

#[test]
fn every_operation_has_a_heading_in_the_specification() {
    let specification = file("../docs/protocol.md");
    let part = specification.split("\n## HTTP\n").nth(1).unwrap();
    for operation in Operation::ALL.into_iter().filter(|operation| *operation != Operation::Realtime) {
        let method = operation.methods().split(',').next().unwrap();
        let heading = format!("### `{method} {}`", operation.path());
        assert!(part.contains(&heading), "{heading}");
    }
}

/// The texts of the sources of the relay.
fn sources(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let texts = entries.map(|path| match path.is_dir() {
        true => sources(&path),
        false => vec![std::fs::read_to_string(path).unwrap()],
    });
    texts.flatten().collect()
}

#[test]
fn every_metric_is_in_the_operators_table_and_no_other() {
    let is_metric = |word: &&str| word.starts_with("relay_") || word.starts_with("process_");
    let sources = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let constants = sources.iter().flat_map(|text| text.lines()).filter(|line| line.contains(": &str = \""));
    let coded: BTreeSet<_> = constants.filter_map(|line| line.split('"').nth(1)).filter(is_metric).collect();
    let operations = file("../docs/operations.md");
    let table = operations.split("\n## What it counts\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `")?.split(" | ").next());
    let written: BTreeSet<_> = rows.flat_map(|cell| cell.split('`')).filter(is_metric).collect();
    assert!(coded.len() > 20, "{coded:?}");
    assert_eq!(coded, written);
}

#[test]
fn the_version_is_the_packages() {
    assert!(file("openapi.yaml").contains(&format!("\n  version: {}\n", env!("CARGO_PKG_VERSION"))));
}
