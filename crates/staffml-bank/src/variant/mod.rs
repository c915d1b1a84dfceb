//! One question with its numbers: drawn from a seed, or given by the caller.
//!
//! [`instantiate`] takes a template that asks for one number and a [`Draw`], evaluates the answer and every
//! misconception through an [`Oracle`](crate::oracle::Oracle), keeps the wrong answers that can be told apart, and
//! returns an [`Instance`]: stem, answer key and worked solution, all from one trace.
//! [`question`] does so for a template of any kind and returns a [`Question`], whose [`Form`] holds the options, the
//! parts or the card. [`thread()`] draws the questions of a chain, with one machine and one model all along.
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
mod essay;
mod evaluate;
mod instance;
mod menu;
mod parts;
mod question;
pub mod rng;
mod scope;
mod solution;
mod thread;
mod value;

#[cfg(test)]
mod kind_tests;
#[cfg(test)]
mod tests;

pub use draw::Draw;
pub use essay::{Essay, share};
pub use instance::{Diagnosis, Instance, WrongTurn};
pub use menu::{Menu, MenuOption};
pub use parts::{Parts, Ranking};
pub(crate) use question::attempt;
pub use question::{Form, Question, instantiate, question};
pub(crate) use scope::Names;
pub use solution::Style;
pub use thread::thread;
pub use value::ParamValue;
