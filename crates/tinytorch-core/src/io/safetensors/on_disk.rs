//! A safetensors file whose arrays are read one at a time.
//!
//! The crate keeps elements in vectors of their own type, so an array is copied out of the file in any case. Reading
//! exactly its bytes costs the same copy as a mapped file would, needs no `unsafe` code, and turns a file that somebody
//! cuts meanwhile into an error; under a mapping that ends the process.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use super::{Entry, FORMAT, index, parse, within_limit};
use crate::{Error, Result, Shape, Tensor};

/// An open safetensors file: its names are in memory, its elements stay on disk until asked for.
///
/// For files that are larger than what is needed of them: memory is that of the header and of the tensors taken.
///
/// # Examples
///
/// ```
/// use tinytorch_core::Tensor;
/// use tinytorch_core::io::safetensors::{SafeTensors, SafeTensorsFile};
///
/// let path = std::env::temp_dir().join(format!("tinytorch-doc-{}.safetensors", std::process::id()));
/// let mut all = SafeTensors::default();
/// all.tensors.insert("bias".into(), Tensor::from([1.0_f32, 2.0]));
/// all.tensors.insert("weight".into(), Tensor::from([[3.0_f32, 4.0]]));
/// all.write(&path)?;
///
/// let mut file = SafeTensorsFile::open(&path)?;
/// assert!(file.names().eq(["bias", "weight"]));
/// assert_eq!(file.shape("weight")?.dims(), [1, 2]);
/// assert_eq!(file.get("bias")?.to_vec::<f32>()?, [1.0, 2.0]);
/// # std::fs::remove_file(&path).unwrap();
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
#[derive(Debug)]
pub struct SafeTensorsFile {
    path: PathBuf,
    file: fs::File,
    /// Where the data begin.
    start: u64,
    entries: BTreeMap<String, Entry>,
    metadata: BTreeMap<String, String>,
}

impl SafeTensorsFile {
    /// Opens a file and reads its header.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the file cannot be read; [`Error::Format`] as
    /// [`SafeTensors::from_bytes`](super::SafeTensors::from_bytes), for everything but the values of the elements.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let failed = |e: io::Error| Error::io("read", path, e);
        let mut file = fs::File::open(path).map_err(failed)?;
        let size = file.metadata().map_err(failed)?.len();
        let short = || Error::format(FORMAT, format!("{size} bytes are too few for the header"));
        let mut length = [0; 8];
        if size < 8 {
            return Err(short());
        }
        file.read_exact(&mut length).map_err(failed)?;
        let length = u64::from_le_bytes(length);
        within_limit(length)?;
        let start = 8 + length;
        let n_bytes = size.checked_sub(start).ok_or_else(short)?;
        let mut header = vec![0; length as usize];
        file.read_exact(&mut header).map_err(failed)?;
        let (entries, metadata) = index(&parse(&header)?, n_bytes)?;
        Ok(Self { path: path.to_owned(), file, start, entries, metadata })
    }

    /// Returns the names of the tensors in ascending order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// Returns the free texts.
    #[must_use]
    pub fn metadata(&self) -> &BTreeMap<String, String> {
        &self.metadata
    }

    /// Returns the shape of a tensor without reading it.
    ///
    /// # Errors
    ///
    /// [`Error::MissingParameter`] if there is no tensor of this name.
    pub fn shape(&self, name: &str) -> Result<&Shape> {
        Ok(&self.entry(name)?.shape)
    }

    /// Reads one tensor. Types that this crate lacks are widened as by [`SafeTensors::read`](super::SafeTensors::read).
    ///
    /// # Errors
    ///
    /// [`Error::MissingParameter`] if there is none of this name; [`Error::Io`] if its bytes cannot be read, also because
    /// the file became shorter since it was opened; [`Error::Format`] for a `U64` element above 2⁶³.
    pub fn get(&mut self, name: &str) -> Result<Tensor> {
        let entry = self.entry(name)?;
        let mut bytes = vec![0; entry.end - entry.start];
        let place = SeekFrom::Start(self.start + entry.start as u64);
        let mut file = &self.file;
        let read = file.seek(place).and_then(|_| file.read_exact(&mut bytes));
        read.map_err(|e| Error::io("read", &self.path, e))?;
        entry.tensor(name, &bytes)
    }

    fn entry(&self, name: &str) -> Result<&Entry> {
        self.entries.get(name).ok_or_else(|| Error::MissingParameter { name: name.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DType, io::safetensors::SafeTensors};

    /// A file of every element type in a folder of its own.
    fn written(name: &str) -> (PathBuf, SafeTensors) {
        let folder = std::env::temp_dir().join(format!("tinytorch-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let mut all = SafeTensors::default();
        for (i, dtype) in DType::ALL.into_iter().enumerate() {
            let t = Tensor::arange(0.0, 6.0, 1.0, dtype).unwrap().reshape([2, 3]).unwrap();
            all.tensors.insert(format!("layer.{i}"), t);
        }
        all.metadata.insert("format".into(), "pt".into());
        let path = folder.join("all.safetensors");
        all.write(&path).unwrap();
        (path, all)
    }

    #[test]
    fn one_at_a_time_equals_all_at_once() {
        let (path, all) = written("one-at-a-time");
        let mut file = SafeTensorsFile::open(&path).unwrap();
        assert!(file.names().eq(all.tensors.keys()));
        assert_eq!(file.metadata(), &all.metadata);
        // Backwards, so that reading does not depend on what was read before.
        for (name, t) in all.tensors.iter().rev() {
            assert_eq!(file.shape(name).unwrap().dims(), t.dims());
            assert!(file.get(name).unwrap().same_values(t), "{name}");
        }
        let missing = file.get("other").unwrap_err();
        assert!(matches!(&missing, Error::MissingParameter { name } if name == "other"));
        fs::remove_dir_all(path.parent().unwrap()).unwrap();
    }

    /// Both readers give the same answer about every beginning of a file, and neither believes an announced length.
    #[test]
    fn cuts_and_lies_are_refused() {
        let (path, all) = written("cuts");
        let bytes = all.to_bytes();
        for n in (0..bytes.len()).step_by(7) {
            fs::write(&path, &bytes[..n]).unwrap();
            let error = SafeTensorsFile::open(&path).unwrap_err().to_string();
            assert_eq!(error, SafeTensors::from_bytes(&bytes[..n]).unwrap_err().to_string());
        }
        for length in [u64::MAX, 100 << 20, 1 << 40] {
            fs::write(&path, [&length.to_le_bytes()[..], b"{}"].concat()).unwrap();
            assert!(matches!(SafeTensorsFile::open(&path), Err(Error::Format { .. })), "{length}");
        }
        fs::remove_dir_all(path.parent().unwrap()).unwrap();
    }

    #[test]
    fn a_file_cut_after_opening_is_an_error() {
        let (path, all) = written("cut-later");
        let mut file = SafeTensorsFile::open(&path).unwrap();
        let n = fs::metadata(&path).unwrap().len();
        fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(n - 1).unwrap();
        let results: Vec<_> = all.tensors.keys().map(|name| file.get(name)).collect();
        let failed = results.iter().filter(|r| matches!(r, Err(Error::Io { op: "read", .. })));
        assert_eq!(failed.count(), 1, "the one at the end");
        assert_eq!(results.iter().filter(|r| r.is_ok()).count(), results.len() - 1);
        fs::remove_dir_all(path.parent().unwrap()).unwrap();
    }
}
