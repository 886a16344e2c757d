//! The command as it is run, against the bare loop, which it starts by itself.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]

use std::process::{Command, Output, Stdio};
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;

fn bench(flags: &[&str]) -> Output {
    command(flags).output().unwrap()
}

fn command(flags: &[&str]) -> Command {
    // One core will do for a test, and machines with a single one exist.
    let common = ["--rounds", "1", "--seconds", "0.1", "--patience", "0", "--load-cpu", "0"];
    let mut command = Command::new(env!("CARGO_BIN_EXE_realtime-bench"));
    command.args(flags).args(common);
    command
}

fn figures(flags: &[&str]) -> Vec<(String, f64)> {
    let output = bench(&[flags, &["--servers", "bare", "--json"]].concat());
    assert!(output.status.success(), "{flags:?}: {}", String::from_utf8_lossy(&output.stderr));
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    let figures = json["scenarios"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|scenario| scenario["figures"].as_array().unwrap());
    let median = |figure: &Value| figure["servers"]["bare loop"]["median"].as_f64().unwrap();
    figures.map(|figure| (figure["name"].as_str().unwrap().to_owned(), median(figure))).collect()
}

#[test]
fn every_scenario_gives_its_figures_of_the_bare_loop() {
    let scenarios: [(&[&str], &str); 8] = [
        (&["fanout", "--subscribers", "20"], "deliveries"),
        (&["fanout", "--subscribers", "20", "--burst", "1", "--payload", "4000"], "latency p99"),
        (&["fanout", "--subscribers", "20", "--read-every", "3"], "deliveries"),
        (&["many-channels", "--channels", "250"], "deliveries"),
        (&["publish", "--subscribers", "5", "--in-flight", "4"], "publishes"),
        (&["latency", "--subscribers", "20", "--rate", "300"], "latency p50"),
        (&["connect", "--connections", "100"], "connections"),
        (&["idle-memory", "--connections", "100", "--channels", "3"], "memory in all"),
    ];
    for (flags, name) in scenarios {
        let figures = figures(flags);
        let value = figures
            .iter()
            .find(|(found, _)| found == name)
            .unwrap_or_else(|| panic!("{flags:?}: {figures:?}"));
        assert!(value.1 > 0.0, "{flags:?}: {figures:?}");
    }
}

#[test]
fn a_relay_that_is_not_there_is_told_with_the_command_that_builds_it() {
    let output = bench(&["fanout", "--servers", "relay", "--relay-bin", "/does/not/exist"]);
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(
        told.contains("/does/not/exist") && told.contains("cargo build --release -p realtime-relay"),
        "{told}"
    );
}

#[test]
fn a_server_that_fails_takes_no_further_part_and_the_others_are_measured() {
    let servers = ["fanout", "--subscribers", "5", "--servers", "relay,bare", "--relay-bin", "/bin/false"];
    let output = bench(&servers);
    assert_eq!(output.status.code(), Some(1));
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(table.contains("relay failed: ") && table.contains("deliveries"), "{table}");
    let output = bench(&[&servers[..], &["--json"]].concat());
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    let scenario = &json["scenarios"][0];
    assert!(scenario["failures"]["relay"].as_str().unwrap().contains("it ended"), "{scenario}");
    assert!(scenario["figures"][0]["servers"]["bare loop"]["median"].as_f64().unwrap() > 0.0, "{scenario}");
}

#[test]
fn a_measurement_that_is_stopped_and_goes_on_takes_that_for_no_silence_of_the_server() {
    let flags = ["fanout", "--subscribers", "20", "--servers", "bare", "--json"];
    let mut child = command(&flags).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let id = child.id().to_string();
    while child.try_wait().unwrap().is_none() {
        for signal in ["-STOP", "-CONT"] {
            // It is still known: nobody has asked for its end.
            assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
        }
        sleep(Duration::from_millis(5));
    }
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
