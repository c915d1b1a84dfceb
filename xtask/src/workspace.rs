//! Where the workspace is and which packages it has.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::process;

/// The library crates, in reading order.
pub(crate) const LIBRARIES: [&str; 4] = ["tinytorch-core", "mlsysim", "staffml-bank", "kits-hal"];

/// The packages above the libraries.
pub(crate) const PROGRAMS: [&str; 3] = ["examples", "walls-wasm", "xtask"];

/// Returns the folder that holds the workspace manifest.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().map_or_else(|| here.to_path_buf(), Path::to_path_buf)
}

/// Returns `name` if it is a library crate.
///
/// # Errors
///
/// If it is not; the text lists the crates.
pub(crate) fn library(name: &str) -> Result<&'static str> {
    match LIBRARIES.iter().find(|known| **known == name) {
        Some(known) => Ok(known),
        None => bail!("no library crate is called `{name}`; there are {}", LIBRARIES.join(", ")),
    }
}

/// Returns the packages of `cargo metadata --no-deps`.
///
/// # Errors
///
/// If cargo fails or prints something else than its documented format.
pub(crate) fn packages() -> Result<Vec<Value>> {
    let text = process::output(process::cargo(&root()).args([
        "metadata",
        "--format-version",
        "1",
        "--no-deps",
    ]))?;
    let mut metadata: Value = serde_json::from_str(&text).context("cargo metadata is not JSON")?;
    match metadata["packages"].take() {
        Value::Array(packages) => Ok(packages),
        _ => bail!("cargo metadata has no list of packages"),
    }
}

/// Returns the text at `key` of a metadata object, or nothing.
pub(crate) fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_default()
}

/// Returns all files below `folder` that `keep` accepts, sorted; build output and hidden folders are left out.
///
/// # Errors
///
/// If a folder cannot be read.
pub(crate) fn files(folder: &Path, keep: &dyn Fn(&Path) -> bool) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder)
            .with_context(|| format!("cannot read {}", folder.display()))?
        {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() {
                if !(name.starts_with('.') || name == "target" || name == "book") {
                    open.push(path);
                }
            } else if keep(&path) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Returns `path` as seen from the workspace root, with forward slashes.
pub(crate) fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).to_string_lossy().replace('\\', "/")
}
