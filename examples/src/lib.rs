//! Adapters between the library crates, and the pieces of the composed programs.
//!
//! [`adapters`] is the only place that names two library crates at once: each file there presents one crate's result
//! through another crate's trait. [`climb`] is the main job of the workspace, one file for each rung.

pub mod adapters;
pub mod climb;
pub mod emulator;
pub mod page;
pub mod plot;
pub mod price;
pub mod probe;
