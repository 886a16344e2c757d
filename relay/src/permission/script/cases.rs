//! The tables in `relay/tests/fixtures/permissions/`: sites in one text file each, with what they are to answer.
//!
//! A table is a line that says what it shows, then files as `-- NAME --` and their text. The last one is `expect`:
//! in `answers/` lines `CHANNEL[/RESOURCE] TYPE:ID => RESULT [CAUSE] [by WHO][: TEXT]`, asked in this order of one
//! engine (a spent one is replaced, as in the pool); in `load-errors/` the beginning of the error. `log` is what the
//! handlers log meanwhile, and `time-limit` sets that limit in milliseconds. `by webhook` has the rows that come out
//! differently when the backend package answers them, and `not by webhook` says why it is not asked at all.

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use realtime_protocol::channel::Channel;
use realtime_protocol::subscriber::{Subscriber, SubscriberType, UserId};
use tempfile::TempDir;

use super::super::question::{Answer, Decision, Question};
use super::console::{ConsoleLine, ConsoleSink};
use super::loaded::Script;
use super::settings::EngineLimits;

/// Limits for tests: little memory, which a test may run into, and time that a busy machine cannot use up.
pub(super) const LIMITS: EngineLimits = EngineLimits {
    time: Duration::from_secs(20),
    load_time: Duration::from_secs(2),
    memory_bytes: 8 << 20,
    stack_bytes: 512 << 10,
};

/// The name of the permissions file in a site.
pub(super) const ENTRY: &str = "backend/realtime-permissions.js";

/// A site folder that lasts as long as this value does.
pub(in super::super) struct Site(TempDir);

impl Site {
    /// Writes files, named by their path inside the site.
    pub(super) fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Self(folder)
    }

    /// A site whose permissions file has this text.
    pub(super) fn with_hook(text: &str) -> Self {
        Self::new(&[(ENTRY, text)])
    }

    /// The permissions file.
    pub(super) fn entry(&self) -> PathBuf {
        self.0.path().join(ENTRY)
    }

    /// Loads the permissions file.
    pub(in super::super) fn load(&self) -> Result<std::sync::Arc<Script>, String> {
        Script::load(&self.entry(), None, LIMITS).map_err(|error| error.to_string())
    }

    /// The folder.
    pub(in super::super) fn path(&self) -> &Path {
        self.0.path()
    }
}

/// A question in the tables' words: `chat/room Member:u1`.
pub(in super::super) fn question(words: &str) -> Question {
    let (channel, subscriber) = words.rsplit_once(' ').unwrap();
    let (kind, id) = subscriber.split_once(':').unwrap();
    let (name, resource_id) = match channel.split_once('/') {
        Some((name, resource_id)) => (name, Some(resource_id)),
        None => (channel, None),
    };
    Question {
        channel: Channel::parse(name, resource_id).unwrap(),
        subscriber: Subscriber { id: UserId::parse(id).unwrap(), kind: SubscriberType::parse(kind).unwrap() },
    }
}

/// A decision in the tables' words.
pub(in super::super) fn words(decision: &Decision) -> String {
    let by = decision.decided_by.map_or(String::new(), |by| format!(" by {}", by.as_str()));
    match &decision.answer {
        Answer::Allowed => format!("allowed{by}"),
        Answer::Refused(refusal) => format!("refused {}{by}: {refusal}", refusal.cause()),
        Answer::Unavailable(why) => format!("unavailable {}{by}: {why}", why.cause()),
    }
}

/// Collects what handlers log.
fn collecting_sink() -> (ConsoleSink, Rc<RefCell<Vec<String>>>) {
    let lines = Rc::new(RefCell::new(Vec::new()));
    let sink = Rc::clone(&lines);
    let collect = move |line: ConsoleLine| {
        let place = line.place.map_or(String::new(), |place| format!("{place}: "));
        sink.borrow_mut().push(format!("{:?} {place}{}", line.level, line.text));
    };
    (Rc::new(collect), lines)
}

/// A table.
pub(in super::super) struct Table {
    path: PathBuf,
    files: Vec<(String, String)>,
}

