#![no_main]
//! libFuzzer's way into the target `token_claims`.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| (fuzz_targets::target("token_claims").run)(bytes));
