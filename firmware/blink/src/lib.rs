//! Reads the digits of the sample, one after the other, and blinks each: three times for a three.
//!
//! This is the program of the images for chips that no emulator here stands in for. The light stays on if the model does
//! not load or run.
#![no_std]

use core::hint::{black_box, spin_loop};
use core::panic::PanicInfo;

use embedded_hal::delay::DelayNs;
use embedded_hal::digital::{ErrorType, OutputPin};
use kits_hal::{Check, Model, RunError, Session};

static KIT: &[u8] = include_bytes!("../../sample/digits.kit");
static INPUTS: &[u8] = include_bytes!("../../sample/digits.inputs.bin");

/// Bytes of one image of 8×8 pixels.
const INPUT_BYTES: usize = 64;

/// Classifies and blinks for ever.
pub fn run(led: &mut impl OutputPin, delay: &mut impl DelayNs) -> ! {
    let mut arena = [0; 256];
    let kit = black_box(KIT);
    loop {
        let Ok(model) = Model::parse(kit, Check::Full) else { stop(led) };
        let Ok(mut session) = Session::new(&model, &mut arena) else { stop(led) };
        for image in INPUTS.chunks_exact(INPUT_BYTES) {
            let Ok(digit) = classify(&mut session, image) else { stop(led) };
            for _ in 0..digit {
                // A pin that is a register cannot fail.
                let _ = led.set_high();
                delay.delay_ms(200);
                let _ = led.set_low();
                delay.delay_ms(200);
            }
            delay.delay_ms(1000);
        }
    }
}

/// Returns the class with the largest score.
fn classify(session: &mut Session<'_, '_>, image: &[u8]) -> Result<usize, RunError> {
    for (to, from) in session.input::<i8>(0)?.iter_mut().zip(image) {
        *to = from.cast_signed();
    }
    session.run()?;
    let scores = session.output::<i8>(0)?.iter().enumerate();
    let best = scores.fold((0, i8::MIN), |best, (i, y)| if *y > best.1 { (i, *y) } else { best });
    Ok(best.0)
}

/// Leaves the light on.
fn stop(led: &mut impl OutputPin) -> ! {
    let _ = led.set_high();
    loop {
        spin_loop();
    }
}

/// A pin that is switched by writing a word to one register, and off by writing another to the same or a second one.
#[derive(Debug)]
pub struct Pin {
    on: (usize, u32),
    off: (usize, u32),
}

impl Pin {
    /// Takes the address and the word for on, and those for off.
    ///
    /// # Safety
    ///
    /// Both addresses must be registers of the chip that may be written at any time and do nothing but switch the pin,
    /// and no other part of the program may use it.
    #[expect(unsafe_code, reason = "addresses of registers")]
    #[must_use]
    pub const unsafe fn new(on: (usize, u32), off: (usize, u32)) -> Self {
        Self { on, off }
    }
}

impl ErrorType for Pin {
    type Error = core::convert::Infallible;
}

impl OutputPin for Pin {
    #[expect(unsafe_code, reason = "a register")]
    fn set_high(&mut self) -> Result<(), Self::Error> {
        // SAFETY: whoever made the pin promised that this word may be written there at any time.
        unsafe { write(self.on.0, self.on.1) };
        Ok(())
    }

    #[expect(unsafe_code, reason = "a register")]
    fn set_low(&mut self) -> Result<(), Self::Error> {
        // SAFETY: as above.
        unsafe { write(self.off.0, self.off.1) };
        Ok(())
    }
}

/// Writes a register.
///
/// # Safety
///
/// `address` must be that of a 32-bit register of the chip, and writing `word` there must not touch memory that Rust uses.
#[expect(unsafe_code, reason = "an address of the data sheet")]
pub unsafe fn write(address: usize, word: u32) {
    // SAFETY: the caller promises a register at the address.
    unsafe { core::ptr::with_exposed_provenance_mut::<u32>(address).write_volatile(word) }
}

/// Reads a register.
///
/// # Safety
///
/// `address` must be that of a 32-bit register of the chip that may be read at any time.
#[expect(unsafe_code, reason = "an address of the data sheet")]
#[must_use]
pub unsafe fn read(address: usize) -> u32 {
    // SAFETY: the caller promises a register at the address.
    unsafe { core::ptr::with_exposed_provenance::<u32>(address).read_volatile() }
}

/// Waits by counting: about right, never too short on a core that takes at least one cycle for a turn.
#[derive(Debug)]
pub struct Spin {
    /// Clock of the core in megahertz.
    pub mhz: u32,
}

impl DelayNs for Spin {
    fn delay_ns(&mut self, ns: u32) {
        let turns = u64::from(ns).wrapping_mul(self.mhz.into()) / 1000;
        for _ in 0..turns {
            spin_loop();
        }
    }
}

/// An optimised image cannot panic: if it could, it would need this symbol, which nobody defines, and would not link.
#[cfg(all(target_os = "none", not(debug_assertions)))]
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
#[cfg(not(all(target_os = "none", not(debug_assertions))))]
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {
        spin_loop();
    }
}
