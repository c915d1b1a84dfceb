//! Blinks digits on the LED of an Arduino Nano 33 BLE (nRF52840, pin P0.13). *Built, not run here.*
//!
//! Source of the addresses: nRF52840 Product Specification, chapter GPIO.
#![no_std]
#![no_main]
#![expect(unsafe_code, reason = "registers of the chip")]

use blink::{Pin, Spin};
use cortex_m_rt::entry;

const OUTSET: usize = 0x5000_0508;
const OUTCLR: usize = 0x5000_050C;
const DIRSET: usize = 0x5000_0518;
const LED: u32 = 1 << 13;

#[entry]
fn main() -> ! {
    // SAFETY: the register makes the pin an output and touches nothing else.
    unsafe { blink::write(DIRSET, LED) };
    // SAFETY: both registers switch the pins whose bits are set, and nothing else here uses the pin.
    let mut led = unsafe { Pin::new((OUTSET, LED), (OUTCLR, LED)) };
    blink::run(&mut led, &mut Spin { mhz: 64 })
}
