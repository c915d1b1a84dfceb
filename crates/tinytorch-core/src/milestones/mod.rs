//! Whole experiments of the history of learning machines, as library calls with numbers for answers.

pub mod digits;
