//! What holds of the pool: order, limits, replacement, and an answer for everybody.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::super::provider::Permission;
use super::super::question::Decision;
use super::cases::{ENTRY, LIMITS, Site, question, words};
use super::loaded::Script;
use super::pool::ScriptPermission;
use super::settings::{EngineLimits, PoolSettings};

fn settings(threads: usize, queue: usize) -> PoolSettings {
    PoolSettings {
        threads: NonZeroUsize::new(threads).unwrap(),
        queue: NonZeroUsize::new(queue).unwrap(),
        wait: Duration::from_secs(20),
        engine: EngineLimits { time: Duration::from_millis(300), ..LIMITS },
    }
}

fn pool(text: &str, settings: PoolSettings) -> Arc<ScriptPermission> {
    let script = Site::with_hook(text).load().unwrap();
    Arc::new(ScriptPermission::start(script, settings).unwrap())
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
    let text = "export function realtime_check_permission(channel) {
                  if (channel.name === 'slow') for (;;);
                  return {};
                }";
    let pool = pool(text, settings(1, 2));
    let mut slow = pool.decide(question("slow Member:m"));
    assert!(futures_util::poll!(&mut slow).is_pending());
    while pool.waiting() > 0 {
        tokio::task::yield_now().await;
    }
    let mut waiting = [pool.decide(question("chat Member:a")), pool.decide(question("chat Member:b"))];
    for question in &mut waiting {
        assert!(futures_util::poll!(question).is_pending());
    }
    assert_eq!(
        decide(&pool, "chat Member:c").await,
        "unavailable queue_full: too many permission questions are waiting"
    );
    assert!(words(&slow.await).starts_with("refused timed_out"));
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
                  const until = performance.now() + 300;
                  while (channel.name === 'slow' && performance.now() < until);
                  return { read: !asked.includes('late') };
                }";
    let mut settings = settings(1, 10);
    settings.wait = Duration::from_millis(100);
    settings.engine.time = Duration::from_secs(20);
    let pool = pool(text, settings);
    assert_eq!(decide(&pool, "chat Member:m").await, "allowed");
    let mut slow = pool.decide(question("slow Member:m"));
    assert!(futures_util::poll!(&mut slow).is_pending());
    while pool.waiting() > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(
        decide(&pool, "late Member:m").await,
        "unavailable waited_too_long: the question waited too long for its turn"
    );
    assert_eq!(words(&slow.await), "allowed");
    assert_eq!(decide(&pool, "chat Member:m").await, "allowed");
}

#[tokio::test]
async fn a_withdrawn_question_is_not_asked() {
    let text = "let count = 0;
                export function realtime_check_permission(channel) {
                  count += 1;
                  const until = performance.now() + 500;
                  while (channel.name === 'slow' && performance.now() < until);
                  return { read: channel.name === 'slow' || channel.resourceId === String(count) };
                }";
    let mut settings = settings(1, 1024);
    settings.engine.time = Duration::from_secs(20);
    let pool = pool(text, settings);
    let mut slow = pool.decide(question("slow Member:m"));
    assert!(futures_util::poll!(&mut slow).is_pending());
    while pool.waiting() > 0 {
        tokio::task::yield_now().await;
    }
    for _ in 0..100 {
        let mut withdrawn = pool.decide(question("withdrawn Member:m"));
        let _ = futures_util::poll!(&mut withdrawn);
    }
    let counted = pool.decide(question("count/2 Member:m"));
    assert!(slow.await.is_allowed());
    let decision = counted.await;
    assert!(decision.is_allowed(), "{decision:?}");
}

#[tokio::test]
async fn a_handler_at_its_limit_does_not_hold_up_questions_on_another_thread() {
    let text = "export function realtime_check_permission(channel) {
                  if (channel.name === 'loop') for (;;);
                  return {};
                }";
    let pool = pool(text, settings(2, 1024));
    let mut looping = pool.decide(question("loop Member:m"));
    assert!(futures_util::poll!(&mut looping).is_pending());
    for _ in 0..100 {
        assert_eq!(decide(&pool, "chat Member:m").await, "allowed");
    }
    assert!(words(&looping.await).starts_with("refused timed_out"));
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
    let mut settings = settings(1, 1024);
    settings.wait = Duration::from_millis(100);
    settings.engine.time = Duration::from_millis(100);
    let pool = pool(text, settings);
    assert_eq!(decide(&pool, "chat Member:m").await, "allowed");
    let asked_at = Instant::now();
    let hanging = decide(&pool, "hang/600000000 Member:m").await;
    let took = asked_at.elapsed();
    assert_eq!(hanging, "unavailable overdue: every engine that could answer hangs in a handler");
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert_eq!(decide(&pool, "chat Member:m").await, "allowed");
}

#[tokio::test]
async fn a_stopped_pool_answers_what_waits_and_what_is_asked_later() {
    let text = "export function realtime_check_permission(channel) {
                  if (channel.name === 'loop') for (;;);
                  return {};
                }";
    let pool = pool(text, settings(1, 1024));
    let asking = Arc::clone(&pool);
    let looping = tokio::spawn(async move { decide(&asking, "loop Member:m").await });
    let asking = Arc::clone(&pool);
    let waiting = tokio::spawn(async move { decide(&asking, "chat Member:m").await });
    while pool.waiting() != 1 {
        tokio::task::yield_now().await;
    }
    pool.stop();
    assert_eq!(waiting.await.unwrap(), "unavailable stopped: the relay is stopping");
    assert_eq!(decide(&pool, "chat Member:m").await, "unavailable stopped: the relay is stopping");
    assert!(looping.await.unwrap().starts_with("refused timed_out"));
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
