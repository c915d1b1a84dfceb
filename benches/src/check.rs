//! No wrong result is timed.

use anyhow::{Result, bail};

/// How the answers of a case are judged.
///
/// Entries may differ by `tolerance` times the largest magnitude among the expected ones: sums of many terms are
/// compared, whose error grows with the terms and not with the sum.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// Expected entries; the first contestant's answer takes their place when they are absent.
    pub expected: Option<Vec<f32>>,
    /// Accepted difference, relative to the largest expected magnitude.
    pub tolerance: f32,
}

impl Check {
    /// Returns a check against `expected`, which came from plain loops or from a formula.
    #[must_use]
    pub const fn against(expected: Vec<f32>, tolerance: f32) -> Self {
        Self { expected: Some(expected), tolerance }
    }

    /// Returns a check of all contestants against the first.
    #[must_use]
    pub const fn mutual(tolerance: f32) -> Self {
        Self { expected: None, tolerance }
    }

    /// Judges one answer.
    ///
    /// # Errors
    ///
    /// If its length differs or an entry differs by more than the tolerance; the text holds the first such entry.
    pub fn judge(&mut self, answer: Vec<f32>) -> Result<()> {
        let Some(expected) = &self.expected else {
            if let Some(i) = answer.iter().position(|v| !v.is_finite()) {
                bail!("entry {i} of the result is {}", answer[i]);
            }
            self.expected = Some(answer);
            return Ok(());
        };
        if answer.len() != expected.len() {
            bail!("the result has {} entries instead of {}", answer.len(), expected.len());
        }
        let largest = expected.iter().fold(0.0f32, |most, v| most.max(v.abs()));
        let tolerance = self.tolerance * largest;
        for (i, (got, want)) in answer.iter().zip(expected).enumerate() {
            let difference = (got - want).abs();
            if difference.is_nan() || difference > tolerance {
                bail!("entry {i} of the result is {got}, expected {want} within {tolerance:e}");
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_results_are_found() {
        let mut check = Check::against(vec![1.0, -8.0], 0.01);
        check.judge(vec![1.07, -8.07]).unwrap();
        let text = |answer: Vec<f32>| check.clone().judge(answer).unwrap_err().to_string();
        assert_eq!(text(vec![1.0]), "the result has 1 entries instead of 2");
        assert_eq!(text(vec![1.0, 8.0]), "entry 1 of the result is 8, expected -8 within 8e-2");
        assert!(text(vec![f32::NAN, -8.0]).starts_with("entry 0"));
    }

    #[test]
    fn the_first_answer_becomes_the_measure() {
        let mut check = Check::mutual(0.1);
        assert!(check.judge(vec![f32::INFINITY]).is_err());
        check.judge(vec![2.0]).unwrap();
        assert!(check.judge(vec![3.0]).is_err());
    }
}
