//! Runs an int8 model within the memory of a BBC micro:bit v1 (nRF51822), emulated.
//!
//! The chip has no SysTick timer, so nothing is counted here.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use support::Image;

/// The board's id and what the image keeps for its stack; the memory sizes are in `memory.x`.
const IMAGE: Image = Image {
    board: "microbit",
    kit: include_bytes!(env!("KIT_FILE")),
    inputs: include_bytes!(env!("INPUTS_FILE")),
    stack_bytes: 4 * 1024,
};

#[entry]
fn main() -> ! {
    support::run(&IMAGE, None)
}
