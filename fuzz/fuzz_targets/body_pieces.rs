#![no_main]
//! libFuzzer's way into the target `body_pieces`.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| (fuzz_targets::target("body_pieces").run)(bytes));
