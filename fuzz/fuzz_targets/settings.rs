#![no_main]
//! libFuzzer's way into the target `settings`.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| (fuzz_targets::target("settings").run)(bytes));
