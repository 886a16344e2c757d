//! A permissions file that stands where nobody looks for it.

use std::path::{Path, PathBuf};

use crate::settings::resolve::PERMISSIONS_OF_SITE;

/// Where people have it instead, in a site's folder: beside `backend`, under another ending, under the name that its
/// purpose suggests, and in the layout that Velo's Git integration has.
const ELSEWHERE: [&str; 7] = [
    "realtime-permissions.js",
    "backend/realtime-permissions.jsw",
    "backend/realtime-permissions.web.js",
    "backend/realtime-permissions.mjs",
    "backend/realtime-permissions.ts",
    "backend/permissions.js",
    "src/backend/realtime-permissions.js",
];

/// A file that was probably meant to decide, in the site's folder or else in the current one, for a relay that has none.
/// Nothing of it is read.
pub fn look(site: Option<&Path>) -> Option<PathBuf> {
    let folder = site.unwrap_or(Path::new(""));
    let right = site.is_none().then_some(PERMISSIONS_OF_SITE);
    right.into_iter().chain(ELSEWHERE).map(|place| folder.join(place)).find(|file| file.is_file())
}

/// What to do about it, as a sentence.
pub fn advice(found: &Path, site: Option<&Path>) -> String {
    let found = found.display();
    match site {
        Some(site) => {
            let place = site.join(PERMISSIONS_OF_SITE);
            format!(
                "{found} is there and decides nothing: name it {}, or give it with --permissions",
                place.display()
            )
        }
        None => format!("{found} is there and decides nothing: give it with --permissions {found}"),
    }
}
