//! Wall 20 asked the way the Python package asks it.

use crate::convention::Convention;
use crate::error::Result;
use crate::trace::Recorder;
use crate::units::Seconds;
use crate::walls::operations::safety::{PrivateTraining, TrainingIn, TrainingOut};
use crate::walls::solve_traced;

/// Returns what privacy of `epsilon` and fairness to a group of `prevalence` cost a training run.
///
/// - [`Convention::Reference`]: nothing in time but what clipping costs; say how much in [`PrivateTraining`]'s factors.
/// - [`Convention::Upstream030`]: any `epsilon` under 0.01, negative ones too, counts as 0.01, and any `prevalence`
///   under 1e-6 as 1e-6.
///
/// # Errors
///
/// As [`crate::walls::solve`]; under [`Convention::Reference`] an `epsilon` that is not above 0 is refused.
pub fn responsible_training<R: Recorder>(
    base_time: Seconds,
    epsilon: f64,
    prevalence: f64,
    convention: Convention,
    trace: &mut R,
) -> Result<TrainingOut> {
    let (epsilon, prevalence) = match convention {
        Convention::Reference => (epsilon, prevalence),
        Convention::Upstream030 => (at_least(epsilon, 0.01), at_least(prevalence, 1e-6)),
    };
    let x =
        TrainingIn { base_time, epsilon, clipping_factor: 1.0, example_factor: 1.0, prevalence };
    solve_traced::<PrivateTraining, _>(&x, convention, trace)
}

/// The larger of the two; what is no number stays none, for the wall to refuse.
fn at_least(value: f64, least: f64) -> f64 {
    if value < least { least } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::NoTrace;

    #[test]
    fn a_negative_epsilon_is_refused_but_by_upstream() {
        let ask = |epsilon, convention| {
            responsible_training(Seconds(1.0), epsilon, 0.5, convention, &mut NoTrace)
        };
        assert!(ask(-1.0, Convention::Reference).is_err());
        // 1 + 2 / 0.01
        assert!((ask(-1.0, Convention::Upstream030).unwrap().slowdown - 201.0).abs() < 1e-12);
        assert!(ask(f64::NAN, Convention::Upstream030).is_err());
    }
}
