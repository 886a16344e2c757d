//! `relay config`, `relay completions`, and command lines that are not right.

use serde_json::json;

use super::terminal::{command, end_of, run};

#[tokio::test]
async fn a_command_line_that_is_not_right_exits_with_2_and_says_what_would_be_right() {
    let cases: [(&[&str], &str); 13] = [
        (&["publish", "chat", "Hi"], r#"write quotes inside quotes: '"Hi"'"#),
        (&["publish", "a:b", "1"], r#"channel name has ":" at position 2"#),
        (&["publish", "chat", "1", "--url", "ftp://relay.example"], "an address looks like http"),
        (&["publish", "chat", "1", "--url", "http://relay.example"], "set --api-key or RELAY_API_KEY"),
        (&["subscribe"], "<CHANNEL[/RESOURCE]>..."),
        (&["subscribe", "chat", "--since", "7"], "EPOCH:OFFSET"),
        (&["subscribe", "a", "b", "--since", "e:7"], "once for each channel"),
        (&["check", "--channel", "a", "--as", "anna"], "member:anna"),
        (&["check", "--channel", "a", "--as", "member:anna"], "give one with --permissions"),
        (&["test", "/does/not/exist.json"], "cannot read /does/not/exist.json"),
        (&["token", "--sub", "anna"], "--token-secret <SECRET>"),
        (&["token", "--sub", "anna", "--token-secret", ""], "the token secret is empty"),
        (&["token", "--sub", "anna", "--token-secret", "s", "--ttl", "1w"], "30s, 15m, 1h, 7d"),
    ];
    for (args, words) in cases {
        let ended = run(args).await;
        assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{args:?}");
        assert!(ended.err.contains(words), "{args:?}: {}", ended.err);
    }
}

#[tokio::test]
async fn each_shell_learns_the_commands_and_their_flags() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let ended = run(&["completions", shell]).await;
        assert_eq!((ended.code, ended.err.as_str()), (0, ""));
        assert!(ended.out.contains("publish") && ended.out.contains("max-payload-bytes"), "{shell}");
    }
}

#[tokio::test]
async fn config_tells_each_setting_and_where_it_comes_from() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("relay.toml");
    std::fs::write(
        &file,
        "max-sessions = 7\nhistory-messages = 8\nlog = \"warn\"\ntoken-secret = \"s3cret\"\n\
         [[retention]]\nchannels = \"chat*\"\nmessages = 5000\nseconds = 86400\n",
    )
    .unwrap();
    let settings = |more: &[&str]| {
        let flags = ["config", "--config", file.to_str().unwrap(), "--history-messages", "9"];
        let mut command = command(&[&flags[..], more].concat());
        command.env("RELAY_LOG", "debug").env("RELAY_API_KEY", "k3y,other");
        end_of(command, "")
    };
    let ended = settings(&[]).await;
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    let row = |name: &str| {
        let line = ended.out.lines().find(|line| line.split(' ').next() == Some(name));
        line.unwrap_or_else(|| panic!("no {name}")).split_whitespace().skip(1).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(row("SETTING"), "VALUE FROM");
    assert_eq!(row("max-sessions"), format!("7 file ({})", file.display()));
    assert_eq!(row("history-messages"), "9 flag");
    assert_eq!(row("log"), "debug environment (RELAY_LOG)");
    assert_eq!(row("listen"), "127.0.0.1:8787 default");
    assert_eq!(row("api-key"), "(hidden) environment (RELAY_API_KEY)");
    let retention = format!("{{channels=chat* messages=5000 seconds=86400}} file ({})", file.display());
    assert_eq!(row("retention"), retention);
    assert!(!ended.out.contains("k3y") && !ended.out.contains("s3cret"), "{}", ended.out);

    let ended = settings(&["--json"]).await;
    let json: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(json["max-sessions"], json!({"value": 7, "source": "file"}));
    assert_eq!(json["token-secret"], json!({"value": null, "source": "file", "hidden": true}));
    let retention = json!([{"channels": "chat*", "messages": 5000, "seconds": 86400}]);
    assert_eq!(json["retention"], json!({"value": retention, "source": "file"}));
    assert_eq!(json["allow-origin"], json!({"value": [], "source": "default"}));
    assert!(!ended.out.contains("k3y") && !ended.out.contains("s3cret"), "{}", ended.out);
}

#[tokio::test]
async fn config_refuses_what_serve_refuses() {
    for words in ["config", "serve"] {
        let ended = run(&[words, "--listen", "0.0.0.0:0"]).await;
        assert_eq!((ended.code, ended.out.as_str()), (2, ""));
        assert!(ended.err.contains("set --api-key or RELAY_API_KEY"), "{}", ended.err);
    }
}
