//! Does nothing: what every image has.
#![no_std]
#![no_main]

use cortex_m_rt::entry;

#[entry]
fn main() -> ! {
    runtime_size::forever(run)
}

fn run(_: &[u8], _: &mut [u8]) -> Option<i8> {
    None
}
