//! wasm-bindgen's JavaScript, less what a page would download for nothing.

use anyhow::{Context, Result, ensure};

/// The glue with its two ends for loading in place of a loader: the package has one of its own, which needs less, and what
/// nobody imports is left behind when the package is bundled.
///
/// # Errors
/// When the glue is not written as this wasm-bindgen does.
pub(crate) fn without_loader(glue: &str) -> Result<String> {
    const LOADER: &str = "export { initSync, __wbg_init as default };";
    const ENDS: &str = "export { __wbg_get_imports as imports, __wbg_finalize_init as begin };";
    replace_once(glue, LOADER, ENDS)
}

/// Texts into the wasm in one step. wasm-bindgen's own copies ASCII by a loop, which is faster for long texts, and goes on
/// by other means from the first character that is none.
const PASS_STRING: &str = "function passStringToWasm0(arg, malloc) {
    const bytes = cachedTextEncoder.encode(arg);
    const ptr = malloc(bytes.length, 1) >>> 0;
    getUint8ArrayMemory0().set(bytes, ptr);
    WASM_VECTOR_LEN = bytes.length;
    return ptr;
}";

/// Texts out of the wasm. wasm-bindgen's own counts them, since Safari's decoder fails after 2 GB; the SDK's are a few
/// names for each connection.
const DECODE_TEXT: &str = "function decodeText(bytes) {
    return cachedTextDecoder.decode(bytes);
}";

/// The glue with the shortest way for texts in both directions: right for a module that is given few and short ones.
///
/// # Errors
/// When the glue is not written as this wasm-bindgen does.
pub(crate) fn lean(glue: &str) -> Result<String> {
    const BOTH: &str = ", wasm.__wbindgen_malloc, wasm.__wbindgen_realloc)";
    let glue = replace_function(glue, "passStringToWasm0", PASS_STRING)?;
    let glue = replace_function(&glue, "decodeText", DECODE_TEXT)?;
    ensure!(glue.contains(BOTH), "the glue does not pass texts as it did");
    // What the module imports are plain functions: nobody calls them as constructors.
    let glue = glue.replace(": function(", "(");
    Ok(glue.replace(BOTH, ", wasm.__wbindgen_malloc)"))
}

fn replace_once(text: &str, old: &str, new: &str) -> Result<String> {
    ensure!(text.matches(old).count() == 1, "the glue does not have {old:?} once");
    Ok(text.replace(old, new))
}

/// Puts another function in the place of the one of this name.
fn replace_function(glue: &str, name: &str, new: &str) -> Result<String> {
    let head = format!("function {name}(");
    ensure!(glue.matches(&head).count() == 1, "the glue does not have one function {name}");
    let start = glue.find(&head).unwrap_or_default();
    let (before, function) = glue.split_at(start);
    let end = end_of_block(function).with_context(|| format!("the glue's function {name} has no end"))?;
    let (_, after) = function.split_at(end);
    Ok([before, new, after].concat())
}

/// Where the first block of a text ends. No text of the glue has a brace in it.
fn end_of_block(text: &str) -> Option<usize> {
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 1 => return Some(at + 1),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const GLUE: &str = "function passStringToWasm0(arg, malloc, realloc) { if (realloc) { a } else { b } }
let numBytesDecoded = 0;
function decodeText(bytes) { numBytesDecoded += bytes.length; }
imports = { now: function() { } };
f(passStringToWasm0(name, wasm.__wbindgen_malloc, wasm.__wbindgen_realloc));
export { initSync, __wbg_init as default };";

    #[test]
    fn texts_and_imports_go_the_short_way_and_nothing_else_changes() {
        let lean = lean(GLUE).unwrap();
        let expected = [
            PASS_STRING,
            "let numBytesDecoded = 0;",
            DECODE_TEXT,
            "imports = { now() { } };",
            "f(passStringToWasm0(name, wasm.__wbindgen_malloc));",
            "export { initSync, __wbg_init as default };",
        ];
        assert_eq!(lean, expected.join("\n"));
    }

    #[test]
    fn a_loader_is_replaced_by_its_ends() {
        let glue = without_loader(GLUE).unwrap();
        assert!(glue.ends_with("export { __wbg_get_imports as imports, __wbg_finalize_init as begin };"));
    }

    #[test]
    fn glue_that_is_written_otherwise_is_an_error() {
        assert!(without_loader("export { init };").is_err());
        assert!(lean(&GLUE.replace("decodeText", "decode")).is_err());
        assert!(lean(&GLUE.replace("wasm.__wbindgen_realloc", "realloc")).is_err());
        assert!(lean(&GLUE.replace(" }\nlet", "\nlet")).is_err());
    }
}
