//! Walls of one machine.

pub mod batching;
pub mod compute;
pub mod memory;
pub mod serving;
pub mod software;
pub mod streaming;
pub mod tail_latency;
