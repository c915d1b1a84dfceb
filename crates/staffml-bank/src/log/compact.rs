//! A new generation of files: without damaged lines, repetitions and, where asked for, erased events.

use std::fs;

use super::folder::{
    Reading, UNTOUCHED, append, failed, file_name, generation, scan_folder, write_whole,
};
use super::scan::scan;
use super::{DeviceId, Log, LogError};

/// What a compaction did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
#[non_exhaustive]
pub struct Compacted {
    /// Devices whose files were written anew.
    pub devices: u64,
    /// Damaged lines set aside.
    pub quarantined: u64,
    /// Erased events removed.
    pub erased: u64,
    /// Bytes of the files before and after.
    pub bytes: (u64, u64),
}

impl Log {
    /// Writes the events of each device into one new file, chained anew, and removes the files before it.
    ///
    /// With `erase` the events that were erased are removed from the disk, with everything that was ever set aside:
    /// it might hold them too. Devices that need nothing of all this keep their files.
    ///
    /// # Errors
    ///
    /// [`LogError::Io`]; a file is only removed after its events stand in the new one.
    pub fn compact(&mut self, reading: &Reading, erase: bool) -> Result<Compacted, LogError> {
        let erased = if erase { reading.events.erased() } else { Default::default() };
        let folder = self.folder().to_owned();
        let scans = scan_folder(&folder)?;
        let mut done = Compacted::default();
        for (device, records) in reading.events.by_device() {
            let stem = device.to_string();
            let files: Vec<_> =
                scans.iter().filter(|s| s.file.split('.').next() == Some(&stem)).collect();
            let kept: Vec<_> = records
                .iter()
                .filter(|r| !erased.contains(&r.event().id) || r.event().what.kind() == "erase")
                .collect();
            let (mut text, mut hash) = (String::new(), 0);
            for record in &kept {
                let record = record.after(hash);
                hash = record.hash();
                text.push_str(record.line());
                text.push('\n');
            }
            if let [file] = files.as_slice() {
                let path = folder.join(&file.file);
                let now = fs::read(&path).map_err(|e| failed("read", &path, &e, UNTOUCHED))?;
                if now == text.as_bytes() {
                    continue;
                }
            }
            let newest =
                files.iter().filter_map(|f| generation(&f.file, device)).max().unwrap_or(1) + 1;
            let mut aside = Vec::new();
            for (_, line) in files.iter().flat_map(|f| &f.quarantined) {
                aside.extend_from_slice(line);
                aside.push(b'\n');
                done.quarantined += 1;
            }
            if !aside.is_empty() && !erase {
                let safe = "the log itself is as it was";
                append(&folder.join(format!("{device}.quarantine")), &aside, safe)?;
            }
            write_whole(&folder.join(file_name(device, newest)), text.as_bytes())?;
            for file in &files {
                let path = folder.join(&file.file);
                let safe =
                    "all events stand in the new file too; a repeated compaction completes this";
                fs::remove_file(&path).map_err(|e| failed("remove", &path, &e, safe))?;
                done.bytes.0 += file.whole_len;
            }
            if device == self.device() {
                self.reopen(newest, &scan("", text.as_bytes()))?;
            }
            done.devices += 1;
            done.erased += (records.len() - kept.len()) as u64;
            done.bytes.1 += text.len() as u64;
        }
        if erase {
            self.forget_remains(reading)?;
        }
        Ok(done)
    }

    /// Removes what was set aside: it may hold erased events.
    fn forget_remains(&self, reading: &Reading) -> Result<(), LogError> {
        let devices: Vec<DeviceId> = reading.events.by_device().into_keys().collect();
        for device in devices.into_iter().chain([self.device()]) {
            for ending in ["torn", "quarantine"] {
                let path = self.folder().join(format!("{device}.{ending}"));
                match fs::remove_file(&path) {
                    Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                        return Err(failed("remove", &path, &error, "the log itself is whole"));
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }
}
