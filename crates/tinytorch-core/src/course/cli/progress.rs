//! What was completed: a file that can be deleted and rebuilt by running the checks again.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use crate::{Error, Result, course::Module, io::replace};

fn file(folder: &Path) -> PathBuf {
    folder.join(".course/progress.json")
}

/// Returns the ids of the modules that were completed; none without a file.
pub(super) fn completed(folder: &Path) -> Result<Vec<String>> {
    let path = file(folder);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(Error::io("read", &path, e)),
    };
    let wrong = |detail: String| Error::format("course-progress", detail);
    let value: Value = serde_json::from_str(&text).map_err(|e| wrong(e.to_string()))?;
    let modules =
        value["modules"].as_array().ok_or_else(|| wrong("there is no list of modules".into()))?;
    Ok(modules.iter().filter_map(|m| m["module"].as_str().map(str::to_owned)).collect())
}

/// Adds a module to the file, which is replaced as a whole.
pub(super) fn record(folder: &Path, module: &Module) -> Result<()> {
    let mut ids = completed(folder)?;
    ids.push(module.id.to_owned());
    ids.sort();
    ids.dedup();
    let modules: Vec<Value> = ids.iter().map(|id| json!({"module": id})).collect();
    let path = file(folder);
    let parent = folder.join(".course");
    fs::create_dir_all(&parent).map_err(|e| Error::io("create", &parent, e))?;
    replace(
        &path,
        format!("{:#}\n", json!({"schema": "course-progress/1", "modules": modules})).as_bytes(),
    )
}

/// True if a file can be made in the folder.
pub(super) fn writable(folder: &Path) -> bool {
    let probe = folder.join(format!(".course-{}.tmp", std::process::id()));
    let made = fs::write(&probe, b"").is_ok();
    made && fs::remove_file(&probe).is_ok()
}
