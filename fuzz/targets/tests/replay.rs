//! Every seed of every target, and thousands of mutations of them, the same ones in every run.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]
#![allow(clippy::print_stderr, reason = "a test that fails tells what it was given")]

use std::path::{Path, PathBuf};

use fuzz_targets::mutate::{Numbers, mutate};
use fuzz_targets::{TARGETS, Target, target};

/// Mutations of each target: about a second's work, unoptimised.
const MUTATIONS: u64 = 3_000;

fn folder(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    files
}

/// The seeds of a target with their names; the golden frames are seeds of the frames' targets.
fn seeds(target: &Target) -> Vec<(String, Vec<u8>)> {
    let mut files = files_in(&folder("fuzz/corpus").join(target.name));
    match target.name {
        "client_frame" => files.extend(files_in(&folder("protocol/fixtures/client"))),
        "relay_frame" => files.extend(files_in(&folder("protocol/fixtures/relay"))),
        _ => {}
    }
    files.into_iter().map(|file| (file.display().to_string(), std::fs::read(&file).unwrap())).collect()
}

/// Tells what a target was given when it panics.
struct Telling<'a>(&'a Target, &'a str, &'a [u8]);

impl Drop for Telling<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let Self(target, what, bytes) = self;
            eprintln!("{} fails with {what}: b\"{}\"", target.name, bytes.escape_ascii());
        }
    }
}

fn replay(name: &str) {
    let target = target(name);
    let seeds = seeds(target);
    for (file, bytes) in &seeds {
        let _telling = Telling(target, file, bytes);
        (target.run)(bytes);
    }
    let seeds: Vec<_> = seeds.into_iter().map(|(_, bytes)| bytes).collect();
    for number in 0..MUTATIONS {
        let bytes = mutate(&seeds, &mut Numbers::new(number));
        let what = format!("mutation {number}");
        let _telling = Telling(target, &what, &bytes);
        (target.run)(&bytes);
    }
}

macro_rules! replays {
    ($($name:ident)*) => {
        /// The tests that there are.
        const REPLAYED: &[&str] = &[$(stringify!($name)),*];

        mod seeds_and_mutations_of {
            $(
                #[test]
                fn $name() {
                    super::replay(stringify!($name));
                }
            )*
        }
    };
}

replays! {
    client_frame relay_frame channel websocket_reader websocket_handshake request_head request_path plain_request
    body_pieces publish_body batch_body control_body site_token token_claims visitor_token key_set settings webhook_reply history_file
}

#[test]
fn every_target_is_replayed_and_has_a_libfuzzer_binary() {
    let names: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
    assert_eq!(names, REPLAYED);
    let manifest = std::fs::read_to_string(folder("fuzz/Cargo.toml")).unwrap();
    for name in names {
        assert!(manifest.contains(&format!("name = \"{name}\"")), "fuzz/Cargo.toml has no binary {name}");
        let program = folder("fuzz/fuzz_targets").join(format!("{name}.rs"));
        let program = std::fs::read_to_string(&program).unwrap();
        assert!(program.contains(&format!("\"{name}\"")), "its program runs another target: {program}");
    }
}
