//! Writing: one process at a time, one line at a time, on the disk before it is acknowledged.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::folder::{
    Reading, UNTOUCHED, append, assemble, failed, file_name, generation, scan_folder, sync_folder,
    write_whole,
};
use super::scan::Scan;
use super::{DeviceId, Event, EventId, EventSet, LogError, Moment, Record, What};
use crate::variant::rng::{SplitMix64, mix};

/// When an event is waited for until it is on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sync {
    /// Each one, before it is acknowledged. A power failure costs at most the one being written.
    #[default]
    Each,
    /// When the system likes. A killed process still loses at most one event, a power failure more.
    Never,
}

/// A log open for writing.
///
/// Only one process can have it; it is given back when this value is dropped or the process ends, however it ends.
#[derive(Debug)]
pub struct Log {
    folder: PathBuf,
    device: DeviceId,
    path: PathBuf,
    file: File,
    sync: Sync,
    /// Length of the whole lines. What stands behind them after a failed write is cut off before the next one.
    len: u64,
    is_dirty: bool,
    seq: u64,
    hash: u64,
    random: SplitMix64,
    lock: File,
}

impl Log {
    /// Opens the log of a data folder, making both if they are absent, and returns what stands in it.
    ///
    /// Ends of files that are no whole lines are moved to `<dev>.torn`, which the warnings tell.
    /// `entropy` is any number that no other device has: it makes names of events.
    ///
    /// # Errors
    ///
    /// [`LogError::Locked`] if another process writes to it, [`LogError::Io`] if a file cannot be read or written.
    pub fn open(data: &Path, entropy: u64, sync: Sync) -> Result<(Self, Reading), LogError> {
        let folder = data.join("log");
        fs::create_dir_all(&folder).map_err(|e| failed("make", &folder, &e, UNTOUCHED))?;
        let lock = lock(&folder)?;
        let mut random = SplitMix64::new(mix(entropy));
        let device = device(data, random.next_u64())?;
        let reading = assemble(repair(&folder)?);
        let newest = reading.files.iter().filter_map(|f| Some((generation(&f.file, device)?, f)));
        let newest = newest.max_by_key(|(generation, _)| *generation);
        let path = folder.join(file_name(device, newest.map_or(1, |(g, _)| g)));
        let file = OpenOptions::new().append(true).create(true).open(&path);
        let file = file.map_err(|e| failed("open", &path, &e, UNTOUCHED))?;
        sync_folder(&path);
        let (len, hash, lines) =
            newest.map_or((0, 0, 0), |(_, f)| (f.whole_len, f.last_hash, f.n_lines));
        let own = reading.events.records().filter(|r| r.event().device == device);
        let seq = own.map(|r| r.event().seq).max().unwrap_or(0).max(lines);
        let log = Self {
            folder,
            device,
            path,
            file,
            sync,
            len,
            is_dirty: false,
            seq,
            hash,
            random,
            lock,
        };
        Ok((log, reading))
    }

    /// Returns the name of this device.
    #[must_use]
    pub const fn device(&self) -> DeviceId {
        self.device
    }

    /// Appends an event and returns it. When this returns, the event is kept.
    ///
    /// # Errors
    ///
    /// [`LogError::NotKept`] if it did not reach the disk: all events before it are safe, and the next call tries
    /// again. [`LogError::Unwritable`] if it cannot be written as a line.
    pub fn append(
        &mut self,
        what: impl Into<What>,
        at: Moment,
        tz_minutes: i16,
    ) -> Result<Event, LogError> {
        let seq = self.seq + 1;
        let random =
            (u128::from(self.random.next_u64()) << 64) | u128::from(self.random.next_u64());
        let id = EventId::new(at, random);
        let event = Event::new(id, at, tz_minutes, self.device, seq, what.into());
        let record = Record::write(event, self.hash)?;
        let line = format!("{}\n", record.line());
        self.write(line.as_bytes()).map_err(|error| LogError::NotKept {
            path: self.path.display().to_string(),
            why: error.to_string(),
            kept: self.seq,
        })?;
        self.len += line.len() as u64;
        (self.seq, self.hash) = (seq, record.hash());
        Ok(record.event().clone())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.is_dirty {
            self.file.set_len(self.len)?;
            self.is_dirty = false;
        }
        let written = self.file.write_all(bytes).and_then(|()| match self.sync {
            Sync::Each => self.file.sync_data(),
            Sync::Never => Ok(()),
        });
        if written.is_err() {
            // Half a line may stand there now; if it cannot be cut off at once, it is before the next one.
            self.is_dirty = self.file.set_len(self.len).is_err();
        }
        written
    }

