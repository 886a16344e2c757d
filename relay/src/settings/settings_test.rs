//! Where settings come from, and which are refused.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Command, FromArgMatches};

use super::*;
use crate::permission::webhook::address::BackendAddress;
use crate::permission::webhook::settings::WebhookSettings;
use crate::permission::webhook::signature::Secret;

fn command() -> Command {
    // The environment of the one who runs the tests must not matter.
    Options::augment_args(Command::new("serve")).mut_args(|arg| arg.env(None::<&str>))
}

fn parse(flags: &[&str]) -> Options {
    let matches = command().try_get_matches_from([&["serve"], flags].concat()).unwrap();
    Options::from_arg_matches(&matches).unwrap()
}

fn error(flags: &[&str]) -> String {
    parse(flags).resolve().err().unwrap().to_string()
}

fn file_with(text: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("relay-settings-{}.toml", uuid::Uuid::new_v4()));
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn a_flag_counts_more_than_the_file_and_the_file_more_than_the_default() {
    let path = file_with("max-sessions = 7\nhistory-messages = 8\napi-key = [\"k\"]\n");
    let settings = parse(&["--config", path.to_str().unwrap(), "--max-sessions", "9"]).resolve().unwrap();
    assert_eq!(settings.max_sessions, 9);
    assert_eq!(settings.hub.retentions.default.messages, 8);
    assert_eq!(settings.max_payload_bytes, 65_536);
    assert_eq!((&settings.api_keys[..], settings.has_development_key()), (&["k".to_owned()][..], false));
    std::fs::remove_file(path).unwrap();
}

#[test]
fn settings_are_written_as_they_were_given() {
    let text = r#"
        listen = "127.0.0.1:1"
        metrics-listen = "127.0.0.1:2"
        tls-cert = "c.pem"
        tls-key = "k.pem"
        permissions-url = "https://example.org"
        permissions-secret = ["s", "older"]
        permissions-timeout-ms = 13
        permissions-max-in-flight = 14
        permissions-cache-seconds = 15
        require-permissions = true
        site = "s"
        api-key = ["k"]
        token-secret = "t"
        token-jwks = "keys.json"
        token-audience = ["a"]
        token-issuer = ["i"]
        token-clock-skew-seconds = 1
        visitor-key = ["a visitor key, or more"]
        allow-origin = ["https://o"]
        max-sessions = 2
        max-connections-per-address = 33
        trusted-proxy = ["10.0.0.0/8"]
        max-subscriptions = 3
        max-frames-per-second = 34
        max-payload-bytes = 4
        max-publishes-per-second = 5
        max-rechecks-per-second = 13
        max-outbox-bytes = 6
        data-dir = "d"
        durability = "machine"
        history-messages = 7
        history-seconds = 8
        max-history-bytes = 9
        heartbeat-seconds = 10
        heartbeat-timeout-seconds = 11
        hello-timeout-seconds = 12
        idle-timeout-seconds = 35
        max-memory-bytes = 36
        log = "warn"
        log-format = "json"

        [[retention]]
        channels = "chat*"
        messages = 13
        seconds = 14
        bytes = 15
    "#;
    let given: Options = toml::from_str(text).unwrap();
    let written = serde_json::to_value(given.clone().in_force().unwrap()).unwrap();
    assert_eq!(written, serde_json::to_value(given).unwrap());
    let untried = written.as_object().unwrap().iter().filter(|(_, value)| value.is_null());
    // It excludes the backend that is tried here.
    assert_eq!(untried.map(|(name, _)| name).collect::<Vec<_>>(), ["permissions"], "a setting is not tried");
}

#[test]
fn an_unknown_key_is_refused_by_name() {
    let path = file_with("max-session = 7\n");
    let error = error(&["--config", path.to_str().unwrap()]);
    assert!(error.contains("unknown key `max-session`: did you mean `max-sessions`?"), "{error}");
    std::fs::remove_file(path).unwrap();
}

