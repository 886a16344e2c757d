//! `relay test`: does a permissions file decide as its authors expect?

use std::io::{self, stdin};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use realtime_protocol::channel::Channel;
use realtime_protocol::subscriber::Subscriber;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::failure::Failure;
use super::script::{self, Explained, Handlers, ScriptArgs};
use super::{channel, output};
use crate::permission::question::{Answer, Question};

/// What `relay test` is given.
#[derive(Args)]
pub struct TestArgs {
    /// The table of expectations, in JSON, or - to read it from standard input
    pub file: PathBuf,

    /// The file.
    #[command(flatten)]
    pub script: ScriptArgs,
}

/// One row of the table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expectation {
    #[serde(deserialize_with = "read_channel")]
    channel: Channel,
    #[serde(rename = "as", deserialize_with = "read_subscriber")]
    subscriber: Subscriber,
    read: bool,
}

fn read_channel<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Channel, D::Error> {
    channel::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
}

fn read_subscriber<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Subscriber, D::Error> {
    script::subscriber(&String::deserialize(deserializer)?).map_err(D::Error::custom)
}

/// Prints what is decided otherwise than expected, and a summary.
///
/// # Errors
/// When the table cannot be read, there is no permissions file, or it does not load.
pub fn run(args: &TestArgs) -> Result<ExitCode, Failure> {
    let table = read(&args.file)?;
    let count = table.len();
    let failures = args.script.with_handlers(move |handlers| failures(handlers, table))?;
    let mut lines = failures.concat();
    lines.push(format!("{} of {count} expectations hold", count - failures.len()));
    output::print(&(lines.join("\n") + "\n"))?;
    Ok(if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn read(file: &Path) -> Result<Vec<Expectation>, Failure> {
    let is_input = file.as_os_str() == "-";
    let text = if is_input { io::read_to_string(stdin()) } else { std::fs::read_to_string(file) };
    let name = if is_input { "standard input".to_owned() } else { file.display().to_string() };
    let text = text.map_err(|error| Failure::Usage(format!("cannot read {name}: {error}")))?;
    parse(&text).map_err(|why| Failure::Usage(format!("{name}: {why}")))
}

fn parse(text: &str) -> Result<Vec<Expectation>, String> {
    let table: Vec<Expectation> = serde_json::from_str(text).map_err(|error| {
        format!(
            "not a table of expectations: {error}; a row is \
             {{ \"channel\": \"staff/7\", \"as\": \"member:anna\", \"read\": true }}"
        )
    })?;
    if table.is_empty() {
        return Err("there is no row, so nothing would be tested".to_owned());
    }
    Ok(table)
}

/// The lines about each row that does not hold.
fn failures(mut handlers: Handlers, table: Vec<Expectation>) -> Result<Vec<Vec<String>>, Failure> {
    let mut failures = Vec::new();
    for (row, Expectation { channel, subscriber, read }) in (1..).zip(table) {
        let question = Question { channel, subscriber };
        let explained = handlers.explain(&question)?;
        if !holds(&explained.answer, read) {
            failures.push(describe(row, &question, read, &explained));
        }
    }
    Ok(failures)
}

/// A handler that fails refuses, but not because anybody meant it to: that is no refusal to rely on.
fn holds(answer: &Answer, read: bool) -> bool {
    match answer {
        Answer::Allowed => read,
        Answer::Refused(refusal) => !read && !refusal.is_fault(),
        Answer::Unavailable(_) => false,
    }
}

fn describe(row: usize, question: &Question, read: bool, explained: &Explained) -> Vec<String> {
    let Explained { answer, explanation } = explained;
    let Question { channel, subscriber } = question;
    let reason = answer.reason().map_or_else(String::new, |reason| format!(": {reason}"));
    let mut lines = vec![format!(
        "row {row}: {channel} as {}: expected read: {read}, but it is {} by {}{reason}",
        script::subscriber_text(subscriber),
        answer.result(),
        script::decider(explanation, channel)
    )];
    lines.extend(explanation.logs.iter().map(|line| format!("  logged {}", script::log_line(line))));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::permission::question::Refusal;

    #[test]
    fn a_handler_that_fails_fulfils_no_expectation() {
        let no = Answer::Refused(Refusal::ByHandler);
        let fault = Answer::Refused(Refusal::Threw("Error".to_owned()));
        let kept = [(&Answer::Allowed, true), (&no, false)];
        let broken = [(&Answer::Allowed, false), (&no, true), (&fault, false), (&fault, true)];
        assert!(kept.iter().all(|(answer, read)| holds(answer, *read)));
        assert!(!broken.iter().any(|(answer, read)| holds(answer, *read)));
    }

    #[test]
    fn a_table_that_is_not_right_is_refused_with_the_place_and_an_example() {
        let cases = [
            ("", "EOF"),
            ("{}", "expected a sequence"),
            ("[]", "nothing would be tested"),
            ("[\n{ \"channel\": \"a:b\" }]", "\":\" at position 2"),
            ("[\n{ \"channel\": \"a\", \"as\": \"anna\", \"read\": true }]", "TYPE:ID"),
            ("[{ \"channel\": \"a\", \"as\": \"member:anna\" }]", "missing field `read`"),
            ("[{ \"channel\": \"a\", \"as\": \"member:anna\", \"read\": \"yes\" }]", "expected a boolean"),
            ("[{ \"chanel\": \"a\" }]", "unknown field `chanel`"),
        ];
        for (text, words) in cases {
            let error = parse(text).unwrap_err();
            assert!(error.contains(words), "{text}: {error}");
        }
        assert!(parse("[\n{ \"channel\": \"a:b\" }]").unwrap_err().contains("line 2"));
    }
}
