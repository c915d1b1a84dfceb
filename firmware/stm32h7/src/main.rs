//! Blinks digits on the green LED of a Nucleo-H743ZI (STM32H743, pin PB0). *Built, not run here.*
//!
//! Source of the addresses: RM0433 Reference Manual, chapters RCC and GPIO.
#![no_std]
#![no_main]
#![expect(unsafe_code, reason = "registers of the chip")]

use blink::{Pin, Spin};
use cortex_m_rt::entry;

/// Clocks of the ports; bit 1 is port B.
const AHB4ENR: usize = 0x5802_44E0;
/// Two bits for each pin of port B; 01 is an output.
const MODER: usize = 0x5802_0400;
/// Low half switches on, high half switches off.
const BSRR: usize = 0x5802_0418;

#[entry]
fn main() -> ! {
    // SAFETY: a register that may be read at any time.
    let clocks = unsafe { blink::read(AHB4ENR) };
    // SAFETY: the word that was read, with the clock of port B on.
    unsafe { blink::write(AHB4ENR, clocks | 1 << 1) };
    // SAFETY: reading back also lets two cycles pass before the port is used.
    let modes = unsafe { blink::read(MODER) };
    // SAFETY: the word that was read, with pin 0 as an output.
    unsafe { blink::write(MODER, modes & !0b11 | 0b01) };
    // SAFETY: the register switches only the pin whose bit is set, and nothing else here uses it.
    let mut led = unsafe { Pin::new((BSRR, 1), (BSRR, 1 << 16)) };
    // The chip starts on its internal oscillator.
    blink::run(&mut led, &mut Spin { mhz: 64 })
}
