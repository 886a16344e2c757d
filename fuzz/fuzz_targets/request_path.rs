#![no_main]
//! libFuzzer's way into the target `request_path`.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| (fuzz_targets::target("request_path").run)(bytes));
