//! What stands around everything that an engine runs: its limits, its clock, its memory meter and its console.

use std::rc::Rc;

use rquickjs::{Ctx, Runtime};

use super::console::{Console, ConsoleSink};
use super::memory::{Meter, MeteredAllocator};
use super::modules::{ModuleFinder, Sources};
use super::settings::EngineLimits;
use super::watch::Watch;

/// Promise jobs between two looks at the clock, besides those that the engine takes while a job runs. A handler of a
/// few jobs never looks, so that a machine which stands still for a moment does not refuse anybody.
const JOBS_PER_LOOK: u32 = 128;

/// The guard of one engine.
pub struct Guard {
    /// What the engine may use.
    pub limits: EngineLimits,
    /// What it holds.
    pub meter: Rc<Meter>,
    /// When it has to stop.
    pub watch: Rc<Watch>,
    /// Where its handlers log.
    pub console: Rc<Console>,
}

impl Guard {
    /// A guard with nothing granted yet.
    pub fn new(limits: EngineLimits, sink: ConsoleSink) -> Self {
        let meter = Meter::new(limits.memory_bytes);
        Self { limits, watch: Watch::new(Rc::clone(&meter)), meter, console: Console::new(sink) }
    }

    /// A runtime under this guard, which finds modules in `sources`.
    ///
    /// # Errors
    /// When there is no memory for one.
    pub fn runtime(&self, sources: Rc<dyn Sources>) -> rquickjs::Result<Runtime> {
        let runtime = Runtime::new_with_alloc(MeteredAllocator(Rc::clone(&self.meter)))?;
        runtime.set_max_stack_size(self.limits.stack_bytes);
        let watch = Rc::clone(&self.watch);
        runtime.set_interrupt_handler(Some(Box::new(move || watch.stops())));
        let finder = ModuleFinder(sources);
        runtime.set_loader(finder.clone(), finder);
        Ok(runtime)
    }

    /// Runs what promises have queued, until nothing is left or a limit is hit.
    pub fn run_jobs(&self, ctx: &Ctx<'_>) {
        let mut jobs = 0_u32;
        while ctx.execute_pending_job() {
            jobs += 1;
            let looks_at_clock = jobs.is_multiple_of(JOBS_PER_LOOK);
            if self.watch.is_over() || (looks_at_clock && self.watch.stops()) {
                break;
            }
        }
    }
}
