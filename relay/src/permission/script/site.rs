//! A site folder, and the names that its files have in `import`.
//!
//! A file's **name** is its path inside the site folder with `/` between the parts, such as
//! `backend/realtime-permissions.js`. Site code imports by relative path (`./rules`, `../public/channels.js`) or from
//! the site folder (`backend/rules`, `public/channels`), with or without the extension.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

/// What may follow a name that is written without its extension, in the order in which it is tried.
const EXTENSIONS: [&str; 4] = ["", ".js", ".jsw", ".json"];

/// The folders whose files can be imported without a leading dot.
const ROOT_FOLDERS: [&str; 2] = ["backend/", "public/"];

/// The largest file that is read: far beyond any hand-written one.
pub const MAX_FILE_BYTES: u64 = 1 << 20;

/// A site folder on disk.
#[derive(Debug, Clone)]
pub struct SiteFolder {
    root: PathBuf,
}

/// Why an import cannot be followed. The texts name what is possible instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// A module that does not exist inside the relay.
    #[error(
        "cannot import '{0}': inside the relay a permissions file can import 'wix-realtime-backend' \
         (permissionsRouter) and files of its own site ('./…', '../…', 'backend/…', 'public/…'), and nothing else"
    )]
    Unavailable(String),
    /// A path that leads out of the site folder.
    #[error("cannot import '{0}': it leads out of the site folder")]
    OutsideSite(String),
    /// No such file.
    #[error(
        "cannot import '{0}': there is no such file in the site folder (with or without .js, .jsw or .json)"
    )]
    NotFound(String),
    /// A file that was not loaded before the first question.
    #[error(
        "cannot import '{0}' inside a handler: files are read once, when the permissions file is loaded; \
         import it at the top of the file"
    )]
    TooLate(String),
}