#[test]
fn what_is_wrong_in_the_file_is_told_in_words_for_people() {
    let words = |text: &str| {
        let path = file_with(text);
        let error = error(&["--config", path.to_str().unwrap()]);
        std::fs::remove_file(path).unwrap();
        error
    };
    let cases = [
        ("history-seconds = \"10m\"\n", "it wants a whole number without a unit"),
        ("history-seconds = -5\n", "it wants a whole number without a unit"),
        ("listen = \"127.0.0.1\"\n", "it wants an IP address and a port, such as 127.0.0.1:8787"),
        ("[[retention]]\nchannel = \"a\"\n", "unknown key `channel`: did you mean `channels`?"),
        ("listen = 8787\n", "it wants an IP address and a port, such as 127.0.0.1:8787"),
        ("allow-origin = \"https://a.example\"\n", "it wants a list, such as [\"…\", \"…\"]"),
        ("[retention]", "it wants a list, such as [\"…\", \"…\"], or [[…]] before each table"),
        ("require-permissions = \"yes\"\n", "it wants true or false, without quotes"),
        ("port = 80\n", "unknown key `port`: expected one of `listen`,"),
    ];
    for (text, expected) in cases {
        let error = words(text);
        let place = format!("{} |", text.lines().count());
        assert!(
            error.contains(expected) && error.contains(&place) && !error.contains("u64"),
            "{text}: {error}"
        );
    }
}

#[test]
fn what_is_wrong_in_a_flag_is_told_in_words_for_people() {
    let refused = |flag: &str, value: &str| {
        command().try_get_matches_from(["serve", flag, value]).err().unwrap().to_string()
    };
    let number = refused("--max-history-bytes", "256MiB");
    assert!(
        number.contains("'256MiB'") && number.contains("it wants a whole number without a unit"),
        "{number}"
    );
    let address = refused("--listen", "localhost:8787");
    assert!(address.contains("it wants an IP address and a port, such as 127.0.0.1:8787"), "{address}");
}

#[test]
fn an_origin_that_no_browser_sends_is_refused() {
    for wrong in [
        "example.com",
        "https://example.com/",
        "https://example.com/page",
        "",
        "https://",
        "https://*.example.com",
        "https://example.com:443",
        "http://example.com:80",
    ] {
        let error = error(&["--allow-origin", wrong]);
        assert!(error.contains(&format!("{wrong:?} is no origin")), "{error}");
    }
    for right in [
        "https://example.com",
        "http://[::1]:8080",
        "capacitor://localhost",
        "http://example.com:443",
        "null",
        "*",
        "https://a,http://b",
    ] {
        assert!(parse(&["--allow-origin", right]).resolve().is_ok(), "{right}");
    }
}

