//! A permissions file, asked without a relay: with the engine, the limits and the router that a relay asks it with.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use clap::Args;
use realtime_protocol::channel::Channel;
use realtime_protocol::subscriber::{Subscriber, SubscriberType, UserId};

use super::failure::Failure;
use crate::permission::explanation::{Explanation, Handler, Logged};
use crate::permission::misplaced;
use crate::permission::question::{Answer, DecidedBy, Question};
use crate::permission::script::console::{Collected, Console};
use crate::permission::script::engine::Engine;
use crate::permission::script::error::ScriptError;
use crate::permission::script::loaded::{Script, stack_bytes};
use crate::permission::script::settings::EngineLimits;
use crate::settings::permissions_of;
use crate::settings::resolve::PERMISSIONS_OF_SITE;

/// Which permissions file to ask: the one that `relay serve` would take with the same flags.
#[derive(Args)]
pub struct ScriptArgs {
    /// The site's permissions file [default: DIR/backend/realtime-permissions.js of --site, where it exists]
    #[arg(long, env = "RELAY_PERMISSIONS", value_name = "FILE")]
    pub permissions: Option<PathBuf>,

    /// The site's folder, where the permissions file finds what it imports [default: the parent of its backend
    /// folder, or else its own folder]
    #[arg(long, env = "RELAY_SITE", value_name = "DIR")]
    pub site: Option<PathBuf>,
}

/// A permissions file that can be asked, on the thread that it was loaded for.
pub struct Handlers {
    script: Arc<Script>,
    engine: Engine,
    logged: Collected,
}

/// An answer, and everything that is known about it.
pub struct Explained {
    /// The answer.
    pub answer: Answer,
    /// All about it.
    pub explanation: Explanation,
}

impl ScriptArgs {
    /// The permissions file, if one is named.
    pub fn file(&self) -> Option<PathBuf> {
        self.permissions.clone().or_else(|| self.site.as_deref().and_then(permissions_of))
    }

    /// Loads the permissions file and puts it to work, on a thread with the stack that the engine needs.
    ///
    /// # Errors
    /// When there is no file, or it does not load.
    pub fn with_handlers<T: Send>(
        &self,
        work: impl FnOnce(Handlers) -> Result<T, Failure> + Send,
    ) -> Result<T, Failure> {
        let file = self.file().ok_or_else(|| self.without_file())?;
        let limits = EngineLimits::default();
        let script = Script::load(&file, self.site.as_deref(), limits)?;
        let with_stack = thread::Builder::new().stack_size(stack_bytes(limits));
        thread::scope(|scope| {
            let handlers = with_stack.spawn_scoped(scope, move || work(Handlers::start(script)?))?;
            handlers
                .join()
                .unwrap_or_else(|_| Err(Failure::failed("the engine that runs the handlers panicked")))
        })
    }

    fn without_file(&self) -> Failure {
        let site = self.site.as_deref();
        let advice = misplaced::look(site).map(|found| format!("; {}", misplaced::advice(&found, site)));
        Failure::usage(format!(
            "there is no permissions file to ask: give one with --permissions, or with --site a folder that has \
             {PERMISSIONS_OF_SITE}{}",
            advice.unwrap_or_default()
        ))
    }
}

impl Handlers {
    fn start(script: Arc<Script>) -> Result<Self, ScriptError> {
        let logged = Collected::default();
        logged.replace(Some(Vec::new()));
        let engine = start_engine(&script, &logged)?;
        Ok(Self { script, engine, logged })
    }

    /// Asks. What the file's top level logged is told with the first answer.
    ///
    /// # Errors
    /// When the handlers ran into a limit earlier, and now the file does not load again.
    pub fn explain(&mut self, question: &Question) -> Result<Explained, Failure> {
        if self.engine.is_spent() {
            self.engine = start_engine(&self.script, &self.logged)?;
        }
        let began = Instant::now();
        let (decision, handler) = self.engine.explain(question);
        let took = began.elapsed();
        let explanation = Explanation {
            handler: handler.map(Handler::from),
            logs: self.logged.replace(Some(Vec::new())).unwrap_or_default(),
            ..Explanation::new(&decision, took)
        };
        Ok(Explained { answer: decision.answer, explanation })
    }
}

impl From<ScriptError> for Failure {
    fn from(error: ScriptError) -> Self {
        Self::Failed(format!("the permissions file does not load: {error}"))
    }
}

fn start_engine(script: &Arc<Script>, logged: &Collected) -> Result<Engine, ScriptError> {
    script.start(EngineLimits::default(), Console::to_log_or(logged))
}

/// Reads who asks: `TYPE:ID`, such as `member:anna`. The first `:` splits, so that an id may have more.
///
/// # Errors
/// What is wrong with it, as a sentence.
pub fn subscriber(text: &str) -> Result<Subscriber, String> {
    let rule = || "write TYPE:ID, such as member:anna; TYPE is admin, member or visitor".to_owned();
    let (kind, id) = text.split_once(':').ok_or_else(rule)?;
    let kind = SubscriberType::parse(kind).ok_or_else(rule)?;
    Ok(Subscriber { id: UserId::parse(id)?, kind })
}

/// A subscriber as [`subscriber`] reads it.
pub fn subscriber_text(subscriber: &Subscriber) -> String {
    format!("{}:{}", subscriber.kind.as_str().to_lowercase(), subscriber.id.as_str().escape_debug())
}

/// Who decided about a channel, in words for people and with the router's own word, and where that handler was added.
pub fn decider(explanation: &Explanation, channel: &Channel) -> String {
    let who = match explanation.decided_by {
        Some(DecidedBy::Exact) => format!("the handler of {channel} (exact)"),
        Some(DecidedBy::Parent) => format!("the handler of {} (parent)", channel.name()),
        Some(DecidedBy::Default) => "the default handler (default)".to_owned(),
        Some(DecidedBy::Nobody) => "no handler, so everyone may read (none)".to_owned(),
        None => "no handler of the permissions router".to_owned(),
    };
    match &explanation.handler {
        Some(Handler { file, line }) => format!("{who}, {file}:{line}"),
        None => who,
    }
}

/// A logged line as a person reads it.
pub fn log_line(Logged { level, file, line, text }: &Logged) -> String {
    let place = match (file, line) {
        (Some(file), Some(line)) => format!("{file}:{line}: "),
        _ => String::new(),
    };
    format!("{level:<5} {place}{text}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_is_a_type_and_an_id() {
        let read = subscriber("Member:a:b").unwrap();
        assert_eq!((read.kind, read.id.as_str()), (SubscriberType::Member, "a:b"));
        assert_eq!(subscriber_text(&read), "member:a:b");
        for (text, words) in
            [("anna", "TYPE:ID"), ("root:anna", "admin, member or visitor"), ("member:", "empty")]
        {
            assert!(subscriber(text).unwrap_err().contains(words), "{text}");
        }
    }
}
