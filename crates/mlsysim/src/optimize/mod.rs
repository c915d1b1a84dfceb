//! Searches: the best way to use what the walls price, with every candidate and what it costs.

pub mod batching;
pub mod layout;
mod layout_upstream;
pub mod pareto;
pub mod placement;
pub mod solve_for;

pub use layout_upstream::{Candidate, PowersOfTwo, powers_of_two};
