//! Blinks digits on the LED of a Raspberry Pi Pico (RP2040, GPIO 25). *Built, not run here.*
//!
//! Source of the addresses: RP2040 Datasheet, sections 2.3.1 (SIO), 2.14 (resets) and 2.19 (GPIO).
#![no_std]
#![no_main]
#![expect(unsafe_code, reason = "registers of the chip")]

use blink::{Pin, Spin};
use cortex_m_rt::entry;

/// Bits written here leave reset: the alias that clears bits of RESETS.
const RESET_CLEAR: usize = 0x4000_F000;
const RESET_DONE: usize = 0x4000_C008;
/// The pins' functions and their pads.
const IO_AND_PADS: u32 = 1 << 5 | 1 << 8;
const GPIO25_CTRL: usize = 0x4001_40CC;
/// The function that lets the core drive a pin.
const SIO: u32 = 5;
const GPIO_OUT_SET: usize = 0xD000_0014;
const GPIO_OUT_CLR: usize = 0xD000_0018;
const GPIO_OE_SET: usize = 0xD000_0024;
const LED: u32 = 1 << 25;

#[used]
#[unsafe(link_section = ".boot2")]
static BOOT2: [u8; 256] = rp2040_boot2::BOOT_LOADER_W25Q080;

#[entry]
fn main() -> ! {
    // SAFETY: takes pins and pads out of reset, and nothing else.
    unsafe { blink::write(RESET_CLEAR, IO_AND_PADS) };
    loop {
        // SAFETY: a status register.
        let done = unsafe { blink::read(RESET_DONE) };
        if done & IO_AND_PADS == IO_AND_PADS {
            break;
        }
    }
    // SAFETY: gives the pin to the core.
    unsafe { blink::write(GPIO25_CTRL, SIO) };
    // SAFETY: makes the pin an output.
    unsafe { blink::write(GPIO_OE_SET, LED) };
    // SAFETY: both registers switch the pins whose bits are set, and nothing else here uses the pin.
    let mut led = unsafe { Pin::new((GPIO_OUT_SET, LED), (GPIO_OUT_CLR, LED)) };
    // The ring oscillator, at which the chip starts: about 6.5 MHz.
    blink::run(&mut led, &mut Spin { mhz: 7 })
}
