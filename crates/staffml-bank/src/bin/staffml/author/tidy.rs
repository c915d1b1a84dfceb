//! `staffml fmt`: bank files in their canonical form.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;
use staffml_bank::bank::layout::lay_out;

use super::args::Fmt;
use super::write;
use crate::args::Args;
use crate::failure::{Failure, Outcome};
use crate::output;

/// Folders nest no deeper than this.
const DEPTH: u32 = 6;

pub(crate) fn run(args: &Args, command: &Fmt) -> Result<Outcome, Failure> {
    let mut paths = command.paths.clone();
    if paths.is_empty() {
        paths.extend(args.bank.clone());
    }
    if paths.is_empty() {
        return Err(Failure::usage("name files or folders, or a bank with --bank DIR"));
    }
    let mut files = Vec::new();
    for path in &paths {
        collect(path, DEPTH, &mut files)?;
    }
    files.sort();
    files.dedup();
    if files.is_empty() {
        return Err(Failure::usage("there is no `.toml` file in what you named"));
    }
    let (mut changed, mut refused): (Vec<String>, Vec<(String, String)>) = Default::default();
    for file in &files {
        let name = file.display().to_string();
        match tidy(file, command.check) {
            Ok(true) => changed.push(name),
            Ok(false) => {}
            Err(why) => refused.push((name, why)),
        }
    }
    if args.json {
        let refused: Vec<_> =
            refused.iter().map(|(file, why)| json!({ "file": file, "why": why })).collect();
        output::object(&json!({
            "schema": "staffml-fmt/1",
            "check": command.check,
            "files": files.len(),
            "changed": changed,
            "refused": refused,
        }))?;
    } else {
        let verb = if command.check { "would change" } else { "changed" };
        for file in &changed {
            output::text(&format!("{verb} {file}\n"))?;
        }
        for (file, why) in &refused {
            output::error(&format!("{file}: {why}"));
        }
        let (n, m, k) = (files.len(), changed.len(), refused.len());
        output::text(&format!("{n} files: {m} {verb}, {k} refused\n"))?;
    }
    let fails = !refused.is_empty() || (command.check && !changed.is_empty());
    Ok(if fails { Outcome::No } else { Outcome::Yes })
}

/// Lays one file out and returns whether that changed it.
fn tidy(file: &Path, check: bool) -> Result<bool, String> {
    let text = fs::read_to_string(file).map_err(|e| format!("cannot be read: {e}"))?;
    let out = lay_out(&text).map_err(|e| e.to_string())?;
    if out == text {
        return Ok(false);
    }
    if !check {
        // What a link points to is replaced, not the link.
        let file = fs::canonicalize(file).map_err(|e| format!("cannot be found: {e}"))?;
        write::replace(&file, &out).map_err(|e| e.message)?;
    }
    Ok(true)
}

/// Adds a file, or the `.toml` files in a folder.
fn collect(path: &Path, depth: u32, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let failed = |e| Failure::io(format!("cannot read {}: {e}; name another path", path.display()));
    if !path.is_dir() {
        fs::metadata(path).map_err(failed)?;
        files.push(path.to_owned());
        return Ok(());
    }
    for entry in fs::read_dir(path).map_err(failed)? {
        let inner = entry.map_err(failed)?.path();
        if inner.is_dir() {
            if depth > 0 {
                collect(&inner, depth - 1, files)?;
            }
        } else if inner.extension().is_some_and(|e| e == "toml") {
            files.push(inner);
        }
    }
    Ok(())
}
