#![no_main]
//! libFuzzer's way into the target `websocket_handshake`.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| (fuzz_targets::target("websocket_handshake").run)(bytes));
