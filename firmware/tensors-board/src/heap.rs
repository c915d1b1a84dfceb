//! The allocator: that of `embedded-alloc`, and how much of it was in use at most.
#![expect(unsafe_code, reason = "an allocator is unsafe to implement")]

use core::alloc::{GlobalAlloc, Layout};
use core::sync::atomic::{AtomicUsize, Ordering};

use embedded_alloc::LlffHeap;

/// A first-fit heap that remembers its largest size.
pub(crate) struct Heap {
    heap: LlffHeap,
    largest: AtomicUsize,
}

impl Heap {
    /// Returns a heap without memory.
    pub(crate) const fn empty() -> Self {
        Self { heap: LlffHeap::empty(), largest: AtomicUsize::new(0) }
    }

    /// Gives the heap its memory. Further calls change nothing.
    pub(crate) fn give(&self, memory: &'static mut [u8]) {
        if self.heap.free() + self.heap.used() == 0 {
            // SAFETY: the slice is borrowed for ever and exclusively, is not empty where allocations succeed later, and
            // the heap has no memory yet.
            unsafe { self.heap.init(memory.as_mut_ptr().expose_provenance(), memory.len()) };
        }
    }

    /// Returns the bytes in use.
    pub(crate) fn used(&self) -> usize {
        self.heap.used()
    }

    /// Returns the most bytes in use since the last restart.
    pub(crate) fn largest(&self) -> usize {
        self.largest.load(Ordering::Relaxed)
    }

    /// Forgets the largest size so far.
    pub(crate) fn restart(&self) {
        self.largest.store(self.used(), Ordering::Relaxed);
    }
}

// SAFETY: every call goes to the heap of `embedded-alloc` as it is; counting touches no memory of it.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises are those of this method.
        let memory = unsafe { self.heap.alloc(layout) };
        self.largest.fetch_max(self.heap.used(), Ordering::Relaxed);
        memory
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are those of this method.
        unsafe { self.heap.dealloc(memory, layout) };
    }
}
