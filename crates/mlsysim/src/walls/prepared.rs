//! An equation looked up once and solved many times, with numbers by position.
//!
//! This is the form for sweeps and searches: no name is resolved and nothing is allocated per call.

use super::by_name::{check_choice, entry};
use super::equation::{Equation, EquationInfo, MAX_FIELDS, Record, solve};
use super::list::Entry;
use crate::convention::Convention;
use crate::error::Result;
use core::fmt;

/// An equation whose name has been resolved.
#[derive(Clone, Copy)]
pub struct Prepared {
    entry: &'static Entry,
}

impl Prepared {
    /// The equation `id`.
    ///
    /// # Errors
    ///
    /// [`crate::CallError::UnknownEquation`] with the nearest identifiers.
    pub fn new(id: &str) -> Result<Self> {
        Ok(Self { entry: entry(id)? })
    }

    /// The equation in words.
    #[must_use]
    pub const fn info(&self) -> &'static EquationInfo {
        self.entry.info
    }

    /// One number per input, in base units: its default, or NaN where it has none.
    #[must_use]
    pub fn defaults(&self) -> [f64; MAX_FIELDS] {
        let mut numbers = [f64::NAN; MAX_FIELDS];
        for (slot, field) in numbers.iter_mut().zip(self.info().inputs) {
            *slot = field.default.unwrap_or(f64::NAN);
        }
        numbers
    }

    /// Solves the equation for one number per input and writes one per output, all in base units and in the order of
    /// [`EquationInfo::inputs`] and [`EquationInfo::outputs`].
    ///
    /// Flags are 0 and 1, words are their position in the field's list.
    ///
    /// # Errors
    ///
    /// As [`super::solve`]; an input left NaN is out of its range.
    ///
    /// # Examples
    ///
    /// ```
    /// use mlsysim::{Convention, walls::Prepared};
    ///
    /// let equation = Prepared::new("memory.step_time")?;
    /// let mut inputs = equation.defaults();
    /// let mut outputs = [0.0; mlsysim::walls::equation::MAX_FIELDS];
    /// let names: Vec<_> = equation.info().inputs.iter().map(|field| field.name).collect();
    /// assert_eq!(names[..2], ["bytes_moved", "bandwidth"]);
    /// inputs[..2].copy_from_slice(&[16e9, 2e12]);
    /// equation.solve(&inputs, Convention::Reference, &mut outputs)?;
    /// let at = equation.info().outputs.iter().position(|field| field.name == "memory_time");
    /// assert_eq!(at.map(|at| outputs[at]), Some(0.008));
    /// # Ok::<(), mlsysim::Error>(())
    /// ```
    pub fn solve(
        &self,
        inputs: &[f64; MAX_FIELDS],
        convention: Convention,
        outputs: &mut [f64; MAX_FIELDS],
    ) -> Result<()> {
        (self.entry.row)(inputs, convention, outputs)
    }
}

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Prepared({})", self.info().id)
    }
}

/// One row of one equation.
pub(super) fn row<E: Equation>(
    inputs: &[f64; MAX_FIELDS],
    convention: Convention,
    outputs: &mut [f64; MAX_FIELDS],
) -> Result<()> {
    for (field, number) in E::INFO.inputs.iter().zip(inputs) {
        check_choice(E::INFO.id, field, *number)?;
    }
    solve::<E>(&E::In::read(inputs), convention)?.write(outputs);
    Ok(())
}
