//! Panics without their texts.
//!
//! A panic of the SDK ends in a trap: `panic = "abort"`, and no one prints its message, since wasm has no standard
//! error. The code that builds the message is downloaded all the same. Here every function that only prepares a panic
//! becomes the trap itself, and what only it has used disappears with it.

use anyhow::{Result, ensure};
use rustc_demangle::demangle;
use walrus::{FunctionBuilder, FunctionId, FunctionKind, Module};

/// How the names of functions begin that never return and do nothing but panic.
const PANICKING: [&str; 11] = [
    "__rustc::rust_begin_unwind",
    "alloc::alloc::handle_alloc_error",
    "alloc::raw_vec::handle_error",
    "alloc::raw_vec::capacity_overflow",
    "core::cell::panic_already_",
    "core::option::expect_failed",
    "core::option::unwrap_failed",
    "core::panicking::",
    "core::result::unwrap_failed",
    "core::slice::index::slice_",
    "core::str::slice_error_fail",
];

/// Turns all of them into traps, and says how many there were.
///
/// # Errors
/// When there is none, which means that their names have changed and this list must follow.
pub(crate) fn make_traps(module: &mut Module) -> Result<usize> {
    let panicking: Vec<FunctionId> = module
        .funcs
        .iter()
        .filter(|function| matches!(function.kind, FunctionKind::Local(_)))
        .filter(|function| function.name.as_deref().is_some_and(is_panicking))
        .map(walrus::Function::id)
        .collect();
    ensure!(!panicking.is_empty(), "no function that panics was found by its name");
    for id in &panicking {
        make_trap(module, *id);
    }
    walrus::passes::gc::run(module);
    Ok(panicking.len())
}

fn is_panicking(name: &str) -> bool {
    let name = format!("{:#}", demangle(name));
    // The second are those of `Vec::remove` and its like.
    PANICKING.iter().any(|prefix| name.starts_with(prefix)) || name.ends_with("::assert_failed")
}

fn make_trap(module: &mut Module, id: FunctionId) {
    let kind = module.types.get(module.funcs.get(id).ty());
    let (parameters, results) = (kind.params().to_vec(), kind.results().to_vec());
    let arguments = parameters.iter().map(|kind| module.locals.add(*kind)).collect();
    let mut builder = FunctionBuilder::new(&mut module.types, &parameters, &results);
    builder.func_body().unreachable();
    module.funcs.get_mut(id).kind = FunctionKind::Local(builder.local_func(arguments));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_panics_is_known_by_its_mangled_name() {
        for name in [
            "_RNvNtCsgXGp5Oqx2Ny_4core9panicking9panic_fmt",
            "_ZN4core9panicking5panic17h0123456789abcdefE",
            "_RNvCsfLfy6EI15iL_7___rustc17rust_begin_unwind",
            "_RNvNvMs_NtCs5cOc02OMXlo_5alloc3vecINtB6_3VecppE6remove13assert_failed",
        ] {
            assert!(is_panicking(name), "{name}");
        }
        for name in ["_RNvNtCsgXGp5Oqx2Ny_4core3fmt5write", "client_new", "_ZN3std9panicking11panic_count"] {
            assert!(!is_panicking(name), "{name}");
        }
    }
}
