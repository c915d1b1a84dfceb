//! A serial device of the operating system.
//!
//! The device file is opened without waiting for a carrier; the program `stty` sets speed and raw mode on the open file,
//! which is portable between Unix systems and needs no code of our own for their structures.

use core::time::Duration;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Instant;

use anyhow::Result;

use super::super::Usage;
use crate::process::NotRun;

/// How long a read waits before it says that there is nothing yet.
const PAUSE: Duration = Duration::from_millis(1);
/// How long a write may wait for room.
const PATIENCE: Duration = Duration::from_secs(5);

/// An open serial device.
#[derive(Debug)]
pub(super) struct Serial {
    file: File,
}

/// Opens a device and sets it to raw bytes at `baud`.
///
/// # Errors
///
/// [`Usage`] if it cannot be opened or is no serial device; [`NotRun`] without `stty`.
pub(super) fn open(device: &Path, baud: u32) -> Result<Serial> {
    let shown = device.display();
    let file = open_file(device).map_err(|error| {
        Usage::because(format!(
            "bench: cannot open {shown}: {error}: give a serial device that you may read and write"
        ))
    })?;
    let set = Command::new("stty")
        .args([baud.to_string().as_str(), "raw", "-echo", "-crtscts", "clocal"])
        .stdin(Stdio::from(file.try_clone()?))
        .output()
        .map_err(|error| {
            NotRun::because(format!("`stty` cannot be started ({error}): it sets the serial speed"))
        })?;
    if !set.status.success() {
        let reason = String::from_utf8_lossy(&set.stderr);
        return Err(Usage::because(format!(
            "bench: {shown} cannot be set to {baud} baud: {}: give a serial device",
            reason.trim()
        )));
    }
    Ok(Serial { file })
}

#[cfg(unix)]
fn open_file(device: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    // Not to wait for a carrier, and not to become the terminal of this program.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    const FLAGS: i32 = 0o4000 | 0o400;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    const FLAGS: i32 = 0x0004 | 0x2_0000;
    File::options().read(true).write(true).custom_flags(FLAGS).open(device)
}

#[cfg(not(unix))]
fn open_file(device: &Path) -> io::Result<File> {
    File::options().read(true).write(true).open(device)
}

impl Read for Serial {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(out);
        if read.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock) {
            sleep(PAUSE);
        }
        read
    }
}

impl Write for Serial {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let start = Instant::now();
        loop {
            match self.file.write(bytes) {
                Err(error)
                    if error.kind() == io::ErrorKind::WouldBlock && start.elapsed() < PATIENCE =>
                {
                    sleep(PAUSE);
                }
                done => return done,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    #[test]
    fn what_is_no_serial_device_is_refused() {
        let missing = super::open(Path::new("/no/such/device"), 115_200).unwrap_err();
        assert!(missing.to_string().starts_with("bench: cannot open /no/such/device: "));
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        let refused = super::open(&file, 115_200).unwrap_err().to_string();
        assert!(refused.contains("cannot be set to 115200 baud"), "{refused}");
    }
}
