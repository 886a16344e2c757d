#![no_main]
//! libFuzzer's way into the target `site_token`.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| (fuzz_targets::target("site_token").run)(bytes));
