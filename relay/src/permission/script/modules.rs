//! How an engine finds the modules that the site's files import.

use std::rc::Rc;

use rquickjs::loader::{ImportAttributes, Loader, Resolver};
use rquickjs::module::Declared;
use rquickjs::{Ctx, Error, Exception, Module, Result};

use super::error::ScriptError;
use super::place::{INTERNAL_PREFIX, Place};
use super::site::ImportError;

/// The module that site code imports the router from.
pub const BACKEND_MODULE: &str = "wix-realtime-backend";

/// The names that it is imported by: its own, and that of the newer surface.
pub const BACKEND_NAMES: [&str; 2] = [BACKEND_MODULE, "@wix/realtime"];

/// The relay's own modules. Only they can import each other by these names; site code reaches the second one as
/// [`BACKEND_MODULE`].
const INTERNAL_MODULES: [(&str, &str); 4] = [
    ("relay:engine", include_str!("js/engine.js")),
    ("relay:wix-realtime-backend", include_str!("js/backend.js")),
    ("relay:router", include_str!("js/router.js")),
    ("relay:permissions-router", include_str!("../../../../sdk-backend/src/permissions-router.js")),
];

/// The texts of a site's files, for one engine.
pub trait Sources {
    /// The name of the file that `importer` means by `specifier`.
    ///
    /// # Errors
    /// When there is none.
    fn resolve(&self, importer: &str, specifier: &str) -> std::result::Result<String, ImportError>;

    /// The text of a file.
    ///
    /// # Errors
    /// When it cannot be read.
    fn text(&self, name: &str) -> std::result::Result<String, ScriptError>;
}

/// Finds the relay's own modules by itself and everything else in the site's sources.
#[derive(Clone)]
pub struct ModuleFinder(pub Rc<dyn Sources>);

impl Resolver for ModuleFinder {
    fn resolve<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        base: &str,
        name: &str,
        _: Option<ImportAttributes<'js>>,
    ) -> Result<String> {
        if BACKEND_NAMES.contains(&name) {
            return Ok(format!("{INTERNAL_PREFIX}{BACKEND_MODULE}"));
        }
        if base.starts_with(INTERNAL_PREFIX) {
            return Ok(name.to_owned());
        }
        self.0.resolve(base, name).map_err(|error| throw(ctx, &error.to_string()))
    }
}

impl Loader for ModuleFinder {
    fn load<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        name: &str,
        _: Option<ImportAttributes<'js>>,
    ) -> Result<Module<'js, Declared>> {
        if let Some(text) = internal_text(name) {
            return Module::declare(ctx.clone(), name, text);
        }
        let text = self.0.text(name).map_err(|error| throw(ctx, &error.reason))?;
        Module::declare(ctx.clone(), name, text)
    }
}

/// The text of one of the relay's own modules.
pub fn internal_text(name: &str) -> Option<&'static str> {
    INTERNAL_MODULES.iter().find_map(|&(internal, text)| (internal == name).then_some(text))
}

/// A file's text as the engine is to read it: without a byte order mark, and a JSON file as a module whose default
/// export is its value.
///
/// # Errors
/// When a JSON file is none, with line and column, and when a file has a NUL character.
pub fn as_module(name: &str, text: &str) -> std::result::Result<String, ScriptError> {
    let text = text.trim_start_matches('\u{feff}');
    if let Some(offset) = text.find('\0') {
        return Err(ScriptError::at(Place::of_offset(name, text, offset), "has a NUL character"));
    }
    if !name.ends_with(".json") {
        return Ok(text.to_owned());
    }
    let refuse = |error: serde_json::Error| ScriptError {
        file: name.to_owned(),
        line_and_column: Some((error.line() as u32, error.column() as u32)),
        reason: format!("is not JSON: {}", without_place(&error.to_string())),
    };
    serde_json::from_str::<serde::de::IgnoredAny>(text).map_err(refuse)?;
    let quoted = serde_json::to_string(text).map_err(refuse)?;
    Ok(format!("export default JSON.parse({quoted});"))
}

/// The error's words alone: its place is told in front of them.
fn without_place(words: &str) -> &str {
    words.split_once(" at line ").map_or(words, |(words, _)| words)
}

fn throw(ctx: &Ctx<'_>, message: &str) -> Error {
    match Exception::from_message(ctx.clone(), message) {
        Ok(exception) => exception.throw(),
        Err(error) => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_json_file_becomes_a_module_and_a_broken_one_tells_where() {
        assert_eq!(as_module("a.json", "{\"a\":1}").unwrap(), r#"export default JSON.parse("{\"a\":1}");"#);
        let error = as_module("a.json", "{\n \"a\": x}").unwrap_err();
        assert_eq!(error.line_and_column, Some((2, 7)));
    }

    #[test]
    fn a_byte_order_mark_is_dropped_and_a_nul_character_refused() {
        assert_eq!(as_module("a.js", "\u{feff}let a;").unwrap(), "let a;");
        assert_eq!(as_module("a.js", "let\0").unwrap_err().line_and_column, Some((1, 4)));
    }

    #[test]
    fn the_backend_module_has_the_names_that_the_npm_package_has() {
        let exported = |text: &str| -> Vec<String> {
            let list = text.split("\nexport {").nth(1).unwrap().split('}').next().unwrap();
            list.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
        };
        let package = include_str!("../../../../sdk-backend/src/index.js");
        let ours = internal_text("relay:wix-realtime-backend").unwrap();
        assert_eq!(exported(ours), exported(package));
    }
}
