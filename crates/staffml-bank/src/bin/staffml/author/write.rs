//! Files written whole or not at all.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use crate::failure::Failure;

/// Writes a file that must not exist yet.
pub(super) fn create(path: &Path, text: &str) -> Result<(), Failure> {
    let made = OpenOptions::new().write(true).create_new(true).open(path);
    let written = made.and_then(|mut file| {
        let all = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
        if all.is_err() {
            // Half a file is worse than none; that it cannot be removed is told by what follows.
            let _ = fs::remove_file(path);
        }
        all
    });
    written.map_err(|e| {
        let remedy = if e.kind() == ErrorKind::AlreadyExists {
            "it is left as it is; choose another name or remove it"
        } else {
            "make the folder, or choose another place"
        };
        Failure::io(format!("cannot write {}: {e}; {remedy}", path.display()))
    })
}

/// Replaces a file through a second one beside it, so that a full disk leaves the old one.
pub(super) fn replace(path: &Path, text: &str) -> Result<(), Failure> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}.new", std::process::id()));
    let beside = Path::new(&beside);
    create(beside, text)?;
    let kept = fs::metadata(path).map(|m| m.permissions());
    let moved = kept
        .map_or(Ok(()), |permissions| fs::set_permissions(beside, permissions))
        .and_then(|()| fs::rename(beside, path));
    moved.map_err(|e| {
        let _ = fs::remove_file(beside);
        Failure::io(format!("cannot replace {}: {e}; the file is as it was", path.display()))
    })
}
