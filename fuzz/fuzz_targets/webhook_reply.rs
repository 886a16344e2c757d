#![no_main]
//! libFuzzer's way into the target `webhook_reply`.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| (fuzz_targets::target("webhook_reply").run)(bytes));
