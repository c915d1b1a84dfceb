//! Money, carbon, checkpoints, safety: walls 17 to 20.

pub mod safety;
