//! Money, carbon, checkpoints, safety: walls 17 to 20.

pub mod capital;
pub mod checkpoint;
pub mod safety;
pub mod sustainability;
