//! Random numbers with a seed, and the laws that times and lengths follow.

use crate::error::{Error, Result};
use crate::ranges::Range;
use crate::units::Quantity;

/// The generator xoshiro256++, seeded through `SplitMix64`.
///
/// # Source
///
/// Blackman & Vigna (2021), Scrambled Linear Pseudorandom Number Generators, ACM TOMS 47(4).
///
/// # Examples
///
/// ```
/// use mlsysim::simulate::Random;
///
/// let (mut a, mut b) = (Random::new(7), Random::new(7));
/// assert_eq!(a.bits(), b.bits());
/// assert_ne!(Random::new(8).bits(), Random::new(7).bits());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Random {
    state: [u64; 4],
}

impl Random {
    /// A generator of its own stream for each seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut x = seed;
        let state = [(); 4].map(|()| {
            x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = x;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ (z >> 31)
        });
        Self { state }
    }

    /// Returns 64 random bits.
    pub const fn bits(&mut self) -> u64 {
        let [a, b, c, d] = self.state;
        let out = a.wrapping_add(d).rotate_left(23).wrapping_add(a);
        let (c_mixed, d_mixed) = (c ^ a, d ^ b);
        self.state = [a ^ d_mixed, b ^ c_mixed, c_mixed ^ (b << 17), d_mixed.rotate_left(45)];
        out
    }

    /// Returns a number strictly between 0 and 1, one of 2^52 equally likely ones.
    pub fn unit(&mut self) -> f64 {
        // The upper 52 bits, shifted by half a step so that neither 0 nor 1 occurs.
        #[expect(clippy::cast_precision_loss, reason = "52 bits are exact")]
        let step = (self.bits() >> 12) as f64;
        (step + 0.5) * (1.0 / 4_503_599_627_370_496.0)
    }

    /// Returns a sample of the normal law of mean 0 and variance 1.
    ///
    /// # Source
    ///
    /// Box & Muller (1958), A Note on the Generation of Random Normal Deviates.
    pub fn normal(&mut self) -> f64 {
        let radius = libm::sqrt(-2.0 * libm::log(self.unit()));
        radius * libm::cos(2.0 * core::f64::consts::PI * self.unit())
    }
}

/// The law of a positive random amount.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Law {
    /// Always the same.
    Fixed(f64),
    /// Without memory.
    Exponential {
        /// Mean.
        mean: f64,
    },
    /// The exponential of a normal: right-skewed, as lengths of requests and answers are.
    LogNormal {
        /// Mean.
        mean: f64,
        /// Standard deviation over mean.
        cv: f64,
    },
    /// Equally likely between two bounds.
    Uniform {
        /// Lower bound.
        low: f64,
        /// Upper bound.
        high: f64,
    },
    /// Power of an exponential: failures that get rarer (shape below 1) or likelier (above 1) with age.
    Weibull {
        /// Mean.
        mean: f64,
        /// Shape; 1 is exponential.
        shape: f64,
    },
}

