//! The files of a log, as they are found.
//!
//! ```text
//! <data>/device              name of this device
//! <data>/log/lock            held by the process that writes
//! <data>/log/<dev>.jsonl     events of a device; <dev>.2.jsonl after a compaction
//! <data>/log/<dev>.fork.jsonl  events of a copy of that device
//! <data>/log/<dev>.torn      ends of files that were no whole lines
//! <data>/log/<dev>.quarantine  damaged lines that a compaction set aside
//! ```

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::scan::{Scan, breaks, scan};
use super::{DeviceId, EventSet, LogError};
use crate::problem::Problem;

/// A log as it was read.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Reading {
    /// All events.
    pub events: EventSet,
    /// The files.
    pub files: Vec<Scan>,
    /// Everything that is wrong, with file and line. Codes that begin with `W` are warnings.
    pub problems: Vec<Problem>,
}

impl Reading {
    /// Returns whether something is damaged: not only torn at its end, which costs nothing that was acknowledged.
    #[must_use]
    pub fn is_damaged(&self) -> bool {
        self.problems.iter().any(|problem| !problem.is_warning())
    }
}

/// Puts files together: their events, their damage, the breaks of their chains.
#[must_use]
pub fn assemble(files: Vec<Scan>) -> Reading {
    let mut problems: Vec<Problem> = files.iter().flat_map(|f| f.problems.clone()).collect();
    problems.extend(breaks(&files));
    let mut events = EventSet::new();
    for file in &files {
        for record in &file.records {
            problems.extend(events.insert(record.clone(), &file.file, 0).1);
        }
    }
    problems.extend(forks(&events));
    problems.extend(events.timeline().problems);
    problems.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
    Reading { events, files, problems }
}

/// One warning for each device name that two machines use.
fn forks(events: &EventSet) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (device, records) in events.by_device() {
        let twin = records.windows(2).find(|pair| match pair {
            [a, b] => a.event().seq == b.event().seq,
            _ => false,
        });
        if let Some([first, ..]) = twin {
            let what = format!(
                "from event {} on, two machines call themselves {device}",
                first.event().seq
            );
            let fix = "the events of both are kept; remove the file `device` on one of them to give it a name of its own";
            problems.push(Problem::new("W-LOG-FORK", &format!("{device}.jsonl"), 0, what, fix));
        }
    }
    problems
}

/// Reads the log of a data folder; a folder without a log gives no events. Nothing is changed, no lock is taken.
///
/// # Errors
///
/// [`LogError::Io`] if a file cannot be read at all, [`LogError::NoLog`] if the path is no folder.
pub fn read(data: &Path) -> Result<Reading, LogError> {
    let folder = data.join("log");
    if !folder.exists() {
        if data.exists() && !data.is_dir() {
            let why = "it is not a folder".to_owned();
            return Err(LogError::NoLog { path: data.display().to_string(), why });
        }
        return Ok(Reading::default());
    }
    Ok(assemble(scan_folder(&folder)?))
}

/// Reads a file of events, a folder of such files, or a data folder: whatever a learner names for a merge.
///
/// # Errors
///
/// [`LogError::NoLog`] if there is nothing to read there, [`LogError::Io`] if it cannot be read.
pub fn read_any(path: &Path) -> Result<Reading, LogError> {
    let none =
        |why: &str| LogError::NoLog { path: path.display().to_string(), why: why.to_owned() };
    if path.is_file() {
        let bytes = fs::read(path).map_err(|e| failed("read", path, &e, UNTOUCHED))?;
        let name = path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
        // The first line of an export is a heading and no event.
        let body = match bytes.split_inclusive(|b| *b == b'\n').next() {
            Some(line) if super::exchange::is_heading(line) => bytes.get(line.len()..),
            _ => Some(bytes.as_slice()),
        };
        let reading = assemble(vec![scan(&name, body.unwrap_or_default())]);
        if reading.events.is_empty() && !reading.problems.is_empty() {
            return Err(none("not one line of it is an event"));
        }
        return Ok(reading);
    }
    if !path.is_dir() {
        return Err(none("there is neither a file nor a folder"));
    }
    let inner = path.join("log");
    let files = scan_folder(if inner.is_dir() { &inner } else { path })?;
    if files.is_empty() {
        Err(none("there is no file `*.jsonl` in it"))
    } else {
        Ok(assemble(files))
    }
}

/// What to say where nothing was touched.
pub(super) const UNTOUCHED: &str = "nothing was changed";

pub(super) fn failed(
    op: &'static str,
    path: &Path,
    error: &io::Error,
    safe: &'static str,
) -> LogError {
    LogError::Io { op, path: path.display().to_string(), why: error.to_string(), safe }
}

/// Scans every `*.jsonl` of a folder, in the order of their names.
pub(super) fn scan_folder(folder: &Path) -> Result<Vec<Scan>, LogError> {
    // A compaction may remove a file between the list and the reading; its events are then in a newer one.
    let mut tries = 3;
    loop {
        match scan_once(folder) {
            Err((error, true)) if tries == 0 => return Err(error),
            Err((_, true)) => tries -= 1,
            Err((error, false)) => return Err(error),
            Ok(scans) => return Ok(scans),
        }
    }
}

/// As [`scan_folder`]; an error says whether a file was listed and then gone.
fn scan_once(folder: &Path) -> Result<Vec<Scan>, (LogError, bool)> {
    let list = |e: io::Error| (failed("read", folder, &e, UNTOUCHED), false);
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(folder).map_err(list)? {
        let path = entry.map_err(list)?.path();
        if path.extension().is_some_and(|e| e == "jsonl") && path.is_file() {
            paths.push(path);
        }
    }
    paths.sort();
    let one = |path: &PathBuf| {
        let bytes = fs::read(path).map_err(|e| {
            (failed("read", path, &e, UNTOUCHED), e.kind() == io::ErrorKind::NotFound)
        })?;
        let name = path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
        Ok(scan(&name, &bytes))
    };
    paths.iter().map(one).collect()
}

/// The generation of a file of a device: 1 for `<dev>.jsonl`, 2 for `<dev>.2.jsonl`; nothing for others.
pub(super) fn generation(file: &str, device: DeviceId) -> Option<u32> {
    let rest = file.strip_prefix(&device.to_string())?.strip_suffix("jsonl")?;
    match rest.strip_prefix('.')?.strip_suffix('.') {
        None => Some(1), // the dot between name and extension is one and the same
        Some(number) => number.parse().ok(),
    }
}

/// The name of the file of a generation.
pub(super) fn file_name(device: DeviceId, generation: u32) -> String {
    if generation <= 1 { format!("{device}.jsonl") } else { format!("{device}.{generation}.jsonl") }
}

/// Appends bytes to a file and waits until they are on the disk.
pub(super) fn append(path: &Path, bytes: &[u8], safe: &'static str) -> Result<(), LogError> {
    let file = OpenOptions::new().append(true).create(true).open(path);
    let mut file = file.map_err(|e| failed("open", path, &e, safe))?;
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .map_err(|e| failed("append to", path, &e, safe))
}

/// Writes a file so that it is there whole or not at all.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), LogError> {
    let temporary = path.with_extension("tmp");
    let write = || {
        let mut file = File::create(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    };
    let result = write();
    if result.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    result.map_err(|e| failed("write", path, &e, "the files before it are as they were"))?;
    sync_folder(path);
    Ok(())
}

/// Waits until a new name is on the disk, where the system lets a folder be waited for.
pub(super) fn sync_folder(path: &Path) {
    if let Some(folder) = path.parent() {
        let _ = File::open(folder).and_then(|f| f.sync_all());
    }
}
