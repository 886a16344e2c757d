//! Short names at the border between the module and its glue.
//!
//! wasm-bindgen names what crosses the border by function and hash (`__wbg_addEventListener_847fd86b8c33ec43`), in the
//! module and in the glue alike. A hash does not compress, so the names are a twentieth of the download. They mean
//! nothing to anyone else, and any other name does.

use std::collections::{HashMap, HashSet};

use anyhow::{Result, ensure};
use walrus::{ExportId, Module};

/// Renames every import, and every export that is not part of the SDK's own face, in the module and in its glue. Drops
/// the exports that the glue does not use.
///
/// # Errors
/// When an import is not in the glue, or a name stands for an import and an export: then a new wasm-bindgen writes its
/// glue differently, and this must follow.
pub(crate) fn shorten(module: &mut Module, glue: &str) -> Result<String> {
    drop_unused_exports(module, glue);
    let mut names = HashMap::new();
    let mut modules = HashSet::new();
    for import in module.imports.iter_mut() {
        modules.insert(std::mem::replace(&mut import.module, MODULE.into()));
        let short = short_name("i", names.len());
        let long = std::mem::replace(&mut import.name, short.clone());
        names.insert(long, short);
    }
    for export in module.exports.iter_mut().filter(|export| is_internal(&export.name)) {
        let short = short_name("e", names.len());
        let long = std::mem::replace(&mut export.name, short.clone());
        ensure!(names.insert(long, short).is_none(), "an import and an export share a name");
    }
    ensure!(modules.len() == 1, "what is imported comes from several modules: {modules:?}");
    let renamed = modules
        .iter()
        .fold(glue.to_owned(), |glue, long| glue.replace(&format!("\"{long}\":"), &format!("\"{MODULE}\":")));
    rename(&renamed, &names)
}

/// The name of the module that everything is imported from: the glue.
const MODULE: &str = "g";

fn drop_unused_exports(module: &mut Module, glue: &str) {
    let words: HashSet<&str> = glue.split(|c| !is_part_of_name(c)).collect();
    let unused: Vec<ExportId> = module
        .exports
        .iter()
        .filter(|export| is_internal(&export.name) && !words.contains(export.name.as_str()))
        .map(|export| export.id())
        .collect();
    for id in unused {
        module.exports.delete(id);
    }
    walrus::passes::gc::run(module);
}

/// Whether a name was made by wasm-bindgen, and not by the SDK for its own functions.
fn is_internal(name: &str) -> bool {
    name.starts_with('_')
}

const fn is_part_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '$'
}

fn short_name(prefix: &str, number: usize) -> String {
    format!("{prefix}{number}")
}

/// Replaces whole identifiers.
fn rename(glue: &str, names: &HashMap<String, String>) -> Result<String> {
    let mut renamed = String::with_capacity(glue.len());
    let mut seen = HashSet::new();
    let mut rest = glue;
    while let Some(start) = rest.find(is_part_of_name) {
        let (before, from) = rest.split_at(start);
        let (word, after) = from.split_at(from.find(|c| !is_part_of_name(c)).unwrap_or(from.len()));
        renamed.push_str(before);
        renamed.push_str(names.get(word).map_or(word, |short| {
            seen.insert(word);
            short
        }));
        rest = after;
    }
    renamed.push_str(rest);
    ensure!(seen.len() == names.len(), "the glue does not name all that crosses the border");
    Ok(renamed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> HashMap<String, String> {
        [("__wbg_a_1", "i0"), ("__free", "e1")]
            .map(|(long, short)| (long.to_owned(), short.to_owned()))
            .into()
    }

    #[test]
    fn whole_names_are_replaced_and_parts_of_longer_ones_are_not() {
        let glue = "{ __wbg_a_1: f(wasm.__free, x.__free_all, __wbg_a_12) }";
        let renamed = rename(glue, &names()).unwrap();
        assert_eq!(renamed, "{ i0: f(wasm.e1, x.__free_all, __wbg_a_12) }");
    }

    #[test]
    fn a_name_that_the_glue_lacks_is_an_error() {
        assert!(rename("{ __wbg_a_1: f }", &names()).is_err());
    }
}
