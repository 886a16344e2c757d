#![no_main]
//! libFuzzer's way into the target `history_file`.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| (fuzz_targets::target("history_file").run)(bytes));
