//! The runtime in a static library with its own panic handler and no allocator.
//!
//! If `std` slips in, the compiler finds two panic handlers and stops with E0152. If `alloc` slips in, it stops because
//! there is no global allocator.
#![no_std]

use core::panic::PanicInfo;

/// Calls every public entry point of the runtime, so that all of it is compiled and linked.
///
/// # Safety
///
/// `bytes` and `arena` must point to that many readable, and for `arena` writable, bytes that do not overlap.
#[expect(unsafe_code, reason = "a symbol that C can call")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kits_hal_probe(
    bytes: *const u8,
    len: usize,
    arena: *mut u8,
    arena_len: usize,
) -> usize {
    if bytes.is_null() || arena.is_null() {
        return 0;
    }
    // SAFETY: the caller promises `len` readable bytes at `bytes`, which is not null.
    let bytes = unsafe { core::slice::from_raw_parts(bytes, len) };
    // SAFETY: the caller promises `arena_len` writable bytes at `arena`, apart from `bytes`; it is not null.
    let arena = unsafe { core::slice::from_raw_parts_mut(arena, arena_len) };
    probe::exercise(bytes, arena)
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {
        core::hint::spin_loop();
    }
}
