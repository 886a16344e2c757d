#![no_main]
//! libFuzzer's way into the target `batch_body`.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| (fuzz_targets::target("batch_body").run)(bytes));
