//! A permissions file with everything that it imports, read from disk and tried out.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::thread;

use super::console::{Console, ConsoleSink};
use super::engine::Engine;
use super::error::ScriptError;
use super::modules::{BACKEND_MODULE, BACKEND_NAMES, Sources, as_module};
use super::place::{INTERNAL_PREFIX, Place, offset_of_import, offset_of_imported_name};
use super::settings::EngineLimits;
use super::sight::{Sight, Source};
use super::site::{self, ImportError, SiteFolder};

/// Files that a permissions file may import, itself included: a bound for mistakes, not for programs.
const MAX_FILES: usize = 256;

/// Text that all of them may have together. Dense source text takes up to 170 bytes a byte while it is parsed, and
/// the memory limit's reserve for parsing has to hold that.
const MAX_TEXT_BYTES: usize = 1 << 20;

/// Imports that are remembered for error messages: a top level that calls `import()` in a loop must not fill memory.
const MAX_REMEMBERED: usize = 4096;

/// A permissions file that loads. Engines are started from it, on any thread, without another look at the disk.
#[derive(Debug, PartialEq, Eq)]
pub struct Script {
    entry: String,
    texts: BTreeMap<String, String>,
}

impl Script {
    /// Reads `file` and what it imports from the folder `site`, and tries it out in an engine with these limits.
    /// Without `site` it is the parent of the file's `backend` folder, or else the folder that the file lies in.
    ///
    /// What the file logs meanwhile goes to the relay's log. Blocks for as long as the file's top level runs.
    ///
    /// # Errors
    /// What is wrong, with file, line and column where they are known.
    pub fn load(file: &Path, site: Option<&Path>, limits: EngineLimits) -> Result<Arc<Self>, ScriptError> {
        let source = Source { file: file.to_owned(), site: site.map(Path::to_owned) };
        Self::look_and_load(&source, limits).0
    }

    /// Loads as [`load`](Self::load) does, and tells which files it looked at, whatever came of it.
    pub fn look_and_load(source: &Source, limits: EngineLimits) -> (Result<Arc<Self>, ScriptError>, Sight) {
        match open(source) {
            Ok((folder, entry)) => on_own_stack(limits, move || try_out(folder, entry, limits)),
            Err(error) => (Err(error), Sight::default()),
        }
    }

    /// The files that are not the same in another script, and what is the matter with each.
    pub fn changes_since(&self, before: &Self) -> Vec<String> {
        let names: BTreeSet<_> = self.texts.keys().chain(before.texts.keys()).collect();
        let change = |name: &String| match (before.texts.get(name), self.texts.get(name)) {
            (Some(old), Some(new)) if old == new => None,
            (Some(_), Some(_)) => Some(name.clone()),
            (None, _) => Some(format!("{name} (new)")),
            (_, None) => Some(format!("{name} (no longer imported)")),
        };
        names.into_iter().filter_map(change).collect()
    }

    /// The name of the permissions file inside the site folder.
    pub fn entry(&self) -> &str {
        &self.entry
    }

    /// The names of all files that were read, for whoever watches them for changes.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.texts.keys().map(String::as_str)
    }

    /// Starts an engine on this thread.
    ///
    /// # Errors
    /// When the top level of a file fails this time though it did not when the script was loaded.
    pub fn start(self: &Arc<Self>, limits: EngineLimits, sink: ConsoleSink) -> Result<Engine, ScriptError> {
        Engine::start(Rc::new(Arc::clone(self)), &self.entry, limits, sink)
    }
}

impl Sources for Arc<Script> {
    fn resolve(&self, importer: &str, specifier: &str) -> Result<String, ImportError> {
        site::resolve(importer, specifier, |name| self.texts.contains_key(name)).map_err(
            |error| match error {
                ImportError::NotFound(specifier) => ImportError::TooLate(specifier),
                other => other,
            },
        )
    }

    fn text(&self, name: &str) -> Result<String, ScriptError> {
        self.texts
            .get(name)
            .cloned()
            .ok_or_else(|| ScriptError::of_file(name, ImportError::TooLate(name.to_owned()).to_string()))
    }
}

fn remember<T>(list: &RefCell<Vec<T>>, entry: T) {
    let mut list = list.borrow_mut();
    if list.len() < MAX_REMEMBERED {
        list.push(entry);
    }
}

/// The stack that a thread needs to run engines with these limits: theirs, and as much as the engine and the relay
/// need on top of it.
pub fn stack_bytes(limits: EngineLimits) -> usize {
    limits.stack_bytes + (1 << 20)
}

/// The site folder of a permissions file, and its name in there.
fn open(source: &Source) -> Result<(SiteFolder, String), ScriptError> {
    let Source { file, site } = source;
    let unreadable = |path: &Path, error: &io::Error| {
        ScriptError::of_file(path.display().to_string(), format!("cannot be read: {error}"))
    };
    let folder = source.folder().map_err(|error| unreadable(site.as_ref().unwrap_or(file), &error))?;
    file.metadata().map_err(|error| unreadable(file, &error))?;
    let outside = "lies outside the site folder that it is to serve";
    let name = folder.name_of(file);
    let name = name.ok_or_else(|| ScriptError::of_file(file.display().to_string(), outside))?;
    Ok((folder, name))
}

type Loading = (Result<Arc<Script>, ScriptError>, Sight);

