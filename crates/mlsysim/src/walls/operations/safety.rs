//! Wall 20, safety: promises about privacy and fairness are paid in noise, arithmetic and data.
//!
//! Differential privacy bounds what a trained model can tell about any one example.
//! Noise buys it: the more steps look at an example and the smaller the bound, the more noise.
//! It takes no longer for being noisy; the time goes into clipping the gradient of every example by itself, and into
//! the larger batches that keep a signal above the noise.
//! Fairness is a question of data first: what a rare group needs is examples, and how many must be drawn follows from
//! how rare it is.
//! What the noise costs in accuracy, and whether the data are labeled fairly, is not modeled.

mod accountant;
mod subgroup;

pub use accountant::{DpSgd, DpSgdIn, DpSgdOut, ORDERS, noise_multiplier};
pub use subgroup::{Subgroup, SubgroupIn, SubgroupOut};

use crate::convention::Convention;
use crate::error::Result;
use crate::trace::Recorder;
use crate::units::Seconds;
use crate::walls::equation::{Equation, EquationInfo, Record, record, solve};

const DWORK: &str =
    "Dwork & Roth (2014), The Algorithmic Foundations of Differential Privacy, theorem A.1";
const ABADI: &str = "Abadi et al. (2016), Deep Learning with Differential Privacy; Li et al. (2022), Large Language \
Models Can Be Strong Differentially Private Learners, for ghost clipping";

/// Returns the noise that makes one answer private, by the classical bound.
///
/// `σ = Δ × √(2 × ln(1.25 / δ)) / ε`, proven for `ε < 1`.
///
/// # Errors
///
/// - [`crate::Error::OutOfRange`] unless `0 < epsilon ≤ 1`, `0 < delta ≤ 1` and `sensitivity > 0`.
/// - [`crate::Error::Overflow`] if the noise does not fit a 64-bit float.
///
/// # Source
///
/// Dwork & Roth (2014), "The Algorithmic Foundations of Differential Privacy".
///
/// # Examples
///
/// ```
/// use mlsysim::walls::operations::safety::gaussian_noise;
///
/// // √(2 × ln(125 000)) / 0.5
/// let sigma = gaussian_noise(0.5, 1e-5, 1.0)?;
/// assert!((sigma - 9.689_610_525_210_778).abs() < 1e-12);
/// # Ok::<(), mlsysim::Error>(())
/// ```
pub fn gaussian_noise(epsilon: f64, delta: f64, sensitivity: f64) -> Result<f64> {
    let x = GaussianIn { epsilon, delta, sensitivity };
    Ok(solve::<GaussianNoise>(&x, Convention::Reference)?.sigma)
}

record! {
    /// How private one answer is to be.
    pub struct GaussianIn {
        /// Most that an example may change the logarithm of any answer's probability.
        epsilon: f64, "ε", SOME_SHARE, default 0.5;
        /// Probability with which that may fail.
        delta: f64, "δ", SOME_SHARE, default 1e-5;
        /// Most that an example may change the answer itself.
        sensitivity: f64, "Δ", POSITIVE, default 1.0;
    }
}

record! {
    /// The noise.
    pub struct GaussianOut {
        /// Standard deviation of the noise added to the answer.
        sigma: f64, "σ", POSITIVE;
    }
}

/// The equation `safety.gaussian_noise`.
#[derive(Debug, Clone, Copy)]
pub struct GaussianNoise;

impl Equation for GaussianNoise {
    type In = GaussianIn;
    type Out = GaussianOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "safety.gaussian_noise",
        wall: 20,
        also: &[],
        question: "How much noise makes one answer private?",
        formula: "σ = Δ × √(2 × ln(1.25 / δ)) / ε",
        source: DWORK,
        inputs: GaussianIn::FIELDS,
        outputs: GaussianOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &GaussianIn, _: Convention, trace: &mut R) -> GaussianOut {
        let sigma = x.sensitivity * libm::sqrt(2.0 * libm::log(1.25 / x.delta)) / x.epsilon;
        let reads: &'static [&'static str] = &["epsilon", "delta", "sensitivity"];
        trace.computed("sigma", "σ", sigma, "Δ × √(2 × ln(1.25 / δ)) / ε", reads, DWORK);
        GaussianOut { sigma }
    }
}

record! {
    /// The noise of private training, and the batch it is averaged over.
    pub struct NoiseIn {
        /// Noise over the largest gradient that an example may have.
        noise_multiplier: f64, "σ", NOT_NEGATIVE;
        /// That largest gradient.
        clip: f64, "C", POSITIVE, default 1.0;
        /// Examples in a batch.
        batch: f64, "B", COUNT;
    }
}

record! {
    /// What is left of it.
    pub struct NoiseOut {
        /// Standard deviation of the noise in each coordinate of the averaged gradient.
        gradient_noise: f64, "σ·C/B", NOT_NEGATIVE;
    }
}

