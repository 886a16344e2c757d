#![no_main]
//! libFuzzer's way into the target `control_body`.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| (fuzz_targets::target("control_body").run)(bytes));