impl Table {
    /// The tables of a folder, in the order of their names.
    pub(in super::super) fn read_all(folder: &str) -> Vec<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/permissions").join(folder);
        let mut tables: Vec<_> =
            fs::read_dir(&folder).unwrap().map(|entry| Self::read(entry.unwrap().path())).collect();
        tables.sort_by(|a, b| a.path.cmp(&b.path));
        assert!(!tables.is_empty(), "no tables in {}", folder.display());
        tables
    }

    fn read(path: PathBuf) -> Self {
        let text = fs::read_to_string(&path).unwrap();
        let mut files: Vec<(String, String)> = Vec::new();
        for line in text.lines() {
            let name = line.strip_prefix("-- ").and_then(|line| line.strip_suffix(" --"));
            match (name, files.last_mut()) {
                (Some(name), _) => files.push((name.to_owned(), String::new())),
                (None, Some((_, text))) => {
                    text.push_str(line);
                    text.push('\n');
                }
                (None, None) => {}
            }
        }
        Self { path, files }
    }

    /// The lines of a section; none when it is missing.
    pub(in super::super) fn section(&self, wanted: &str) -> Vec<&str> {
        let text = self.files.iter().find(|(name, _)| name == wanted).map_or("", |(_, text)| text);
        text.lines().filter(|line| !line.is_empty()).collect()
    }

    /// Its files, as a site folder.
    pub(in super::super) fn site(&self) -> Site {
        let files: Vec<_> = self
            .files
            .iter()
            .filter(|(name, _)| name.contains('/'))
            .map(|(name, text)| (name.as_str(), text.as_str()))
            .collect();
        Site::new(&files)
    }

    /// The limits that it asks for.
    pub(in super::super) fn limits(&self) -> EngineLimits {
        match self.section("time-limit").as_slice() {
            [millis] => EngineLimits { time: Duration::from_millis(millis.parse().unwrap()), ..LIMITS },
            _ => LIMITS,
        }
    }

    /// Its name.
    pub(in super::super) fn name(&self) -> String {
        self.path.file_stem().unwrap().to_string_lossy().into_owned()
    }

    /// What of the table does not hold, in words.
    fn failed_answers(&self) -> Vec<String> {
        let site = self.site();
        let script = match site.load() {
            Ok(script) => script,
            Err(error) => return vec![format!("{}: does not load: {error}", self.name())],
        };
        let (sink, logged) = collecting_sink();
        let start = || script.start(self.limits(), Rc::clone(&sink)).unwrap();
        let mut engine = start();
        let mut failed = Vec::new();
        for line in self.section("expect") {
            let (asked, expected) = line.split_once(" => ").unwrap();
            let actual = words(&engine.explain(&question(asked)).0);
            if !actual.starts_with(expected) {
                failed.push(format!("{}: {asked}\n  expected {expected}\n  actual   {actual}", self.name()));
            }
            if engine.is_spent() {
                engine = start();
            }
        }
        let logged = logged.borrow();
        if self.files.iter().any(|(name, _)| name == "log") && *logged != self.section("log") {
            failed.push(format!("{}: logged {logged:#?}", self.name()));
        }
        failed
    }

    fn failed_error(&self) -> Option<String> {
        let expected = self.section("expect").join("\n");
        match self.site().load() {
            Ok(_) => Some(format!("{}: loads", self.name())),
            Err(error) if error.starts_with(&expected) => None,
            Err(error) => Some(format!("{}\n  expected {expected}\n  actual   {error}", self.name())),
        }
    }
}

#[test]
fn every_table_of_answers_holds() {
    let failed: Vec<_> = Table::read_all("answers").iter().flat_map(Table::failed_answers).collect();
    assert!(failed.is_empty(), "\n{}\n", failed.join("\n"));
}

#[test]
fn every_file_that_does_not_load_tells_where_and_why() {
    let failed: Vec<_> = Table::read_all("load-errors").iter().filter_map(Table::failed_error).collect();
    assert!(failed.is_empty(), "\n{}\n", failed.join("\n"));
}