fn on_own_stack(limits: EngineLimits, load: impl FnOnce() -> Loading + Send) -> Loading {
    let broken = || (Err(ScriptError::of_file("", "no thread can be started to load it")), Sight::default());
    thread::scope(|scope| {
        let named = thread::Builder::new().name("permissions-load".to_owned());
        match named.stack_size(stack_bytes(limits)).spawn_scoped(scope, load) {
            Ok(thread) => thread.join().unwrap_or_else(|_| broken()),
            Err(_) => broken(),
        }
    })
}

fn try_out(folder: SiteFolder, entry: String, limits: EngineLimits) -> Loading {
    let reader = Rc::new(Reader::new(folder));
    let sources: Rc<dyn Sources> = Rc::<Reader>::clone(&reader);
    let script = match Engine::start(sources, &entry, limits, Console::to_log()) {
        Ok(_) => Ok(Arc::new(Script { entry, texts: reader.texts.take() })),
        Err(error) => Err(reader.locate(error)),
    };
    (script, reader.sight.take())
}

/// Reads a site's files, and remembers what an error message needs.
struct Reader {
    folder: SiteFolder,
    texts: RefCell<BTreeMap<String, String>>,
    imports: RefCell<Vec<Import>>,
    failures: RefCell<Vec<ScriptError>>,
    sight: RefCell<Sight>,
}

/// An import that was followed.
struct Import {
    importer: String,
    specifier: String,
    file: String,
}

impl Reader {
    fn new(folder: SiteFolder) -> Self {
        Self {
            folder,
            texts: RefCell::default(),
            imports: RefCell::default(),
            failures: RefCell::default(),
            sight: RefCell::default(),
        }
    }

    /// Whether a file is there. That it is not is worth remembering: once it is, the file loads otherwise.
    fn has(&self, name: &str) -> bool {
        let has = self.folder.has(name);
        if !has {
            self.saw(name, None);
        }
        has
    }

    fn saw(&self, name: &str, contents: Option<&[u8]>) {
        let mut sight = self.sight.borrow_mut();
        if sight.len() < MAX_REMEMBERED {
            sight.note(name, contents);
        }
    }

    fn read(&self, name: &str) -> Result<String, ScriptError> {
        let contents = self.folder.read(name);
        self.saw(name, contents.as_deref().ok());
        let refused = |reason: String| ScriptError::of_file(name, reason);
        let text =
            contents.and_then(|bytes| String::from_utf8(bytes).map_err(|_| "is not UTF-8 text".to_owned()));
        let text = as_module(name, &text.map_err(refused)?)?;
        let mut texts = self.texts.borrow_mut();
        let bytes: usize = texts.values().map(String::len).sum();
        if texts.len() >= MAX_FILES || bytes + text.len() > MAX_TEXT_BYTES {
            let limit = MAX_TEXT_BYTES >> 20;
            let reason = format!(
                "is one too many: a permissions file can import {MAX_FILES} files of {limit} MiB together"
            );
            return Err(ScriptError::of_file(name, reason));
        }
        texts.insert(name.to_owned(), text.clone());
        Ok(text)
    }

    /// Puts the failure of an import to the place of that import: the engine only knows the exception.
    fn locate(&self, error: ScriptError) -> ScriptError {
        let failures = self.failures.borrow();
        let failure = failures.iter().rev().find(|failure| error.reason.ends_with(&failure.reason));
        failure.cloned().or_else(|| self.missing_export(&error)).unwrap_or(error)
    }

    /// The error of an import of a name that the imported file does not export.
    fn missing_export(&self, error: &ScriptError) -> Option<ScriptError> {
        let words = error.reason.strip_prefix("SyntaxError: Could not find export '")?;
        let (name, rest) = words.split_once("' in module '")?;
        let module = rest.strip_suffix('\'')?;
        let texts = self.texts.borrow();
        let backend = format!("{INTERNAL_PREFIX}{BACKEND_MODULE}");
        let place = if module == backend {
            texts.iter().find_map(|(file, text)| {
                BACKEND_NAMES.iter().find_map(|specifier| place_of_name(file, text, name, specifier))
            })
        } else {
            self.imports.borrow().iter().filter(|import| import.file == module).find_map(|import| {
                place_of_name(&import.importer, texts.get(&import.importer)?, name, &import.specifier)
            })
        }?;
        let module = module.strip_prefix(INTERNAL_PREFIX).unwrap_or(module);
        Some(ScriptError::at(place, format!("SyntaxError: '{module}' does not export '{name}'")))
    }

    fn failed(&self, failure: ScriptError) -> ScriptError {
        remember(&self.failures, failure.clone());
        failure
    }
}

fn place_of_name(file: &str, text: &str, name: &str, specifier: &str) -> Option<Place> {
    let offset = offset_of_imported_name(text, name, specifier)?;
    Some(Place::of_offset(file, text, offset))
}

impl Sources for Reader {
    fn resolve(&self, importer: &str, specifier: &str) -> Result<String, ImportError> {
        let resolved = site::resolve(importer, specifier, |name| self.has(name));
        match &resolved {
            Ok(file) => {
                let import = Import {
                    importer: importer.to_owned(),
                    specifier: specifier.to_owned(),
                    file: file.clone(),
                };
                remember(&self.imports, import);
            }
            Err(error) => {
                let texts = self.texts.borrow();
                let text = texts.get(importer).map_or("", String::as_str);
                let failure = match offset_of_import(text, specifier) {
                    Some(offset) => {
                        ScriptError::at(Place::of_offset(importer, text, offset), error.to_string())
                    }
                    None => ScriptError::of_file(importer, error.to_string()),
                };
                self.failed(failure);
            }
        }
        resolved
    }

    fn text(&self, name: &str) -> Result<String, ScriptError> {
        self.read(name).map_err(|failure| self.failed(failure))
    }
}
