//! What handlers log with `console`.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use rquickjs::{Ctx, Function};

use super::super::explanation::Logged;
use super::super::text::printable;
use super::place::Place;

/// Lines that one call may log; a handler that logs in a loop must not flood the relay's log.
const MAX_LINES_PER_CALL: u32 = 20;

/// How serious a line is, by the function that logged it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConsoleLevel {
    /// `console.debug`, `console.trace`.
    Debug,
    /// `console.log`, `console.info` and their kin.
    Info,
    /// `console.warn`.
    Warn,
    /// `console.error`, `console.assert`.
    Error,
}

/// A line that a handler logged: bounded, and without control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsoleLine {
    /// How serious it is.
    pub level: ConsoleLevel,
    /// Where the call stands in the site's files.
    pub place: Option<Place>,
    /// What it says.
    pub text: String,
}

/// Where the lines of an engine go.
pub type ConsoleSink = Rc<dyn Fn(ConsoleLine)>;

/// The lines of a call whose answer is to be explained; nothing while no such call runs.
pub type Collected = Rc<RefCell<Option<Vec<Logged>>>>;

/// The console of one engine.
pub struct Console {
    sink: ConsoleSink,
    lines_left: Cell<u32>,
}

impl Console {
    /// A console that hands its lines to `sink`.
    pub fn new(sink: ConsoleSink) -> Rc<Self> {
        Rc::new(Self { sink, lines_left: Cell::new(MAX_LINES_PER_CALL) })
    }

    /// A sink that writes to the relay's log, with file and line.
    pub fn to_log() -> ConsoleSink {
        Rc::new(log)
    }

    /// A sink that puts lines into `collected` while there is a list, and otherwise into the relay's log.
    pub fn to_log_or(collected: &Collected) -> ConsoleSink {
        let collected = Rc::clone(collected);
        Rc::new(move |line| match &mut *collected.borrow_mut() {
            Some(lines) => lines.push(line.into()),
            None => log(line),
        })
    }

    /// A new call begins: it may log as many lines as any other.
    pub fn begin_call(&self) {
        self.lines_left.set(MAX_LINES_PER_CALL);
    }

    /// The function `write(level, text, stack)` that the engine's `console` calls.
    pub fn write_function<'js>(self: &Rc<Self>, ctx: &Ctx<'js>) -> rquickjs::Result<Function<'js>> {
        let console = Rc::clone(self);
        Function::new(ctx.clone(), move |level: String, text: String, stack: String| {
            console.write(&level, &text, &stack);
        })
    }

    fn write(&self, level: &str, text: &str, stack: &str) {
        let left = self.lines_left.get();
        let text = match left {
            0 => return,
            1 => format!("further lines of this call are not shown ({MAX_LINES_PER_CALL} at most)"),
            _ => printable(text),
        };
        self.lines_left.set(left - 1);
        (self.sink)(ConsoleLine { level: ConsoleLevel::of(level), place: Place::topmost(stack), text });
    }
}

impl ConsoleLevel {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }

    fn of(word: &str) -> Self {
        match word {
            "debug" => Self::Debug,
            "warn" => Self::Warn,
            "error" => Self::Error,
            _ => Self::Info,
        }
    }
}

impl From<ConsoleLine> for Logged {
    fn from(ConsoleLine { level, place, text }: ConsoleLine) -> Self {
        let (file, line) = place.map(|place| (place.file, place.line)).unzip();
        Self { level: level.as_str().to_owned(), file: file.map(|file| printable(&file)), line, text }
    }
}

fn log(line: ConsoleLine) {
    let ConsoleLine { level, place, text } = line;
    let place = place.map_or_else(String::new, |place| format!("{}: ", printable(&place.to_string())));
    match level {
        ConsoleLevel::Debug => tracing::debug!(target: "permissions", "{place}{text}"),
        ConsoleLevel::Info => tracing::info!(target: "permissions", "{place}{text}"),
        ConsoleLevel::Warn => tracing::warn!(target: "permissions", "{place}{text}"),
        ConsoleLevel::Error => tracing::error!(target: "permissions", "{place}{text}"),
    }
}
