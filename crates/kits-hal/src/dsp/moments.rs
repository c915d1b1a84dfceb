//! Mean and central moments of a series: how large, how lopsided, how peaked.

/// Population moments of a series.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Moments {
    /// The mean.
    pub mean: f32,
    /// Mean of the squared distances to the mean.
    pub second: f32,
    /// Mean of their third powers.
    pub third: f32,
    /// Mean of their fourth powers.
    pub fourth: f32,
}

impl Moments {
    /// Computes the moments of `x`; all are 0 for an empty series.
    ///
    /// ```
    /// let m = kits_hal::dsp::Moments::of(&[1.0, 1.0, 1.0, 5.0]);
    /// assert_eq!((m.mean, m.second, m.third), (2.0, 3.0, 6.0));
    /// ```
    #[must_use]
    pub fn of(x: &[f32]) -> Self {
        let mean = mean_about(x);
        let power = |n: u32| {
            mean_of(x.iter().map(|x| {
                let d = x - mean;
                let square = d * d;
                match n {
                    2 => square,
                    3 => square * d,
                    _ => square * square,
                }
            }))
        };
        Self { mean, second: power(2), third: power(3), fourth: power(4) }
    }

    /// Returns the skewness `m3 / m2^1.5`; 0 for a constant series.
    #[must_use]
    pub fn skewness(&self) -> f32 {
        if self.second > 0.0 { self.third / (self.second * libm::sqrtf(self.second)) } else { 0.0 }
    }

    /// Returns the excess kurtosis `m4 / m2² − 3`, which is 0 for a bell curve; 0 for a constant series.
    #[must_use]
    pub fn kurtosis(&self) -> f32 {
        if self.second > 0.0 { self.fourth / (self.second * self.second) - 3.0 } else { 0.0 }
    }
}

/// Returns the mean of a series, measured from its first element: exactly that element if all are equal.
pub(super) fn mean_about(x: &[f32]) -> f32 {
    let first = x.first().copied().unwrap_or(0.0);
    first + mean_of(x.iter().map(|x| x - first))
}

/// Returns the mean of numbers, 0 if there are none.
pub(super) fn mean_of(numbers: impl Iterator<Item = f32>) -> f32 {
    let mut sum = Sum::default();
    let mut n = 0_u16;
    let mut blocks = 0.0_f32;
    for x in numbers {
        sum.add(x);
        n = n.wrapping_add(1);
        if n == 0 {
            blocks += 65_536.0;
        }
    }
    let n = blocks + f32::from(n);
    if n > 0.0 { sum.value() / n } else { 0.0 }
}

/// A sum that carries along what rounding has dropped (W. Kahan, *Comm. ACM* 8, 1965).
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    sum: f32,
    dropped: f32,
}

impl Sum {
    fn add(&mut self, x: f32) {
        let y = x - self.dropped;
        let sum = self.sum + y;
        self.dropped = (sum - self.sum) - y;
        self.sum = sum;
    }

    fn value(self) -> f32 {
        self.sum
    }
}
