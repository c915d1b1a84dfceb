//! The best classes of a classifier, and whether the best is good enough.

use super::PostError;

/// A threshold of 0.6: below it the labs call a result uncertain.
pub const UNSURE: u16 = 154;

/// A class and its score from 0 to 256.
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ranked {
    /// Index of the class.
    pub class: u16,
    /// Score, of 256.
    pub score: u16,
}

/// What a classifier says.
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// The best class reaches the threshold.
    Class(Ranked),
    /// It does not.
    Uncertain(Ranked),
}

/// Returns the score of an `int8` softmax output, whose scale is 1/256 and zero point −128: from 0 to 255.
///
/// ```
/// assert_eq!(kits_hal::post::score(127), 255);
/// ```
#[must_use]
pub const fn score(q: i8) -> u16 {
    (q.cast_unsigned() ^ 0x80) as u16
}

/// Finds the best classes of a softmax output, best first, as many as `best` takes; returns how many there are.
///
/// Equal scores keep the order of their classes.
/// The output is not changed; it is read once.
///
/// ```
/// use kits_hal::post::{Ranked, top_k};
///
/// let mut best = [Ranked::default(); 2];
/// assert_eq!(top_k(&[-128, 40, -100, 60], &mut best), 2);
/// assert_eq!(best.map(|b| (b.class, b.score)), [(3, 188), (1, 168)]);
/// ```
pub fn top_k(scores: &[i8], best: &mut [Ranked]) -> usize {
    let mut n = 0_usize;
    for (class, q) in (0_u16..=u16::MAX).zip(scores) {
        let mut held = Ranked { class, score: score(*q) };
        let mut moving = false;
        for place in best.iter_mut().take(n) {
            // From its place on, everything moves up by one.
            moving |= held.score > place.score;
            if moving {
                core::mem::swap(place, &mut held);
            }
        }
        if let Some(place) = best.get_mut(n) {
            *place = held;
            n = n.saturating_add(1);
        }
    }
    n
}

/// Returns the best class if its score reaches `threshold` of 256, and says so if it does not.
///
/// # Errors
///
/// [`PostError::Length`] if there are no scores.
///
/// ```
/// use kits_hal::post::{UNSURE, Verdict, classify};
///
/// assert!(matches!(classify(&[-60, -10], UNSURE)?, Verdict::Uncertain(best) if best.class == 1));
/// # Ok::<(), kits_hal::post::PostError>(())
/// ```
pub fn classify(scores: &[i8], threshold: u16) -> Result<Verdict, PostError> {
    PostError::at_least(super::Slice::Scores, 1, scores.len())?;
    let mut best = [Ranked::default()];
    top_k(scores, &mut best);
    let [best] = best;
    Ok(if best.score >= threshold { Verdict::Class(best) } else { Verdict::Uncertain(best) })
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::vec::Vec;

    use super::{Ranked, classify, score, top_k};

    #[test]
    fn the_best_agree_with_sorting() {
        let mut state = 1_u32;
        for n in [0, 1, 2, 5, 40, 300] {
            let scores: Vec<i8> = (0..n)
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    state.to_le_bytes()[3].cast_signed() / 4 // so that some are equal
                })
                .collect();
            let mut sorted: Vec<(u16, u16)> = (0..).zip(scores.iter().map(|q| score(*q))).collect();
            sorted.sort_by_key(|&(_, s)| core::cmp::Reverse(s));
            for k in 0..7 {
                let mut best = std::vec![Ranked::default(); k];
                let found = top_k(&scores, &mut best);
                let pairs: Vec<_> = best[..found].iter().map(|b| (b.class, b.score)).collect();
                assert_eq!(pairs, sorted[..k.min(n)], "{k} of {n}");
            }
        }
        // Two equal classes, then a better one.
        let mut best = [Ranked::default(); 3];
        top_k(&[5, 5, 9], &mut best);
        assert_eq!(best.map(|b| b.class), [2, 0, 1]);
        assert!(classify(&[], 0).is_err());
    }
}
