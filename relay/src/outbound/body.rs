//! Reading what comes back, no more of it than the limit.

use reqwest::Response;

use super::reason::reason;

/// Reads a body whole.
///
/// # Errors
/// In words, when it has more than `max_bytes` or the connection breaks off.
pub async fn read(mut response: Response, max_bytes: usize) -> Result<Vec<u8>, String> {
    let mut whole = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| reason(&error))? {
        if whole.len() + chunk.len() > max_bytes {
            return Err(format!("the answer has more than {max_bytes} bytes"));
        }
        whole.extend_from_slice(&chunk);
    }
    Ok(whole)
}
