//! Walls of one machine.

pub mod compute;
pub mod memory;
pub mod serving;
pub mod tail_latency;