/// The equation `safety.gradient_noise`.
#[derive(Debug, Clone, Copy)]
pub struct GradientNoise;

impl Equation for GradientNoise {
    type In = NoiseIn;
    type Out = NoiseOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "safety.gradient_noise",
        wall: 20,
        also: &[],
        question: "How noisy is the averaged gradient of private training?",
        formula: "σ × C / B",
        source: ABADI,
        inputs: NoiseIn::FIELDS,
        outputs: NoiseOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &NoiseIn, _: Convention, trace: &mut R) -> NoiseOut {
        let gradient_noise = x.noise_multiplier * x.clip / x.batch;
        let reads: &'static [&'static str] = &["noise_multiplier", "clip", "batch"];
        trace.computed("gradient_noise", "σ·C/B", gradient_noise, "σ × C / B", reads, ABADI);
        NoiseOut { gradient_noise }
    }
}

record! {
    /// A training run that is to be private, and its rarest group.
    pub struct TrainingIn {
        /// Time of the same training without privacy.
        base_time: Seconds, "t", NOT_NEGATIVE;
        /// Most that an example may change the logarithm of any model's probability.
        epsilon: f64, "ε", POSITIVE, default 1.0;
        /// Time of a step with clipped gradients of single examples over that of a plain step.
        clipping_factor: f64, "f", POSITIVE, default 1.0;
        /// Examples looked at in all, over those without privacy.
        example_factor: f64, "g", POSITIVE, default 1.0;
        /// Share of the rarest group among the examples.
        prevalence: f64, "p", SOME_SHARE, default 0.01;
    }
}

record! {
    /// What both promises cost.
    pub struct TrainingOut {
        /// Time over the time without privacy.
        slowdown: f64, "f·g", POSITIVE;
        /// Time of the private training.
        time: Seconds, "T", NOT_NEGATIVE;
        /// Examples drawn for each of the rarest group, on average.
        data_factor: f64, "1/p", POSITIVE;
    }
}

/// The equation `safety.private_training`.
///
/// [`Convention::Upstream030`] lets the time grow as `1 + 2/ε`, for which there is no source; the noise does depend on
/// `ε`, see [`DpSgd`] and [`noise_multiplier`].
#[derive(Debug, Clone, Copy)]
pub struct PrivateTraining;

impl Equation for PrivateTraining {
    type In = TrainingIn;
    type Out = TrainingOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "safety.private_training",
        wall: 20,
        also: &[],
        question: "How much longer does private training take, and how many examples does a rare group need?",
        formula: "T = t × f × g; examples for each of a group = 1 / p",
        source: ABADI,
        inputs: TrainingIn::FIELDS,
        outputs: TrainingOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &TrainingIn, convention: Convention, trace: &mut R) -> TrainingOut {
        let upstream = convention == Convention::Upstream030;
        let (slowdown, by) = if upstream {
            (1.0 + 2.0 / x.epsilon.max(0.01), "1 + 2 / max(ε, 0.01)")
        } else {
            (x.clipping_factor * x.example_factor, "f × g")
        };
        let reads: &'static [&'static str] =
            if upstream { &["epsilon"] } else { &["clipping_factor", "example_factor"] };
        trace.computed("slowdown", "f·g", slowdown, by, reads, ABADI);
        let time = x.base_time * slowdown;
        let reads: &'static [&'static str] = &["base_time", "slowdown"];
        trace.computed("time", "T", time, "t × f·g", reads, ABADI);
        let prevalence = if upstream { x.prevalence.max(1e-6) } else { x.prevalence };
        let data_factor = 1.0 / prevalence;
        trace.computed("data_factor", "1/p", data_factor, "1 / p", &["prevalence"], "counting");
        TrainingOut { slowdown, time, data_factor }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn privacy_costs_clipping_not_one_over_epsilon() {
        let run = |epsilon, convention| {
            let x = TrainingIn {
                base_time: Seconds(100.0),
                epsilon,
                clipping_factor: 1.5,
                example_factor: 2.0,
                prevalence: 0.25,
            };
            solve::<PrivateTraining>(&x, convention).unwrap()
        };
        let reference = run(0.1, Convention::Reference);
        assert_eq!((reference.time, reference.data_factor), (Seconds(300.0), 4.0));
        assert_eq!(reference, run(8.0, Convention::Reference));
        // 1 + 2 / 0.5
        assert_eq!(run(0.5, Convention::Upstream030).time, Seconds(500.0));
    }

    #[test]
    fn half_the_noise_for_twice_the_epsilon() {
        let ratio =
            gaussian_noise(0.25, 1e-6, 1.0).unwrap() / gaussian_noise(0.5, 1e-6, 1.0).unwrap();
        assert!((ratio - 2.0).abs() < 1e-12);
        assert!(gaussian_noise(2.0, 1e-6, 1.0).is_err(), "the bound is not proven there");
        assert!(gaussian_noise(-1.0, 1e-6, 1.0).is_err());
    }
}
