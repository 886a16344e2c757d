//! Loading a permissions file into a new engine.

use rquickjs::{Ctx, Function, Module, Object, Value};

use super::call::Calls;
use super::error::ScriptError;
use super::guard::Guard;
use super::modules::{Sources, internal_text};
use super::thrown::Thrown;

/// The function that a permissions file exports.
pub const HOOK: &str = "realtime_check_permission";

/// The relay's own module inside an engine.
const RELAY_MODULE: &str = "relay:engine";

/// A file being loaded into an engine. The watch is armed by whoever starts it.
pub struct Load<'a, 'js> {
    ctx: &'a Ctx<'js>,
    guard: &'a Guard,
    entry: &'a str,
    relay: Object<'js>,
    describe: Function<'js>,
}

impl<'a, 'js> Load<'a, 'js> {
    /// Prepares the engine: the relay's own module and the console.
    ///
    /// # Errors
    /// When the engine has no memory for them.
    pub fn start(ctx: &'a Ctx<'js>, guard: &'a Guard, entry: &'a str) -> rquickjs::Result<Self> {
        let text = internal_text(RELAY_MODULE).unwrap_or_default();
        let (module, done) = Module::declare(ctx.clone(), RELAY_MODULE, text)?.eval()?;
        done.finish::<()>()?;
        let relay = module.namespace()?;
        let write = guard.console.write_function(ctx)?;
        relay.get::<_, Function<'js>>("installConsole")?.call::<_, ()>((write,))?;
        Ok(Self { ctx, guard, entry, describe: relay.get("describe")?, relay })
    }

    /// Evaluates the file and everything that it imports, and gives the functions that questions need.
    ///
    /// # Errors
    /// As [`Engine::start`](super::engine::Engine::start) says.
    pub fn calls(self, sources: &dyn Sources) -> Result<Calls<'js>, ScriptError> {
        let text = sources.text(self.entry)?;
        let exports = self.evaluate(&text)?;
        let hook = self.hook(&exports)?;
        let caught = |_| self.caught();
        self.function("seal").and_then(|seal| seal.call::<_, ()>(())).map_err(caught)?;
        Ok(Calls {
            hook,
            ask: self.function("ask").map_err(caught)?,
            settle: self.function("settle").map_err(caught)?,
            describe: self.function("describe").map_err(caught)?,
            who_decided: self.function("whoDecided").map_err(caught)?,
            where_decided: self.function("whereDecided").map_err(caught)?,
        })
    }

    fn function(&self, name: &str) -> rquickjs::Result<Function<'js>> {
        self.relay.get(name)
    }

    /// Runs the top level to its end and gives what the file exports.
    fn evaluate(&self, text: &str) -> Result<Object<'js>, ScriptError> {
        let caught = |_| self.caught();
        let module = Module::declare(self.ctx.clone(), self.entry, text).map_err(caught)?;
        let (module, done) = module.eval().map_err(caught)?;
        self.guard.run_jobs(self.ctx);
        match done.result::<Value<'js>>() {
            _ if self.is_at_limit() => Err(self.caught()),
            Some(Ok(_)) => module.namespace().map_err(caught),
            Some(Err(_)) => Err(self.caught()),
            None => Err(ScriptError::of_file(
                self.entry,
                "an await at the top level never ends: nothing in a permissions file can wait for a timer, a \
                 database or a network",
            )),
        }
    }

    fn hook(&self, exports: &Object<'js>) -> Result<Function<'js>, ScriptError> {
        let value: Value<'js> = exports.get(HOOK).map_err(|_| self.caught())?;
        if value.is_undefined() {
            return Err(ScriptError::of_file(self.entry, missing_hook()));
        }
        value.into_function().ok_or_else(|| {
            ScriptError::of_file(self.entry, format!("exports `{HOOK}`, but it is not a function"))
        })
    }

    fn is_at_limit(&self) -> bool {
        self.guard.meter.is_exceeded() || self.guard.watch.is_over()
    }

    /// Why the last step failed: a limit that was hit, or else the pending exception.
    fn caught(&self) -> ScriptError {
        if self.guard.meter.is_exceeded() {
            let limit = self.guard.limits.memory_bytes >> 20;
            return self.limited(format!("needs more than {limit} MiB of memory when it is loaded"));
        }
        if self.guard.watch.is_over() {
            let limit = self.guard.limits.load_time;
            return self.limited(format!("runs for longer than {limit:?} when it is loaded"));
        }
        let thrown = Thrown::take(self.ctx, &self.describe);
        match thrown.place {
            Some(place) => ScriptError::at(place, thrown.text),
            None => ScriptError::of_file(self.entry, thrown.text),
        }
    }

    /// The engine knows in which file it was stopped, but not at which line.
    fn limited(&self, reason: String) -> ScriptError {
        let place = Thrown::take_place(self.ctx);
        ScriptError::of_file(place.map_or_else(|| self.entry.to_owned(), |place| place.file), reason)
    }
}

fn missing_hook() -> String {
    format!(
        "does not export `{HOOK}`, which the relay calls for every subscription. With the permissions router, these \
         lines do:\n\n    export function {HOOK}(channel, subscriber) {{\n      return \
         permissionsRouter.check(channel, subscriber);\n    }}\n"
    )
}
