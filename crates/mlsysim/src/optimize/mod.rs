//! Searches over choices, with every candidate and what it costs.

pub mod placement;
