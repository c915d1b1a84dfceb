//! From scores to the next token.

use super::Sampling;
use crate::{Result, Rng, dispatch};

/// Draws tokens in one way from one stream of random numbers.
///
/// # Examples
///
/// ```
/// use tinytorch_core::generate::{Sampler, Sampling};
///
/// let mut sampler = Sampler::new(Sampling { top_k: 2, ..Sampling::default() }, 7)?;
/// let token = sampler.next(&[0.1, 2.0, -1.0, 1.9], &[])?;
/// assert!(token == 1 || token == 3);
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Sampler {
    how: Sampling,
    rng: Rng,
}

impl Sampler {
    /// Returns a sampler that draws as `how` says, from the random numbers of `seed`.
    ///
    /// # Errors
    ///
    /// As [`Sampling::check`].
    pub fn new(how: Sampling, seed: u64) -> Result<Self> {
        how.check()?;
        Ok(Self { how, rng: Rng::seed(seed) })
    }

    /// Returns a sampler that always takes the best token.
    #[must_use]
    pub fn greedy() -> Self {
        Self { how: Sampling::GREEDY, rng: Rng::seed(0) }
    }

    /// Returns the next token after `previous` for the scores `logits`, one for each token; see
    /// [`sample_next`](crate::slots::sample::sample_next).
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`](crate::Error::InvalidArgument) if a score is NaN or +∞ or none is finite;
    /// [`Error::IndexOutOfRange`](crate::Error::IndexOutOfRange) if a previous token has no score.
    pub fn next(&mut self, logits: &[f32], previous: &[u32]) -> Result<u32> {
        dispatch::sample_next(logits, previous, &self.how, &mut self.rng)
    }

    /// Returns how tokens are drawn.
    #[must_use]
    pub fn how(&self) -> &Sampling {
        &self.how
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_draws_the_same_tokens() {
        let logits: Vec<f32> = (0..50).map(|i| (i as f32 * 0.7).sin()).collect();
        let run = |seed| {
            let mut sampler =
                Sampler::new(Sampling { top_p: 0.9, ..Sampling::default() }, seed).unwrap();
            (0..100).map(|_| sampler.next(&logits, &[]).unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(run(3), run(3));
        assert_ne!(run(3), run(4));
        assert_eq!(Sampler::greedy().next(&[0.0, 1.0], &[]).unwrap(), 1);
        assert!(Sampler::new(Sampling { top_p: f64::NAN, ..Sampling::default() }, 0).is_err());
    }
}
