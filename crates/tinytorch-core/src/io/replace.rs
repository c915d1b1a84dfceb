//! Writing a file so that it is never half written.

use core::sync::atomic::{AtomicU64, Ordering};
use std::{
    fs,
    io::{self, Write},
    path::Path,
};

use crate::{Error, Result};

/// Tells apart the temporary files of one process, so that two threads never write into the same one.
static NUMBER: AtomicU64 = AtomicU64::new(0);

/// Writes `bytes` first under a temporary name beside `path`, then renames: a crash leaves either the old file or the new one.
///
/// # Errors
///
/// [`Error::Io`] if a step fails; the file of that name is then as it was.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    replace_by(path, |file| file.write_all(bytes))
}

/// As [`replace`], with the content coming from `write`.
fn replace_by(path: &Path, write: impl FnOnce(&mut fs::File) -> io::Result<()>) -> Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    name.push(format!(".{}-{number}.tmp", std::process::id()));
    let temporary = path.with_file_name(name);
    let written = fs::File::create(&temporary).and_then(|mut file| {
        write(&mut file)?;
        file.sync_all()
    });
    written.and_then(|()| fs::rename(&temporary, path)).map_err(|e| {
        // The half-written file is of no use; the first error is what the caller needs.
        let _ = fs::remove_file(&temporary);
        Error::io("write", path, e)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_leaves_the_old_file_and_nothing_else() {
        let folder = std::env::temp_dir().join(format!("tinytorch-replace-{}", std::process::id()));
        fs::create_dir_all(folder.join("taken")).unwrap();
        let file = folder.join("a");
        replace(&file, b"old").unwrap();
        replace(&file, b"new").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"new");
        // A folder cannot be replaced by a file.
        assert!(matches!(replace(&folder.join("taken"), b"x"), Err(Error::Io { op: "write", .. })));
        // The disk is full after the first bytes.
        let full = replace_by(&file, |file| {
            file.write_all(b"half of wh")?;
            Err(io::ErrorKind::StorageFull.into())
        });
        assert!(matches!(full, Err(Error::Io { op: "write", .. })), "{full:?}");
        assert_eq!(fs::read(&file).unwrap(), b"new");
        let mut names: Vec<_> =
            fs::read_dir(&folder).unwrap().map(|e| e.unwrap().file_name()).collect();
        names.sort();
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(names, ["a", "taken"]);
    }
}
