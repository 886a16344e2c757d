#![no_main]
//! libFuzzer's way into the target `relay_frame`.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| (fuzz_targets::target("relay_frame").run)(bytes));
