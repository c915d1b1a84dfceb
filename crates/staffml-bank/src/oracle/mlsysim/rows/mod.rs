//! Which of our equations corresponds to which wall, by group of walls.

pub(super) mod algorithm;
pub(super) mod analysis;
pub(super) mod data;
pub(super) mod fleet;
pub(super) mod node;
pub(super) mod operations;
