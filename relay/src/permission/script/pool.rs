//! The permission provider that asks the site's script.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::sync::oneshot;

use super::super::explanation::Explanation;
use super::super::gauge;
use super::super::provider::{PendingDecision, PendingExplanation, Permission};
use super::super::question::{Decision, Question, Unavailability};
use super::loaded::Script;
use super::queue::{AnswerTo, Rejected, Waiting};
use super::settings::PoolSettings;
use super::worker::{self, Seat, Shared};

/// Threads that may hang at the same time. A handler can only hang where the engine cannot interrupt itself (a loop
/// inside one of its own functions over billions of elements); each such thread is replaced, up to here, and costs a
/// core until it comes back.
const MAX_HANGING: usize = 8;

/// Decides by the site's `realtime_check_permission`, on threads of its own.
///
/// An answer comes within [`PoolSettings::wait`], the handler's time limit and a second of grace together, whatever
/// the script does. Questions are taken up in the order in which they are asked. Dropping the pool stops it.
#[derive(Debug)]
pub struct ScriptPermission {
    shared: Arc<Shared>,
    seats: Mutex<Vec<Arc<Seat>>>,
    hanging: Arc<AtomicUsize>,
}

impl ScriptPermission {
    /// Starts the threads. Their engines are set up meanwhile; the first questions wait for them.
    ///
    /// # Errors
    /// When the system has no threads to give.
    pub fn start(script: Arc<Script>, settings: PoolSettings) -> io::Result<Self> {
        let pool = Self::at_rest(script, settings);
        pool.begin()?;
        Ok(pool)
    }

    /// A pool whose threads have not begun: what is asked waits for them.
    pub(super) fn at_rest(script: Arc<Script>, settings: PoolSettings) -> Self {
        Self {
            shared: Arc::new(Shared::new(script, settings)),
            seats: Mutex::default(),
            hanging: Arc::default(),
        }
    }

    /// Starts the threads.
    pub(super) fn begin(&self) -> io::Result<()> {
        for _ in 0..self.shared.settings.threads.get() {
            let seat = self.seat()?;
            self.seats.lock().unwrap_or_else(PoisonError::into_inner).push(seat);
        }
        Ok(())
    }

    /// The script in force.
    pub fn script(&self) -> Arc<Script> {
        self.shared.script()
    }

    /// Puts another script in force, at once and as a whole: every question that is asked after this returns is
    /// answered by it, and none by a mixture. Load it first; a script that does not load changes nothing.
    pub fn replace(&self, script: Arc<Script>) {
        self.shared.replace(script);
    }

    /// How many questions wait for an engine.
    pub fn waiting(&self) -> usize {
        self.shared.queue.waiting()
    }

    /// Ends the threads, each after the question that it is at. What waits, and what is asked later, is answered with
    /// [`Unavailability::Stopped`].
    pub fn stop(&self) {
        self.shared.queue.close();
    }

    async fn ask<T>(
        &self,
        question: Question,
        answer_to: impl FnOnce(oneshot::Sender<T>) -> AnswerTo,
    ) -> Result<T, Unavailability> {
        let (answer, answered) = oneshot::channel();
        let give_up_at = Instant::now() + self.shared.settings.wait;
        let waiting = Waiting { question, give_up_at, answer: answer_to(answer) };
        match self.shared.queue.push(waiting) {
            Ok(false) => {}
            Ok(true) => self.wake_soon(),
            Err(Rejected(question, why)) => {
                self.shared.report.answer(&question, &why.clone().into());
                return Err(why);
            }
        }
        match tokio::time::timeout(worker::answer_limit(&self.shared.settings), answered).await {
            Ok(answered) => answered.map_err(|_| Unavailability::Stopped),
            Err(_) => {
                self.replace_hanging();
                Err(Unavailability::Overdue)
            }
        }
    }

    /// Wakes a thread once everybody who is ready has asked. A crowd's questions cost one wake-up then, where each had
    /// cost one, and two switches to another thread (`docs/decisions/0014-what-the-data-plane-costs.md`). A task of its
    /// own does it: whoever asks may be withdrawn, or looked at late.
    fn wake_soon(&self) {
        let shared = Arc::clone(&self.shared);
        tokio::spawn(async move {
            tokio::task::yield_now().await;
            shared.queue.wake();
        });
    }

    /// Gives threads that hang up and starts others in their place.
    fn replace_hanging(&self) {
        let mut seats = self.seats.lock().unwrap_or_else(PoisonError::into_inner);
        for seat in seats.iter_mut().filter(|seat| seat.is_overdue()) {
            if self.hanging.load(Ordering::Relaxed) >= MAX_HANGING {
                tracing::error!("{MAX_HANGING} permission threads hang in handlers; no more are started");
                return;
            }
            match self.seat() {
                Ok(fresh) => {
                    self.hanging.fetch_add(1, Ordering::Relaxed);
                    seat.give_up();
                    *seat = fresh;
                    gauge::count_abandoned();
                    tracing::error!(
                        "a permissions handler hangs where it cannot be interrupted; its thread is given up"
                    );
                }
                Err(error) => {
                    tracing::error!("a permission thread hangs, and no other can be started: {error}")
                }
            }
        }
    }

    fn seat(&self) -> io::Result<Arc<Seat>> {
        let hanging = Arc::clone(&self.hanging);
        worker::spawn(Arc::clone(&self.shared), move || {
            hanging.fetch_sub(1, Ordering::Relaxed);
        })
    }
}

impl Permission for ScriptPermission {
    /// Needs a tokio runtime with its timer enabled.
    fn decide(&self, question: Question) -> PendingDecision<'_> {
        Box::pin(async move {
            let asked_at = Instant::now();
            let decision = self.ask(question, AnswerTo::Decision).await.unwrap_or_else(Decision::from);
            gauge::count(&decision.answer);
            gauge::time(asked_at.elapsed());
            decision
        })
    }

    fn open(&self) -> usize {
        self.waiting()
    }

    /// What the handlers log goes into the explanation alone.
    fn explain(&self, question: Question) -> PendingExplanation<'_> {
        Box::pin(async move {
            let asked_at = Instant::now();
            let unavailable = |why: Unavailability| Explanation::new(&why.into(), asked_at.elapsed());
            self.ask(question, AnswerTo::Explanation).await.unwrap_or_else(unavailable)
        })
    }
}

impl Drop for ScriptPermission {
    fn drop(&mut self) {
        self.stop();
    }
}
