//! Walls of one machine.

pub mod compute;
pub mod memory;
