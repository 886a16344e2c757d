//! `relay config`: every setting in force, and where it comes from.

use std::collections::BTreeMap;
use std::process::ExitCode;

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Args};
use serde::Serialize;
use serde_json::{Map, Value};

use super::failure::Failure;
use super::output;
use crate::settings::Options;

/// What `relay config` is given.
#[derive(Args)]
pub struct ConfigArgs {
    /// The flags of `relay serve`.
    #[command(flatten)]
    pub options: Options,

    /// Print a JSON object: name of a setting to its value and source
    #[arg(long)]
    pub json: bool,
}

/// Where a setting comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Source {
    Flag,
    Environment,
    File,
    Default,
}

/// One setting.
#[derive(Debug, Serialize)]
struct Row {
    #[serde(skip)]
    name: String,
    #[serde(skip)]
    variable: String,
    /// `null` for what has no value, and for what is hidden.
    value: Value,
    source: Source,
    /// Whether there is a value that is not shown.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    hidden: bool,
}

/// Prints the settings that `relay serve` would run with. `matches` are those of this command.
///
/// # Errors
/// When `relay serve` would refuse the settings.
pub fn run(args: ConfigArgs, matches: Option<&ArgMatches>) -> Result<ExitCode, Failure> {
    let file = args.options.config.as_ref().map(|path| path.display().to_string());
    let rows = rows(args.options, |id| matches.and_then(|matches| matches.value_source(id)))?;
    output::print(&if args.json { as_json(&rows)? } else { as_table(&rows, file.as_deref()) })?;
    Ok(ExitCode::SUCCESS)
}

/// One row for each flag of `relay serve`, in their order, and one for each setting that has no flag.
fn rows(options: Options, given: impl Fn(&str) -> Option<ValueSource>) -> Result<Vec<Row>, Failure> {
    let mut of_file = values(&options.of_file()?)?;
    // The file's own name is no key of it.
    let path = options.config.as_ref().map(|path| path.display().to_string());
    let mut in_force = values(&options.in_force()?)?;
    in_force.insert("config".to_owned(), path.into());
    of_file.retain(|_, value| !value.is_null());

    let command = Options::augment_args(clap::Command::new("serve"));
    let row = |arg: &Arg| {
        let name = arg.get_long()?.to_owned();
        let source = match given(arg.get_id().as_str()) {
            Some(ValueSource::CommandLine) => Source::Flag,
            Some(ValueSource::EnvVariable) => Source::Environment,
            _ if of_file.contains_key(&name) => Source::File,
            _ => Source::Default,
        };
        let value = in_force.get(&name).cloned().unwrap_or_default();
        // What help hides is a secret; a default is none.
        let hidden = arg.is_hide_env_values_set() && source != Source::Default;
        let value = if hidden { Value::Null } else { value };
        let variable = arg.get_env().map(|variable| variable.to_string_lossy().into_owned());
        Some(Row { name, variable: variable.unwrap_or_default(), value, source, hidden })
    };
    let mut rows: Vec<_> = command.get_arguments().filter_map(row).collect();
    rows.extend(without_flag(in_force, &of_file, &rows));
    Ok(rows)
}

/// What only a file can say: tables, which are too much for a flag.
fn without_flag(in_force: Map<String, Value>, of_file: &Map<String, Value>, rows: &[Row]) -> Vec<Row> {
    let has_flag = |name: &String| rows.iter().any(|row| row.name == *name);
    let row = |(name, value): (String, Value)| {
        let source = if of_file.contains_key(&name) { Source::File } else { Source::Default };
        Row { name, variable: String::new(), value, source, hidden: false }
    };
    in_force.into_iter().filter(|(name, _)| !has_flag(name)).map(row).collect()
}

/// Settings by their names.
fn values(options: &Options) -> Result<Map<String, Value>, Failure> {
    match serde_json::to_value(options).map_err(Failure::failed)? {
        Value::Object(values) => Ok(values),
        other => Err(Failure::Failed(format!("settings are no object: {other}"))),
    }
}

