//! One question put to the hook.

use rquickjs::promise::PromiseState;
use rquickjs::{Ctx, Function, Promise, Result, Value};

use super::super::question::{Answer, DecidedBy, Decision, Question, Refusal};
use super::answer;
use super::guard::Guard;
use super::place::Place;
use super::thrown::{Thrown, placed};

/// What a call needs inside the engine.
pub struct Calls<'js> {
    /// The site's hook.
    pub hook: Function<'js>,
    /// `ask(hook, name, resourceId, id, type)`.
    pub ask: Function<'js>,
    /// `settle(value)`: a promise of what `await value` gives.
    pub settle: Function<'js>,
    /// `describe(thrown)`: an exception in words.
    pub describe: Function<'js>,
    /// `whoDecided()`: the router's word for who decided last.
    pub who_decided: Function<'js>,
    /// `whereDecided()`: where that one was added, as a line of a stack trace.
    pub where_decided: Function<'js>,
}

/// One question under way. The watch is armed by whoever makes it.
pub struct Call<'a, 'js> {
    ctx: &'a Ctx<'js>,
    calls: &'a Calls<'js>,
    guard: &'a Guard,
}

/// What came of a call, before limits are looked at.
enum Outcome {
    Answered(Answer),
    NeverSettled,
    /// The exception is pending in the context.
    Threw,
}

impl<'a, 'js> Call<'a, 'js> {
    /// A call in `ctx`.
    pub fn new(ctx: &'a Ctx<'js>, calls: &'a Calls<'js>, guard: &'a Guard) -> Self {
        Self { ctx, calls, guard }
    }

    /// Asks, and waits for the answer by running everything that was queued meanwhile. Nothing of the call is left to
    /// run afterwards, unless a limit was hit. Finding out who decided takes a while, so it is only done for answers
    /// that `tells_who` wants it for.
    pub fn decide(&self, question: &Question, tells_who: impl Fn(&Answer) -> bool) -> Decision {
        let outcome = self.outcome(question).unwrap_or(Outcome::Threw);
        let answer = self.judge(outcome);
        let decided_by = if tells_who(&answer) { self.decided_by() } else { None };
        Decision { answer, decided_by }
    }

    /// Where the handler that decided last was added.
    pub fn handler(&self) -> Option<Place> {
        let line = self.calls.where_decided.call::<_, rquickjs::String<'js>>(()).ok()?;
        Place::topmost(&line.to_string().ok()?)
    }

    fn outcome(&self, question: &Question) -> Result<Outcome> {
        let answer = self.ask(question)?;
        self.guard.run_jobs(self.ctx);
        let Some(promise) = self.promise_of(&answer)? else {
            return self.read(&answer);
        };
        self.guard.run_jobs(self.ctx);
        match promise.state() {
            PromiseState::Pending => Ok(Outcome::NeverSettled),
            PromiseState::Rejected => {
                promise.result::<Value<'js>>().transpose()?;
                Ok(Outcome::Threw)
            }
            PromiseState::Resolved => match promise.result::<Value<'js>>().transpose()? {
                Some(answer) => self.read(&answer),
                None => Ok(Outcome::NeverSettled),
            },
        }
    }

    fn ask(&self, Question { channel, subscriber }: &Question) -> Result<Value<'js>> {
        self.calls.ask.call((
            self.calls.hook.clone(),
            channel.name(),
            channel.resource_id(),
            subscriber.id.as_str(),
            subscriber.kind.as_str(),
        ))
    }

    /// The promise that an answer is, or that its `then` makes it; `None` for an answer that stands for itself.
    fn promise_of(&self, answer: &Value<'js>) -> Result<Option<Promise<'js>>> {
        if let Some(promise) = answer.as_promise() {
            return Ok(Some(promise.clone()));
        }
        let Some(object) = answer.as_object() else {
            return Ok(None);
        };
        if !object.get::<_, Value<'js>>("then")?.is_function() {
            return Ok(None);
        }
        self.calls.settle.call((answer.clone(),)).map(Some)
    }

    fn read(&self, answer: &Value<'js>) -> Result<Outcome> {
        let answer = answer::read(answer)?;
        self.guard.run_jobs(self.ctx);
        Ok(Outcome::Answered(answer))
    }

    /// The answer that holds once the limits are looked at: a call that hit one is refused, whatever it answered.
    fn judge(&self, outcome: Outcome) -> Answer {
        if self.guard.meter.is_exceeded() {
            self.ctx.catch();
            return Answer::Refused(Refusal::OutOfMemory);
        }
        if self.guard.watch.is_over() {
            return self.timed_out();
        }
        match outcome {
            Outcome::Answered(answer) => answer,
            Outcome::NeverSettled => Answer::Refused(Refusal::NeverSettled),
            Outcome::Threw => self.threw(),
        }
    }

    fn threw(&self) -> Answer {
        let thrown = Thrown::take(self.ctx, &self.calls.describe);
        let text = placed(thrown.place.as_ref(), &thrown.text);
        Answer::Refused(if thrown.is_stack_overflow() {
            Refusal::StackOverflow(text)
        } else {
            Refusal::Threw(text)
        })
    }

    fn timed_out(&self) -> Answer {
        let place = Thrown::take_place(self.ctx);
        let limit = self.guard.limits.time;
        let text = placed(place.as_ref(), &format!("the handler ran for longer than {limit:?}"));
        Answer::Refused(Refusal::TimedOut(text))
    }

    fn decided_by(&self) -> Option<DecidedBy> {
        let word = self.calls.who_decided.call::<_, rquickjs::String<'js>>(()).ok()?;
        DecidedBy::parse(&word.to_string().ok()?)
    }
}