    /// Adds the events of another log that this one lacks, and returns how many there were.
    ///
    /// Lines are copied as they are. Events that were erased here are not taken in again.
    ///
    /// # Errors
    ///
    /// [`LogError::Io`] if a file cannot be written; a repeated merge completes it.
    pub fn merge(&mut self, own: &EventSet, other: &EventSet) -> Result<u64, LogError> {
        let erased = own.erased();
        let mut n_new = 0;
        let scans = scan_folder(&self.folder)?;
        for (device, records) in other.by_device() {
            let lacking =
                |r: &&Record| !own.contains(&r.event().id) && !erased.contains(&r.event().id);
            let records: Vec<&Record> = records.into_iter().filter(lacking).collect();
            let newest = scans.iter().filter_map(|f| Some((generation(&f.file, device)?, f)));
            let newest = newest.max_by_key(|(generation, _)| *generation);
            let mut last = newest.map_or(0, |(_, f)| f.last_hash);
            let main = file_name(device, newest.map_or(1, |(g, _)| g));
            let (mut follow, mut fork) = (String::new(), String::new());
            for record in records {
                // The file of this device is for its own new events; a copy of it went on elsewhere.
                let follows = device != self.device && (newest.is_none() || record.prev() == last);
                if follows {
                    last = record.hash();
                }
                let text = if follows { &mut follow } else { &mut fork };
                text.push_str(record.line());
                text.push('\n');
                n_new += 1;
            }
            let safe = "what was there before is safe; repeat the merge";
            for (name, text) in [(main, follow), (format!("{device}.fork.jsonl"), fork)] {
                if !text.is_empty() {
                    append(&self.folder.join(name), text.as_bytes(), safe)?;
                }
            }
        }
        Ok(n_new)
    }

    /// Returns the folder of the files.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Goes on in the newest file after the files were rewritten.
    pub(super) fn reopen(&mut self, newest: u32, scan: &Scan) -> Result<(), LogError> {
        let path = self.folder.join(file_name(self.device, newest));
        let file = OpenOptions::new().append(true).create(true).open(&path);
        self.file = file.map_err(|e| failed("open", &path, &e, UNTOUCHED))?;
        (self.len, self.hash, self.is_dirty) = (scan.whole_len, scan.last_hash, false);
        self.path = path;
        Ok(())
    }
}

impl Drop for Log {
    /// Gives the lock back at once: closing the file would leave it to a child process that is just being started.
    fn drop(&mut self) {
        let _ = self.lock.unlock();
    }
}

/// Takes the lock of a folder. The system gives it back when the process ends, however it ends.
fn lock(folder: &Path) -> Result<File, LogError> {
    let path = folder.join("lock");
    let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
    let mut file = open.map_err(|e| failed("open", &path, &e, UNTOUCHED))?;
    match file.try_lock() {
        Ok(()) => {
            // For people to read; the lock itself does not depend on it.
            let _ = file.set_len(0).and_then(|()| write!(file, "{}", std::process::id()));
            Ok(file)
        }
        Err(TryLockError::WouldBlock) => {
            let process = fs::read_to_string(&path).ok().and_then(|t| t.trim().parse().ok());
            Err(LogError::Locked { path: folder.display().to_string(), process })
        }
        Err(TryLockError::Error(error)) => Err(failed("lock", &path, &error, UNTOUCHED)),
    }
}

/// The name of this device, made at the first start.
fn device(data: &Path, random: u64) -> Result<DeviceId, LogError> {
    let path = data.join("device");
    let text = match fs::read_to_string(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        other => other.map_err(|e| failed("read", &path, &e, UNTOUCHED))?,
    };
    if text.trim().is_empty() {
        let [a, b, c, d, ..] = random.to_le_bytes();
        let device = DeviceId::new(u32::from_le_bytes([a, b, c, d]));
        write_whole(&path, format!("{device}\n").as_bytes())?;
        return Ok(device);
    }
    text.trim().parse().map_err(|why: String| LogError::NoLog {
        path: path.display().to_string(),
        why: format!("{why}; remove the file to go on under a new name, no event is lost by it"),
    })
}

/// Scans a folder and moves the torn end of every file to its `.torn`.
fn repair(folder: &Path) -> Result<Vec<Scan>, LogError> {
    let mut scans = scan_folder(folder)?;
    for scan in scans.iter_mut().filter(|s| !s.torn.is_empty()) {
        let path = folder.join(&scan.file);
        let stem = scan.file.split('.').next().unwrap_or_default();
        let aside = folder.join(format!("{stem}.torn"));
        let mut bytes = scan.torn.clone();
        bytes.push(b'\n');
        // First the copy, then the cut: a stop in between leaves the bytes twice, never not at all.
        append(&aside, &bytes, UNTOUCHED)?;
        let cut = OpenOptions::new().write(true).open(&path);
        cut.and_then(|file| file.set_len(scan.whole_len).and_then(|()| file.sync_all()))
            .map_err(|e| failed("shorten", &path, &e, "its whole lines stay readable"))?;
        for problem in scan.problems.iter_mut().filter(|p| p.code == "W-LOG-TORN") {
            let to =
                aside.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
            problem.fix = format!(
                "it was never acknowledged and is moved to {to}; everything before it is whole"
            );
        }
    }
    Ok(scans)
}
