//! Sums by operation and by part.

use alloc::collections::BTreeMap;
use core::fmt::Write as _;
use core::time::Duration;

use crate::{
    dispatch,
    slots::profile::{self as slot, Metrics},
};

use super::recorder::{Phase, Profile};

/// What all events of one name did together.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Row {
    /// Name; ` (backward)` follows for rules of the backward pass.
    pub name: String,
    /// How often.
    pub calls: usize,
    /// Time without what is listed elsewhere.
    pub own: Duration,
    /// Known arithmetic operations.
    pub flops: u64,
    /// Calls whose operations are unknown.
    pub unknown: usize,
    /// Bytes of operands and results.
    pub bytes: u64,
}

impl Row {
    /// Returns billions of operations in a second of own time; `None` if unknown ones are among them, or there are none.
    #[must_use]
    pub fn gflops(&self) -> Option<f64> {
        (self.unknown == 0 && self.flops > 0).then(|| self.metrics())?.map(|m| m.gflops)
    }

    /// Returns billions of bytes in a second of own time; `None` if nothing was moved.
    #[must_use]
    pub fn gigabytes_per_second(&self) -> Option<f64> {
        (self.bytes > 0).then(|| self.metrics())?.map(|m| m.gigabytes_per_second)
    }

    /// Returns operations for each byte; `None` as for [`gflops`](Self::gflops).
    #[must_use]
    pub fn intensity(&self) -> Option<f64> {
        (self.unknown == 0 && self.flops > 0 && self.bytes > 0)
            .then(|| self.flops as f64 / self.bytes as f64)
    }

    /// What follows from counts and time; `None` if it took none.
    fn metrics(&self) -> Option<Metrics> {
        let seconds = self.own.as_secs_f64();
        if seconds <= 0.0 {
            return None;
        }
        match dispatch::derived_metrics(self.flops, self.bytes, seconds) {
            Ok(metrics) => Some(metrics),
            Err(_error) => {
                // A table cannot fail, so the error of a student's slot waits for the next operation that can.
                #[cfg(feature = "course")]
                crate::course::defer(_error);
                slot::derived_metrics(self.flops, self.bytes, seconds).ok()
            }
        }
    }
}

/// Rows in the order of their own time, longest first.
fn rows(map: BTreeMap<String, Row>) -> Vec<Row> {
    let mut rows: Vec<Row> = map.into_values().collect();
    rows.sort_by_key(|row| core::cmp::Reverse(row.own));
    rows
}

fn entry<'m>(map: &'m mut BTreeMap<String, Row>, name: &str) -> &'m mut Row {
    map.entry(name.to_owned()).or_insert_with(|| Row {
        name: name.to_owned(),
        calls: 0,
        own: Duration::ZERO,
        flops: 0,
        unknown: 0,
        bytes: 0,
    })
}

impl Profile {
    /// Returns what each kind of operation did, longest own time first. Own times add up to the time of all operations.
    #[must_use]
    pub fn by_operation(&self) -> Vec<Row> {
        let label = |name: &str, phase| match phase {
            Phase::Backward => format!("{name} (backward)"),
            _ => name.to_owned(),
        };
        let mut map = BTreeMap::new();
        for event in self.events.iter().filter(|e| e.phase != Phase::Scope) {
            let row = entry(&mut map, &label(&event.name, event.phase));
            row.calls += 1;
            row.own += event.own;
        }
        for event in self.counted() {
            let row = entry(&mut map, &label(&event.name, event.phase));
            row.flops = row.flops.saturating_add(event.flops.unwrap_or(0));
            row.unknown += usize::from(event.flops.is_none());
            row.bytes += event.bytes;
        }
        rows(map)
    }

    /// Returns what each part of the network did, without the parts inside it, longest first; operations outside of every part have
    /// the name `-`.
    #[must_use]
    pub fn by_part(&self) -> Vec<Row> {
        let name = |part: &str| if part.is_empty() { "-".to_owned() } else { part.to_owned() };
        let mut map = BTreeMap::new();
        for event in &self.events {
            if event.phase == Phase::Scope {
                let inner = if event.part.is_empty() {
                    event.name.clone()
                } else {
                    format!("{}/{}", event.part, event.name)
                };
                let row = entry(&mut map, &inner);
                row.calls += 1;
                row.own += event.own;
            } else {
                entry(&mut map, &name(&event.part)).own += event.own;
            }
        }
        for event in self.counted() {
            let row = entry(&mut map, &name(&event.part));
            row.flops = row.flops.saturating_add(event.flops.unwrap_or(0));
            row.unknown += usize::from(event.flops.is_none());
            row.bytes += event.bytes;
        }
        rows(map)
    }

    /// Returns a table of operations as text of at most 80 columns, with the memory below it.
    #[must_use]
    pub fn table(&self) -> String {
        text("operation", &self.by_operation(), self)
    }

    /// Returns a table of parts as text of at most 80 columns, with the memory below it.
    #[must_use]
    pub fn part_table(&self) -> String {
        text("part", &self.by_part(), self)
    }
}

fn text(first: &str, rows: &[Row], profile: &Profile) -> String {
    let whole: f64 = rows.iter().map(|row| row.own.as_secs_f64()).sum();
    let mut out = format!(
        "{first:<26} {:>6} {:>9} {:>6} {:>9} {:>8} {:>7}\n",
        "calls", "ms", "share", "GFLOP/s", "GB/s", "FLOP/B"
    );
    let known = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |v| format!("{v:.2}"));
    for row in rows {
        let seconds = row.own.as_secs_f64();
        let share = if whole > 0.0 { 100.0 * seconds / whole } else { 0.0 };
        let speed = if row.unknown > 0 { "unknown".to_owned() } else { known(row.gflops()) };
        let name: String = row.name.chars().take(26).collect();
        let _ = writeln!(
            out,
            "{name:<26} {:>6} {:>9.3} {share:>5.1}% {speed:>9} {:>8} {:>7}",
            row.calls,
            1e3 * seconds,
            known(row.gigabytes_per_second()),
            known(row.intensity()),
        );
    }
    let (flops, unknown) = profile.known_flops();
    let _ = writeln!(
        out,
        "{:.3} ms in all, {flops} FLOP known ({unknown} events unknown), {} bytes moved,\n\
         at most {} bytes of tensors at once, {} made",
        1e3 * profile.wall.as_secs_f64(),
        profile.bytes(),
        profile.peak_bytes,
        profile.made_bytes,
    );
    out
}
