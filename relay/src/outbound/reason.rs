//! Why a request failed, in words for the log.

use std::error::Error;

/// The innermost cause, which is the one that says something (`Connection refused`), without the address: what it
/// has in its path or query is not for a log.
pub fn reason(error: &reqwest::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    match cause.downcast_ref::<reqwest::Error>() {
        // Its own words have the address in them.
        Some(own) if own.is_timeout() => "no answer in time".to_owned(),
        Some(_) => "the request could not be sent".to_owned(),
        None => cause.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::client::client;
    use super::*;

    #[tokio::test]
    async fn the_reason_is_the_innermost_one_and_has_no_address() {
        // A port that was free a moment ago.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let url: reqwest::Url = format!("http://127.0.0.1:{port}/hidden?key=secret").parse().unwrap();
        let error = client(&url, 1).unwrap().get(url).send().await.unwrap_err();
        let words = reason(&error);
        assert!(words.contains("refused") && !words.contains("hidden"), "{words}");
    }
}
