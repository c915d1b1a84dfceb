//! Runs an int8 model within the memory of the board that `BOARD` names, emulated, and counts instructions where the
//! board has a timer.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use support::Image;

include!(concat!(env!("OUT_DIR"), "/board.rs"));

const IMAGE: Image = Image {
    board: BOARD.id,
    kit: include_bytes!(env!("KIT_FILE")),
    inputs: include_bytes!(env!("INPUTS_FILE")),
    stack_bytes: BOARD.stack_bytes,
};

#[entry]
fn main() -> ! {
    let counter = BOARD.counter();
    support::run(&IMAGE, counter.as_ref())
}
