//! Reading a folder of reference results.

use std::{
    cell::RefCell,
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    rc::Rc,
};

use serde_json::Value;
use tinytorch_core::{Tensor, io::safetensors::SafeTensors};

/// A folder of indices and tensor files; files are read once.
pub(crate) struct Folder {
    dir: PathBuf,
    files: RefCell<HashMap<String, Rc<SafeTensors>>>,
}

impl Folder {
    /// Opens a folder, which must hold the index of the operators.
    pub(crate) fn open(dir: &Path) -> Result<Self, String> {
        let folder = Self { dir: dir.to_owned(), files: RefCell::default() };
        folder
            .index("ops_index.json")
            .map(|_| folder)
            .ok_or_else(|| "there is no ops_index.json".to_owned())
    }

    /// Returns an index, or `None` if the folder does not have it.
    pub(crate) fn index(&self, name: &str) -> Option<Value> {
        let text = fs::read_to_string(self.dir.join(name)).ok()?;
        Some(serde_json::from_str(&text).unwrap_or_else(|e| panic!("{name}: {e}")))
    }

    /// Returns a tensor of a file.
    pub(crate) fn tensor(&self, file: &str, key: &str) -> Result<Tensor, String> {
        let archive = match self.files.borrow().get(file) {
            Some(archive) => archive.clone(),
            None => Rc::new(SafeTensors::read(self.dir.join(file)).map_err(|e| e.to_string())?),
        };
        self.files.borrow_mut().insert(file.to_owned(), archive.clone());
        archive.get(key).cloned().map_err(|e| format!("{file}: {e}"))
    }
}
