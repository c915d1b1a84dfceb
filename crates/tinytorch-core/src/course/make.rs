//! Whole types of a course: what a lesson makes, or the library's own.
//!
//! Some lessons are about a type. Its slot is a constructor, so that a student can write the struct with everything it
//! does. The milestones ask here, and so can any program that runs under a course.
//!
//! ```
//! use tinytorch_core::course::{Course, make, m08::TrainingLesson};
//! use tinytorch_core::{Result, optim::lr::Schedule};
//!
//! struct Mine;
//!
//! impl TrainingLesson for Mine {
//!     fn cosine(&self, max: f64, _: f64, _: usize) -> Result<Box<dyn Schedule>> {
//!         Ok(Box::new(max)) // a number is a schedule that never changes
//!     }
//! }
//!
//! let schedule = Course::new().m08(Mine).run(|| make::cosine(0.1, 0.0, 100))?;
//! assert_eq!(schedule.lr(100), 0.1);
//! assert_eq!(make::cosine(0.1, 0.0, 100)?.lr(100), 0.0);
//! # Ok::<(), tinytorch_core::Error>(())
//! ```

use super::{m05::Pairs, m08, m10};
use crate::{
    Param, Result, Tensor, dispatch,
    optim::{
        AdamOpts, Optimizer, SgdOpts,
        lr::{Cosine, Schedule},
    },
    text::{CharTokenizer, Tokenizer},
};

/// Returns a dataset of inputs and targets that are aligned along their first axes.
///
/// # Errors
///
/// As [`TensorDataset::new`](crate::data::TensorDataset::new), and what a student's slot returns.
pub fn dataset(tensors: [Tensor; 2]) -> Result<Pairs> {
    dispatch::dataset(tensors)
}

/// Returns an optimizer by gradient descent.
///
/// # Errors
///
/// As [`Sgd::new`](crate::optim::Sgd::new), and what a student's slot returns.
pub fn sgd(params: Vec<Param>, opts: SgdOpts) -> Result<Box<dyn Optimizer>> {
    dispatch::sgd(params, opts)
}

/// Returns an optimizer by the rule of Adam.
///
/// # Errors
///
/// As [`Adam::new`](crate::optim::Adam::new), and what a student's slot returns.
pub fn adam(params: Vec<Param>, opts: AdamOpts) -> Result<Box<dyn Optimizer>> {
    dispatch::adam(params, opts)
}

/// Returns a schedule that falls on a cosine from `max` to `min` in `total` steps.
///
/// # Errors
///
/// As [`Cosine::new`], and what a student's slot returns.
pub fn cosine(max: f64, min: f64, total: usize) -> Result<Box<dyn Schedule>> {
    match m08::hook::cosine(max, min, total)? {
        Some(schedule) => Ok(schedule),
        None => Ok(Box::new(Cosine::new(max, min, total)?)),
    }
}

/// Returns a tokenizer of the characters of `texts`.
///
/// # Errors
///
/// As [`CharTokenizer::train`], and what a student's slot returns.
pub fn tokenizer(texts: &[&str]) -> Result<Box<dyn Tokenizer>> {
    match m10::hook::tokenizer(texts)? {
        Some(tokenizer) => Ok(tokenizer),
        None => Ok(Box::new(CharTokenizer::train(texts)?)),
    }
}
