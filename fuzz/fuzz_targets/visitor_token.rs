#![no_main]
//! libFuzzer's way into the target `visitor_token`.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| (fuzz_targets::target("visitor_token").run)(bytes));
