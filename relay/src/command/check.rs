//! `relay check`: may this subscriber read this channel, and why?

use std::process::ExitCode;

use clap::Args;
use realtime_protocol::channel::Channel;
use realtime_protocol::subscriber::Subscriber;
use serde::Serialize;

use super::failure::Failure;
use super::script::{self, Explained, ScriptArgs};
use super::{channel, output};
use crate::permission::question::Question;
use crate::permission::script::console::ConsoleLine;

/// What `relay check` is given.
#[derive(Args)]
pub struct CheckArgs {
    /// The file.
    #[command(flatten)]
    pub script: ScriptArgs,

    /// The channel, or one of its resources
    #[arg(long, value_name = "NAME[/RESOURCE]", value_parser = channel::parse)]
    pub channel: Channel,

    /// Who wants to read it: admin, member or visitor, and the user's id
    #[arg(long = "as", value_name = "TYPE:ID", value_parser = script::subscriber)]
    pub subscriber: Subscriber,

    /// Print the answer as JSON
    #[arg(long)]
    pub json: bool,
}

/// Prints the decision and all that is known about it.
///
/// # Errors
/// When there is no permissions file, or it does not load.
pub fn run(args: CheckArgs) -> Result<ExitCode, Failure> {
    let question = Question { channel: args.channel, subscriber: args.subscriber };
    let asked = question.clone();
    let (text, is_allowed) = args.script.with_handlers(move |mut handlers| {
        let explained = handlers.explain(&asked)?;
        let text = if args.json { as_json(&asked, &explained)? } else { as_text(&asked, &explained) };
        Ok((text, explained.decision.is_allowed()))
    })?;
    output::print(&text)?;
    Ok(if is_allowed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn as_text(question: &Question, explained: &Explained) -> String {
    let Explained { decision, took, logged } = explained;
    let Question { channel, subscriber } = question;
    let (word, may) = if decision.is_allowed() { ("allowed", "may") } else { ("refused", "may not") };
    let subscriber = script::subscriber_text(subscriber);
    let mut lines = vec![format!("{word}: {subscriber} {may} read {channel}")];
    lines.push(format!("  decided by  {}", script::decider(decision.decided_by, channel)));
    lines.extend(script::reason(&decision.answer).map(|reason| format!("  reason      {reason}")));
    lines.push(format!("  took        {:.3} ms", took.as_secs_f64() * 1000.0));
    lines.extend(logged.iter().map(|line| format!("  logged      {}", script::log_line(line))));
    lines.join("\n") + "\n"
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report<'a> {
    allowed: bool,
    channel: &'a Channel,
    subscriber: &'a Subscriber,
    /// `exact`, `parent`, `default` or `none`; `null` without the router.
    decided_by: Option<&'static str>,
    /// `none` for yes, else the word that the relay's counters have.
    cause: &'static str,
    reason: Option<String>,
    took_micros: u128,
    logged: Vec<Logged<'a>>,
}

#[derive(Serialize)]
struct Logged<'a> {
    level: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<u32>,
    text: &'a str,
}

impl<'a> From<&'a ConsoleLine> for Logged<'a> {
    fn from(line: &'a ConsoleLine) -> Self {
        let place = line.place.as_ref();
        Self {
            level: line.level.as_str(),
            file: place.map(|place| place.file.as_str()),
            line: place.map(|place| place.line),
            column: place.map(|place| place.column),
            text: &line.text,
        }
    }
}

fn as_json(question: &Question, explained: &Explained) -> Result<String, Failure> {
    let Explained { decision, took, logged } = explained;
    let report = Report {
        allowed: decision.is_allowed(),
        channel: &question.channel,
        subscriber: &question.subscriber,
        decided_by: decision.decided_by.map(|decided_by| decided_by.as_str()),
        cause: decision.answer.cause(),
        reason: script::reason(&decision.answer),
        took_micros: took.as_micros(),
        logged: logged.iter().map(Logged::from).collect(),
    };
    let text = serde_json::to_string_pretty(&report).map_err(Failure::failed)?;
    Ok(text + "\n")
}
