//! The memory of the board: statics at the bottom, the arena above them, the stack at the top.
//!
//! ```text
//! _ram_start      statics      __sheap          arena          limit     stack (grows down)     _stack_start
//! ```
//!
//! The arena takes all that statics and stack leave, so the image refuses exactly the models that the board would.
//! Unused stack is painted with a pattern; the first word that lost it shows how deep the stack went.
#![expect(
    unsafe_code,
    reason = "the linker script, not the compiler, knows where free memory begins and ends"
)]

use core::sync::atomic::{AtomicBool, Ordering};

const PAINT: u32 = 0xC5C5_C5C5;
const WORD: usize = 4;

unsafe extern "C" {
    // Symbols of the linker script: only their addresses mean something.
    static _ram_start: u32;
    static _ram_end: u32;
    static _stack_start: u32;
    static __vector_table: u32;
    static __sidata: u32;
    static __sdata: u32;
    static __edata: u32;
}

/// Sizes of the image in memory, in bytes.
#[derive(Debug, Clone, Copy)]
pub struct Sizes {
    /// All of the board's RAM.
    pub ram: usize,
    /// Initialised and zeroed statics.
    pub statics: usize,
    /// The stack's reservation.
    pub stack: usize,
    /// Flash taken by code, constants, model and inputs.
    pub flash: usize,
}

/// The stack's reservation, from its lowest address to where it starts.
#[derive(Debug)]
pub struct Stack {
    limit: usize,
    start: usize,
}

/// Returns the arena, the stack and the sizes; `None` on a second call, or if statics and stack leave no room.
#[must_use]
pub fn split(stack_bytes: usize) -> Option<(&'static mut [u8], Stack, Sizes)> {
    static TAKEN: AtomicBool = AtomicBool::new(false);
    let taken = cortex_m::interrupt::free(|_| {
        let before = TAKEN.load(Ordering::Relaxed);
        TAKEN.store(true, Ordering::Relaxed);
        before
    });
    if taken {
        return None;
    }
    let ram = address(&raw const _ram_start);
    let ram_end = address(&raw const _ram_end);
    let start = address(&raw const _stack_start);
    let heap = cortex_m_rt::heap_start();
    let limit = start.checked_sub(stack_bytes)? & !(WORD - 1);
    let arena_bytes = limit.checked_sub(heap.addr())?;
    // SAFETY: the linker script places nothing between `__sheap` and the stack, and `limit` lies above `__sheap` by
    // `arena_bytes`. The memory is plain RAM, any byte pattern is a valid `u8`, the pointer is not null, and the flag above
    // lets only one caller have it.
    let arena = unsafe { core::slice::from_raw_parts_mut(heap.cast::<u8>(), arena_bytes) };
    let data = address(&raw const __edata).saturating_sub(address(&raw const __sdata));
    let sizes = Sizes {
        ram: ram_end.saturating_sub(ram),
        statics: heap.addr().saturating_sub(ram),
        stack: start.saturating_sub(limit),
        flash: address(&raw const __sidata).saturating_sub(address(&raw const __vector_table))
            + data,
    };
    Some((arena, Stack { limit, start }, sizes))
}

fn address(symbol: *const u32) -> usize {
    symbol.addr()
}

impl Stack {
    /// Paints the unused part of the stack.
    #[inline(never)]
    pub fn paint(&self) {
        // The frame of this function lies above the stack pointer read here; the margin covers what the loop may push.
        let top = stack_pointer().saturating_sub(32 * WORD);
        let mut at = self.limit;
        while at < top {
            // SAFETY: `at` is a word-aligned address in the stack's reservation, which belongs to no Rust object
            // below the stack pointer.
            unsafe { core::ptr::with_exposed_provenance_mut::<u32>(at).write_volatile(PAINT) };
            at += WORD;
        }
    }

    /// Returns the deepest use of the stack since it was painted, in bytes; `None` if it reached its limit.
    #[must_use]
    pub fn deepest(&self) -> Option<usize> {
        let mut at = self.limit;
        while at < self.start {
            // SAFETY: `at` is a word-aligned address of RAM; any pattern is a valid `u32`.
            let word = unsafe { core::ptr::with_exposed_provenance::<u32>(at).read_volatile() };
            if word != PAINT {
                break;
            }
            at += WORD;
        }
        if at == self.limit { None } else { Some(self.start.saturating_sub(at)) }
    }

    /// Returns the bytes in use at the moment.
    #[must_use]
    pub fn in_use(&self) -> usize {
        self.start.saturating_sub(stack_pointer())
    }
}

#[inline(always)]
fn stack_pointer() -> usize {
    usize::try_from(cortex_m::register::msp::read()).unwrap_or(0)
}
