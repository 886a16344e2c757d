//! Panics without their texts.
//!
//! A panic of the SDK ends in a trap: `panic = "abort"`, and no one prints its message, since wasm has no standard
//! error. The code that builds the message is downloaded all the same. Here every function that only prepares a panic
//! becomes the trap itself, in the place where it was called, and what only it has used disappears with it. What the
//! texts were is cleared by `dead_data`, afterwards.

use std::collections::HashSet;

use anyhow::{Result, ensure};
use rustc_demangle::demangle;
use walrus::ir::{Instr, InstrLocId, InstrSeq, InstrSeqId, Unreachable, Visitor, dfs_in_order};
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

/// Parts of the names of functions that format. Only panics do: the SDK joins its texts.
const FORMATTING: [&str; 3] =
    [" as core::fmt::Display>::fmt", " as core::fmt::Debug>::fmt", "core::fmt::Formatter"];

/// Turns all of them into traps.
///
/// # Errors
/// When there is none, which means that their names have changed and this list must follow; and when something else formats
/// texts, which would not work any more.
pub(crate) fn make_traps(module: &mut Module) -> Result<()> {
    let panicking: HashSet<FunctionId> = functions_named(module, is_panicking).collect();
    ensure!(!panicking.is_empty(), "no function that panics was found by its name");
    for id in &panicking {
        make_trap(module, *id);
    }
    cut_calls(module, &panicking);
    walrus::passes::gc::run(module);
    let formats = functions_named(module, |name| demangled(name) == "core::fmt::write").next().is_some();
    ensure!(!formats, "the SDK formats a text, and what that needs was taken for a part of panics");
    Ok(())
}

fn functions_named(module: &Module, is_meant: impl Fn(&str) -> bool) -> impl Iterator<Item = FunctionId> {
    module
        .funcs
        .iter()
        .filter(|function| matches!(function.kind, FunctionKind::Local(_)))
        .filter(move |function| function.name.as_deref().is_some_and(&is_meant))
        .map(walrus::Function::id)
}

fn demangled(name: &str) -> String {
    format!("{:#}", demangle(name))
}

fn is_panicking(name: &str) -> bool {
    let name = demangled(name);
    // The second are those of `Vec::remove` and its like, the third put values into a panic's text.
    PANICKING.iter().any(|prefix| name.starts_with(prefix))
        || name.ends_with("::assert_failed")
        || FORMATTING.iter().any(|part| name.contains(part))
}

fn make_trap(module: &mut Module, id: FunctionId) {
    let kind = module.types.get(module.funcs.get(id).ty());
    let (parameters, results) = (kind.params().to_vec(), kind.results().to_vec());
    let arguments = parameters.iter().map(|kind| module.locals.add(*kind)).collect();
    let mut builder = FunctionBuilder::new(&mut module.types, &parameters, &results);
    builder.func_body().unreachable();
    module.funcs.get_mut(id).kind = FunctionKind::Local(builder.local_func(arguments));
}

/// Puts the trap itself in the place of each call, and takes away what was only prepared for it: where the panic is in the
/// source, and what it would say.
fn cut_calls(module: &mut Module, traps: &HashSet<FunctionId>) {
    for (_, function) in module.funcs.iter_local_mut() {
        let mut sequences = Sequences(Vec::new());
        dfs_in_order(&mut sequences, function, function.entry_block());
        for id in sequences.0 {
            cut_at_call(&mut function.block_mut(id).instrs, traps);
        }
    }
}

fn cut_at_call(instructions: &mut Vec<(Instr, InstrLocId)>, traps: &HashSet<FunctionId>) {
    let is_trap = |(instruction, _): &(Instr, InstrLocId)| matches!(instruction, Instr::Call(call) if traps.contains(&call.func));
    let Some(at) = instructions.iter().position(is_trap) else {
        return;
    };
    instructions.truncate(at);
    while let Some((Instr::Const(_) | Instr::LocalGet(_) | Instr::GlobalGet(_), _)) = instructions.last() {
        instructions.pop();
    }
    instructions.push((Instr::Unreachable(Unreachable {}), InstrLocId::default()));
}

