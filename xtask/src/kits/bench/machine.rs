//! An image in the emulator, its first serial port on the emulator's standard streams.

use core::time::Duration;
use std::io::{self, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};

use anyhow::{Context, Result};

use super::super::Usage;
use crate::process::need;

const QEMU: &str = "qemu-system-arm";

/// A running machine. It ends with this value.
#[derive(Debug)]
pub(super) struct Machine {
    child: Child,
    to: ChildStdin,
    from: Receiver<Vec<u8>>,
    /// Read from the machine and not yet taken.
    pending: Vec<u8>,
}

/// Starts `image` on `machine`, with one nanosecond of its time per instruction.
///
/// # Errors
///
/// [`Usage`] without the image; [`NotRun`](crate::process::NotRun) without the emulator.
pub(super) fn start(machine: &str, image: &Path) -> Result<Machine> {
    if !image.is_file() {
        let shown = image.display();
        return Err(Usage::because(format!("bench: no image {shown}: build a benchmark device")));
    }
    need(QEMU, "apt-get install qemu-system-arm")?;
    let mut child = Command::new(QEMU)
        .args(["-M", machine, "-display", "none", "-monitor", "none", "-serial", "stdio"])
        // An image may also report, and end, through its debugger; that goes to standard error.
        .args(["-chardev", "file,id=report,path=/dev/stderr"])
        .args(["-semihosting-config", "enable=on,target=native,chardev=report"])
        .args(["-icount", "shift=0", "-kernel"])
        .arg(image)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {QEMU}"))?;
    let to = child.stdin.take().context("the emulator has no standard input")?;
    let mut out = child.stdout.take().context("the emulator has no standard output")?;
    let (sender, from) = channel();
    // A pipe cannot be read with a timeout, so a thread reads it; it ends with the emulator.
    std::thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(n @ 1..) = out.read(&mut bytes) {
            if sender.send(bytes[..n].to_vec()).is_err() {
                break;
            }
        }
    });
    Ok(Machine { child, to, from, pending: Vec::new() })
}

impl Read for Machine {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.pending.is_empty() {
            match self.from.recv_timeout(Duration::from_millis(10)) {
                Ok(bytes) => self.pending = bytes,
                Err(RecvTimeoutError::Timeout) => return Err(io::ErrorKind::TimedOut.into()),
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(io::Error::other("the emulator has ended"));
                }
            }
        }
        let n = out.len().min(self.pending.len());
        for (to, from) in out.iter_mut().zip(self.pending.drain(..n)) {
            *to = from;
        }
        Ok(n)
    }
}

impl Write for Machine {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.to.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // Nothing can be done about an emulator that cannot be ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
