#![no_main]
//! libFuzzer's way into the target `publish_body`.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| (fuzz_targets::target("publish_body").run)(bytes));
