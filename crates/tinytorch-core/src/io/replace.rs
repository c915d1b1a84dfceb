//! Writing a file so that it is never half written.

use std::{fs, io::Write, path::Path};

use crate::{Error, Result};

/// Writes `bytes` first under a temporary name beside `path`, then renames: a crash leaves either the old file or the new one.
///
/// # Errors
///
/// [`Error::Io`] if a step fails; the file of that name is then as it was.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = path.with_file_name(name);
    let written = fs::File::create(&temporary).and_then(|mut file| {
        file.write_all(bytes)?;
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
        let mut names: Vec<_> =
            fs::read_dir(&folder).unwrap().map(|e| e.unwrap().file_name()).collect();
        names.sort();
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(names, ["a", "taken"]);
    }
}