fn as_json(rows: &[Row]) -> Result<String, Failure> {
    let by_name: BTreeMap<_, _> = rows.iter().map(|row| (row.name.as_str(), row)).collect();
    Ok(serde_json::to_string_pretty(&by_name).map_err(Failure::failed)? + "\n")
}

fn as_table(rows: &[Row], file: Option<&str>) -> String {
    let head = ["SETTING", "VALUE", "FROM"].map(str::to_owned);
    let body = rows.iter().map(|row| [row.name.clone(), value_text(row), source_text(row, file)]);
    let lines: Vec<_> = std::iter::once(head).chain(body).collect();
    let width = |column: usize| {
        lines.iter().filter_map(|cells| cells.get(column)).map(|cell| cell.chars().count()).max()
    };
    let (names, values) = (width(0).unwrap_or_default(), width(1).unwrap_or_default());
    let line = |[name, value, from]: &[String; 3]| format!("{name:<names$}  {value:<values$}  {from}\n");
    lines.iter().map(line).collect()
}

fn value_text(row: &Row) -> String {
    match &row.value {
        _ if row.hidden => "(hidden)".to_owned(),
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(list) if list.is_empty() => "-".to_owned(),
        Value::Array(list) => list.iter().map(item_text).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

/// An item of a list; a table with all its keys.
fn item_text(item: &Value) -> String {
    match item {
        Value::String(text) => text.clone(),
        Value::Object(table) => {
            let pairs: Vec<_> =
                table.iter().map(|(key, value)| format!("{key}={}", item_text(value))).collect();
            format!("{{{}}}", pairs.join(" "))
        }
        other => other.to_string(),
    }
}

fn source_text(row: &Row, file: Option<&str>) -> String {
    match (row.source, file) {
        (Source::Flag, _) => "flag".to_owned(),
        (Source::Environment, _) => format!("environment ({})", row.variable),
        (Source::File, Some(path)) => format!("file ({path})"),
        (Source::File, None) => "file".to_owned(),
        (Source::Default, _) => "default".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_is_a_row_and_none_without_a_value_but_those_that_need_none() {
        let rows = rows(Options::default(), |_| None).unwrap();
        let command = Options::augment_args(clap::Command::new("serve"));
        let flags: Vec<_> = command.get_arguments().filter_map(Arg::get_long).collect();
        let without_flag = ["retention"];
        let expected: Vec<_> = flags.into_iter().chain(without_flag).collect();
        assert_eq!(rows.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), expected);
        let empty: Vec<_> =
            rows.iter().filter(|row| row.value.is_null()).map(|row| row.name.as_str()).collect();
        let without_default = [
            "config",
            "permissions",
            "permissions-url",
            "permissions-secret",
            "site",
            "token-secret",
            "token-jwks",
            "visitor-key",
            "max-publishes-per-second",
            "data-dir",
            "tls-cert",
            "tls-key",
            "metrics-listen",
        ];
        assert_eq!(empty, without_default);
        assert!(rows.iter().all(|row| row.source == Source::Default && !row.hidden));
    }

    #[test]
    fn what_is_secret_is_hidden_wherever_it_comes_from() {
        let options = Options {
            api_key: Some(vec!["k1".to_owned()]),
            token_secret: Some("s1".to_owned()),
            permissions_secret: Some(vec!["p1".to_owned()]),
            visitor_key: Some(vec!["a visitor key v1".to_owned(), "another one of v2".to_owned()]),
            ..Options::default()
        };
        for source in [ValueSource::CommandLine, ValueSource::EnvVariable] {
            let rows = rows(options.clone(), |_| Some(source)).unwrap();
            for text in [as_json(&rows).unwrap(), as_table(&rows, None)] {
                for secret in ["k1", "s1", "p1", "v1", "v2"] {
                    assert!(!text.contains(secret), "{secret}: {text}");
                }
            }
        }
    }
}
