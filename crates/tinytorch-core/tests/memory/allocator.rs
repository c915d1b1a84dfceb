//! The system's allocator with two counters: bytes in use, and their peak.
#![expect(
    unsafe_code,
    reason = "an allocator is unsafe by its trait; every call is passed on unchanged"
)]

use core::{
    alloc::{GlobalAlloc, Layout},
    sync::atomic::{AtomicUsize, Ordering},
};
use std::alloc::System;

struct Counting;

static IN_USE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

fn taken(bytes: usize) {
    let now = IN_USE.fetch_add(bytes, Ordering::Relaxed) + bytes;
    PEAK.fetch_max(now, Ordering::Relaxed);
}

fn given_back(bytes: usize) {
    IN_USE.fetch_sub(bytes, Ordering::Relaxed);
}

// SAFETY: every method passes its arguments on to `System`, which keeps the contract, and returns what that returned.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        taken(layout.size());
        // SAFETY: the caller keeps the contract of `alloc`, which is that of `System.alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        taken(layout.size());
        // SAFETY: as for `alloc`.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        given_back(layout.size());
        taken(size);
        // SAFETY: `at` came from this allocator, that is from `System`, with this layout.
        unsafe { System.realloc(at, layout, size) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        given_back(layout.size());
        // SAFETY: `at` came from this allocator, that is from `System`, with this layout.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Bytes in use now.
pub(crate) fn in_use() -> usize {
    IN_USE.load(Ordering::Relaxed)
}

/// Runs `f` and returns what it returns with the most bytes in use at one time, beyond those in use before.
pub(crate) fn peak_of<R>(f: impl FnOnce() -> R) -> (R, usize) {
    let before = in_use();
    PEAK.store(before, Ordering::Relaxed);
    let out = f();
    (out, PEAK.load(Ordering::Relaxed) - before)
}

/// Checks the counters on sizes known beforehand.
pub(crate) fn the_counters_count() {
    let before = in_use();
    let (kept, peak) = peak_of(|| {
        drop(vec![1u8; 300_000]);
        vec![1u8; 100_000]
    });
    // The harness of the tests allocates a little on other threads.
    assert!((300_000..310_000).contains(&peak), "{peak}");
    assert!((100_000..110_000).contains(&(in_use() - before)));
    drop(kept);
}
