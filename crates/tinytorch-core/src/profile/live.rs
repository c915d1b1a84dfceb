//! Bytes of tensor memory that exist.

use core::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

/// Traces in progress, of all threads.
static WATCHED: AtomicUsize = AtomicUsize::new(0);
/// Bytes made less bytes dropped while watched. Memory from before that is dropped now makes it negative.
static LIVE: AtomicI64 = AtomicI64::new(0);
static PEAK: AtomicI64 = AtomicI64::new(0);
static MADE: AtomicI64 = AtomicI64::new(0);

/// True if a trace is in progress somewhere.
#[inline]
pub(crate) fn is_watched() -> bool {
    WATCHED.load(Ordering::Relaxed) != 0
}

/// Memory of a tensor has come to be.
#[inline]
pub(crate) fn made(bytes: usize) {
    if is_watched() {
        let bytes = bytes as i64;
        MADE.fetch_add(bytes, Ordering::Relaxed);
        let now = LIVE.fetch_add(bytes, Ordering::Relaxed) + bytes;
        PEAK.fetch_max(now, Ordering::Relaxed);
    }
}

/// Memory of a tensor is gone.
#[inline]
pub(crate) fn dropped(bytes: usize) {
    if is_watched() {
        LIVE.fetch_sub(bytes as i64, Ordering::Relaxed);
    }
}

/// Watches while it lives.
#[derive(Debug)]
pub(super) struct Watch {
    start: i64,
    made: i64,
}

impl Watch {
    pub(super) fn begin() -> Self {
        let first = WATCHED.fetch_add(1, Ordering::Relaxed) == 0;
        let start = LIVE.load(Ordering::Relaxed);
        if first {
            PEAK.store(start, Ordering::Relaxed);
        }
        Self { start, made: MADE.load(Ordering::Relaxed) }
    }

    /// Bytes live now, live at most, and made, since the beginning.
    pub(super) fn figures(&self) -> (i64, u64, u64) {
        let above = |v: i64| v - self.start;
        let peak = above(PEAK.load(Ordering::Relaxed)).max(0).unsigned_abs();
        let made = (MADE.load(Ordering::Relaxed) - self.made).max(0).unsigned_abs();
        (above(LIVE.load(Ordering::Relaxed)), peak, made)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        WATCHED.fetch_sub(1, Ordering::Relaxed);
    }
}
