//! Results for people and for programs.

pub mod bars;
pub mod chart;
pub mod derivation;
#[cfg(feature = "json")]
pub mod json;
#[cfg(feature = "sweep")]
pub mod rows;
pub mod svg;
pub mod table;
