//! Loads and runs models of the seven core operators with the fast kernels.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use kits_hal::{Check, Model, Session};

#[entry]
fn main() -> ! {
    runtime_size::forever(run)
}

fn run(bytes: &[u8], arena: &mut [u8]) -> Option<i8> {
    let model = Model::parse_core(bytes, Check::Full).ok()?;
    let mut session = Session::core(&model, arena).ok()?;
    session.input::<i8>(0).ok()?.fill(1);
    session.run().ok()?;
    session.output::<i8>(0).ok()?.first().copied()
}
