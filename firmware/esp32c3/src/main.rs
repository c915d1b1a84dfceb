//! Blinks digits on an LED at GPIO 2 of an ESP32-C3, loaded into RAM. *Built, not run here.*
//!
//! Source of the addresses: ESP32-C3 Technical Reference Manual, chapters IO MUX and GPIO Matrix, Timer Group, and
//! Low-power Management.
#![no_std]
#![no_main]
#![expect(unsafe_code, reason = "registers of the chip")]

use blink::{Pin, Spin};
use riscv_rt::entry;

const GPIO_OUT_W1TS: usize = 0x6000_4008;
const GPIO_OUT_W1TC: usize = 0x6000_400C;
const GPIO_ENABLE_W1TS: usize = 0x6000_4024;
/// What drives pin 2; 128 is the register of outputs.
const GPIO_FUNC2_OUT_SEL: usize = 0x6000_455C;
const LED: u32 = 1 << 2;

/// Each watchdog: the register that unlocks it, the key, the register that rules it, and the word that stops it.
const WATCHDOGS: [(usize, u32, usize, u32); 3] = [
    (0x6000_80A8, 0x50D8_3AA1, 0x6000_8090, 0),
    (0x6000_80B0, 0x8F1D_312A, 0x6000_80AC, 1 << 31),
    (0x6001_F064, 0x50D8_3AA1, 0x6001_F048, 0),
];

#[entry]
fn main() -> ! {
    for (lock, key, rule, off) in WATCHDOGS {
        // SAFETY: unlocks a watchdog.
        unsafe { blink::write(lock, key) };
        // SAFETY: stops it, or lets it feed itself.
        unsafe { blink::write(rule, off) };
    }
    // SAFETY: connects the pin to the register of outputs.
    unsafe { blink::write(GPIO_FUNC2_OUT_SEL, 128) };
    // SAFETY: makes the pin an output.
    unsafe { blink::write(GPIO_ENABLE_W1TS, LED) };
    // SAFETY: both registers switch the pins whose bits are set, and nothing else here uses the pin.
    let mut led = unsafe { Pin::new((GPIO_OUT_W1TS, LED), (GPIO_OUT_W1TC, LED)) };
    blink::run(&mut led, &mut Spin { mhz: 20 })
}
