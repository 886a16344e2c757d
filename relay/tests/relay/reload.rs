//! The permissions file changes while the relay runs.

use std::path::{Path, PathBuf};

use serde_json::json;
use tempfile::TempDir;

use crate::doorman::{Doorman, refuse};
use crate::support::{Client, part, publish, relay, relay_asking};
use crate::tokens::member;

const ENTRY: &str = "backend/realtime-permissions.js";

/// A site folder, with a permissions file that lets nobody read a channel of this name, or no such file.
struct Site(TempDir);

impl Site {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("backend")).unwrap();
        std::fs::create_dir(folder.path().join("public")).unwrap();
        Self(folder)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn file(&self) -> PathBuf {
        self.path().join(ENTRY)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path().join(name), text).unwrap();
    }

    fn close(&self, channel: &str) {
        self.write(ENTRY, &closing(channel));
    }
}

fn closing(channel: &str) -> String {
    format!(
        "import {{ permissionsRouter }} from 'wix-realtime-backend';
         permissionsRouter.add({{ name: '{channel}' }}, () => ({{ read: false }}));
         export const realtime_check_permission = permissionsRouter.check;"
    )
}

#[tokio::test]
async fn who_is_no_longer_allowed_by_a_changed_file_is_told_and_the_others_hear_on() {
    let site = Site::new();
    site.close("nothing");
    let file = site.file();
    let relay = relay(&["--permissions", file.to_str().unwrap()]).await;
    let mut client = Client::visitor(&relay).await;
    for name in ["staff", "open"] {
        assert_eq!(client.subscribe(1, json!({"name": name}), None).await["type"], "subscribed");
    }
    site.close("staff");
    let ended = client.frame().await;
    assert_eq!(
        (&ended["type"], &ended["message"]),
        (&json!("ended"), &json!("no longer allowed to read channel staff"))
    );
    assert_eq!(client.subscribe(2, json!({"name": "staff"}), None).await["status"], 403);
    publish(&relay, json!({"name": "open"}), json!("still here")).await;
    assert_eq!(client.payloads(1).await, ["still here"]);
    part(relay, client).await;
}

#[tokio::test]
async fn what_the_file_imports_counts_as_the_file() {
    let site = Site::new();
    site.write("public/closed.js", "export const closed = 'nothing';");
    let import = "import { closed } from 'public/closed.js';\n";
    site.write(ENTRY, &format!("{import}{}", closing("nothing").replace("'nothing'", "closed")));
    let relay = relay(&["--site", site.path().to_str().unwrap()]).await;
    let mut client = Client::visitor(&relay).await;
    assert_eq!(client.subscribe(1, json!({"name": "open"}), None).await["type"], "subscribed");
    site.write("public/closed.js", "export const closed = 'open';");
    assert_eq!(client.frame().await["message"], "no longer allowed to read channel open");
    part(relay, client).await;
}

#[tokio::test]
async fn a_version_that_does_not_load_changes_nothing_and_the_next_one_that_does_counts() {
    let site = Site::new();
    site.close("nothing");
    let relay = relay(&["--site", site.path().to_str().unwrap()]).await;
    let mut client = Client::visitor(&relay).await;
    client.subscribe(1, json!({"name": "staff"}), None).await;
    site.write(ENTRY, "export const realtime_check_permission = (;");
    relay.reload();
    std::fs::remove_file(site.file()).unwrap();
    relay.reload();
    assert_eq!(client.subscribe(2, json!({"name": "other"}), None).await["type"], "subscribed");
    site.close("staff");
    assert_eq!(client.frame().await["message"], "no longer allowed to read channel staff");
    part(relay, client).await;
}

#[tokio::test]
async fn a_site_may_get_its_first_permissions_file_while_the_relay_runs() {
    let site = Site::new();
    let relay = relay(&["--site", site.path().to_str().unwrap()]).await;
    let mut client = Client::visitor(&relay).await;
    client.subscribe(1, json!({"name": "staff"}), None).await;
    site.close("staff");
    assert_eq!(client.frame().await["type"], "ended");
    part(relay, client).await;
}

#[tokio::test]
async fn a_reload_asks_about_everything_again_whoever_decides() {
    let doorman = Doorman::new();
    let relay = relay_asking(doorman.clone(), &["--token-secret", "secret"]).await;
    let mut anna = member(&relay, "anna").await;
    anna.subscribe(1, json!({"name": "staff"}), None).await;
    doorman.rule(refuse);
    relay.reload();
    assert_eq!(anna.frame().await["type"], "ended");
    part(relay, anna).await;
}
