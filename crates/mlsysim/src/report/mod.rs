//! Results for people and for programs.

#[cfg(feature = "json")]
pub mod json;
pub mod svg;
pub mod table;
