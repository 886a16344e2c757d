//! The site's static files, for `relay serve --site DIR`. The backend's code is not among them.

use percent_encoding::percent_decode_str;

/// Whether a request's path may be served from the site's folder: not the backend's code, no installed packages, no
/// hidden files, and nothing outside the folder.
pub fn may_serve(path: &str) -> bool {
    let Ok(path) = percent_decode_str(path).decode_utf8() else { return false };
    let is_hidden = |part: &str| part.starts_with('.') || part.contains(['\\', '\0']);
    let mut parts = path.split('/').filter(|part| !part.is_empty());
    let is_private = |part: &str| part.eq_ignore_ascii_case("backend") || part == "node_modules";
    !parts.clone().any(is_hidden) && !parts.any(is_private)
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
}
