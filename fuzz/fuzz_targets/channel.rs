#![no_main]
//! libFuzzer's way into the target `channel`.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| (fuzz_targets::target("channel").run)(bytes));
