//! Subscription ids as pages see them: UUIDs of version 4 (RFC 9562 section 5.4).

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    // Not `crypto.randomUUID`, which pages without HTTPS do not have.
    #[wasm_bindgen(js_namespace = crypto, js_name = getRandomValues)]
    fn fill_with_random(bytes: &mut [u8]);
}

/// A new id, unguessable.
pub(crate) fn new_subscription_id() -> String {
    let mut bytes = [0; 16];
    fill_with_random(&mut bytes);
    format_uuid(u128::from_be_bytes(bytes))
}

fn format_uuid(random: u128) -> String {
    let bits = random & !(0xF << 76) | (4 << 76);
    let bits = bits & !(3 << 62) | (2 << 62);
    let mut text = String::with_capacity(36);
    for place in (0..32).rev() {
        if matches!(place, 23 | 19 | 15 | 11) {
            text.push('-');
        }
        let digit = (bits >> (place * 4)) as u8 & 0xF;
        text.push(char::from(if digit < 10 { b'0' + digit } else { b'a' + digit - 10 }));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_and_the_variant_stand_where_the_standard_wants_them() {
        assert_eq!(format_uuid(0), "00000000-0000-4000-8000-000000000000");
        assert_eq!(format_uuid(u128::MAX), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(
            format_uuid(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef),
            "01234567-89ab-4def-8123-456789abcdef"
        );
    }
}
