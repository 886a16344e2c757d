//! Reading a request's body, no more of it than the limit and for no longer than its time.

use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use futures_util::{Stream, StreamExt};
use http::{HeaderMap, header};
use tokio::time::timeout;

use crate::http::problem::{Code, Problem};

/// How long a body may take to arrive. The largest takes 2 s at 40 Mbit/s; whoever sends more slowly than 2.5 Mbit/s
/// had better send less at once.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// Reads a body of JSON whole.
///
/// # Errors
/// 415 when it is not JSON by its headers, 413 as soon as more than `max_bytes` have come, 408 when it takes too
/// long, 400 when it breaks off or is empty.
pub async fn read_json<S, B>(headers: &HeaderMap, body: S, max_bytes: usize) -> Result<Bytes, Problem>
where
    S: Stream<Item = Result<B, warp::Error>> + Send,
    B: Buf + Send,
{
    require_json(headers)?;
    let late = |_| Problem::new(Code::RequestTimeout, "the body did not arrive within 30 seconds");
    let body = timeout(BODY_TIMEOUT, read(body, max_bytes)).await.map_err(late)??;
    require_some(&body)?;
    Ok(body)
}

/// Checks a body of JSON that is there whole.
///
/// # Errors
/// 415 when it is not JSON by its headers, 400 when it is empty.
pub fn check_json(headers: &HeaderMap, body: &[u8]) -> Result<(), Problem> {
    require_json(headers)?;
    require_some(body)
}

fn require_some(body: &[u8]) -> Result<(), Problem> {
    if body.is_empty() {
        return Err(Problem::new(Code::BadInput, "the body is empty: send a JSON object"));
    }
    Ok(())
}

async fn read<S, B>(body: S, max_bytes: usize) -> Result<Bytes, Problem>
where
    S: Stream<Item = Result<B, warp::Error>> + Send,
    B: Buf + Send,
{
    let mut body = std::pin::pin!(body);
    let mut whole = Bytes::new();
    while let Some(chunk) = body.next().await {
        let broken = |_| Problem::new(Code::BadInput, "the body broke off, or its chunks are not HTTP's");
        let mut chunk = chunk.map_err(broken)?;
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

/// Checks that a body is JSON by its headers: `application/json`, in UTF-8 (RFC 8259 section 8.1), as it is.
fn require_json(headers: &HeaderMap) -> Result<(), Problem> {
    let refused = |detail: &str| Err(Problem::new(Code::UnsupportedMediaType, detail));
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let content_type = text(header::CONTENT_TYPE).unwrap_or_default();
    let (media_type, parameters) = content_type.split_once(';').unwrap_or((content_type, ""));
    if !media_type.trim().eq_ignore_ascii_case("application/json") {
        return refused("send JSON with \"Content-Type: application/json\"");
    }
    if charset(parameters).is_some_and(|charset| !charset.eq_ignore_ascii_case("utf-8")) {
        return refused(
            "JSON is written in UTF-8: send \"Content-Type: application/json\" without another charset",
        );
    }
    if text(header::CONTENT_ENCODING).is_some_and(|coding| !coding.eq_ignore_ascii_case("identity")) {
        return refused("the body is compressed: send it as it is, without Content-Encoding");
    }
    Ok(())
}

/// The `charset` among a content type's parameters.
fn charset(parameters: &str) -> Option<&str> {
    let pairs = parameters.split(';').filter_map(|parameter| parameter.split_once('='));
    let mut charsets = pairs.filter(|(name, _)| name.trim().eq_ignore_ascii_case("charset"));
    charsets.next().map(|(_, value)| value.trim().trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn is_json(headers: &[(header::HeaderName, &'static str)]) -> bool {
        let pairs = headers.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value)));
        require_json(&pairs.collect()).is_ok()
    }

    #[test]
    fn json_in_utf_8_is_taken_however_its_type_is_written() {
        for value in [
            "application/json",
            "Application/JSON",
            "application/json; charset=utf-8",
            "application/json;charset=\"UTF-8\"",
            "application/json ; version=1; Charset=utf-8",
        ] {
            assert!(is_json(&[(header::CONTENT_TYPE, value)]), "{value}");
        }
        assert!(is_json(&[
            (header::CONTENT_TYPE, "application/json"),
            (header::CONTENT_ENCODING, "identity"),
        ]));
    }

    #[test]
    fn another_type_charset_or_coding_is_refused() {
        for value in ["", "text/plain", "application/jsonp", "application/json; charset=latin1", "json"] {
            assert!(!is_json(&[(header::CONTENT_TYPE, value)]), "{value}");
        }
        assert!(!is_json(&[]));
        assert!(!is_json(&[(header::CONTENT_TYPE, "application/json"), (header::CONTENT_ENCODING, "gzip")]));
    }
}
