//! Builds the browser SDK: compiles `sdk-wasm` for the browser and writes its wasm and the JavaScript around it. Other
//! crates for browsers are built in the same way, to be measured beside it.
//!
//! wasm-bindgen's tool is used as a library, so that Cargo.lock holds it to the version of the crate, which must be the
//! same, and nothing has to be installed. Making the module smaller is left to Binaryen's optimiser, afterwards.

mod dead_data;
mod glue;
mod names;
mod panics;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail, ensure};
use wasm_bindgen_cli_support::{Bindgen, EncodeInto};

use crate::dead_data::DataMap;

const USAGE: &str = "usage: wasm-build [--out-dir DIR] [--package NAME] [--glue lean|fast]   \
                     (defaults: sdk-wasm/npm/wasm, wix-realtime-frontend, lean)";
const TARGET: &str = "wasm32-unknown-unknown";

/// Set to anything, this variable keeps the functions' names in the module, for tools that show what weighs.
const KEEP_NAMES: &str = "WASM_BUILD_KEEP_NAMES";

/// What rustc may use of WebAssembly beyond its own baseline: with references, JavaScript's values need no table of
/// their own in the glue.
const TARGET_FEATURES: &str = "-Ctarget-feature=+reference-types";

/// What the command line asks for.
struct Request {
    /// Where to.
    out_dir: PathBuf,
    /// Which crate of the workspace.
    package: String,
    /// Whether the glue gives speed away for size.
    is_lean: bool,
}

fn main() -> ExitCode {
    match request(env::args().skip(1)).and_then(|request| build(&request)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stderr, reason = "the one place where this command speaks")]
fn complain(error: &anyhow::Error) {
    eprintln!("wasm-build: {error:#}");
}

fn request(mut arguments: impl Iterator<Item = String>) -> Result<Request> {
    let mut request = Request {
        out_dir: root().join("sdk-wasm/npm/wasm"),
        package: "wix-realtime-frontend".to_owned(),
        is_lean: true,
    };
    while let Some(option) = arguments.next() {
        match (option.as_str(), arguments.next()) {
            ("--out-dir", Some(folder)) => request.out_dir = folder.into(),
            ("--package", Some(name)) => request.package = name,
            ("--glue", Some(kind)) if kind == "lean" || kind == "fast" => request.is_lean = kind == "lean",
            _ => bail!("{USAGE}"),
        }
    }
    Ok(request)
}

fn build(request: &Request) -> Result<()> {
    compile(&request.package)?;
    bind(request)
}

/// Compiles the crate with the profile `wasm`.
fn compile(package: &str) -> Result<()> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .current_dir(root())
        .args(["rustc", "--lib", "--crate-type", "cdylib", "--profile", "wasm"])
        .args(["--target", TARGET, "--package", package])
        .env("CARGO_ENCODED_RUSTFLAGS", rustflags())
        .status()
        .context("cannot start cargo")?;
    if !status.success() {
        bail!("cargo could not compile {package}; is the target there? (rustup target add {TARGET})");
    }
    Ok(())
}

/// Flags for every crate, in the form that Cargo reads without splitting at spaces.
fn rustflags() -> String {
    let cargo_home =
        env::var("CARGO_HOME").or_else(|_| env::var("HOME").map(|home| format!("{home}/.cargo")));
    // The module is the same on every machine, and tells nobody where it was built.
    let remap = cargo_home.map(|folder| format!("--remap-path-prefix={folder}/registry/src="));
    [TARGET_FEATURES, dead_data::LINKER_FLAG]
        .map(str::to_owned)
        .into_iter()
        .chain(remap)
        .collect::<Vec<_>>()
        .join("\u{1f}")
}

/// Writes the package's module and its glue.
fn bind(Request { out_dir, package, is_lean }: &Request) -> Result<()> {
    let name = &package.replace('-', "_");
    let file = target_dir().join(TARGET).join("wasm").join(name).with_extension("wasm");
    let compiled = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let mut module = walrus::ModuleConfig::new()
        // LLVM's output needs no second look.
        .strict_validate(false)
        .generate_name_section(env::var_os(KEEP_NAMES).is_some())
        .generate_producers_section(false)
        .parse(&compiled)
        .with_context(|| format!("cannot read {}", file.display()))?;
    panics::make_traps(&mut module)?;
    let cleared = DataMap::read(&compiled)?.clear_unused(&mut module)?;
    ensure!(
        cleared > 0,
        "panics had no texts to clear: something has gone wrong with what the linker was asked for"
    );
    let mut output = Bindgen::new()
        .input_module(name, module)
        .web(true)?
        .typescript(false)
        .demangle(false)
        .omit_default_module_path(true)
        .encode_into(EncodeInto::Always)
        .generate_output()
        .with_context(|| format!("cannot bind {}", file.display()))?;
    let has_parts = output.snippets().values().any(|parts| !parts.is_empty());
    ensure!(!has_parts, "the glue has parts that would have to be written too");
    let glue = glue::without_loader(output.js())?;
    let glue = if *is_lean { glue::lean(&glue)? } else { glue };
    let glue = names::shorten(output.wasm_mut(), &glue)?;
    write(out_dir, &format!("{name}.js"), glue.as_bytes())?;
    write(out_dir, &format!("{name}_bg.wasm"), &output.wasm_mut().emit_wasm())
}

fn write(folder: &Path, name: &str, content: &[u8]) -> Result<()> {
    let file = folder.join(name);
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(&file, content))
        .with_context(|| format!("cannot write {}", file.display()))
}

/// Cargo's folder for what it builds.
fn target_dir() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |folder| root().join(folder))
}

fn root() -> PathBuf {
    // This crate is one folder below the workspace's root.
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}
