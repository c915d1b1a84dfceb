//! Keywords in a stream of results: average, compare with a threshold, then be silent for a while.
//!
//! A word lasts longer than the step between two results, so one result proves little and several would report the
//! word several times.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "a sum of at most 255 scores of at most 65535 fits u32, and a count stays within the ring"
)]

use super::{PostError, Ranked, Slice};

/// When a keyword counts as said.
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SmootherConfig {
    /// The least mean score, of 256.
    pub threshold: u16,
    /// Milliseconds of silence after a report.
    pub suppression_ms: u32,
}

impl Default for SmootherConfig {
    /// A mean of 0.78 and silence for 1.5 s.
    fn default() -> Self {
        Self { threshold: 200, suppression_ms: 1500 }
    }
}

/// The last `LAST` results for `CLASSES` classes.
///
/// A class is reported when the ring is full, the class is the best one of every result in it, its mean score reaches
/// the threshold, and the last report is long enough ago.
///
/// ```
/// use kits_hal::post::{Smoother, SmootherConfig};
///
/// let mut smoother = Smoother::<3, 4>::new(SmootherConfig::default());
/// let yes = [10, 6, 230, 10];
/// assert_eq!(smoother.push(&yes, 0), None);
/// assert_eq!(smoother.push(&yes, 250), None);
/// assert_eq!(smoother.push(&yes, 500).map(|r| (r.class, r.score)), Some((2, 230)));
/// assert_eq!(smoother.push(&yes, 750), None); // the same word
/// ```
#[derive(Debug, Clone)]
pub struct Smoother<const LAST: usize, const CLASSES: usize> {
    config: SmootherConfig,
    ring: [[u16; CLASSES]; LAST],
    next: usize,
    filled: usize,
    /// Time of the last report.
    reported: Option<u32>,
}

impl<const LAST: usize, const CLASSES: usize> Smoother<LAST, CLASSES> {
    const SIZES: () = assert!(
        LAST >= 1 && LAST <= 255 && CLASSES >= 1 && CLASSES <= 65535,
        "from 1 to 255 results of 1 to 65535 classes"
    );

    /// A smoother that has heard nothing.
    #[must_use]
    pub const fn new(config: SmootherConfig) -> Self {
        const { Self::SIZES };
        Self { config, ring: [[0; CLASSES]; LAST], next: 0, filled: 0, reported: None }
    }

    /// Takes the scores of the next result, each of 256, and returns a keyword that has just been said, with its mean.
    ///
    /// `now_ms` may start anywhere and wrap.
    pub fn push(&mut self, scores: &[u16; CLASSES], now_ms: u32) -> Option<Ranked> {
        if let Some(slot) = self.ring.get_mut(self.next) {
            *slot = *scores;
        }
        self.next = (self.next + 1).checked_rem(LAST).unwrap_or(0);
        self.filled = (self.filled + 1).min(LAST);
        if let Some(at) = self.reported
            && now_ms.wrapping_sub(at) >= self.config.suppression_ms
        {
            self.reported = None;
        }
        if self.filled < LAST || self.reported.is_some() {
            return None;
        }
        let class = best(scores);
        if !self.ring.iter().all(|scores| best(scores) == class) {
            return None;
        }
        let of = |scores: &[u16; CLASSES]| scores.get(class).copied().map_or(0, u32::from);
        let sum: u32 = self.ring.iter().map(of).sum();
        let mean = sum.checked_div(u32::try_from(LAST).ok()?)?;
        if mean < self.config.threshold.into() {
            return None;
        }
        self.reported = Some(now_ms);
        Some(Ranked { class: u16::try_from(class).ok()?, score: u16::try_from(mean).ok()? })
    }

    /// Takes an `int8` softmax output instead of scores.
    ///
    /// # Errors
    ///
    /// [`PostError::Length`] if it does not have one element for each class.
    pub fn push_output(&mut self, output: &[i8], now_ms: u32) -> Result<Option<Ranked>, PostError> {
        PostError::exactly(Slice::Scores, CLASSES, output.len())?;
        let mut scores = [0; CLASSES];
        for (score, q) in scores.iter_mut().zip(output) {
            *score = super::score(*q);
        }
        Ok(self.push(&scores, now_ms))
    }

    /// Forgets all results and reports.
    pub const fn reset(&mut self) {
        *self = Self::new(self.config);
    }
}

/// Returns the first of the best classes.
fn best<const CLASSES: usize>(scores: &[u16; CLASSES]) -> usize {
    let mut best = (0, 0);
    for (class, &score) in scores.iter().enumerate() {
        if score > best.1 {
            best = (class, score);
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use super::{Smoother, SmootherConfig};

    const YES: [u16; 3] = [20, 220, 16];
    const NO: [u16; 3] = [20, 16, 220];

    #[test]
    fn a_word_is_reported_once_and_again_after_the_silence() {
        let mut s = Smoother::<3, 3>::new(SmootherConfig::default());
        let start = u32::MAX - 700; // the clock wraps within the test
        let reports: std::vec::Vec<u32> =
            (0..20).filter(|i| s.push(&YES, start.wrapping_add(i * 250)).is_some()).collect();
        // The third result fills the ring; then every 1500 ms.
        assert_eq!(reports, [2, 8, 14]);
    }

    #[test]
    fn a_mixed_ring_and_a_low_mean_report_nothing() {
        let mut s = Smoother::<3, 3>::new(SmootherConfig::default());
        for (i, scores) in (0..).zip([YES, YES, NO, YES, NO, NO]) {
            assert_eq!(s.push(&scores, i * 250), None, "{i}");
        }
        // Two full and one half: (220 + 220 + 150) / 3 = 196 is below 200.
        let mut s = Smoother::<3, 3>::new(SmootherConfig::default());
        assert!([YES, [50, 150, 56], YES].iter().all(|scores| s.push(scores, 0).is_none()));
        // (220 + 220 + 160) / 3 = 200 is not.
        s.reset();
        let found = [YES, [50, 160, 46], YES].map(|scores| s.push(&scores, 0));
        assert_eq!(found[2].map(|r| (r.class, r.score)), Some((1, 200)));
    }

    #[test]
    fn outputs_of_another_length_are_refused() {
        let mut s = Smoother::<1, 3>::new(SmootherConfig { threshold: 0, suppression_ms: 0 });
        assert!(s.push_output(&[0; 4], 0).is_err());
        assert_eq!(s.push_output(&[-128, 127, 3], 0).unwrap().map(|r| r.score), Some(255));
    }

    extern crate std;
}
