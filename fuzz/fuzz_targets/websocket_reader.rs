#![no_main]
//! libFuzzer's way into the target `websocket_reader`.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| (fuzz_targets::target("websocket_reader").run)(bytes));
