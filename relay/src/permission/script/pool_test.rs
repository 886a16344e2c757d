//! What holds of the pool: order, limits, replacement, and an answer for everybody.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use futures_util::poll;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::super::provider::Permission;
use super::super::question::Decision;
use super::cases::{ENTRY, LIMITS, Site, question, words};
use super::loaded::Script;
use super::pool::ScriptPermission;
use super::queue::{AnswerTo, Waiting};
use super::settings::{EngineLimits, PoolSettings};
use super::worker::{self, Shared};

/// Longer than anything here takes, so that only what hangs fails by it.
const DEADLINE: Duration = Duration::from_secs(60);

/// For handlers that run into their limit.
const BRIEF: EngineLimits = EngineLimits { time: Duration::from_millis(300), ..LIMITS };

fn settings(threads: usize, queue: usize) -> PoolSettings {
    PoolSettings {
        threads: NonZeroUsize::new(threads).unwrap(),
        queue: NonZeroUsize::new(queue).unwrap(),
        wait: DEADLINE,
        engine: LIMITS,
    }
}

fn pool(text: &str, settings: PoolSettings) -> Arc<ScriptPermission> {
    let script = Site::with_hook(text).load().unwrap();
    Arc::new(ScriptPermission::start(script, settings).unwrap())
}

/// The same before its threads begin.
fn at_rest(text: &str, settings: PoolSettings) -> ScriptPermission {
    ScriptPermission::at_rest(Site::with_hook(text).load().unwrap(), settings)
}

async fn decide(pool: &ScriptPermission, asked: &str) -> String {
    words(&pool.decide(question(asked)).await)
}

const BY_ID: &str = "export const realtime_check_permission = (channel, subscriber) =>
                       ({ read: channel.resourceId === subscriber.id });";

#[tokio::test]
async fn hundreds_of_questions_at_once_each_get_their_own_answer() {
    let pool = pool(BY_ID, settings(2, 1024));
    let mut asked = JoinSet::new();
    for count in 0..800_u32 {
        let pool = Arc::clone(&pool);
        asked.spawn(async move {
            let other = if count % 3 == 0 { count + 1 } else { count };
            let decision = pool.decide(question(&format!("chat/{count} Member:{other}"))).await;
            assert_eq!(decision.is_allowed(), count % 3 != 0, "{count}: {decision:?}");
        });
    }
    let answered = asked.join_all().await.len();
    assert_eq!(answered, 800);
}

#[tokio::test]
async fn one_thread_takes_questions_in_the_order_in_which_they_were_asked() {
    let text = "let last = -1;
                export function realtime_check_permission(channel) {
                  const read = Number(channel.resourceId) === last + 1;
                  last = Number(channel.resourceId);
                  return { read };
                }";
    let pool = pool(text, settings(1, 1024));
    let questions: Vec<_> =
        (0..500).map(|count| pool.decide(question(&format!("chat/{count} Member:m")))).collect();
    for (count, decision) in futures_util::future::join_all(questions).await.iter().enumerate() {
        assert!(decision.is_allowed(), "question {count}: {decision:?}");
    }
}

#[tokio::test]
async fn a_full_queue_refuses_at_once_and_later_works_again() {
    let pool = at_rest("export const realtime_check_permission = () => ({});", settings(1, 2));
    let mut waiting = [pool.decide(question("chat Member:a")), pool.decide(question("chat Member:b"))];
    for question in &mut waiting {
        assert!(poll!(question).is_pending());
    }
    let Poll::Ready(refused) = poll!(pool.decide(question("chat Member:c"))) else {
        panic!("a question that has no place waits");
    };
    assert_eq!(words(&refused), "unavailable queue_full: too many permission questions are waiting");
    pool.begin().unwrap();
    for question in waiting {
        assert_eq!(words(&question.await), "allowed");
    }
    assert_eq!(decide(&pool, "chat Member:c").await, "allowed");
}

#[tokio::test]
async fn a_question_that_waited_too_long_is_not_asked_any_more() {
    let text = "let asked = '';
                export function realtime_check_permission(channel) {
                  asked += channel.name;
                  return { read: !asked.includes('late') };
                }";
    let script = Site::with_hook(text).load().unwrap();
    let shared = Arc::new(Shared::new(Arc::clone(&script), settings(1, 10)));
    let ask = |asked: &str, give_up_at: Instant| {
        let (answer, answered) = oneshot::channel();
        let answer = AnswerTo::Decision(answer);
        shared.queue.push(Waiting { question: question(asked), give_up_at, answer }).unwrap();
        answered
    };
    let late = ask("late Member:m", Instant::now());
    let early = ask("early Member:m", Instant::now() + DEADLINE);
    worker::spawn(Arc::clone(&shared), || ()).unwrap();
    let too_late = "unavailable waited_too_long: the question waited too long for its turn";
    assert_eq!(words(&late.await.unwrap()), too_late);
    assert_eq!(words(&early.await.unwrap()), "allowed");
    shared.queue.close();

    // How long it may wait is counted from the moment at which it is asked.
    let pool = ScriptPermission::start(script, PoolSettings { wait: Duration::ZERO, ..settings(1, 10) });
    assert_eq!(decide(&pool.unwrap(), "chat Member:m").await, too_late);
}

#[tokio::test]
async fn a_withdrawn_question_is_not_asked() {
    let text = "let count = 0;
                export function realtime_check_permission(channel) {
                  count += 1;
                  return { read: channel.resourceId === String(count) };
                }";
    let pool = at_rest(text, settings(1, 1024));
    for _ in 0..100 {
        let mut withdrawn = pool.decide(question("withdrawn Member:m"));
        assert!(poll!(&mut withdrawn).is_pending());
    }
    assert_eq!(pool.waiting(), 100);
    pool.begin().unwrap();
    assert_eq!(decide(&pool, "count/1 Member:m").await, "allowed");
}

