//! Questions about the other walls: walls 21 and 22.

pub mod sensitivity;
pub mod synthesis;
