//! Results for people and for programs.

pub mod chart;
#[cfg(feature = "json")]
pub mod json;
#[cfg(feature = "sweep")]
pub mod rows;
pub mod svg;
pub mod table;
