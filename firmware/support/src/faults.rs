//! What happens when something that must not happen does: the emulator ends with status 1, it does not hang.
#![expect(unsafe_code, reason = "exception handlers and the symbol that must not exist")]

#[cfg(feature = "no-panic")]
use core::panic::PanicInfo;

use cortex_m_rt::{ExceptionFrame, exception};
use cortex_m_semihosting::debug::ExitStatus;

use crate::console::Console;
use crate::program::end;

/// An optimised image cannot panic: if it could, it would need this symbol, which nobody defines, and would not link.
#[cfg(all(feature = "no-panic", not(debug_assertions)))]
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    unsafe extern "C" {
        fn this_image_can_panic() -> !;
    }
    // SAFETY: never called, because an image that contains the call does not link.
    unsafe { this_image_can_panic() }
}

/// Without optimisation the compiler cannot prove that nothing panics.
#[cfg(all(feature = "no-panic", debug_assertions))]
#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    use core::fmt::Write as _;

    let mut out = Console::open();
    out.text("error stage=panic text=");
    let _ = write!(out, "{info}");
    failed(&mut out)
}

#[exception]
unsafe fn HardFault(frame: &ExceptionFrame) -> ! {
    let mut out = Console::open();
    out.text("error stage=fault text=hard fault at address").field("pc", u64::from(frame.pc()));
    failed(&mut out)
}

#[exception]
unsafe fn DefaultHandler(number: i16) {
    let mut out = Console::open();
    out.text("error stage=fault text=unexpected exception")
        .field("number", u64::from(number.unsigned_abs()));
    failed(&mut out)
}

/// Ends the line, and the emulator with status 1.
fn failed(out: &mut Console) -> ! {
    out.end();
    out.text("done failed").end();
    end(ExitStatus::Err(()))
}
