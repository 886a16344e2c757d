//! Script and webhook answer the same for the same file: the tables of the script's tests, asked of both providers. The
//! webhook's backend is the npm package's, running under Node.

use std::num::NonZeroUsize;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use super::provider::Permission;
use super::question::Answer;
use super::script::cases::{Table, question, words};
use super::script::pool::ScriptPermission;
use super::script::settings::{EngineLimits, PoolSettings};
use super::webhook::address::BackendAddress;
use super::webhook::asker::WebhookPermission;
use super::webhook::settings::WebhookSettings;
use super::webhook::signature::Secret;

/// Longer than anything here takes on a busy machine, so that only what hangs runs into it.
const DEADLINE: Duration = Duration::from_secs(120);

/// How long a handler is waited for that never answers.
const BRIEF: Duration = Duration::from_secs(1);

/// What becomes of a question that a handler of the backend never answers.
const NO_ANSWER: &str = "unavailable no_answer";

/// What both sides sign with.
const SECRET: &str = "both";

/// The package's endpoint, answering by a site's permissions file until it is dropped.
struct Backend {
    url: String,
    _process: Child,
    /// Kept open: handlers may write to it.
    _output: Lines<BufReader<ChildStdout>>,
}

impl Backend {
    async fn start(site: &Path) -> Self {
        let program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/permissions-server.mjs");
        let mut process = Command::new("node")
            .arg(program)
            .arg(site)
            .env("RELAY_PERMISSIONS_SECRET", SECRET)
            // The end of this stream is the end of the program.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("Node runs the backend package: it has to be installed");
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let url = timeout(DEADLINE, lines.next_line()).await.expect("its address in time").unwrap();
        Self { url: url.expect("it loads the permissions file"), _process: process, _output: lines }
    }

    /// A provider that waits for so long.
    fn asker(&self, timeout: Duration) -> WebhookPermission {
        let address = BackendAddress::parse(&self.url).unwrap();
        WebhookPermission::new(WebhookSettings {
            secret: Some(Secret::new(SECRET)),
            timeout,
            ..WebhookSettings::at(address)
        })
        .unwrap()
    }
}

fn pool(table: &Table) -> ScriptPermission {
    let settings = PoolSettings {
        threads: NonZeroUsize::MIN,
        wait: DEADLINE,
        engine: EngineLimits { ..table.limits() },
        ..PoolSettings::default()
    };
    ScriptPermission::start(table.site().load().unwrap(), settings).unwrap()
}

/// What a row says: what is asked, and the answer without its text.
fn row(line: &str) -> (&str, &str) {
    let (asked, expected) = line.split_once(" => ").unwrap();
    (asked, expected.split_once(": ").map_or(expected, |(verdict, _)| verdict))
}

/// A provider's answer without its text.
async fn answer(provider: &dyn Permission, asked: &str) -> String {
    let mut decision = provider.decide(question(asked)).await;
    if decision.answer == Answer::Allowed {
        // Who said yes is found out only when somebody wants it explained.
        decision.decided_by = None;
    }
    row(&format!("{asked} => {}", words(&decision))).1.to_owned()
}

/// What of the rows does not hold.
async fn failed(table: &Table, provider: &dyn Permission, name: &str, rows: &[(&str, &str)]) -> Vec<String> {
    let mut failed = Vec::new();
    for (asked, expected) in rows {
        let expected = if expected.starts_with("allowed") { "allowed" } else { expected };
        let actual = answer(provider, asked).await;
        if actual != expected {
            failed.push(format!(
                "{} by {name}: {asked}\n  expected {expected}\n  actual   {actual}",
                table.name()
            ));
        }
    }
    failed
}

async fn failed_by_both(table: &Table) -> Vec<String> {
    let rows: Vec<_> = table.section("expect").into_iter().map(row).collect();
    let overrides: Vec<_> = table.section("by webhook").into_iter().map(row).collect();
    for (asked, expected) in &overrides {
        let differs = rows.iter().any(|(other, usual)| other == asked && usual != expected);
        assert!(differs, "{}: {asked} by webhook differs from no row", table.name());
    }
    let by_webhook: Vec<_> = rows
        .iter()
        .map(|row| *overrides.iter().find(|(asked, _)| *asked == row.0).unwrap_or(row))
        .filter(|(_, expected)| *expected != "not asked")
        .collect();
    let mut all = failed(table, &pool(table), "script", &rows).await;
    let site = table.site();
    let backend = Backend::start(site.path()).await;
    let (unanswered, answered): (Vec<_>, Vec<_>) =
        by_webhook.into_iter().partition(|(_, expected)| *expected == NO_ANSWER);
    for (timeout, rows) in [(DEADLINE, answered), (BRIEF, unanswered)] {
        all.extend(failed(table, &backend.asker(timeout), "webhook", &rows).await);
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn script_and_webhook_answer_the_same_for_the_same_file() {
    let tables = Table::read_all("answers");
    let asked_of_both: Vec<_> =
        tables.iter().filter(|table| table.section("not by webhook").is_empty()).collect();
    assert!(asked_of_both.len() >= 10, "most tables are about what holds for both");
    let mut all = Vec::new();
    for pair in asked_of_both.chunks(2) {
        all.extend(futures_util::future::join_all(pair.iter().map(|table| failed_by_both(table))).await);
    }
    let all = all.concat();
    assert!(all.is_empty(), "\n{}\n", all.join("\n"));
}
