//! What is wrong with a value, in words for the operator instead of those of the code that has read it.

use std::net::SocketAddr;
use std::str::FromStr;

/// Numbers of settings: their unit is in the setting's name.
const WHOLE_NUMBER: &str = "a whole number without a unit";

/// Addresses to listen at: names are not looked up, and no port is guessed.
const ADDRESS: &str = "an IP address and a port, such as 127.0.0.1:8787, or 0.0.0.0:8787 for all addresses";

/// Settings that may be given more than once, and the tables of which there may be several.
const LIST: &str = "a list, such as [\"…\", \"…\"], or [[…]] before each table";

/// How alike two names are (Jaro, 0 to 1) of which one is the other, written wrongly.
const ALIKE: f64 = 0.85;

/// Reads a number from a flag or the environment.
pub fn whole<T: FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("it wants {WHOLE_NUMBER}"))
}

/// Reads an address from a flag or the environment.
pub fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| format!("it wants {ADDRESS}"))
}

/// What serde says of a settings file, for people. What is not known here stays as it is.
pub fn of_file(message: &str) -> String {
    if let Some(words) = unknown_key(message) {
        return words;
    }
    if message == "invalid socket address syntax" {
        return format!("it wants {ADDRESS}");
    }
    match message.rsplit_once(", expected ") {
        Some((found, "u64" | "u32" | "usize")) => format!("{found}: it wants {WHOLE_NUMBER}"),
        Some((found, "socket address")) => format!("{found}: it wants {ADDRESS}, in quotes"),
        Some((found, "a sequence")) => format!("{found}: it wants {LIST}"),
        Some((found, "a boolean")) => format!("{found}: it wants true or false, without quotes"),
        _ => message.to_owned(),
    }
}

/// The one of the names that a wrong one was probably meant to be.
pub fn nearest<'a>(wrong: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    names
        .map(|name| (strsim::jaro(wrong, name), name))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, name)| name)
}

/// A key that there is none of: the one that is near, or all there are.
fn unknown_key(message: &str) -> Option<String> {
    let (wrong, known) = message.strip_prefix("unknown field `")?.split_once("`, expected ")?;
    let names = known.split('`').skip(1).step_by(2);
    Some(match nearest(wrong, names) {
        Some(name) => format!("unknown key `{wrong}`: did you mean `{name}`?"),
        None => format!("unknown key `{wrong}`: expected {known}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_near_name_is_found_and_a_far_one_is_not() {
        let near = |wrong| nearest(wrong, ["max-sessions", "max-subscriptions", "listen"].into_iter());
        assert_eq!(near("max-sesions"), Some("max-sessions"));
        assert_eq!(near("max_sessions"), Some("max-sessions"));
        assert_eq!(near("port"), None);
    }

    #[test]
    fn what_is_not_known_stays_as_it_is() {
        assert_eq!(of_file("duplicate key"), "duplicate key");
        assert_eq!(of_file("invalid type: map, expected a string"), "invalid type: map, expected a string");
    }
}
