//! Typed text to verdict.
//!
//! Each way of being wrong has its own verdict: a missing unit is not a wrong dimension, a prefix slip is not a
//! miscount, and a value that a named misconception leads to is told so.
//! Grading is pure: the same text and [`Key`] always give the same [`Verdict`].
//!
//! ```
//! use staffml_bank::grade::{Class, Key, Tolerance};
//!
//! let weights = Key::new(140.0, "GB", Tolerance::relative(0.02))?.wrong("precision-doubled", 280.0);
//! assert_eq!(weights.grade("130.4 GiB").class, Class::Correct);
//! assert_eq!(weights.grade("0.28 TB").code, "precision-doubled");
//! assert_eq!(weights.grade("140 Gb").code, "bits-bytes");
//! assert_eq!(
//!     weights.grade("3 GHz").message,
//!     "3 GHz is a frequency; this question wants bytes, for example `2.4 KiB`"
//! );
//! # Ok::<(), staffml_bank::quantity::ParseError>(())
//! ```

mod diagnose;
mod key;
mod tolerance;
mod verdict;

#[cfg(test)]
mod tests;

pub use key::{Key, Wrong};
pub use tolerance::Tolerance;
pub use verdict::{Class, Remark, Reprompts, Verdict};
