//! What a script threw, in words.

use rquickjs::{Ctx, Function, Value};

use super::super::text::printable;
use super::place::Place;

/// An exception or a rejection, in words that a log can bear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thrown {
    /// Kind and message, such as `TypeError: cannot read property 'x' of undefined`, with a hint where one helps.
    pub text: String,
    /// Where it was thrown, when that is in one of the site's files.
    pub place: Option<Place>,
}

/// How the engine's error for calls that nest too deeply begins.
const STACK_OVERFLOW: &str = "RangeError: Maximum call stack size exceeded";

/// Globals that site code may know from elsewhere, with what is to be said about them here.
const ABSENT_GLOBALS: [(&[&str], &str); 3] = [
    (
        &["setTimeout", "setInterval", "setImmediate", "requestAnimationFrame"],
        "permissions handlers have no timers: they answer at once",
    ),
    (
        &["fetch", "XMLHttpRequest", "WebSocket", "wixData", "wixUsers", "wixFetch"],
        "permissions handlers have no network and no database: they decide from the channel and the subscriber",
    ),
    (
        &["require", "module", "exports", "process", "Buffer", "__dirname", "global"],
        "this file is an ES module and does not run in Node: use import and export",
    ),
];

impl Thrown {
    /// Takes the pending exception. `describe` is the engine's own function of that name; it may run code of the
    /// site (a getter of `message`), so the watch has to be armed.
    pub fn take<'js>(ctx: &Ctx<'js>, describe: &Function<'js>) -> Self {
        let value = ctx.catch();
        let described = describe.call::<_, Vec<String>>((value,)).unwrap_or_else(|_| {
            ctx.catch();
            Vec::new()
        });
        let mut parts = described.into_iter();
        let text = parts.next().unwrap_or_else(|| "threw something that cannot be shown".to_owned());
        let stack = parts.next().unwrap_or_default();
        Self { text: with_hint(&printable(&text)), place: Place::topmost(&stack) }
    }

    /// Where the pending exception was thrown, without running code of the site if that can be helped: for one that
    /// ended a call at its limit.
    pub fn take_place(ctx: &Ctx<'_>) -> Option<Place> {
        let value: Value<'_> = ctx.catch();
        value.as_exception()?.stack().as_deref().and_then(Place::topmost)
    }

    /// Did calls nest too deeply?
    pub fn is_stack_overflow(&self) -> bool {
        self.text.starts_with(STACK_OVERFLOW)
    }
}

/// Place and text in one line.
pub fn placed(place: Option<&Place>, text: &str) -> String {
    match place {
        Some(place) => format!("{}: {text}", printable(&place.to_string())),
        None => text.to_owned(),
    }
}

fn with_hint(text: &str) -> String {
    let hint = text
        .strip_prefix("ReferenceError: ")
        .and_then(|text| text.strip_suffix(" is not defined"))
        .and_then(|name| ABSENT_GLOBALS.iter().find(|(names, _)| names.contains(&name)));
    match hint {
        Some((_, hint)) => format!("{text} ({hint})"),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_global_that_only_exists_elsewhere_gets_a_hint() {
        assert!(with_hint("ReferenceError: setTimeout is not defined").contains("no timers"));
        assert!(with_hint("ReferenceError: require is not defined").contains("use import and export"));
        assert_eq!(with_hint("ReferenceError: foo is not defined"), "ReferenceError: foo is not defined");
    }
}
