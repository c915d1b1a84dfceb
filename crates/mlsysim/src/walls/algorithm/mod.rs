//! What the model asks for: walls 11 to 13.

pub mod complexity;
pub mod fidelity;
pub mod reasoning;
