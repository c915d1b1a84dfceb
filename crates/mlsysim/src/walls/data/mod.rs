//! Bringing data to the machine: walls 8 to 10.

pub mod ingestion;
pub mod locality;
pub mod transformation;
