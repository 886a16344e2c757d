#![no_main]
//! libFuzzer's way into the target `client_frame`.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| (fuzz_targets::target("client_frame").run)(bytes));