impl SiteFolder {
    /// Opens a folder.
    ///
    /// # Errors
    /// When there is no such folder.
    pub fn open(root: &Path) -> io::Result<Self> {
        let root = root.canonicalize()?;
        if !root.is_dir() {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        Ok(Self { root })
    }

    /// The site folder that a permissions file belongs to when none is named: the parent of its `backend` folder, or
    /// else the folder that it lies in.
    ///
    /// # Errors
    /// When the file does not exist.
    pub fn of_file(file: &Path) -> io::Result<Self> {
        let file = file.canonicalize()?;
        let folder = file.parent().unwrap_or(&file);
        let root = match folder.parent() {
            Some(parent) if folder.ends_with("backend") => parent,
            _ => folder,
        };
        Self::open(root)
    }

    /// The name of a file on disk, or `None` when it lies outside the folder.
    pub fn name_of(&self, file: &Path) -> Option<String> {
        let path = file.canonicalize().ok()?;
        let parts: Option<Vec<_>> =
            path.strip_prefix(&self.root).ok()?.components().map(|part| part.as_os_str().to_str()).collect();
        Some(parts?.join("/"))
    }

    /// Is there a file of that name, inside the folder also when links are followed?
    pub fn has(&self, name: &str) -> bool {
        self.path_of(name).is_some_and(|path| path.is_file())
    }

    /// Reads a file.
    ///
    /// # Errors
    /// In words: not there, not readable, too big.
    pub fn read(&self, name: &str) -> Result<Vec<u8>, String> {
        let path = self.path_of(name).ok_or("cannot be read: there is no such file in the site folder")?;
        let bytes = fs::metadata(&path).and_then(|metadata| {
            if metadata.len() > MAX_FILE_BYTES {
                return Ok(None);
            }
            fs::read(&path).map(Some)
        });
        match bytes {
            Err(error) => Err(format!("cannot be read: {error}")),
            Ok(None) => Err(format!("is larger than {} KiB", MAX_FILE_BYTES >> 10)),
            Ok(Some(bytes)) => Ok(bytes),
        }
    }

    /// The path of a name; `None` when nothing is there or it lies outside.
    pub fn path_of(&self, name: &str) -> Option<PathBuf> {
        let path = self.root.join(name).canonicalize().ok()?;
        path.starts_with(&self.root).then_some(path)
    }
}

/// The name of the file that `importer` means by `specifier`, among the files that `has` knows.
///
/// # Errors
/// When the specifier is no path inside a site, or no such file is known.
pub fn resolve(importer: &str, specifier: &str, has: impl Fn(&str) -> bool) -> Result<String, ImportError> {
    let path = path_in_site(importer, specifier)?;
    EXTENSIONS
        .into_iter()
        .map(|extension| format!("{path}{extension}"))
        .find(|name| has(name))
        .ok_or_else(|| ImportError::NotFound(specifier.to_owned()))
}

fn path_in_site(importer: &str, specifier: &str) -> Result<String, ImportError> {
    let is_relative = specifier.starts_with("./") || specifier.starts_with("../");
    let is_from_root = ROOT_FOLDERS.iter().any(|folder| specifier.starts_with(folder));
    let is_plain = !specifier.contains(['\\', ':', '?', '#']) && !specifier.contains(char::is_control);
    if !is_plain || !(is_relative || is_from_root) {
        return Err(ImportError::Unavailable(specifier.to_owned()));
    }
    let folder = match importer.rsplit_once('/') {
        Some((folder, _)) if is_relative => folder,
        _ => "",
    };
    normalise(&Path::new(folder).join(specifier))
        .ok_or_else(|| ImportError::OutsideSite(specifier.to_owned()))
}

/// Takes `.` and `..` out of a path; `None` when it leaves its folder.
fn normalise(path: &Path) -> Option<String> {
    let mut parts = Vec::new();
    for component in path.components() {
        match component {
            Component::Normal(part) => parts.push(part.to_str()?),
            Component::ParentDir => {
                parts.pop()?;
            }
            Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRY: &str = "backend/realtime-permissions.js";

    fn has(name: &str) -> bool {
        ["backend/rules.js", "public/channels.js", "public/data.json", "backend/sub/deep.jsw", "top.js"]
            .contains(&name)
    }

    #[test]
    fn files_are_found_by_relative_path_and_from_the_site_folder_with_or_without_extension() {
        for (specifier, name) in [
            ("./rules.js", "backend/rules.js"),
            ("./rules", "backend/rules.js"),
            ("../public/channels", "public/channels.js"),
            ("./sub/../rules", "backend/rules.js"),
            ("backend/rules", "backend/rules.js"),
            ("backend/sub/deep", "backend/sub/deep.jsw"),
            ("public/channels.js", "public/channels.js"),
            ("public/data.json", "public/data.json"),
            ("public/data", "public/data.json"),
            ("../top.js", "top.js"),
        ] {
            assert_eq!(resolve(ENTRY, specifier, has).as_deref(), Ok(name), "{specifier}");
        }
        assert_eq!(resolve("top.js", "./backend/rules", has).as_deref(), Ok("backend/rules.js"));
    }

    #[test]
    fn nothing_leads_out_of_the_site_folder() {
        for specifier in ["../../etc/passwd", "../../top.js", "backend/../../top.js", "./../../x"] {
            let error = resolve(ENTRY, specifier, |_| true).unwrap_err();
            assert_eq!(error, ImportError::OutsideSite(specifier.into()));
        }
    }

    #[test]
    fn other_modules_and_odd_paths_are_unavailable() {
        for specifier in [
            "wix-data",
            "node:fs",
            "fs",
            "/etc/passwd",
            "",
            ".",
            "..",
            "rules",
            "relay:router",
            "public",
            "https://example.com/x.js",
            "./a\\b",
            "./a\0b",
            "./a?b",
            "file:///x",
        ] {
            let error = resolve(ENTRY, specifier, |_| true).unwrap_err();
            assert_eq!(error, ImportError::Unavailable(specifier.into()), "{specifier}");
        }
    }

    #[test]
    fn a_link_that_leads_out_of_the_folder_is_no_file_of_the_site() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("secret.js"), "export {}").unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("inside.js"), "export {}").unwrap();
        std::os::unix::fs::symlink(outside.path().join("secret.js"), folder.path().join("out.js")).unwrap();
        std::os::unix::fs::symlink(folder.path().join("inside.js"), folder.path().join("in.js")).unwrap();
        let site = SiteFolder::open(folder.path()).unwrap();
        assert!(site.has("inside.js") && site.has("in.js"));
        assert!(!site.has("out.js"));
        assert!(site.read("out.js").is_err());
        assert_eq!(site.name_of(&outside.path().join("secret.js")), None);
    }

    #[test]
    fn the_site_of_a_file_is_the_parent_of_its_backend_folder() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("backend")).unwrap();
        for name in ["backend/realtime-permissions.js", "permissions.js"] {
            let file = folder.path().join(name);
            fs::write(&file, "").unwrap();
            assert_eq!(SiteFolder::of_file(&file).unwrap().name_of(&file).as_deref(), Some(name));
        }
    }

    #[test]
    fn a_file_that_is_too_big_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("big.js"), vec![b' '; 1 + (1 << 20)]).unwrap();
        let site = SiteFolder::open(folder.path()).unwrap();
        assert!(site.read("big.js").unwrap_err().contains("larger than 1024 KiB"));
    }
}
