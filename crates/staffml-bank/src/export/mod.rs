//! Questions for other programs, and sheets for a class.
//!
//! A template has no numbers of its own, other programs need some: [`Set::freeze`] draws variants and keeps them as
//! [`Frozen`] questions. One function per format returns text; nothing is written here.
//!
//! | function | for | what is lost |
//! |---|---|---|
//! | [`gift`] | Moodle and others | units become text in the stem |
//! | [`moodle_xml`] | Moodle | nouns such as operations per second are not told apart |
//! | [`qti3`] | QTI 3 players | units become text in the stem |
//! | [`anki`] | Anki and other card programs | fresh variants at each review |
//! | [`markdown`], [`html`] | paper | – |
//! | [`quiz()`] | a class: own numbers for each student, one key | – |
//!
//! A question in parts becomes one item for each part, with the situation repeated where a program shows one at a time.
//! Each question carries its id, major version and seed, so that it can be drawn again, and its license.
//!
//! ```
//! use staffml_bank::{Bank, export::{self, Set}, oracle::Builtin};
//!
//! let set = Set::freeze(&Bank::embedded(), &Builtin, &["w02-flash-for-weights"], 0..2)?;
//! let gift = export::gift(&set);
//! assert!(gift.contains("::w02-flash-for-weights@1 seed 0::"));
//! # Ok::<(), staffml_bank::Error>(())
//! ```

mod cards;
mod frozen;
mod gift;
mod moodle;
mod qti;
mod quiz;
mod sheet;
mod xml;
mod zip;

#[cfg(test)]
mod tests;

pub use cards::anki;
pub use frozen::{Choice, Frozen, Item, Number, Set, Wants, WrongValue};
pub use gift::gift;
pub use moodle::moodle_xml;
pub use qti::{qti3, qti3_package};
pub use quiz::{Quiz, Sheet, quiz};
pub use sheet::{html, markdown};
