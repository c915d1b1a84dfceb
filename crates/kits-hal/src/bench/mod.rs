//! The benchmark protocol of MLPerf Tiny over any serial port, from both ends.
//!
//! A device under test listens for commands that end with `%`, fills an input buffer from
//! hexadecimal digits, runs the model, and answers in lines; `m-ready` ends every answer. The
//! commands and texts are those of the benchmark's runner (MLCommons "tiny" repository), so
//! published host programs work with it. Three commands of our own start with `k-`.
//!
//! | command | answer |
//! | --- | --- |
//! | (start) | `m-timestamp-mode-performance` or `-energy`, `m-init-done`, `m-ready` |
//! | `name%` | `m-name-dut-[vendor]` |
//! | `profile%` | `m-profile-[firmware]`, `m-model-[kws01]` |
//! | `timestamp%` | `m-lap-us-<microseconds>`; in energy mode a pulse of the timestamp pin |
//! | `db load N%` | `m-[Expecting N bytes]` |
//! | `db HHHH…%` | `m-load-done` once N bytes are in |
//! | `db print%` | `m-buffer-xx-xx-…`, 8 bytes a line |
//! | `infer N W%` | `m-warmup-start-W`, `m-warmup-done`, `m-infer-start-N`, lap, lap, `m-infer-done`, `m-results-[…]` |
//! | `results%` | `m-results-[0.000,…]` |
//! | `help%` | the commands |
//! | `k-mem%` | `m-mem-[arena=…,scratch=…,stack=…]`, bytes |
//! | `k-ops%` | `m-op-[0,CONV_2D,us=…]` for each operator, `m-ops-done-[operators,us=…]` |
//! | `k-fit%` | `m-fit-[board,ok]` or `m-fit-[board,refused]`, then regions or violations |
//!
//! Errors are lines `e-[…]`. Neither a wrong command nor any other bytes change more than the
//! command they stand in: after the next `%` the device answers again.
//!
//! [`Protocol`] is the device: a state machine that takes one byte at a time. It asks a
//! [`Benchmark`] for inferences, which [`Network`] is for a [`Session`](crate::Session), a
//! [`Clock`](crate::hal::Clock) for the time, and a [`Stamp`] for the pin of the energy mode.
//! `host`, with the feature `std`, is the program at the other end.

mod command;
mod device;
#[cfg(feature = "std")]
#[expect(clippy::arithmetic_side_effects, reason = "runs on the host")]
pub mod host;
mod milli;
mod network;
mod pin;
mod port;
mod protocol;

pub use device::{Benchmark, MemoryUse};
pub use milli::Milli;
pub use network::{Answer, Network, Preparation};
pub use pin::{NoPin, Stamp, TimestampPin};
pub use port::PortError;
pub use protocol::{COMMAND_BYTES, Protocol, Settings};
