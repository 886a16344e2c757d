#![no_main]
//! libFuzzer's way into the target `request_head`.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| (fuzz_targets::target("request_head").run)(bytes));
