//! Lists the files of the bank, so that a new question is one new file.

use core::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let bank = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("bank");
    let mut paths = Vec::new();
    walk(&bank, "", &mut paths)?;
    paths.sort_unstable();
    let mut list = String::from("&[\n");
    for path in &paths {
        let file = bank.join(path);
        let _ = writeln!(list, "({path:?}, include_str!({:?})),", file.display().to_string());
    }
    list.push(']');
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::write(out.join("bank_files.rs"), list)
}

/// Adds the bank files of a folder, with paths relative to the bank.
fn walk(folder: &Path, prefix: &str, paths: &mut Vec<String>) -> io::Result<()> {
    println!("cargo::rerun-if-changed={}", folder.display());
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        if entry.file_type()?.is_dir() {
            walk(&entry.path(), &format!("{path}/"), paths)?;
        } else if name.ends_with(".toml")
            || path == "ids.txt"
            || (path.starts_with("releases/") && name.ends_with(".json"))
        {
            paths.push(path);
        }
    }
    Ok(())
}
