//! An answer with its uncertainty.

use crate::units::Quantity;
use alloc::vec::Vec;
use core::fmt;

/// How much is known about the machine that a prediction is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Label {
    /// Constants were fitted on measurements of its family of chips.
    Calibrated,
    /// Only its data sheet is known, so the interval is wider.
    Spec,
    /// Bookkeeping: nothing is estimated beyond the inputs.
    Exact,
}

impl Label {
    /// The word in reports.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Calibrated => "calibrated",
            Self::Spec => "spec",
            Self::Exact => "exact",
        }
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.key())
    }
}

/// Whether a model was asked inside the region that it was fitted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Validity {
    /// Inside.
    Inside,
    /// Outside, for the reason given; the value is an extrapolation.
    Outside(&'static str),
}

impl Validity {
    /// Whether the model was asked inside its region.
    #[must_use]
    pub const fn is_inside(self) -> bool {
        matches!(self, Self::Inside)
    }
}

/// A predicted value with an 80 % interval.
///
/// The interval is multiplicative: `[value / e^s, value · e^s]`, where `s` is the spread of the task.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Prediction {
    /// The task whose spread was used, as in the calibration file.
    pub task: &'static str,
    /// The middle of the prediction.
    pub value: f64,
    /// One measurement of ten should lie below.
    pub low: f64,
    /// One measurement of ten should lie above.
    pub high: f64,
    /// Whether the model was asked inside its region.
    pub validity: Validity,
    /// How much is known about the machine.
    pub label: Label,
    /// The parts that the value is made of, in the order of the formula.
    pub parts: Vec<(&'static str, Quantity)>,
}

impl Prediction {
    /// A prediction with the interval of a spread: the 80 % quantile of the absolute logarithmic error.
    #[must_use]
    pub fn new(task: &'static str, value: f64, spread: f64, label: Label) -> Self {
        let factor = libm::exp(spread.max(0.0));
        Self {
            task,
            value,
            low: value / factor,
            high: value * factor,
            validity: Validity::Inside,
            label,
            parts: Vec::new(),
        }
    }

    /// The same with a validity.
    #[must_use]
    pub const fn valid(mut self, validity: Validity) -> Self {
        self.validity = validity;
        self
    }

    /// The same with one more part.
    #[must_use]
    pub fn part(mut self, name: &'static str, value: impl Into<Quantity>) -> Self {
        self.parts.push((name, value.into()));
        self
    }

    /// Whether a measurement lies inside the interval.
    #[must_use]
    pub fn covers(&self, measured: f64) -> bool {
        // A sum of rounded parts may miss an exact value by a few units in the last place.
        let slack = 1e-12 * measured.abs();
        self.low <= measured + slack && measured - slack <= self.high
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_a_factor_on_both_sides() {
        // e^ln 2 = 2: from half to double.
        let p = Prediction::new("gemm", 10.0, core::f64::consts::LN_2, Label::Spec);
        assert!((p.low - 5.0).abs() < 1e-12 && (p.high - 20.0).abs() < 1e-12);
        assert!(p.covers(5.0) && p.covers(20.0) && !p.covers(4.9) && !p.covers(20.1));
    }

    #[test]
    fn no_spread_covers_the_value_alone() {
        let p = Prediction::new("carbon", 3.0, 0.0, Label::Exact);
        assert!(p.covers(3.0) && !p.covers(3.000_001));
    }
}
