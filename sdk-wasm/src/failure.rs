//! Errors as pages see them, and what becomes of the errors of pages.

use realtime_client::Failure;
use realtime_protocol::error::ErrorCode;
use wasm_bindgen::prelude::*;

use crate::frame::to_js;
use crate::shell::Shell;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console, js_name = error)]
    fn console_error(what: &str, error: &JsValue);
}

/// The error for what the machine says has failed.
pub(crate) fn to_error(shell: &Shell, failure: &Failure) -> JsValue {
    let channel = failure.channel.as_ref().map(to_js).unwrap_or_default();
    let status = failure.status.map(|status| status.get());
    let code = failure.code.get();
    let made = shell.error(code, &failure.message, &channel, status, failure.recoverable);
    made.unwrap_or_else(|thrown| thrown)
}

/// The error for a call that is wrong.
pub(crate) fn bad_input(shell: &Shell, message: &str, channel: &JsValue) -> JsValue {
    let made = shell.error(ErrorCode::BadInput.get(), message, channel, None, false);
    made.unwrap_or_else(|thrown| thrown)
}

/// Shows what a page's function has thrown, as the browser does for its own events.
pub(crate) fn report(result: Result<impl Sized, JsValue>) {
    if let Err(thrown) = result {
        console_error("wix-realtime-frontend: a handler has thrown", &thrown);
    }
}