#[test]
fn a_log_filter_that_would_write_nothing_is_refused() {
    assert!(error(&["--log", "verbose"]).contains(r#"--log "verbose" is not right: "verbose" is no level"#));
    assert!(error(&["--log", "info,debg"]).contains("\"debg\" is no level"));
    assert!(error(&["--log", "hyper=loud"]).contains("use for example info, debug"));
    for right in ["info", "WARN", "off", "info,realtime_relay::session=debug", "warn,hyper=debug"] {
        assert!(parse(&["--log", right]).resolve().is_ok(), "{right}");
    }
}

#[test]
fn what_shall_survive_the_machine_needs_a_folder() {
    assert!(error(&["--durability", "machine"]).contains("give one with --data-dir"));
    assert!(parse(&["--durability", "machine", "--data-dir", "d"]).resolve().is_ok());
}

#[test]
fn each_flag_is_a_key_of_the_file_and_an_environment_variable() {
    let command = Options::augment_args(Command::new("serve"));
    for arg in command.get_arguments() {
        let flag = arg.get_long().unwrap();
        let variable = format!("RELAY_{}", flag.replace('-', "_").to_uppercase());
        assert_eq!(arg.get_env().unwrap().to_str().unwrap(), variable);
        if flag == "config" {
            continue;
        }
        // A value of a type that no setting has: the key is known, the value is not right.
        let error = toml::from_str::<Options>(&format!("{flag} = 1979-05-27\n")).err().unwrap().to_string();
        let names_the_type = error.contains("invalid type") || error.contains("wanted string");
        assert!(names_the_type && !error.contains("unknown field"), "{flag}: {error}");
    }
}

#[test]
fn the_help_names_every_default_and_no_other() {
    let help = |flag: &str| {
        let command = command();
        let arg = command.get_arguments().find(|arg| arg.get_long() == Some(flag)).unwrap();
        let help = arg.get_long_help().or(arg.get_help()).unwrap().to_string();
        help.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let defaults = serde_json::to_value(Options::defaults()).unwrap();
    for (flag, value) in defaults.as_object().unwrap() {
        if flag == "retention" {
            // Tables: they have no flag.
            continue;
        }
        match value {
            serde_json::Value::Null => assert!(!help(flag).contains("[default: ") || derives(flag), "{flag}"),
            serde_json::Value::Array(list) if list.is_empty() => {}
            value => {
                let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                assert!(help(flag).contains(&format!("[default: {value}]")), "{flag}: {}", help(flag));
            }
        }
    }
}

/// Settings whose help describes a default that depends on others, or that there is no limit.
fn derives(flag: &str) -> bool {
    ["permissions", "api-key", "visitor-key", "max-publishes-per-second"].contains(&flag)
}

#[test]
fn a_relay_that_others_can_reach_needs_a_key() {
    assert!(error(&["--listen", "0.0.0.0:0"]).contains("--api-key"));
    assert!(parse(&["--listen", "0.0.0.0:0", "--api-key", "k"]).resolve().is_ok());
    assert!(Options { api_key: Some(Vec::new()), ..parse(&["--listen", "0.0.0.0:0"]) }.resolve().is_err());
    let loopback = parse(&["--listen", "[::1]:0"]).resolve().unwrap();
    assert_eq!((&loopback.api_keys[..], loopback.has_development_key()), (&["dev".to_owned()][..], true));
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    assert!(error(&["--api-key", ""]).contains("API key is empty"));
    assert!(error(&["--api-key", "schlüssel"]).contains("visible ASCII"));
    assert!(error(&["--token-secret", ""]).contains("openssl"));
    let no_memory = error(&["--max-memory-bytes", "5", "--max-history-bytes", "5"]);
    assert!(no_memory.contains("max-memory-bytes (5) must be larger than max-history-bytes (5)"));
    assert!(error(&["--tls-cert", "c.pem"]).contains("--tls-key is not"));
    assert!(error(&["--tls-key", "k.pem"]).contains("--tls-cert is not"));
    assert!(error(&["--visitor-key", "a long enough secret,short"]).contains("fewer than 16"));
    assert!(error(&["--token-clock-skew-seconds", "601"]).contains("at most 600"));
    assert!(error(&["--token-audience", ""]).contains("token-audience must not be empty"));
    assert!(error(&["--token-issuer", "a,,b"]).contains("token-issuer must not be empty"));
    assert!(error(&["--token-jwks", "http://example.org/keys"]).contains("use https"));
    assert!(error(&["--heartbeat-seconds", "0"]).contains("heartbeat-seconds must be at least 1"));
    assert!(error(&["--config", "/does/not/exist"]).contains("cannot read the settings file"));
}

#[test]
fn a_limit_of_nothing_is_refused_since_it_would_leave_nobody_in() {
    for limit in [
        "max-sessions",
        "max-connections-per-address",
        "max-subscriptions",
        "max-payload-bytes",
        "max-outbox-bytes",
    ] {
        let error = error(&[&format!("--{limit}"), "0"]);
        assert!(error.contains(&format!("{limit} must be at least 1")), "{error}");
    }
}

#[test]
fn retention_tables_say_what_channels_of_a_name_keep() {
    let path = file_with(
        "history-messages = 8\n\
         [[retention]]\nchannels = \"chat*\"\nmessages = 5000\nbytes = 100\n\
         [[retention]]\nchannels = \"*\"\nseconds = 60\n",
    );
    let settings = parse(&["--config", path.to_str().unwrap(), "--history-seconds", "9"]).resolve().unwrap();
    let kept: Vec<_> = settings
        .hub
        .retentions
        .rules
        .iter()
        .map(|rule| {
            (
                rule.channels.as_str(),
                rule.retention.messages,
                rule.retention.age.as_secs(),
                rule.retention.bytes,
            )
        })
        .collect();
    // What a table does not say is as for other channels.
    assert_eq!(kept, [("chat*", 5000, 9, 100), ("*", 8, 60, usize::MAX)]);
    std::fs::remove_file(path).unwrap();
}

#[test]
fn retention_tables_that_make_no_sense_are_refused() {
    let refused = |tables: &str, words: &str| {
        let path = file_with(tables);
        let error = error(&["--config", path.to_str().unwrap()]);
        assert!(error.contains(words), "{tables}: {error}");
        std::fs::remove_file(path).unwrap();
    };
    refused("[[retention]]\nmessages = 1\n", "missing field `channels`");
    refused("[[retention]]\nchannels = \"a\"\nhours = 1\n", "unknown key `hours`");
    refused("[[retention]]\nchannels = \"a\"\n", "of channels \"a\": it limits nothing");
    refused("[[retention]]\nchannels = \"a:*\"\nbytes = 1\n", "':' is in no channel's name");
    refused("[[retention]]\nchannels = \"a\"\nseconds = 0\n", "retention.seconds must be at least 1");
    refused("[[retention]]\nchannels = \"a\"\nseconds = 9999999999\n", "must be at most 3153600000");
    let twice = "[[retention]]\nchannels = \"a\"\nbytes = 1\n".repeat(2);
    refused(&twice, "have a table further up");
}

#[test]
fn permissions_are_decided_by_a_file_or_by_a_backend() {
    let url = ["--permissions-url", "http://127.0.0.1:8080/site"];
    let both = [&url[..], &["--permissions", "p.js"]].concat();
    assert!(error(&both).contains("by a file or by a backend, not by both"), "{}", error(&both));
    let site = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/site");
    let of_site = parse(&["--site", site]).resolve().unwrap();
    assert!(of_site.permissions.is_some() && of_site.webhook.is_none());
    // A backend that is named counts more than a file that happens to be in the site folder.
    let named = parse(&[&url[..], &["--site", site]].concat()).resolve().unwrap();
    assert!(named.permissions.is_none() && named.webhook.is_some());
    assert!(
        error(&["--permissions-url", "example.org"])
            .contains("--permissions-url: \"example.org\" is no address")
    );
}

#[test]
fn a_backend_that_decides_is_asked_as_the_settings_say() {
    let webhook = |flags: &[&str]| {
        let url = ["--permissions-url", "http://127.0.0.1:8080/site"];
        parse(&[&url[..], flags].concat()).resolve().unwrap().webhook.unwrap()
    };
    let address = BackendAddress::parse("http://127.0.0.1:8080/site").unwrap();
    assert_eq!(webhook(&[]), WebhookSettings::at(address.clone()));
    let flags = [
        ["--permissions-secret", "new,old"],
        ["--permissions-timeout-ms", "250"],
        ["--permissions-max-in-flight", "3"],
        ["--permissions-cache-seconds", "60"],
    ];
    let expected = WebhookSettings {
        address,
        secret: Some(Secret::new("new")),
        timeout: Duration::from_millis(250),
        max_in_flight: NonZeroU32::new(3).unwrap(),
        remembered_for: Some(Duration::from_secs(60)),
    };
    assert_eq!(webhook(&flags.concat()), expected);
    assert!(error(&["--permissions-timeout-ms", "0"]).contains("permissions-timeout-ms must be at least 1"));
    assert!(error(&["--permissions-max-in-flight", "0"]).contains("permissions-max-in-flight must be"));
    assert!(error(&["--permissions-secret", "a,"]).contains("a permissions secret is empty"));
}

#[test]
fn several_keys_may_be_given() {
    assert_eq!(parse(&["--api-key", "a", "--api-key", "b,c"]).resolve().unwrap().api_keys, ["a", "b", "c"]);
}

#[test]
fn the_file_that_is_shipped_is_right_as_it_is_and_with_all_that_it_offers() {
    let shipped = include_str!("../../../packaging/relay.toml");
    let is_offer = |line: &str| line.strip_prefix("# ").and_then(|line| line.split_once(" = ")).is_some();
    let offers = shipped.lines().filter(|line| is_offer(line)).count();
    assert!(offers >= 5, "{offers}");
    let all: Vec<_> = shipped
        .lines()
        .map(|line| if is_offer(line) { line.trim_start_matches("# ") } else { line })
        .collect();
    for text in [shipped, &all.join("\n")] {
        let given: Options = toml::from_str(text).unwrap();
        assert!(Options { api_key: Some(vec!["k".to_owned()]), ..given }.resolve().is_ok());
    }
}
