//! What the images of all emulated boards share: console, memory, instruction counter, and the program itself.
#![no_std]

pub mod console;
pub mod counter;
pub mod cycles;
pub mod device;
mod faults;
pub mod program;
pub mod ram;

pub use device::Board;
pub use program::{Image, end, run};
