//! Observers watch a tensor during calibration and propose its quantisation.

use super::affine::QParams;
use crate::{Error, Result, dispatch};

/// Watches values and says which range eight bits should cover.
///
/// Implementers see every batch of one tensor, in order, and are asked once at the end.
pub trait Observer {
    /// Takes in the values of one batch.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] naming the first value that is not finite.
    fn observe(&mut self, values: &[f32]) -> Result<()>;

    /// Returns the parameters for all that was seen.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if nothing was seen.
    fn params(&self) -> Result<QParams>;
}

/// The smallest and the largest value seen: no value is clipped, and one outlier widens every step.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct MinMax {
    range: Option<(f32, f32)>,
}

impl MinMax {
    /// Returns an observer that has seen nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the smallest and the largest value seen, or `None` before the first.
    #[must_use]
    pub fn range(&self) -> Option<(f32, f32)> {
        self.range
    }
}

impl Observer for MinMax {
    fn observe(&mut self, values: &[f32]) -> Result<()> {
        for (i, &v) in values.iter().enumerate() {
            if !v.is_finite() {
                let got = format_args!("{v} at position {i}");
                return Err(Error::argument(
                    "calibrate",
                    "values",
                    got,
                    "finite (check the trained weights for NaN)",
                ));
            }
        }
        self.range = dispatch::calibrate(self.range, values)?;
        Ok(())
    }

    fn params(&self) -> Result<QParams> {
        let (lo, hi) = self.range.ok_or_else(|| {
            Error::argument("calibrate", "values", "empty", "at least one number")
        })?;
        QParams::affine(f64::from(lo), f64::from(hi))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn min_max_covers_all_batches() {
        let mut o = MinMax::new();
        assert!(o.params().is_err(), "nothing seen yet");
        o.observe(&[0.5, -1.0]).unwrap();
        o.observe(&[]).unwrap();
        o.observe(&[3.0, 2.0]).unwrap();
        assert_eq!(o.range(), Some((-1.0, 3.0)));
        assert_eq!(o.params().unwrap().zero_point, -64); // -128 + 255/4
    }

    #[test]
    fn non_finite_values_are_named() {
        let err = MinMax::new().observe(&[0.0, f32::INFINITY]).unwrap_err();
        assert!(err.to_string().contains("position 1"), "{err}");
    }
}
