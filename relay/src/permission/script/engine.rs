//! One QuickJS engine with a site's permissions file loaded, which answers one question at a time.

use std::rc::Rc;

use rquickjs::{Context, Ctx, Function, Persistent, Runtime};

use super::super::question::{Answer, Decision, Question, Refusal};
use super::call::{Call, Calls};
use super::console::ConsoleSink;
use super::error::ScriptError;
use super::guard::Guard;
use super::load::Load;
use super::modules::Sources;
use super::place::Place;
use super::settings::EngineLimits;

/// An engine. It belongs to the thread that started it.
///
/// Values that a file keeps at its top level live as long as the engine does; everything else of a call is gone when
/// the call is answered, its pending promise jobs included.
pub struct Engine {
    // The order matters: functions are dropped before their context, the context before its runtime.
    kept: Kept,
    context: Context,
    _runtime: Runtime,
    guard: Guard,
    is_spent: bool,
}

impl Engine {
    /// Starts an engine and loads the file `entry` and what it imports.
    ///
    /// # Errors
    /// When a file does not parse, an import cannot be followed, the top level throws, waits for ever or hits a
    /// limit, or the hook is missing.
    pub fn start(
        sources: Rc<dyn Sources>,
        entry: &str,
        limits: EngineLimits,
        sink: ConsoleSink,
    ) -> Result<Self, ScriptError> {
        let broken = |error: rquickjs::Error| {
            ScriptError::of_file(entry, format!("the engine does not start: {error}"))
        };
        let guard = Guard::new(limits, sink);
        let runtime = guard.runtime(Rc::clone(&sources)).map_err(broken)?;
        let context = Context::full(&runtime).map_err(broken)?;
        guard.watch.arm(limits.load_time);
        let kept = context.with(|ctx| {
            let load = Load::start(&ctx, &guard, entry).map_err(broken)?;
            let calls = load.calls(&*sources)?;
            Ok(Kept::save(&ctx, calls))
        })?;
        guard.meter.end_parsing();
        Ok(Self { kept, context, _runtime: runtime, guard, is_spent: false })
    }

    /// Answers a question within the engine's limits. Who decided is told for every answer but yes.
    pub fn decide(&mut self, question: &Question) -> Decision {
        self.answer(|call| call.decide(question, |answer| *answer != Answer::Allowed))
    }

    /// Answers a question as [`decide`](Self::decide) does, and tells whatever the answer who decided, and where that
    /// handler was added.
    pub fn explain(&mut self, question: &Question) -> (Decision, Option<Place>) {
        let mut handler = None;
        let decision = self.answer(|call| {
            let decision = call.decide(question, |_| true);
            handler = call.handler();
            decision
        });
        (decision, handler)
    }

    fn answer(&mut self, answer: impl FnOnce(&Call<'_, '_>) -> Decision) -> Decision {
        self.guard.console.begin_call();
        self.guard.watch.arm(self.guard.limits.time);
        let decision = self.context.with(|ctx| match self.kept.restore(&ctx) {
            Ok(calls) => answer(&Call::new(&ctx, &calls, &self.guard)),
            Err(error) => Refusal::EngineFailed(error.to_string()).into(),
        });
        self.is_spent = self.is_spent || is_at_limit(&decision.answer);
        decision
    }

    /// Did a call hit a limit? Then the engine is to be thrown away: nobody knows what state it is in.
    pub fn is_spent(&self) -> bool {
        self.is_spent
    }
}

fn is_at_limit(answer: &Answer) -> bool {
    matches!(
        answer,
        Answer::Refused(
            Refusal::TimedOut(_)
                | Refusal::OutOfMemory
                | Refusal::StackOverflow(_)
                | Refusal::EngineFailed(_)
        )
    )
}

/// The functions of [`Calls`] between two calls.
struct Kept {
    hook: Persistent<Function<'static>>,
    ask: Persistent<Function<'static>>,
    settle: Persistent<Function<'static>>,
    describe: Persistent<Function<'static>>,
    who_decided: Persistent<Function<'static>>,
    where_decided: Persistent<Function<'static>>,
}

impl Kept {
    fn save<'js>(ctx: &Ctx<'js>, calls: Calls<'js>) -> Self {
        Self {
            hook: Persistent::save(ctx, calls.hook),
            ask: Persistent::save(ctx, calls.ask),
            settle: Persistent::save(ctx, calls.settle),
            describe: Persistent::save(ctx, calls.describe),
            who_decided: Persistent::save(ctx, calls.who_decided),
            where_decided: Persistent::save(ctx, calls.where_decided),
        }
    }

    fn restore<'js>(&self, ctx: &Ctx<'js>) -> rquickjs::Result<Calls<'js>> {
        Ok(Calls {
            hook: self.hook.clone().restore(ctx)?,
            ask: self.ask.clone().restore(ctx)?,
            settle: self.settle.clone().restore(ctx)?,
            describe: self.describe.clone().restore(ctx)?,
            who_decided: self.who_decided.clone().restore(ctx)?,
            where_decided: self.where_decided.clone().restore(ctx)?,
        })
    }
}
