//! What the programs share: data the compiler cannot foresee, and a panic handler.
//!
//! `runtime-empty` does nothing, `runtime-plain` and `runtime-core` load and run models of the seven core operators, with
//! the plain and with the fast kernels, `runtime-all` of every operator. Their differences are the flash of the runtime. They are not meant to be run.
#![no_std]

use core::hint::black_box;
use core::panic::PanicInfo;

/// Calls `run` for ever with a container and an arena that the compiler cannot foresee.
pub fn forever(run: fn(&[u8], &mut [u8]) -> Option<i8>) -> ! {
    let mut arena = [0; 1024];
    loop {
        let bytes = black_box::<&[u8]>(&[0; 64]);
        black_box(run(bytes, black_box::<&mut [u8]>(&mut arena)));
    }
}

/// An image that could panic would need a symbol that nobody defines, and would not link.
#[cfg(not(debug_assertions))]
#[expect(unsafe_code, reason = "the symbol that must not exist")]
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    unsafe extern "C" {
        fn this_image_can_panic() -> !;
    }
    // SAFETY: never called, because an image that contains the call does not link.
    unsafe { this_image_can_panic() }
}

/// Without optimisation the compiler cannot prove that nothing panics.
#[cfg(debug_assertions)]
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {
        core::hint::spin_loop();
    }
}
