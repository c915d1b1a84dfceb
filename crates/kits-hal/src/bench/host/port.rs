//! Lines over a port that may give its bytes at any pace, or stop.

use std::io::{ErrorKind, Read, Write};
use std::string::String;
use std::vec::Vec;

use super::HostError;
use crate::hal::Clock;

/// The longest line that is read.
const LONGEST: usize = 1 << 20;

/// Reads of no byte in a row, faster than one per 10 us, after which a port counts as closed.
const EMPTY_READS: u64 = 100_000;

/// A moment on the clock after which waiting is an error.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadline {
    start_us: u64,
    end_us: u64,
}

#[derive(Debug)]
pub(super) struct Port<S, C> {
    stream: S,
    clock: C,
    /// Bytes read and not yet returned.
    pending: Vec<u8>,
}

impl<S: Read + Write, C: Clock> Port<S, C> {
    pub(super) const fn new(stream: S, clock: C) -> Self {
        Self { stream, clock, pending: Vec::new() }
    }

    pub(super) fn release(self) -> S {
        self.stream
    }

    pub(super) fn send(&mut self, text: &str) -> Result<(), HostError> {
        self.stream
            .write_all(text.as_bytes())
            .and_then(|()| self.stream.flush())
            .map_err(|source| HostError::Port { operation: "write", source })
    }

    /// The moment `timeout_us` from now.
    pub(super) fn deadline(&self, timeout_us: u64) -> Deadline {
        let start_us = self.clock.micros();
        Deadline { start_us, end_us: start_us.saturating_add(timeout_us) }
    }

    /// Returns the next line without its end.
    pub(super) fn line(
        &mut self,
        waiting_for: &'static str,
        deadline: Deadline,
    ) -> Result<String, HostError> {
        let mut empty_reads = 0;
        let mut searched = 0;
        loop {
            let unseen = self.pending.get(searched..).unwrap_or_default();
            if let Some(end) = unseen.iter().position(|byte| *byte == b'\n') {
                let rest = self.pending.split_off(searched + end + 1);
                let line = core::mem::replace(&mut self.pending, rest);
                let text = String::from_utf8_lossy(&line);
                return Ok(String::from(text.trim_end_matches(['\r', '\n'])));
            }
            searched = self.pending.len();
            if searched > LONGEST {
                self.pending.clear();
                return Err(HostError::LongLine { most: LONGEST });
            }
            // Checked before every read, so that a device that never stops talking is no endless loop.
            let now = self.clock.micros();
            let after_us = now.saturating_sub(deadline.start_us);
            if now >= deadline.end_us {
                return Err(HostError::Timeout { waiting_for, after_us });
            }
            empty_reads = match self.read()? {
                Some(0) => empty_reads + 1,
                _ => 0,
            };
            if empty_reads >= EMPTY_READS && after_us < empty_reads * 10 {
                return Err(HostError::Closed { waiting_for });
            }
        }
    }

    /// Returns the next line that starts with `prefix`; others are skipped.
    pub(super) fn expect(
        &mut self,
        prefix: &'static str,
        timeout_us: u64,
    ) -> Result<String, HostError> {
        let deadline = self.deadline(timeout_us);
        loop {
            let line = self.line(prefix, deadline)?;
            if line.starts_with(prefix) {
                return Ok(line);
            }
        }
    }

    /// Drops what has arrived so far.
    pub(super) fn drain(&mut self) -> Result<(), HostError> {
        self.pending.clear();
        let mut dropped = 0;
        while self.read()?.is_some_and(|n| n > 0) {
            dropped += self.pending.len();
            self.pending.clear();
            if dropped > LONGEST {
                return Err(HostError::LongLine { most: LONGEST });
            }
        }
        Ok(())
    }

    /// Appends what the port gives at once, or within its own timeout, and returns how much;
    /// `None` if the port says that there is nothing yet.
    fn read(&mut self) -> Result<Option<usize>, HostError> {
        let mut bytes = [0; 512];
        match self.stream.read(&mut bytes) {
            Ok(n) => {
                self.pending.extend_from_slice(bytes.get(..n).unwrap_or_default());
                Ok(Some(n))
            }
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
                ) =>
            {
                Ok(None)
            }
            Err(source) => Err(HostError::Port { operation: "read", source }),
        }
    }
}
