//! Searches: the best way to use what the walls price.

pub mod layout;
mod layout_upstream;

pub use layout_upstream::{Candidate, PowersOfTwo, powers_of_two};
