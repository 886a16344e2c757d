#![no_main]
//! libFuzzer's way into the target `plain_request`.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| (fuzz_targets::target("plain_request").run)(bytes));