impl Law {
    /// Checks the parameters.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] unless the mean is finite and at least 0, the coefficient of variation likewise, the
    /// shape above 0, and the bounds in order.
    pub fn check(&self, op: &'static str) -> Result<()> {
        let must = |name: &'static str, range: Range, got: f64| {
            if range.contains(got) {
                Ok(())
            } else {
                Err(Error::OutOfRange { op, name, range, got: Quantity::number(got) })
            }
        };
        match *self {
            Self::Fixed(value) => must("mean", Range::NOT_NEGATIVE, value),
            Self::Exponential { mean } => must("mean", Range::NOT_NEGATIVE, mean),
            Self::LogNormal { mean, cv } => {
                must("mean", Range::NOT_NEGATIVE, mean)?;
                must("cv", Range::NOT_NEGATIVE, cv)
            }
            Self::Uniform { low, high } => {
                must("low", Range::NOT_NEGATIVE, low)?;
                must("high", Range::NOT_NEGATIVE, high)?;
                must("high - low", Range::NOT_NEGATIVE, high - low)
            }
            Self::Weibull { mean, shape } => {
                must("mean", Range::NOT_NEGATIVE, mean)?;
                must("shape", Range::POSITIVE, shape)
            }
        }
    }

    /// Returns the mean.
    #[must_use]
    pub const fn mean(&self) -> f64 {
        match *self {
            Self::Fixed(mean)
            | Self::Exponential { mean }
            | Self::LogNormal { mean, .. }
            | Self::Weibull { mean, .. } => mean,
            Self::Uniform { low, high } => f64::midpoint(low, high),
        }
    }

    /// Returns the standard deviation over the mean; 0 for a mean of 0.
    #[must_use]
    pub fn cv(&self) -> f64 {
        match *self {
            Self::Fixed(_) => 0.0,
            Self::Exponential { .. } => 1.0,
            Self::LogNormal { cv, .. } => cv,
            Self::Uniform { low, high } if high > 0.0 => {
                (high - low) / libm::sqrt(12.0) / f64::midpoint(low, high)
            }
            Self::Uniform { .. } => 0.0,
            Self::Weibull { shape, .. } => {
                let first = libm::tgamma(1.0 + 1.0 / shape);
                libm::sqrt(libm::tgamma(1.0 + 2.0 / shape) / (first * first) - 1.0)
            }
        }
    }

    /// Returns one sample.
    pub fn sample(&self, random: &mut Random) -> f64 {
        match *self {
            Self::Fixed(value) => value,
            Self::Exponential { mean } => -mean * libm::log(random.unit()),
            Self::LogNormal { mean, cv } => {
                let variance = libm::log1p(cv * cv);
                mean * libm::exp(libm::sqrt(variance) * random.normal() - variance / 2.0)
            }
            Self::Uniform { low, high } => low + (high - low) * random.unit(),
            Self::Weibull { mean, shape } => {
                let scale = mean / libm::tgamma(1.0 + 1.0 / shape);
                scale * libm::pow(-libm::log(random.unit()), 1.0 / shape)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_follows_its_published_step() {
        // The step as printed in the paper, word by word, from the state 1, 2, 3, 4.
        fn published(s: &mut [u64; 4]) -> u64 {
            let result = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
            let t = s[1] << 17;
            s[2] ^= s[0];
            s[3] ^= s[1];
            s[1] ^= s[2];
            s[0] ^= s[3];
            s[2] ^= t;
            s[3] = s[3].rotate_left(45);
            result
        }
        let mut random = Random { state: [1, 2, 3, 4] };
        let mut state = [1, 2, 3, 4];
        for _ in 0..100 {
            assert_eq!(random.bits(), published(&mut state));
        }
        assert_eq!(Random { state: [1, 2, 3, 4] }.bits(), 41_943_041, "(1+4) << 23, plus 1");
    }

    #[test]
    fn samples_have_the_mean_and_spread_of_their_law() {
        let laws = [
            Law::Fixed(3.0),
            Law::Exponential { mean: 3.0 },
            Law::LogNormal { mean: 3.0, cv: 0.7 },
            Law::Uniform { low: 1.0, high: 5.0 },
            Law::Weibull { mean: 3.0, shape: 0.8 },
        ];
        for law in laws {
            let mut random = Random::new(1);
            let n = 200_000;
            let samples: alloc::vec::Vec<f64> = (0..n).map(|_| law.sample(&mut random)).collect();
            let mean = samples.iter().sum::<f64>() / f64::from(n);
            let variance =
                samples.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / f64::from(n);
            // Five standard errors of the mean; the spread of a skewed law converges more slowly.
            let error = 5.0 * law.cv() * law.mean() / libm::sqrt(f64::from(n));
            assert!((mean - law.mean()).abs() <= error + 1e-12, "{law:?}: {mean}");
            assert!((libm::sqrt(variance) / mean - law.cv()).abs() < 0.03, "{law:?}: {variance}");
        }
    }

    #[test]
    fn senseless_laws_are_refused() {
        for law in [
            Law::Fixed(f64::NAN),
            Law::Exponential { mean: -1.0 },
            Law::LogNormal { mean: 1.0, cv: f64::INFINITY },
            Law::Uniform { low: 2.0, high: 1.0 },
            Law::Weibull { mean: 1.0, shape: 0.0 },
        ] {
            assert!(law.check("simulate").is_err(), "{law:?}");
        }
    }
}
