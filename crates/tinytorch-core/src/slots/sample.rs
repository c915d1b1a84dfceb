//! Module 13, Transformers: the choice of the next token.

use crate::nostd::prelude::*;
use crate::{Error, Result, Rng};

/// How a token is drawn from the scores of a model. The default draws from all tokens by their probabilities.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sampling {
    /// Divides the scores: below 1 the likely tokens become likelier; 0 always takes the best one.
    pub temperature: f64,
    /// Only this many of the best tokens are kept; 0 keeps all.
    pub top_k: usize,
    /// Only the best tokens that together reach this probability are kept; 1 keeps all.
    pub top_p: f64,
    /// Only tokens with at least this share of the best one's probability are kept; 0 keeps all.
    pub min_p: f64,
    /// Tokens that were there before lose: a positive score is divided by this, a negative one multiplied; 1 changes nothing.
    pub repetition_penalty: f64,
}

impl Default for Sampling {
    fn default() -> Self {
        Self { temperature: 1.0, top_k: 0, top_p: 1.0, min_p: 0.0, repetition_penalty: 1.0 }
    }
}

impl Sampling {
    /// Always the best token.
    pub const GREEDY: Self =
        Self { temperature: 0.0, top_k: 0, top_p: 1.0, min_p: 0.0, repetition_penalty: 1.0 };

    /// Refuses settings that mean nothing.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] unless the temperature is finite and not negative, `top_p` above 0 and at most 1, `min_p`
    /// from 0 to 1, and the penalty positive and finite.
    pub fn check(&self) -> Result<()> {
        let Self { temperature, top_p, min_p, repetition_penalty, .. } = *self;
        let settings = [
            (
                "temperature",
                temperature,
                temperature >= 0.0 && temperature.is_finite(),
                "0 or positive, and finite",
            ),
            ("top_p", top_p, top_p > 0.0 && top_p <= 1.0, "above 0 and at most 1"),
            ("min_p", min_p, (0.0..=1.0).contains(&min_p), "from 0 to 1"),
            (
                "repetition_penalty",
                repetition_penalty,
                repetition_penalty > 0.0 && repetition_penalty.is_finite(),
                "positive and finite",
            ),
        ];
        match settings.into_iter().find(|s| !s.2) {
            Some((name, got, _, need)) => Err(Error::argument("sample", name, got, need)),
            None => Ok(()),
        }
    }
}

/// Returns the next token, drawn from the scores `logits` of all tokens after the tokens `previous`.
///
/// 1. Scores of tokens in `previous` are lowered by the repetition penalty.
/// 2. At temperature 0 the token with the highest score is returned, of equal ones the first.
/// 3. Scores are divided by the temperature T and become weights: wᵢ = exp((xᵢ − max x)/T).
/// 4. `top_k`, then `top_p`, then `min_p` remove tokens, the best one never. Of equal weights the first tokens stay.
/// 5. One number u, uniform in 0..1, picks the token at which the running sum of the weights exceeds u·Σw.
///
/// A score of −∞ means never.
///
/// # Errors
///
/// [`Error::InvalidArgument`] if a score is NaN or +∞, if no score is finite, or as [`Sampling::check`];
/// [`Error::IndexOutOfRange`] if a previous token has no score.
pub fn sample_next(logits: &[f32], previous: &[u32], how: &Sampling, rng: &mut Rng) -> Result<u32> {
    how.check()?;
    let scores = penalized(logits, previous, how.repetition_penalty)?;
    let max = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let best = scores.iter().position(|&s| s == max).unwrap_or(0);
    if how.temperature == 0.0 {
        return Ok(best as u32);
    }
    let weight = |(token, s): (usize, f64)| (token, libm::exp((s - max) / how.temperature));
    let mut tokens: Vec<(usize, f64)> = scores.into_iter().enumerate().map(weight).collect();

    // Only the filters by rank need an order, which is by weight and then by number.
    if how.top_k > 0 || how.top_p < 1.0 {
        tokens.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    }
    if how.top_k > 0 {
        tokens.truncate(how.top_k);
    }
    if how.top_p < 1.0 {
        let need = how.top_p * tokens.iter().map(|t| t.1).sum::<f64>();
        let mut sum = 0.0;
        let reached = tokens.iter().position(|t| {
            sum += t.1;
            sum >= need
        });
        tokens.truncate(reached.map_or(tokens.len(), |at| at + 1));
    }
    tokens.retain(|t| t.1 >= how.min_p); // the best weight is 1

    let total: f64 = tokens.iter().map(|t| t.1).sum();
    let goal = rng.uniform() * total;
    let mut sum = 0.0;
    for &(token, weight) in &tokens {
        sum += weight;
        if sum > goal {
            return Ok(token as u32);
        }
    }
    Ok(best as u32) // rounding of the sum left nothing: u was almost 1
}

