//! Runs an int8 model within the memory of an Arduino Nano 33 BLE Sense (nRF52840), emulated.
#![no_std]
#![no_main]

use cortex_m::Peripherals;
use cortex_m_rt::entry;
use support::Image;
use support::counter::Counter;

/// The board's id and what the image keeps for its stack; the memory sizes are in `memory.x`.
const IMAGE: Image = Image {
    board: "nano33ble",
    kit: include_bytes!(env!("KIT_FILE")),
    inputs: include_bytes!(env!("INPUTS_FILE")),
    stack_bytes: 8 * 1024,
};

#[entry]
fn main() -> ! {
    let counter = Peripherals::take().map(|core| Counter::start(core.SYST, 25_000_000));
    support::run(&IMAGE, counter.as_ref())
}
