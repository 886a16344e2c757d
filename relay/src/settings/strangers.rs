//! Variables of the environment that look like a setting and are none.
//!
//! A wrong key of the file and a wrong flag are refused. The environment is not the relay's alone (service managers and
//! containers put `RELAY_PORT` there for reasons of their own), so what is near to a setting's name is told, and the
//! rest is left alone.

use super::options::Options;
use super::words::nearest;
use clap::{Args, Command};

/// How the names of all settings begin in the environment.
const PREFIX: &str = "RELAY_";

/// What other commands of this program read there.
const OF_OTHERS: [&str; 2] = ["URL", "TOKEN"];

/// Each variable that is probably a setting, written wrongly, with the one that was probably meant.
pub fn among(variables: impl Iterator<Item = String>) -> Vec<(String, String)> {
    let command = Options::augment_args(Command::new("serve"));
    let known: Vec<&str> = command
        .get_arguments()
        .filter_map(|arg| arg.get_env()?.to_str()?.strip_prefix(PREFIX))
        .chain(OF_OTHERS)
        .collect();
    variables
        .filter_map(|variable| {
            let name = variable.strip_prefix(PREFIX).filter(|name| !known.contains(name))?;
            let meant = nearest(name, known.iter().copied())?;
            Some((variable.clone(), format!("{PREFIX}{meant}")))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_setting_is_found_and_what_is_not_ours_is_left_alone() {
        let environment = [
            "RELAY_HISTORY_SECOND",
            "RELAY_APIKEY",
            "RELAY_API_KEY",
            "RELAY_TOKEN",
            "RELAY_URL",
            "RELAY_PORT",
            "RELAY_SERVICE_HOST",
            "RELAY_PORT_8787_TCP_ADDR",
            "HISTORY_SECOND",
        ];
        let told = |name: &str, meant: &str| (name.to_owned(), meant.to_owned());
        assert_eq!(
            among(environment.into_iter().map(str::to_owned)),
            [told("RELAY_HISTORY_SECOND", "RELAY_HISTORY_SECONDS"), told("RELAY_APIKEY", "RELAY_API_KEY")]
        );
    }
}
