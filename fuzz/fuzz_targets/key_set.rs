#![no_main]
//! libFuzzer's way into the target `key_set`.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| (fuzz_targets::target("key_set").run)(bytes));