/// The sequences of instructions that a function is made of.
struct Sequences(Vec<InstrSeqId>);

impl<'instr> Visitor<'instr> for Sequences {
    fn start_instr_seq(&mut self, sequence: &'instr InstrSeq) {
        self.0.push(sequence.id());
    }
}

#[cfg(test)]
mod tests {
    use walrus::ValType;

    use super::*;

    #[test]
    fn what_panics_is_known_by_its_mangled_name() {
        for name in [
            "_RNvNtCsgXGp5Oqx2Ny_4core9panicking9panic_fmt",
            "_ZN4core9panicking5panic17h0123456789abcdefE",
            "_RNvCsfLfy6EI15iL_7___rustc17rust_begin_unwind",
            "_RNvNvMs_NtCs5cOc02OMXlo_5alloc3vecINtB6_3VecppE6remove13assert_failed",
            "_RNvXsr_NtCsgXGp5Oqx2Ny_4core4cellNtB5_14BorrowMutErrorNtNtB7_3fmt7Display3fmt",
            "_RNvMsa_NtCsgXGp5Oqx2Ny_4core3fmtNtB5_9Formatter3pad",
        ] {
            assert!(is_panicking(name), "{name}");
        }
        for name in ["_RNvNtCsgXGp5Oqx2Ny_4core3fmt5write", "client_new", "_ZN3std9panicking11panic_count"] {
            assert!(!is_panicking(name), "{name}");
        }
    }

    /// A module with a function `f` that, given something, calls what panics with two numbers and a parameter, and
    /// otherwise returns 7.
    fn module_that_panics() -> (Module, FunctionId, FunctionId) {
        let mut module = Module::default();
        let mut panics = FunctionBuilder::new(&mut module.types, &[ValType::I32; 3], &[]);
        panics.name("core::panicking::panic".into()).func_body().unreachable();
        let parameters = (0..3).map(|_| module.locals.add(ValType::I32)).collect();
        let panics = panics.finish(parameters, &mut module.funcs);
        let mut f = FunctionBuilder::new(&mut module.types, &[ValType::I32], &[ValType::I32]);
        let given = module.locals.add(ValType::I32);
        f.func_body().local_get(given).if_else(
            ValType::I32,
            |then| {
                then.i32_const(1_048_600).i32_const(12).local_get(given).call(panics).unreachable();
            },
            |otherwise| {
                otherwise.i32_const(7);
            },
        );
        let f = f.finish(vec![given], &mut module.funcs);
        module.exports.add("f", f);
        (module, f, panics)
    }

    #[test]
    fn a_call_that_panics_becomes_a_trap_and_takes_what_it_was_given_along() {
        let (mut module, f, panics) = module_that_panics();
        make_traps(&mut module).unwrap();
        assert!(module.funcs.iter().all(|function| function.id() != panics), "nobody calls it any more");
        let FunctionKind::Local(function) = &module.funcs.get(f).kind else { panic!("it is there") };
        let mut seen = Sequences(Vec::new());
        dfs_in_order(&mut seen, function, function.entry_block());
        let bodies: Vec<usize> = seen.0.iter().map(|id| function.block(*id).instrs.len()).collect();
        assert_eq!(bodies, [2, 1, 1], "the question, the trap, and what is returned otherwise");
        // What is left is a module that others can read.
        assert!(Module::from_buffer(&module.emit_wasm()).is_ok());
    }

    #[test]
    fn a_module_in_which_nothing_panics_by_a_known_name_is_an_error() {
        let (mut module, _, panics) = module_that_panics();
        module.funcs.get_mut(panics).name = Some("panic_by_another_name".into());
        assert!(make_traps(&mut module).is_err());
    }
}
