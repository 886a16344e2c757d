//! `docs/commands.md` says what the commands do: its sessions are run, its flags are those of the help.

use std::collections::BTreeSet;
use std::path::Path;

use clap::CommandFactory;
use realtime_relay::cli::Cli;

use super::support::relay;
use super::terminal::{end_of, shell};

fn page() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/commands.md")).unwrap()
}

/// The code blocks of a language.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let fence = format!("\n```{language}\n");
    page.split(&fence).skip(1).map(|rest| rest.split("\n```").next().unwrap().to_owned() + "\n").collect()
}

/// The part of the page about a command.
fn section<'a>(page: &'a str, name: &str) -> &'a str {
    let title = format!("\n## relay {name}\n");
    let rest = page.split(&title).nth(1).unwrap_or_else(|| panic!("nothing about relay {name}"));
    rest.split("\n## ").next().unwrap()
}

/// Whether a text is as it is shown, where `…` stands for anything within a line.
fn is_as_shown(text: &str, shown: &str) -> bool {
    let mut parts = shown.split('…');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else {
        return false;
    };
    for part in parts {
        let Some(at) = rest.find(part).filter(|at| !part.is_empty() && !rest[..*at].contains('\n')) else {
            return part.is_empty() && !rest.contains('\n');
        };
        rest = &rest[at + part.len()..];
    }
    rest.is_empty()
}

#[test]
fn anything_within_a_line_may_stand_for_an_ellipsis() {
    assert!(is_as_shown("took 0.1 ms\n", "took … ms\n"));
    assert!(is_as_shown("a.b.c\n", "a….…\n"));
    assert!(!is_as_shown("took 0.1 ms\nmore\n", "took … ms\n"));
    assert!(!is_as_shown("took\n ms\n", "took… ms\n"));
}

#[tokio::test]
async fn the_sessions_on_the_page_happen_as_they_are_shown() {
    let page = page();
    let relay = relay(&[]).await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("my-site/backend")).unwrap();
    std::fs::write(folder.path().join("expectations.json"), &blocks(&page, "json")[0]).unwrap();
    // Its first line is a comment with the file's name.
    let permissions = blocks(&page, "js").remove(0);
    let name = permissions.lines().next().unwrap().trim_start_matches("// ");
    std::fs::write(folder.path().join(name), &permissions).unwrap();

    let sessions = blocks(&page, "console");
    assert!(sessions.len() >= 5);
    for session in sessions {
        let mut exports = String::new();
        for step in session.split("$ ").skip(1) {
            let (line, shown) = step.split_once('\n').unwrap();
            if line.starts_with("export ") {
                exports += &format!("{line}\n");
                continue;
            }
            let mut command = shell(&format!("{exports}{line}"));
            command.current_dir(folder.path()).env("RELAY_URL", format!("http://{}", relay.address()));
            let ended = end_of(command, "").await;
            let said = ended.out + &ended.err;
            assert!(is_as_shown(&said, shown), "$ {line}\n{said}instead of\n{shown}");
        }
    }
    relay.stop().await;
}

#[test]
fn each_command_and_each_of_its_flags_is_on_the_page_and_no_other() {
    let page = page();
    let command = Cli::command();
    let serve = command.find_subcommand("serve").unwrap();
    let flags_of = |command: &clap::Command| {
        command.get_arguments().filter_map(|arg| arg.get_long().map(str::to_owned)).collect::<BTreeSet<_>>()
    };
    for command in command.get_subcommands().filter(|command| command.get_name() != "serve") {
        let name = command.get_name();
        let listed: BTreeSet<_> = section(&page, name)
            .lines()
            .filter_map(|line| line.strip_prefix("- "))
            .flat_map(|line| line.split(':').next().unwrap().split("`--").skip(1))
            .map(|flag| flag.split([' ', '`']).next().unwrap().to_owned())
            .collect();
        // `relay config` takes the flags of `relay serve`, and says so.
        let shared = if name == "config" { flags_of(serve) } else { BTreeSet::new() };
        let own: BTreeSet<_> = flags_of(command).difference(&shared).cloned().collect();
        assert_eq!(listed, own, "relay {name}");
    }
}

#[test]
fn the_lines_of_a_subscription_on_the_page_are_json_with_the_keys_of_a_message() {
    let page = page();
    let lines = blocks(section(&page, "subscribe"), "text").remove(0);
    let known = ["channel", "epoch", "offset", "payload", "publisher"];
    for line in lines.lines().skip(1) {
        let message: serde_json::Map<String, serde_json::Value> = serde_json::from_str(line).unwrap();
        assert!(message.len() >= 4 && message.keys().all(|key| known.contains(&key.as_str())), "{line}");
    }
}
