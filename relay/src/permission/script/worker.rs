//! A thread that answers questions with an engine of its own.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use std::{io, thread};

use super::super::explanation::{Explanation, Handler};
use super::super::gauge;
use super::super::question::{Answer, Decision, Question, Refusal, Unavailability};
use super::super::report::Report;
use super::console::{Collected, Console};
use super::engine::Engine;
use super::loaded::{Script, stack_bytes};
use super::queue::{AnswerTo, Queue, Waiting};
use super::settings::PoolSettings;

/// How much longer than its limit a thread may take before it counts as hanging: room for a busy machine, and for
/// taking a full engine apart.
const GRACE: Duration = Duration::from_secs(1);

/// How long after an engine failed to start it is tried again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// What the threads of a pool share with it.
#[derive(Debug)]
pub struct Shared {
    /// What waits to be answered.
    pub queue: Queue,
    /// The limits.
    pub settings: PoolSettings,
    /// What is logged about answers.
    pub report: Report,
    script: Mutex<Arc<Script>>,
    version: AtomicU64,
}

impl Shared {
    /// A pool's common ground, with nobody at work yet.
    pub fn new(script: Arc<Script>, settings: PoolSettings) -> Self {
        Self {
            queue: Queue::new(settings.queue),
            settings,
            report: Report::default(),
            script: Mutex::new(script),
            version: AtomicU64::new(1),
        }
    }

