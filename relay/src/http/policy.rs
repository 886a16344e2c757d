//! The policy under which browsers run the pages of `--site`: that of `wix-realtime-backend`'s host, from the same
//! file. Scripts come from the site or stand in the page's own file, which their hashes say; so a script that
//! somebody's message brought into the page does not run.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use ring::digest::{SHA256, digest};

/// A directive a line, with places for the hashes of a page's own scripts and for the relay's address.
const PAGE_POLICY: &str = include_str!("../../../sdk-backend/src/host/page-policy.txt");

/// The policy of a page that came from this host, for `Content-Security-Policy`.
pub fn of_page(html: &str, host: Option<&str>) -> Option<HeaderValue> {
    let hashes: Vec<_> = own_scripts(html).iter().map(|script| hash(script)).collect();
    // The page's own origin is the relay's; older browsers do not count its WebSocket among `'self'`.
    let relay = host.filter(|host| is_plain(host)).map(|host| format!("ws://{host} wss://{host}"));
    let relay = relay.unwrap_or_default();
    let filled = |line: &str| {
        line.replace("{scripts}", &hashes.join(" ")).replace("{relay}", &relay).trim_end().to_owned()
    };
    let directives: Vec<_> = PAGE_POLICY.lines().map(filled).collect();
    HeaderValue::from_str(&directives.join("; ")).ok()
}

/// Whether a host is one that says nothing else in a policy.
fn is_plain(host: &str) -> bool {
    host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte))
}

fn hash(script: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(digest(&SHA256, script.as_bytes())))
}

/// The scripts that stand in a page itself, as a browser's parser sees them: with every line end a line feed.
fn own_scripts(html: &str) -> BTreeSet<String> {
    let mut scripts = BTreeSet::new();
    // ASCII letters have the same length in both cases.
    let lower = html.to_ascii_lowercase();
    let mut from = 0;
    while let Some(begin) = find(&lower, from, "<script") {
        let Some(tag_end) = find(&lower, begin, ">") else { break };
        let Some(end) = find_end(&lower, tag_end + 1) else { break };
        let attributes = lower.get(begin + "<script".len()..tag_end).unwrap_or_default();
        let is_script =
            attributes.is_empty() || attributes.starts_with([' ', '\t', '\n', '\r', '\u{c}', '/']);
        if !is_script {
            from = begin + 1;
            continue;
        }
        if !has_source(attributes) {
            let text = html.get(tag_end + 1..end).unwrap_or_default();
            scripts.insert(text.replace("\r\n", "\n").replace('\r', "\n"));
        }
        from = end;
    }
    scripts
}

fn find(text: &str, from: usize, what: &str) -> Option<usize> {
    Some(from + text.get(from..)?.find(what)?)
}

/// Where a script ends that begins at `from`: at `</script`, white space if there is any, and `>`.
fn find_end(lower: &str, mut from: usize) -> Option<usize> {
    loop {
        let end = find(lower, from, "</script")?;
        let behind = lower.get(end + "</script".len()..)?;
        if behind.trim_ascii_start().starts_with('>') {
            return Some(end);
        }
        from = end + 1;
    }
}

/// Whether a script's attributes name a file, which counts instead of what stands in the page.
fn has_source(attributes: &str) -> bool {
    let names = attributes.split('=').rev().skip(1).map(|before| before.trim_ascii_end());
    names.into_iter().any(|before| {
        before.strip_suffix("src").is_some_and(|before| before.ends_with(|c: char| c.is_ascii_whitespace()))
    })
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Page {
        html: String,
        scripts: BTreeSet<String>,
    }

    #[test]
    fn the_scripts_of_a_page_are_those_that_the_host_of_the_backend_package_finds() {
        let pages: Vec<Page> =
            serde_json::from_str(include_str!("../../../protocol/fixtures/page-scripts.json")).unwrap();
        assert!(pages.len() > 10);
        for Page { html, scripts } in pages {
            assert_eq!(own_scripts(&html), scripts, "{html}");
        }
    }

    #[test]
    fn a_page_runs_its_own_scripts_and_the_sdk_and_reaches_its_relay() {
        let policy = of_page("<script>a()</script>", Some("relay.example:8787")).unwrap();
        let policy = policy.to_str().unwrap();
        for directive in [
            "default-src 'self';",
            "; script-src 'self' 'wasm-unsafe-eval' 'sha256-qVpDBgj7bpq5hMAcGp3AOc79J3Y1Z4HvySTwKrWDoy4=';",
            "; connect-src 'self' ws://relay.example:8787 wss://relay.example:8787;",
            "; frame-ancestors 'self'",
        ] {
            assert!(policy.contains(directive), "{directive} is not in {policy}");
        }
        assert!(!policy.contains('{') && !policy.ends_with(';'), "{policy}");
    }

    #[test]
    fn a_host_that_would_say_more_in_a_policy_is_left_out() {
        for host in [None, Some("a; script-src *"), Some("a 'unsafe-eval'"), Some("a,b")] {
            let policy = of_page("", host).unwrap();
            let policy = policy.to_str().unwrap();
            assert!(policy.contains("; script-src 'self' 'wasm-unsafe-eval';"), "{policy}");
            assert!(policy.contains("; connect-src 'self';"), "{policy}");
        }
    }
}