#[tokio::test]
async fn a_handler_at_its_limit_does_not_hold_up_questions_on_another_thread() {
    let text = "export function realtime_check_permission(channel) {
                  if (channel.name === 'loop') for (;;);
                  return {};
                }";
    let pool = pool(text, PoolSettings { engine: BRIEF, ..settings(2, 1024) });
    let not_held_up = async {
        loop {
            let mut looping = pool.decide(question("loop Member:m"));
            assert!(poll!(&mut looping).is_pending());
            assert_eq!(decide(&pool, "chat Member:m").await, "allowed");
            // Where this test itself had to wait for the machine, the loop may have ended before: then once more.
            let is_first = poll!(&mut looping).is_pending();
            if is_first {
                return looping.await;
            }
        }
    };
    let looped = timeout(DEADLINE, not_held_up).await.expect("an answer before the loop's end");
    assert!(words(&looped).starts_with("refused timed_out"), "{looped:?}");
}

#[tokio::test]
async fn a_replaced_script_answers_every_question_asked_afterwards() {
    let site = |word: &str| {
        Site::with_hook(&format!(
            "export const realtime_check_permission = (c) => ({{ read: c.name === '{word}' }});"
        ))
    };
    let first = site("first").load().unwrap();
    let second = site("second").load().unwrap();
    let pool = Arc::new(ScriptPermission::start(Arc::clone(&first), settings(2, 1024)).unwrap());
    for round in 0..20 {
        let (script, word, other) =
            if round % 2 == 0 { (&second, "second", "first") } else { (&first, "first", "second") };
        pool.replace(Arc::clone(script));
        let asked: Vec<_> = (0..20).map(|_| pool.decide(question(&format!("{word} Member:m")))).collect();
        assert!(futures_util::future::join_all(asked).await.iter().all(Decision::is_allowed));
        assert_eq!(
            decide(&pool, &format!("{other} Member:m")).await,
            "refused by_handler: the handler answered { read: false }"
        );
        assert_eq!(pool.script(), *script);
    }
}

#[tokio::test]
async fn a_thread_that_hangs_inside_the_engine_is_replaced() {
    // `join` over an array-like of this length runs for seconds without asking whether it is to stop.
    let text = "export function realtime_check_permission(channel) {
                  if (channel.name === 'hang') Array.prototype.join.call({ length: Number(channel.resourceId) }, '');
                  return {};
                }";
    let wait = Duration::from_millis(500);
    let pool = pool(text, PoolSettings { wait, engine: BRIEF, ..settings(1, 1024) });
    // A thread that the machine lets wait takes up nothing in time: then the question is asked again.
    let until = async |asked: &str, expected: &str| {
        let asking = async { while decide(&pool, asked).await != expected {} };
        timeout(DEADLINE, asking).await.unwrap_or_else(|_| panic!("{asked} is never answered {expected}"));
    };
    until("chat Member:m", "allowed").await;
    let overdue = "unavailable overdue: every engine that could answer hangs in a handler";
    until("hang/3000000000 Member:m", overdue).await;
    until("chat Member:m", "allowed").await;
}

#[tokio::test]
async fn a_stopped_pool_answers_what_waits_and_what_is_asked_later() {
    let pool = at_rest("export const realtime_check_permission = () => ({});", settings(1, 1024));
    let mut waiting = pool.decide(question("chat Member:m"));
    assert!(poll!(&mut waiting).is_pending());
    pool.stop();
    let stopped = "unavailable stopped: the relay is stopping";
    assert_eq!(words(&waiting.await), stopped);
    assert_eq!(decide(&pool, "chat Member:m").await, stopped);
}

#[tokio::test]
async fn a_question_that_a_thread_is_at_when_the_pool_stops_is_answered() {
    let text = "export function realtime_check_permission() { for (;;); }";
    let pool = pool(text, PoolSettings { engine: BRIEF, ..settings(1, 1024) });
    let mut looping = pool.decide(question("loop Member:m"));
    assert!(poll!(&mut looping).is_pending());
    let taken_up = async {
        while pool.waiting() > 0 {
            tokio::task::yield_now().await;
        }
    };
    timeout(DEADLINE, taken_up).await.expect("a thread that takes it up");
    pool.stop();
    assert!(words(&looping.await).starts_with("refused timed_out"));
}

#[test]
fn a_file_that_is_missing_or_outside_the_site_folder_is_named() {
    let error = Script::load(Path::new("/nowhere/permissions.js"), None, LIMITS).unwrap_err().to_string();
    assert!(error.starts_with("/nowhere/permissions.js: cannot be read: "), "{error}");
    let site = Site::with_hook("");
    let other = Site::with_hook("");
    let error = Script::load(&site.entry(), Some(other.path()), LIMITS).unwrap_err().to_string();
    assert!(error.ends_with("lies outside the site folder that it is to serve"), "{error}");
    let error = Script::load(&site.entry(), Some(Path::new("/nowhere")), LIMITS).unwrap_err().to_string();
    assert!(error.starts_with("/nowhere: cannot be read: "), "{error}");
}

#[test]
fn a_script_names_the_files_that_it_was_read_from() {
    let text = "import './rules.js';\nexport const realtime_check_permission = () => ({});";
    let script =
        Site::new(&[(ENTRY, text), ("backend/rules.js", ""), ("backend/unused.js", "")]).load().unwrap();
    assert_eq!(script.entry(), ENTRY);
    assert_eq!(script.files().collect::<Vec<_>>(), [ENTRY, "backend/rules.js"]);
}
