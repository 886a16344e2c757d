//! The page's side of the border: what `index.js` does for the client.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// An object with these methods. What they throw is reported and changes nothing.
    pub type Shell;

    /// The WebSocket address of the relay, asked at each attempt to connect.
    #[wasm_bindgen(method, structural, catch)]
    pub(crate) fn address(this: &Shell) -> Result<String, JsValue>;

    /// Finds out the identity for an attempt and gives it to `Client.identified` or `Client.unidentified`, at once or
    /// later.
    #[wasm_bindgen(method, structural, catch)]
    pub(crate) fn identify(this: &Shell, attempt: u32) -> Result<(), JsValue>;

    /// Keeps a visitor's token for the next identity.
    #[wasm_bindgen(method, structural, catch)]
    pub(crate) fn keep(this: &Shell, visitor_token: &str) -> Result<(), JsValue>;

    /// The connection is there, for the first time or again.
    #[wasm_bindgen(method, structural, catch)]
    pub(crate) fn connected(this: &Shell) -> Result<(), JsValue>;

    /// The connection is gone.
    #[wasm_bindgen(method, structural, catch)]
    pub(crate) fn disconnected(this: &Shell) -> Result<(), JsValue>;

    /// Makes an error of the kind that pages see.
    #[wasm_bindgen(method, structural, catch)]
    pub(crate) fn error(
        this: &Shell,
        code: u8,
        message: &str,
        channel: &JsValue,
        status: Option<u16>,
        recoverable: bool,
    ) -> Result<JsValue, JsValue>;

    /// Something failed that no caller waits for.
    #[wasm_bindgen(method, structural, catch)]
    pub(crate) fn failed(this: &Shell, error: &JsValue) -> Result<(), JsValue>;
}
