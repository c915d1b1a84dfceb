//! One question with its numbers: drawn from a seed, or given by the caller.
//!
//! [`instantiate`] takes a template and a [`Draw`], evaluates the answer and every misconception through an
//! [`Oracle`](crate::oracle::Oracle), keeps the wrong answers that can be told apart, and returns an [`Instance`]:
//! stem, answer key and worked solution, all from one trace.
//!
//! Draws are bit-exact: the same template, major version and seed give the same numbers on every machine.
//!
//! ```
//! use staffml_bank::{Bank, oracle::Builtin, variant::{Draw, Style}};
//!
//! let bank = Bank::embedded();
//! let question = bank.instantiate("w02-flash-for-weights", &Builtin, &Draw::given()
//!     .number("n", 8970.0)
//!     .text("b", "8 bit"))?;
//! assert!(question.stem.contains("8,970 weights"));
//! assert!(question.grade("8.97 kB").is_correct());
//! assert_eq!(question.grade("71.76 kB").code, "bits-bytes");
//! assert!(question.solution(Style::Plain).ends_with("= 8.97 kB\n"));
//! # Ok::<(), staffml_bank::Error>(())
//! ```

mod draw;
mod evaluate;
mod instance;
pub mod rng;
mod scope;
mod solution;
mod value;

#[cfg(test)]
mod tests;

pub(crate) use draw::one_attempt;
pub use draw::{Draw, instantiate};
pub use instance::{Diagnosis, Instance, WrongTurn};
pub(crate) use scope::Names;
pub use solution::Style;
pub use value::ParamValue;
