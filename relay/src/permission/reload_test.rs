//! What is noticed of a permissions file that changes.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::*;

const ENTRY: &str = "backend/realtime-permissions.js";

/// A site folder, and what watches its permissions file.
struct Site {
    folder: TempDir,
    watched: Watched,
}

impl Site {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        write_all(folder.path(), files);
        let source = Source { file: folder.path().join(ENTRY), site: None };
        let (watched, _) = Watched::load(source, EngineLimits::default()).unwrap();
        Self { folder, watched }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        write_all(self.folder.path(), &[(name, text)]);
    }

    /// What a look brings, in words.
    fn look(&mut self) -> String {
        let before = self.watched.in_force.clone();
        match (self.watched.look(), before) {
            (None, _) => "nothing".to_owned(),
            (Some(News::Gone), _) => "gone".to_owned(),
            (Some(News::Back), _) => "back".to_owned(),
            (Some(News::Fails(error)), _) => format!("fails: {error}"),
            (Some(News::Changed(script)), Some(before)) => script.changes_since(&before).join(", "),
            (Some(News::Changed(_)), None) => "first".to_owned(),
        }
    }
}

fn write_all(folder: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

fn file(read: bool) -> String {
    format!("export const realtime_check_permission = () => ({{ read: {read} }});")
}

#[test]
fn a_file_that_stays_as_it_is_brings_nothing() {
    let mut site = Site::new(&[(ENTRY, &file(true))]);
    assert_eq!(site.look(), "nothing");
    // Saved again without a change: another time stamp, the same contents.
    site.write(ENTRY, &file(true));
    assert_eq!(site.look(), "nothing");
}

#[test]
fn a_change_is_noticed_even_if_size_and_time_stamp_stay() {
    let mut site = Site::new(&[(ENTRY, &file(true))]);
    let modified = site.path(ENTRY).metadata().unwrap().modified().unwrap();
    site.write(ENTRY, &file(true).replace("true ", "!!0  "));
    fs::File::options().append(true).open(site.path(ENTRY)).unwrap().set_modified(modified).unwrap();
    assert_eq!(site.look(), ENTRY);
    assert_eq!(site.look(), "nothing");
}

#[test]
fn time_stamps_that_are_old_are_trusted() {
    let site = Site::new(&[(ENTRY, &file(true))]);
    let open = || fs::File::options().append(true).open(site.path(ENTRY)).unwrap();
    let now = SystemTime::now();
    let old = now - Duration::from_secs(60);
    open().set_modified(old).unwrap();
    let mut stamps = site.watched.sight.stamps(&site.watched.source);
    assert!(stamps.are_settled(now));
    for young in [now, now + Duration::from_secs(60)] {
        open().set_modified(young).unwrap();
        stamps = site.watched.sight.stamps(&site.watched.source);
        assert!(!stamps.are_settled(now));
    }
}

#[test]
fn what_the_file_imports_is_watched_too() {
    let entry = format!("import '../public/rules.js';\nimport './names';\n{}", file(true));
    let mut site = Site::new(&[(ENTRY, &entry), ("public/rules.js", ""), ("backend/names.js", "")]);
    site.write("public/rules.js", "export const a = 1;");
    assert_eq!(site.look(), "public/rules.js");
    // A file that `./names` means rather than the one it meant before.
    site.write("backend/names", "export const b = 1;");
    assert_eq!(site.look(), "backend/names (new), backend/names.js (no longer imported)");
    site.write(ENTRY, &file(true));
    assert_eq!(
        site.look(),
        "backend/names (no longer imported), backend/realtime-permissions.js, public/rules.js (no longer imported)"
    );
    site.write("public/rules.js", "");
    assert_eq!(site.look(), "nothing");
}

#[test]
fn a_version_that_does_not_load_is_told_once_with_its_line_and_what_was_in_force_stays() {
    let mut site = Site::new(&[(ENTRY, &file(true))]);
    site.write(ENTRY, "export const a = 1;\nexport const = 2;");
    let told = site.look();
    assert!(told.starts_with("fails: backend/realtime-permissions.js:2:"), "{told}");
    assert_eq!((site.look(), site.look()), ("nothing".to_owned(), "nothing".to_owned()));
    site.write(ENTRY, "export const a = 1;\n\nexport const = 3;");
    assert!(site.look().starts_with("fails: backend/realtime-permissions.js:3:"));
    site.write(ENTRY, &file(true));
    assert_eq!(site.look(), "back");
    site.write(ENTRY, &file(false));
    assert_eq!(site.look(), ENTRY);
}

#[test]
fn a_missing_import_that_appears_is_noticed() {
    let mut site = Site::new(&[(ENTRY, &file(true))]);
    site.write(ENTRY, &format!("import './rules';\n{}", file(false)));
    let told = site.look();
    assert!(
        told.starts_with("fails: backend/realtime-permissions.js:1:8: cannot import './rules'"),
        "{told}"
    );
    site.write("backend/rules.json", "{}");
    assert_eq!(site.look(), "backend/realtime-permissions.js, backend/rules.json (new)");
}

#[test]
fn a_file_that_is_deleted_is_told_once_and_may_come_back() {
    let mut site = Site::new(&[(ENTRY, &file(true))]);
    fs::remove_file(site.path(ENTRY)).unwrap();
    assert_eq!((site.look(), site.look()), ("gone".to_owned(), "nothing".to_owned()));
    site.write(ENTRY, &file(true));
    assert_eq!((site.look(), site.look()), ("back".to_owned(), "nothing".to_owned()));
    fs::remove_dir_all(site.path("backend")).unwrap();
    assert_eq!(site.look(), "gone");
    site.write(ENTRY, &file(false));
    assert_eq!(site.look(), ENTRY);
}

#[test]
fn a_file_that_a_site_did_not_have_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let source = Source { file: folder.path().join(ENTRY), site: Some(folder.path().to_owned()) };
    let mut site = Site { folder, watched: Watched::missing(source, EngineLimits::default()) };
    assert_eq!(site.look(), "nothing");
    site.write(ENTRY, &file(false));
    assert_eq!((site.look(), site.look()), ("first".to_owned(), "nothing".to_owned()));
}

#[test]
fn a_link_that_leads_elsewhere_is_noticed() {
    // As a mounted volume is updated: all files by one link.
    let folder = tempfile::tempdir().unwrap();
    for (name, read) in [("one", true), ("two", false)] {
        write_all(&folder.path().join(name), &[("permissions.js", &file(read))]);
    }
    let link = folder.path().join("data");
    std::os::unix::fs::symlink("one", &link).unwrap();
    let source = Source { file: link.join("permissions.js"), site: None };
    let (watched, _) = Watched::load(source, EngineLimits::default()).unwrap();
    let mut site = Site { folder, watched };
    assert_eq!(site.look(), "nothing");
    fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink("two", &link).unwrap();
    assert_eq!(site.look(), "permissions.js");
    // The old folder goes, as it does there.
    fs::remove_dir_all(site.path("one")).unwrap();
    assert_eq!(site.look(), "nothing");
}
