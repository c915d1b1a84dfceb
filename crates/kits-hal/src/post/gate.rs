//! A cascade: a cheap detector decides whether the model runs.
//!
//! Most of the time nothing happens. Looking at the loudness of a window, or at how much an accelerometer shakes, costs
//! a thousandth of a model, and its counters say how often the model ran: the rate that the energy model of
//! [`board`](crate::board) asks for.

/// Something that sees cheaply whether a window is worth a closer look.
///
/// Implementers may keep state between windows; windows come in order.
pub trait Detector<T> {
    /// Returns whether something happens in the window.
    fn active(&mut self, window: &[T]) -> bool;
}

impl<T, D: Detector<T> + ?Sized> Detector<T> for &mut D {
    fn active(&mut self, window: &[T]) -> bool {
        D::active(self, window)
    }
}

/// Sound: the mean of the squared samples reaches a threshold.
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loudness {
    /// The least mean square; 107 000 is about −40 dB of full range.
    pub mean_square: u32,
}

impl Detector<i16> for Loudness {
    fn active(&mut self, window: &[i16]) -> bool {
        let square = |x: &i16| {
            let size = u32::from(x.unsigned_abs());
            u64::from(size.saturating_mul(size))
        };
        let sum = window.iter().map(square).fold(0, u64::saturating_add);
        let n = u64::try_from(window.len()).unwrap_or(u64::MAX);
        sum.checked_div(n).is_some_and(|mean| mean >= u64::from(self.mean_square))
    }
}

/// Motion: the spread of the axes around their means, summed over the axes, reaches a threshold.
///
/// A resting accelerometer shows gravity, which has no spread, in whatever position it rests.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Activity {
    /// The least variance, in squared units of the sensor.
    pub variance: f32,
}

impl<const AXES: usize> Detector<[f32; AXES]> for Activity {
    #[expect(clippy::cast_precision_loss, reason = "a window is far shorter than 2^24 samples")]
    fn active(&mut self, window: &[[f32; AXES]]) -> bool {
        if window.is_empty() {
            return false;
        }
        let n = window.len() as f32;
        let mut spread = 0.0;
        for axis in 0..AXES {
            let values = || window.iter().filter_map(move |sample| sample.get(axis));
            let mean = values().sum::<f32>() / n;
            spread += values().map(|x| (x - mean) * (x - mean)).sum::<f32>() / n;
        }
        spread >= self.variance
    }
}

/// A detector in front of a model, and how often it let a window through.
///
/// ```
/// use kits_hal::post::{Gate, Loudness};
///
/// let mut gate = Gate::new(Loudness { mean_square: 10_000 }, 1);
/// assert!(!gate.opens(&[50; 160]));
/// assert!(gate.opens(&[500; 160]));
/// assert!(gate.opens(&[50; 160])); // held open for one more window
/// assert!(!gate.opens(&[50; 160]));
/// assert_eq!((gate.opened(), gate.windows()), (2, 4));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gate<D> {
    detector: D,
    hold: u16,
    left: u16,
    windows: u32,
    opened: u32,
}

impl<D> Gate<D> {
    /// A closed gate that stays open for `hold` more windows after the last activity.
    #[must_use]
    pub const fn new(detector: D, hold: u16) -> Self {
        Self { detector, hold, left: 0, windows: 0, opened: 0 }
    }

    /// Returns whether the model should see this window.
    pub fn opens<T>(&mut self, window: &[T]) -> bool
    where
        D: Detector<T>,
    {
        let open = if self.detector.active(window) {
            self.left = self.hold;
            true
        } else {
            let held = self.left > 0;
            self.left = self.left.saturating_sub(1);
            held
        };
        self.windows = self.windows.saturating_add(1);
        self.opened = self.opened.saturating_add(u32::from(open));
        open
    }

    /// Returns the windows seen so far.
    #[must_use]
    pub const fn windows(&self) -> u32 {
        self.windows
    }

    /// Returns the windows let through.
    #[must_use]
    pub const fn opened(&self) -> u32 {
        self.opened
    }

    /// Returns the share of windows let through, from 0 to 1; 0 before the first.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a share needs no more than 24 bits")]
    pub fn rate(&self) -> f32 {
        if self.windows == 0 { 0.0 } else { self.opened as f32 / self.windows as f32 }
    }

    /// Starts the counters again and closes the gate.
    pub const fn reset(&mut self) {
        self.left = 0;
        self.windows = 0;
        self.opened = 0;
    }
}
