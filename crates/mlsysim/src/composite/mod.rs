//! Results that need more than one wall.

pub mod iron_law;
pub mod roofline;
