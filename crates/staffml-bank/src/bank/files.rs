//! Reads the files of a bank folder.

use std::fs;
use std::path::Path;

use crate::error::{Error, Result};

/// Folders nest no deeper than this.
const DEPTH: u32 = 4;

/// Returns the path (within the bank, with `/`) and text of every bank file in a folder.
pub(super) fn read(folder: &Path) -> Result<Vec<(String, String)>> {
    let mut out = Vec::new();
    for name in ["bank.toml", "facts.toml", "misconceptions.toml", "taxonomy.toml", "ids.txt"] {
        let path = folder.join(name);
        if path.is_file() {
            out.push((name.to_owned(), text(&path)?));
        }
    }
    if !folder.is_dir() {
        let why = "it is not a folder".to_owned();
        return Err(Error::Io { path: folder.display().to_string(), why });
    }
    for name in ["q", "chains", "plans", "releases"] {
        let inner = folder.join(name);
        if inner.is_dir() {
            walk(&inner, name, 0, &mut out)?;
        }
    }
    Ok(out)
}

fn walk(folder: &Path, prefix: &str, depth: u32, out: &mut Vec<(String, String)>) -> Result<()> {
    let failed = |path: &Path, error: &std::io::Error| Error::Io {
        path: path.display().to_string(),
        why: error.to_string(),
    };
    for entry in fs::read_dir(folder).map_err(|e| failed(folder, &e))? {
        let entry = entry.map_err(|e| failed(folder, &e))?;
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        let inner = format!("{prefix}/{name}");
        if path.is_dir() && depth < DEPTH {
            walk(&path, &inner, depth + 1, out)?;
        } else if name.ends_with(".toml") || is_release(&inner) {
            out.push((inner, text(&path)?));
        }
    }
    Ok(())
}

fn is_release(path: &str) -> bool {
    path.starts_with("releases/") && path.ends_with(".json")
}

/// The text of a file; bytes that are no UTF-8 become marks that the reader will refuse.
fn text(path: &Path) -> Result<String> {
    let bytes = fs::read(path)
        .map_err(|error| Error::Io { path: path.display().to_string(), why: error.to_string() })?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