    /// The script in force.
    pub fn script(&self) -> Arc<Script> {
        Arc::clone(&self.script.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts another script in force: for every question that is taken up from now on.
    pub fn replace(&self, script: Arc<Script>) {
        *self.script.lock().unwrap_or_else(PoisonError::into_inner) = script;
        self.version.fetch_add(1, Ordering::Release);
    }
}

/// A thread as the pool sees it: until when it has to be done with what it does.
#[derive(Debug)]
pub struct Seat {
    started_at: Instant,
    /// In microseconds since `started_at`; zero for a thread that waits for a question.
    due: AtomicU64,
    is_given_up: AtomicBool,
}

impl Seat {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            started_at: Instant::now(),
            due: AtomicU64::new(0),
            is_given_up: AtomicBool::new(false),
        })
    }

    /// Does the thread hang?
    pub fn is_overdue(&self) -> bool {
        let due = self.due.load(Ordering::Acquire);
        due != 0 && self.micros() > due
    }

    /// The thread is to end if it ever comes back.
    pub fn give_up(&self) {
        self.is_given_up.store(true, Ordering::Release);
    }

    fn is_given_up(&self) -> bool {
        self.is_given_up.load(Ordering::Acquire)
    }

    fn within<T>(&self, limit: Duration, work: impl FnOnce() -> T) -> T {
        let allowed = u64::try_from((limit + GRACE).as_micros()).unwrap_or(u64::MAX);
        self.due.store(self.micros().saturating_add(allowed), Ordering::Release);
        let result = work();
        self.due.store(0, Ordering::Release);
        result
    }

    fn micros(&self) -> u64 {
        u64::try_from(self.started_at.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

/// The longest time from asking to answering, when a thread that hangs is not counted.
pub fn answer_limit(settings: &PoolSettings) -> Duration {
    settings.wait + settings.engine.time + GRACE
}

/// Starts a thread. `ended` is called when it comes to its end after it was given up.
///
/// # Errors
/// When the system has no thread to give.
pub fn spawn(shared: Arc<Shared>, ended: impl FnOnce() + Send + 'static) -> io::Result<Arc<Seat>> {
    let seat = Seat::new();
    let worker = (Arc::clone(&shared), Arc::clone(&seat));
    thread::Builder::new()
        .name("permissions".to_owned())
        .stack_size(stack_bytes(shared.settings.engine))
        .spawn(move || {
            let (shared, seat) = worker;
            Worker::new(&shared, &seat).work();
            if seat.is_given_up() {
                ended();
            }
        })?;
    Ok(seat)
}

struct Worker<'a> {
    shared: &'a Shared,
    seat: &'a Seat,
    engine: Option<Engine>,
    /// The version of the script that the engine runs, or that failed to start.
    version: u64,
    failure: Option<(String, Instant)>,
    collected: Collected,
}

impl<'a> Worker<'a> {
    fn new(shared: &'a Shared, seat: &'a Seat) -> Self {
        Self { shared, seat, engine: None, version: 0, failure: None, collected: Collected::default() }
    }

    fn work(mut self) {
        self.prepare();
        while let Some(waiting) = self.shared.queue.pop() {
            self.serve(waiting);
            if self.seat.is_given_up() {
                return;
            }
        }
    }

    fn serve(&mut self, Waiting { question, give_up_at, answer }: Waiting) {
        if answer.is_closed() {
            return;
        }
        if Instant::now() >= give_up_at {
            return answer.unavailable(Unavailability::WaitedTooLong);
        }
        self.prepare();
        // Whoever asked may be gone by the time of the answer.
        match answer {
            AnswerTo::Decision(answer) => {
                let decision = self.run(|engine| engine.decide(&question)).unwrap_or_else(Decision::from);
                let is_fault = matches!(&decision.answer, Answer::Refused(refusal) if refusal.is_fault());
                let reported = is_fault.then(|| decision.clone());
                let _ = answer.send(decision);
                if let Some(decision) = reported {
                    self.shared.report.answer(&question, &decision);
                }
            }
            AnswerTo::Explanation(answer) => {
                let _ = answer.send(self.explain(&question));
            }
        }
        self.take_apart_if_spent();
    }

    fn explain(&mut self, question: &Question) -> Explanation {
        self.collected.replace(Some(Vec::new()));
        let asked_at = Instant::now();
        let explained = self.run(|engine| engine.explain(question));
        let took = asked_at.elapsed();
        let logs = self.collected.take().unwrap_or_default();
        let (decision, handler) = explained.unwrap_or_else(|refusal| (refusal.into(), None));
        Explanation { handler: handler.map(Handler::from), logs, ..Explanation::new(&decision, took) }
    }

    /// Lets the engine answer, within its time.
    fn run<T>(&mut self, answer: impl FnOnce(&mut Engine) -> T) -> Result<T, Refusal> {
        let Some(engine) = &mut self.engine else {
            let failure = self.failure.as_ref().map_or("", |(failure, _)| failure);
            return Err(Refusal::EngineFailed(failure.to_owned()));
        };
        let answer = AssertUnwindSafe(|| answer(engine));
        self.seat.within(self.shared.settings.engine.time, || catch_unwind(answer)).map_err(|_| {
            self.engine = None;
            Refusal::EngineFailed("it panicked".to_owned())
        })
    }

    /// Sees to it that there is an engine for the script in force.
    fn prepare(&mut self) {
        let version = self.shared.version.load(Ordering::Acquire);
        let is_current = version == self.version;
        let is_too_early = self.failure.as_ref().is_some_and(|(_, at)| at.elapsed() < RETRY_AFTER);
        if is_current && (self.engine.is_some() || is_too_early) {
            return;
        }
        if self.version != 0 {
            gauge::count_rebuild();
        }
        self.engine = None;
        self.version = version;
        self.start();
    }

    fn start(&mut self) {
        let limits = self.shared.settings.engine;
        let script = self.shared.script();
        let start = AssertUnwindSafe(|| script.start(limits, Console::to_log_or(&self.collected)));
        let started = self.seat.within(limits.load_time, || catch_unwind(start));
        let failure = match started {
            Ok(Ok(engine)) => {
                self.engine = Some(engine);
                self.failure = None;
                return;
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => "starting it panicked".to_owned(),
        };
        tracing::error!("a permissions engine does not start: {failure}");
        self.failure = Some((failure, Instant::now()));
    }

    fn take_apart_if_spent(&mut self) {
        if self.engine.as_ref().is_some_and(Engine::is_spent) {
            let limit = self.shared.settings.engine.load_time;
            let engine = self.engine.take();
            self.seat.within(limit, || drop(engine));
            self.prepare();
        }
    }
}
