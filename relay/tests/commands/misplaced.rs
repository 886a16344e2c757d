//! A permissions file that is not where it is looked for: everyone may read, so the start says what was probably meant.

use std::fs;
use std::path::Path;

use super::terminal::{Running, command, end_of};

/// A folder with one file in it.
fn folder_with(file: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(file);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, "export function realtime_check_permission() { return { read: false }; }\n").unwrap();
    folder
}

/// What `relay serve` warns of with these flags, in that folder.
async fn warning(folder: &Path, flags: &[&str]) -> String {
    let mut command = command(&[&["serve", "--listen", "127.0.0.1:0"], flags].concat());
    command.current_dir(folder);
    Running::spawn(command).says("decides nothing").await
}

#[tokio::test]
async fn a_permissions_file_in_the_current_folder_that_was_not_named_is_told_with_the_flag_that_names_it() {
    for file in ["backend/realtime-permissions.js", "realtime-permissions.js"] {
        let folder = folder_with(file);
        let line = warning(folder.path(), &[]).await;
        let expected = format!("{file} is there and decides nothing: give it with --permissions {file}");
        assert!(line.contains(" WARN ") && line.ends_with(&expected), "{line}");
    }
}

#[tokio::test]
async fn a_permissions_file_elsewhere_in_the_site_folder_is_told_with_the_place_where_it_belongs() {
    for file in
        ["realtime-permissions.js", "backend/realtime-permissions.jsw", "src/backend/realtime-permissions.js"]
    {
        let folder = folder_with(&format!("site/{file}"));
        let line = warning(folder.path(), &["--site", "site"]).await;
        let found = format!("site/{file} is there and decides nothing: name it ");
        assert!(line.contains(&found), "{line}");
        assert!(
            line.ends_with("site/backend/realtime-permissions.js, or give it with --permissions"),
            "{line}"
        );
    }
}

#[tokio::test]
async fn a_check_that_finds_no_file_tells_of_one_that_stands_elsewhere() {
    let folder = folder_with("site/realtime-permissions.js");
    let ask = |site: &str| {
        let mut command = command(&["check", "--site", site, "--channel", "a", "--as", "visitor:1"]);
        command.current_dir(folder.path());
        end_of(command, "")
    };
    let ended = ask("site").await;
    assert_eq!(ended.code, 2);
    assert!(ended.err.contains("there is no permissions file to ask"), "{}", ended.err);
    assert!(
        ended.err.contains("; site/realtime-permissions.js is there and decides nothing"),
        "{}",
        ended.err
    );
    // Where nothing looks like one, nothing is made up.
    let ended = ask("elsewhere").await;
    assert!(ended.code == 2 && !ended.err.contains("decides nothing"), "{}", ended.err);
}
