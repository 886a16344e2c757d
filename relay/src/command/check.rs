//! `relay check`: may this subscriber read this channel, and why?

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use realtime_protocol::channel::Channel;
use realtime_protocol::subscriber::Subscriber;
use serde::Serialize;

use super::address::RelayUrl;
use super::dial::Way;
use super::failure::Failure;
use super::script::{self, ScriptArgs};
use super::{channel, output, request};
use crate::permission::explanation::{Explanation, Kind};
use crate::permission::question::Question;

/// What `relay check` is given.
#[derive(Args)]
pub struct CheckArgs {
    /// The site's permissions file; counts more than --permissions
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,

    /// The file.
    #[command(flatten)]
    pub script: ScriptArgs,

    /// The channel, or one of its resources
    #[arg(long, value_name = "NAME[/RESOURCE]", value_parser = channel::parse)]
    pub channel: Channel,

    /// Who wants to read it: admin, member or visitor, and the user's id
    #[arg(long = "as", value_name = "TYPE:ID", value_parser = script::subscriber)]
    pub subscriber: Subscriber,

    /// Ask the relay that runs there, instead of a file
    #[arg(long, value_name = "URL", value_parser = RelayUrl::parse, conflicts_with = "file")]
    pub relay: Option<RelayUrl>,

    /// The authorities that may have signed that relay's certificate, PEM; those of the system are not asked then
    #[arg(long, value_name = "FILE", requires = "relay")]
    pub ca: Option<PathBuf>,

    /// That relay's API key; of several, the first [default on this machine: dev]
    #[arg(long, env = "RELAY_API_KEY", value_delimiter = ',', hide_env_values = true, value_name = "KEY")]
    pub api_key: Option<Vec<String>>,

    /// Print the answer as JSON
    #[arg(long)]
    pub json: bool,
}

/// Prints the decision and all that is known about it.
///
/// # Errors
/// When there is no permissions file, or it does not load; when the relay does not answer.
pub fn run(args: CheckArgs) -> Result<ExitCode, Failure> {
    let question = Question { channel: args.channel, subscriber: args.subscriber };
    let explanation = match &args.relay {
        Some(relay) => {
            let key = relay.key(args.api_key.as_deref())?;
            ask_relay(&Way::to(relay, args.ca.as_deref())?, &key, &question)?
        }
        None => {
            let script = ScriptArgs { permissions: args.file.or(args.script.permissions), ..args.script };
            let asked = question.clone();
            script.with_handlers(move |mut handlers| Ok(handlers.explain(&asked)?.explanation))?
        }
    };
    let text = if args.json { as_json(&question, &explanation)? } else { as_text(&question, &explanation) };
    output::print(&text)?;
    Ok(if explanation.read { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The request's and the answer's body, as `docs/protocol.md` has it.
#[derive(Serialize)]
struct Body<'a> {
    channel: &'a Channel,
    subscriber: &'a Subscriber,
}

fn ask_relay(way: &Way, key: &str, question: &Question) -> Result<Explanation, Failure> {
    let body = Body { channel: &question.channel, subscriber: &question.subscriber };
    let body = serde_json::to_string(&body).map_err(Failure::failed)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let answer = runtime.block_on(request::post(way, "/v1/permissions/explain", key, body))?;
    serde_json::from_slice(&answer.success()?)
        .map_err(|error| Failure::Failed(format!("the answer is not a relay's: {error}")))
}

fn as_text(question: &Question, explanation: &Explanation) -> String {
    let Question { channel, subscriber } = question;
    let (word, may) = match explanation.decision {
        Kind::Allowed => ("allowed", "may"),
        Kind::Refused => ("refused", "may not"),
        Kind::Unavailable => ("unavailable", "may not now"),
    };
    let subscriber = script::subscriber_text(subscriber);
    let mut lines = vec![format!("{word}: {subscriber} {may} read {channel}")];
    lines.push(format!("  decided by  {}", script::decider(explanation, channel)));
    lines.extend(explanation.reason.iter().map(|reason| format!("  reason      {reason}")));
    lines.push(format!("  took        {:.3} ms", explanation.took_micros as f64 / 1000.0));
    lines.extend(explanation.logs.iter().map(|line| format!("  logged      {}", script::log_line(line))));
    lines.join("\n") + "\n"
}

#[derive(Serialize)]
struct Report<'a> {
    channel: &'a Channel,
    subscriber: &'a Subscriber,
    #[serde(flatten)]
    explanation: &'a Explanation,
}

fn as_json(question: &Question, explanation: &Explanation) -> Result<String, Failure> {
    let Question { channel, subscriber } = question;
    let report = Report { channel, subscriber, explanation };
    Ok(serde_json::to_string_pretty(&report).map_err(Failure::failed)? + "\n")
}