/// The scores after the penalty.
fn penalized(logits: &[f32], previous: &[u32], penalty: f64) -> Result<Vec<f64>> {
    if let Some(at) = logits.iter().position(|x| x.is_nan() || *x == f32::INFINITY) {
        let got = format!("{} at token {at}", logits[at]);
        return Err(Error::argument(
            "sample",
            "logits",
            got,
            "finite, or -inf for tokens that must not come",
        ));
    }
    if !logits.iter().any(|x| x.is_finite()) {
        let got = format!("without a finite score among {}", logits.len());
        return Err(Error::argument("sample", "logits", got, "finite for at least one token"));
    }
    let mut scores: Vec<f64> = logits.iter().map(|&x| f64::from(x)).collect();
    let mut seen = vec![false; scores.len()];
    for (position, &token) in previous.iter().enumerate() {
        let Some(score) = scores.get_mut(token as usize) else {
            let (index, size) = (i64::from(token), logits.len());
            return Err(Error::IndexOutOfRange { op: "sample", index, size, position });
        };
        if !core::mem::replace(&mut seen[token as usize], true) {
            *score = if *score > 0.0 { *score / penalty } else { *score * penalty };
        }
    }
    Ok(scores)
}

#[cfg(test)]
mod tests {
    use super::*;

    const N: usize = 40_000;

    fn draws(logits: &[f32], previous: &[u32], how: &Sampling) -> Vec<f64> {
        let mut rng = Rng::seed(21);
        let mut counts = vec![0.0; logits.len()];
        for _ in 0..N {
            counts[sample_next(logits, previous, how, &mut rng).unwrap() as usize] += 1.0;
        }
        counts
    }

    /// Compares frequencies with probabilities by Pearson's χ² = Σ (observed − expected)²/expected.
    #[track_caller]
    fn check(counts: &[f64], weights: &[f64]) {
        let total: f64 = weights.iter().sum();
        let mut chi2 = 0.0;
        let mut freedom = -1.0;
        for (n, w) in counts.iter().zip(weights) {
            let expected = N as f64 * w / total;
            if expected > 0.0 {
                chi2 += (n - expected) * (n - expected) / expected;
                freedom += 1.0;
            } else {
                assert_eq!(*n, 0.0, "a removed token came");
            }
        }
        // χ² has mean f and variance 2f; five deviations are passed by chance far less than once in a thousand seeds.
        assert!(
            chi2 < freedom + 5.0 * (2.0_f64 * freedom).sqrt() + 1e-9,
            "χ² = {chi2} with {freedom} degrees of freedom"
        );
    }

    /// Scores that are logarithms of 8, 4, 2, 1, 1 give these as weights.
    fn scores() -> [f32; 5] {
        [1.0_f32, 4.0, 8.0, 2.0, 1.0].map(f32::ln)
    }

    #[test]
    fn frequencies_follow_the_probabilities() {
        check(&draws(&scores(), &[], &Sampling::default()), &[1.0, 4.0, 8.0, 2.0, 1.0]);
        let cold = Sampling { temperature: 0.5, ..Sampling::default() };
        check(&draws(&scores(), &[], &cold), &[1.0, 16.0, 64.0, 4.0, 1.0]);
        let hot = Sampling { temperature: 2.0, ..Sampling::default() };
        check(&draws(&scores(), &[], &hot), &[1.0, 2.0, 8.0_f64.sqrt(), 2.0_f64.sqrt(), 1.0]);
    }

