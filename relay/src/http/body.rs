//! Reading a request's body, no more of it than the limit.

use bytes::{Buf, Bytes, BytesMut};
use futures_util::{Stream, StreamExt};
use http::HeaderMap;

use crate::http::problem::{Code, Problem};

/// Reads a body whole.
///
/// # Errors
/// 413 as soon as more than `max_bytes` have come, 400 when the connection breaks off.
pub async fn read<S, B>(body: S, max_bytes: usize) -> Result<Bytes, Problem>
where
    S: Stream<Item = Result<B, warp::Error>> + Send,
    B: Buf + Send,
{
    let mut body = std::pin::pin!(body);
    let mut whole = Bytes::new();
    while let Some(chunk) = body.next().await {
        let mut chunk = chunk.map_err(|_| Problem::new(Code::BadInput, "the body broke off"))?;
        if whole.len() + chunk.remaining() > max_bytes {
            let detail = format!("the body has more than {max_bytes} bytes");
            return Err(Problem::new(Code::PayloadTooLarge, detail));
        }
        let chunk = chunk.copy_to_bytes(chunk.remaining());
        if whole.is_empty() {
            // Most bodies are one chunk, which is taken as it is.
            whole = chunk;
        } else {
            let mut joined = BytesMut::from(whole);
            joined.extend_from_slice(&chunk);
            whole = joined.freeze();
        }
    }
    Ok(whole)
}

/// Checks that a body is JSON by its content type.
///
/// # Errors
/// 415.
pub fn require_json(headers: &HeaderMap) -> Result<(), Problem> {
    let content_type = headers.get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = content_type.and_then(|value| value.split(';').next()).unwrap_or_default().trim();
    if media_type.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    Err(Problem::new(Code::UnsupportedMediaType, "send JSON with \"Content-Type: application/json\""))
}
