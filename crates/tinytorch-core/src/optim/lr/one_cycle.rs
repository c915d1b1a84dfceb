//! One large wave.

use super::{Schedule, at_least_one, positive};
use crate::{Error, Result};

/// Shape of a [`OneCycle`]; the default is that of PyTorch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OneCycleOpts {
    /// Share of the steps that go up: 0.3.
    pub rise: f64,
    /// The first step size is the largest one divided by this: 25.
    pub div: f64,
    /// The last step size is the first one divided by this: 10,000.
    pub final_div: f64,
}

impl Default for OneCycleOpts {
    fn default() -> Self {
        Self { rise: 0.3, div: 25.0, final_div: 1e4 }
    }
}

/// Half a wave up from `max/div` to `max`, then half a wave down to `max/(div·final_div)`, reached at the last step.
///
/// The top is at step rise·total − 1, which need not be whole.
///
/// # Source
///
/// Smith & Topin (2019), "Super-convergence: very fast training of neural networks using large learning rates".
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OneCycle {
    max: f64,
    total: usize,
    options: OneCycleOpts,
}

impl OneCycle {
    /// Returns the wave over `total` steps.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] unless `max` is positive, `total` at least 1, `rise` from 0 to 1, and both divisors at least 1.
    pub fn new(max: f64, total: usize, options: OneCycleOpts) -> Result<Self> {
        if !(0.0..=1.0).contains(&options.rise) {
            return Err(Error::argument("schedule", "rise", options.rise, "from 0 to 1"));
        }
        for (name, div) in [("div", options.div), ("final_div", options.final_div)] {
            if !(div >= 1.0 && div.is_finite()) {
                return Err(Error::argument("schedule", name, div, "at least 1, and finite"));
            }
        }
        Ok(Self { max: positive("max", max)?, total: at_least_one("total", total)?, options })
    }
}

impl Schedule for OneCycle {
    fn lr(&self, t: usize) -> f64 {
        let OneCycleOpts { rise, div, final_div } = self.options;
        let (first, last) = (self.max / div, self.max / div / final_div);
        let (top, end) = (rise * self.total as f64 - 1.0, (self.total - 1) as f64);
        let t = t as f64;
        if t < top {
            wave(first, self.max, t / top)
        } else if t < end {
            wave(self.max, last, (t - top) / (end - top))
        } else {
            last
        }
    }
}

/// Half a wave between two values; `share` runs from 0 to 1.
fn wave(from: f64, to: f64, share: f64) -> f64 {
    to + (from - to) * (1.0 + libm::cos(core::f64::consts::PI * share.max(0.0))) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Eleven steps with the top at 3 and the end at 10: thirds of the way up, and cos(π/7·k) on the way down.
    #[test]
    fn values_by_hand() {
        let options = OneCycleOpts { rise: 4.0 / 11.0, div: 4.0, final_div: 2.0 };
        let s = OneCycle::new(0.8, 11, options).unwrap();
        let expected =
            [(0, 0.2), (1, 0.35), (2, 0.65), (3, 0.8), (10, 0.1), (11, 0.1), (usize::MAX, 0.1)];
        for (t, e) in expected {
            assert!((s.lr(t) - e).abs() < 1e-15, "at {t}: {}", s.lr(t));
        }
        // The wave down is symmetric about its middle.
        for k in 0..=7 {
            assert!((s.lr(3 + k) + s.lr(10 - k) - 0.9).abs() < 1e-15);
        }
    }

    /// Without a way up the first step is on the way down already: its top would be at step -1.
    #[test]
    fn no_rise() {
        let s =
            OneCycle::new(1.0, 3, OneCycleOpts { rise: 0.0, div: 2.0, final_div: 5.0 }).unwrap();
        assert!((s.lr(0) - (0.1 + 0.9 * 0.75)).abs() < 1e-15); // a third of the way: cos(π/3) = ½
        assert!((s.lr(2) - 0.1).abs() < 1e-15);
        let all =
            OneCycle::new(1.0, 4, OneCycleOpts { rise: 1.0, div: 2.0, final_div: 5.0 }).unwrap();
        assert!((all.lr(0) - 0.5).abs() < 1e-15 && all.lr(2) < 1.0);
    }

    #[test]
    fn misuse_is_named() {
        let with = |rise, div, final_div| {
            OneCycle::new(0.1, 5, OneCycleOpts { rise, div, final_div }).err()
        };
        let default = OneCycleOpts::default();
        let bad = [
            with(1.5, 25.0, 1e4),
            with(f64::NAN, 25.0, 1e4),
            with(0.3, 0.5, 1e4),
            with(0.3, 25.0, f64::INFINITY),
            OneCycle::new(-0.1, 5, default).err(),
            OneCycle::new(0.1, 0, default).err(),
        ];
        assert!(
            bad.iter().all(|e| matches!(e, Some(Error::InvalidArgument { op: "schedule", .. }))),
            "{bad:?}"
        );
    }
}
