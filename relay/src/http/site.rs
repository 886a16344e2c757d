//! The site's static files, for `relay serve --site DIR`. The backend's code is not among them.

use std::io::ErrorKind;
use std::path::Path;

use http::{HeaderValue, header};
use percent_encoding::percent_decode_str;
use warp::reply::{Reply, Response};

use crate::http::policy;

/// Bytes of a page that is looked through for scripts of its own. No page has as many; the scripts of one that has do
/// not run.
const MAX_PAGE_BYTES: u64 = 8 * 1024 * 1024;

/// A file of the site as it is answered: types are as declared, browsers ask for it each time, and pages run under a
/// policy.
pub async fn answer(file: warp::fs::File, host: Option<String>) -> Response {
    let path = file.path().to_owned();
    let mut response = file.into_response();
    let is_page = response.headers().get(header::CONTENT_TYPE).is_some_and(is_html);
    let policy = if is_page { policy::of_page(&read_page(&path).await, host.as_deref()) } else { None };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    headers.extend(policy.map(|policy| (header::CONTENT_SECURITY_POLICY, policy)));
    response
}

fn is_html(kind: &HeaderValue) -> bool {
    kind.to_str().is_ok_and(|kind| kind.starts_with("text/html"))
}

/// A page's text. What cannot be read has no scripts.
async fn read_page(path: &Path) -> String {
    let path = path.to_owned();
    let reading = tokio::task::spawn_blocking(move || {
        let is_small = std::fs::metadata(&path).is_ok_and(|about| about.len() <= MAX_PAGE_BYTES);
        if is_small { std::fs::read(&path).unwrap_or_default() } else { Vec::new() }
    });
    String::from_utf8_lossy(&reading.await.unwrap_or_default()).into_owned()
}

/// Whether a request's path may be served from the site's folder: not the backend's code, no installed packages, no
/// hidden files, and nothing outside the folder.
pub fn may_serve(path: &str) -> bool {
    let Ok(path) = percent_decode_str(path).decode_utf8() else { return false };
    let is_hidden = |part: &str| part.starts_with('.') || part.contains(['\\', '\0']);
    let mut parts = path.split('/').filter(|part| !part.is_empty());
    let is_private = |part: &str| part.eq_ignore_ascii_case("backend") || part == "node_modules";
    !parts.clone().any(is_hidden) && !parts.any(is_private)
}

/// Whether what a path names lies in the folder by its true name too, and may be served by that: a link may lead out of
/// the folder, or to the backend's code.
pub fn leads_nowhere_else(folder: &Path, path: &str) -> bool {
    let Ok(path) = percent_decode_str(path).decode_utf8() else { return false };
    let Ok(folder) = folder.canonicalize() else { return false };
    let file = path.split('/').filter(|part| !part.is_empty()).fold(folder.clone(), |at, part| at.join(part));
    match file.canonicalize() {
        Ok(file) => {
            let inside = file.strip_prefix(&folder).ok().and_then(Path::to_str);
            inside.is_some_and(|inside| may_serve(&inside.replace('%', "%25")))
        }
        // What is not there, or may not be read, is for the one who reads it to say. What cannot be there (behind a
        // file, or with too long a name) leads nowhere, and is no error of ours to log: anyone can ask for it.
        Err(error) => matches!(error.kind(), ErrorKind::NotFound | ErrorKind::PermissionDenied),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_served() {
        for path in ["/", "/index.html", "/public/channels.js", "/images/a%20b.png"] {
            assert!(may_serve(path), "{path}");
        }
    }

    #[test]
    fn backend_code_hidden_files_and_ways_out_are_not() {
        let paths = [
            "/backend/chat.web.js",
            "/Backend/chat.web.js",
            "/%62ackend/chat.web.js",
            "/public/../backend/x.js",
            "/..%2f..%2fetc/passwd",
            "/.env",
            "/public/.git/config",
            "/node_modules/x/index.js",
            "//backend//x.js",
            "/a%5c..%5cb",
            "/%ff",
        ];
        for path in paths {
            assert!(!may_serve(path), "{path}");
        }
    }

    #[test]
    fn a_link_that_leads_out_of_the_folder_or_to_the_backends_code_is_not_served() {
        let (site, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (root, link) =
            (site.path(), std::os::unix::fs::symlink::<std::path::PathBuf, std::path::PathBuf>);
        std::fs::create_dir(root.join("backend")).unwrap();
        for file in [root.join("index.html"), root.join("backend/code.js"), elsewhere.path().join("secret")] {
            std::fs::write(file, "").unwrap();
        }
        link(elsewhere.path().join("secret"), root.join("out.txt")).unwrap();
        link(elsewhere.path().into(), root.join("folder")).unwrap();
        link(root.join("backend/code.js"), root.join("code.js")).unwrap();
        link(root.join("index.html"), root.join("other%2f.html")).unwrap();
        let too_long = format!("/{}", "a".repeat(300));
        for (path, expected) in [
            ("/index.html", true),
            ("/other%252f.html", true),
            ("/", true),
            ("/missing.html", true),
            ("/out.txt", false),
            ("/folder/secret", false),
            ("/code.js", false),
            ("/index.html/more", false),
            (too_long.as_str(), false),
        ] {
            assert_eq!(leads_nowhere_else(root, path), expected, "{path}");
        }
    }
}
