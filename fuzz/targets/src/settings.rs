//! The settings file.

use realtime_relay::settings::Options;

/// Settings that can be in force can be written, and mean the same when they are read again.
pub fn settings(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(options) = toml::from_str::<Options>(text) else { return };
    match options.in_force() {
        Ok(in_force) => {
            let written = toml::to_string(&in_force).expect("settings can be written");
            let again: Options = toml::from_str(&written).expect("what was written is read");
            let again = again.in_force().unwrap_or_else(|error| panic!("{error}: {written}"));
            assert_eq!(toml::to_string(&again).expect("settings can be written"), written);
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