    #[test]
    fn filters_remove_the_tail() {
        let with = |how: Sampling| draws(&scores(), &[], &how);
        let all = Sampling::default();
        check(&with(Sampling { top_k: 2, ..all }), &[0.0, 4.0, 8.0, 0.0, 0.0]);
        check(&with(Sampling { top_k: 4, ..all }), &[1.0, 4.0, 8.0, 2.0, 0.0]); // of the equal ones the first stays
        check(&with(Sampling { top_k: 99, ..all }), &[1.0, 4.0, 8.0, 2.0, 1.0]);
        check(&with(Sampling { top_p: 0.7, ..all }), &[0.0, 4.0, 8.0, 0.0, 0.0]); // 8/16 < 0.7 ≤ 12/16
        check(&with(Sampling { top_p: 0.8, ..all }), &[0.0, 4.0, 8.0, 2.0, 0.0]);
        check(&with(Sampling { top_p: 1e-9, ..all }), &[0.0, 0.0, 8.0, 0.0, 0.0]);
        check(&with(Sampling { min_p: 0.2, ..all }), &[0.0, 4.0, 8.0, 2.0, 0.0]);
        check(&with(Sampling { min_p: 1.0, ..all }), &[0.0, 0.0, 8.0, 0.0, 0.0]);
        // After the two best are kept, the best alone has 8/12 < 0.7.
        check(&with(Sampling { top_k: 2, top_p: 0.7, ..all }), &[0.0, 4.0, 8.0, 0.0, 0.0]);
        check(&with(Sampling { top_k: 2, top_p: 0.6, ..all }), &[0.0, 0.0, 8.0, 0.0, 0.0]);
    }

    #[test]
    fn greedy_takes_the_first_best() {
        let mut rng = Rng::seed(0);
        let mut greedy = |x: &[f32], previous: &[u32], repetition_penalty| {
            let how = Sampling { repetition_penalty, ..Sampling::GREEDY };
            sample_next(x, previous, &how, &mut rng).unwrap()
        };
        assert_eq!(greedy(&[0.5, 2.0, 2.0, -1.0], &[], 1.0), 1);
        assert_eq!(greedy(&[f32::NEG_INFINITY, -7.0], &[], 1.0), 1);
        // 2/3 is below 1; -1·3 is below -2; a token seen twice is lowered once.
        assert_eq!(greedy(&[1.0, 2.0], &[1, 1], 3.0), 0);
        assert_eq!(greedy(&[-2.0, -1.0], &[1], 3.0), 0);
        assert_eq!(greedy(&[1.0, 9.0], &[1, 1], 3.0), 1);
        assert_eq!(rng, Rng::seed(0)); // nothing was drawn
    }

    #[test]
    fn impossible_tokens_never_come() {
        let x = [0.0, f32::NEG_INFINITY, 0.0];
        let penalty = Sampling { repetition_penalty: 2.0, ..Sampling::default() };
        check(&draws(&x, &[1], &penalty), &[1.0, 0.0, 1.0]);
        // Scores that would overflow as plain exponentials.
        check(&draws(&[3e38, 3e38, -3e38], &[], &Sampling::default()), &[1.0, 1.0, 0.0]);
    }

    #[test]
    fn misuse_is_named() {
        let mut rng = Rng::seed(0);
        let all = Sampling::default();
        for how in [
            Sampling { temperature: -1.0, ..all },
            Sampling { temperature: f64::NAN, ..all },
            Sampling { temperature: f64::INFINITY, ..all },
            Sampling { top_p: 0.0, ..all },
            Sampling { top_p: 1.1, ..all },
            Sampling { min_p: -0.1, ..all },
            Sampling { repetition_penalty: 0.0, ..all },
        ] {
            let error = sample_next(&[1.0], &[], &how, &mut rng).unwrap_err();
            assert!(matches!(error, Error::InvalidArgument { op: "sample", .. }), "{error}");
        }
        for x in [&[][..], &[f32::NAN, 1.0], &[f32::INFINITY], &[f32::NEG_INFINITY; 3]] {
            let error = sample_next(x, &[], &all, &mut rng).unwrap_err();
            assert!(matches!(error, Error::InvalidArgument { name: "logits", .. }), "{error}");
        }
        let error = sample_next(&[1.0, 2.0], &[0, 2], &all, &mut rng).unwrap_err();
        assert!(
            matches!(error, Error::IndexOutOfRange { index: 2, size: 2, position: 1, .. }),
            "{error}"
        );
    }
}
