//! What a hook's answer means.

use rquickjs::{Result, Value};

use super::super::question::{Answer, Refusal};

/// Reads an answer that is not a promise any more: an object whose `read` is absent, `true` or `false`.
///
/// Everything else refuses. So does an `Error` that was returned instead of thrown: it has no `read`, and nobody
/// who returns one means yes.
///
/// # Errors
/// The script's exception, when a getter of `read` throws.
pub fn read(value: &Value<'_>) -> Result<Answer> {
    let Some(object) = value.as_object().filter(|_| is_plain(value)) else {
        return Ok(bad(format!(
            "the permissions hook must answer an object such as {{ read: true }}, not {}",
            name_of(value)
        )));
    };
    let read: Value<'_> = object.get("read")?;
    Ok(match read.as_bool() {
        Some(true) => Answer::Allowed,
        Some(false) => Answer::Refused(Refusal::ByHandler),
        None if read.is_undefined() => Answer::Allowed,
        None => bad(format!("`read` must be true, false or absent, not {}", name_of(&read))),
    })
}

fn is_plain(value: &Value<'_>) -> bool {
    value.is_object() && !value.is_function() && !value.is_array() && !value.is_error()
}

fn bad(what: String) -> Answer {
    Answer::Refused(Refusal::BadAnswer(what))
}

fn name_of(value: &Value<'_>) -> &'static str {
    match value {
        _ if value.is_undefined() => "undefined",
        _ if value.is_null() => "null",
        _ if value.is_bool() => "a boolean",
        _ if value.is_number() => "a number",
        _ if value.is_string() => "a string",
        _ if value.is_function() => "a function",
        _ if value.is_array() => "an array",
        _ if value.is_error() => "an Error",
        _ if value.is_promise() => "a promise",
        _ if value.is_object() => "an object",
        _ => "that",
    }
}
