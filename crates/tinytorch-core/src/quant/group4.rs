//! Four bits for each weight, in small groups with a scale of their own.
//!
//! Sixteen codes are too few for a whole tensor: one large weight would leave a single step to all others. Groups of 32 or so
//! weights keep the damage of such a weight to its neighbours, at the price of 20 more bits for each group.

use half::f16;

use crate::nostd::prelude::*;
use crate::{Error, Result};

const OP: &str = "Groups4";

/// Largest code.
const TOP: f64 = 15.0;

/// Weights in codes of four bits: `x = scale · (q − zero)` with `q` and `zero` in 0 ..= 15, and one scale and one zero for
/// each group of neighbours.
///
/// The range of a group is widened to contain 0, which is exact; the scale is the range over 15, as a 16-bit float rounded up.
/// So no weight is off by more than half of the scale of its group.
///
/// # Examples
///
/// ```
/// use tinytorch_core::quant::Groups4;
///
/// let w: Vec<f32> = (0..64).map(|i| i as f32 / 32.0 - 1.0).collect();
/// let packed = Groups4::new(&w, 32)?;
/// assert_eq!(packed.bytes(), 32 + 2 * 2 + 1); // codes, scales, zeros: 4.6 bits for each weight
/// for (w, back) in w.iter().zip(packed.values()) {
///     assert!((w - back).abs() <= 0.5 * packed.scale(0).max(packed.scale(1)));
/// }
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Groups4 {
    len: usize,
    group: usize,
    /// Two codes in a byte, the earlier one in the low half.
    codes: Vec<u8>,
    scales: Vec<f16>,
    /// Two zeros in a byte, as the codes.
    zeros: Vec<u8>,
}

/// Two numbers below 16 in each byte.
fn packed(halves: &[u8]) -> Vec<u8> {
    halves.chunks(2).map(|pair| pair[0] | pair.get(1).map_or(0, |high| high << 4)).collect()
}

/// Number `at` of some that were [`packed`].
fn half(bytes: &[u8], at: usize) -> u8 {
    bytes[at / 2] >> (4 * (at % 2)) & 15
}

/// Returns the smallest 16-bit float that is not below `scale` > 0, or infinity.
fn rounded_up(scale: f64) -> f16 {
    let near = f16::from_f64(scale);
    // Positive floats are ordered as their bits are.
    if f64::from(near) < scale { f16::from_bits(near.to_bits() + 1) } else { near }
}

impl Groups4 {
    /// Quantises `w` in groups of `group` neighbours, the last one shorter if they do not come out even.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if `group` is 0, if a weight is not finite, or if a group ranges so far that its scale does
    /// not fit a 16-bit float.
    pub fn new(w: &[f32], group: usize) -> Result<Self> {
        if group == 0 {
            return Err(Error::argument(OP, "group size", group, "at least 1"));
        }
        if let Some(i) = w.iter().position(|v| !v.is_finite()) {
            let got = format!("{} at position {i}", w[i]);
            return Err(Error::argument(OP, "weights", got, "finite everywhere"));
        }
        let (mut codes, mut scales, mut zeros) = (Vec::with_capacity(w.len()), vec![], vec![]);
        for (number, part) in w.chunks(group).enumerate() {
            let (lo, hi) = part.iter().fold((0.0_f64, 0.0_f64), |(lo, hi), &v| {
                (lo.min(f64::from(v)), hi.max(f64::from(v)))
            });
            let scale = if hi > lo { rounded_up((hi - lo) / TOP) } else { f16::ONE };
            if !scale.is_finite() {
                let got = format!("{lo} to {hi} in group {number}");
                return Err(Error::argument(OP, "range", got, "below 982560, 15 times 65504"));
            }
            let step = f64::from(scale);
            let zero = libm::rint(-lo / step).clamp(0.0, TOP);
            let code = |&v: &f32| (libm::rint(f64::from(v) / step) + zero).clamp(0.0, TOP) as u8;
            codes.extend(part.iter().map(code));
            scales.push(scale);
            zeros.push(zero as u8);
        }
        Ok(Self { len: w.len(), group, codes: packed(&codes), scales, zeros: packed(&zeros) })
    }

    /// Returns the number of weights.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Returns whether there are no weights.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns the weights in a group.
    #[must_use]
    pub fn group(&self) -> usize {
        self.group
    }

    /// Returns the bytes of codes, scales and zeros, all that is stored of the weights.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.codes.len() + size_of_val(&self.scales[..]) + self.zeros.len()
    }

    /// Returns the size of one step in a group.
    ///
    /// # Panics
    ///
    /// If there is no such group.
    #[must_use]
    pub fn scale(&self, group: usize) -> f32 {
        f32::from(self.scales[group])
    }

    /// Returns the real numbers that the codes stand for.
    #[must_use]
    pub fn values(&self) -> Vec<f32> {
        (0..self.len)
            .map(|at| {
                let group = at / self.group;
                let steps = i16::from(half(&self.codes, at)) - i16::from(half(&self.zeros, group));
                f32::from(steps) * f32::from(self.scales[group])
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rng;

    #[test]
    fn codes_by_hand() {
        // 0 ..= 15 in steps of 1; -5 ..= 10 with the zero at 5; a group of zeros; a short group of one weight.
        let w = [0.0, 15.0, 7.4, 7.6, -5.0, 10.0, 0.0, 0.4, 0.0, 0.0, 0.0, 0.0, -30.0];
        let q = Groups4::new(&w, 4).unwrap();
        assert_eq!((0..4).map(|g| q.scale(g)).collect::<Vec<_>>(), [1.0, 1.0, 1.0, 2.0]);
        assert_eq!(q.zeros, [0x50, 0xf0]);
        assert_eq!(q.codes, [0xf0, 0x87, 0xf0, 0x55, 0x00, 0x00, 0x00]);
        let back = [0., 15., 7., 8., -5., 10., 0., 0., 0., 0., 0., 0., -30.];
        assert_eq!(q.values(), back);
        assert_eq!((q.len(), q.group(), q.bytes()), (13, 4, 7 + 8 + 2));
    }

    /// The law of the type: half a step at most, zero exact, for every size of group and every remainder.
    #[test]
    fn no_weight_is_off_by_more_than_half_a_step() {
        let mut rng = Rng::seed(4);
        for round in 0..400 {
            let (n, group) = (rng.below(90), 1 + rng.below(40));
            let (size, shift) = (10.0_f64.powi(round % 9 - 4), 3.0 * rng.normal());
            let mut w: Vec<f32> = (0..n).map(|_| (size * (rng.normal() + shift)) as f32).collect();
            if n > 0 {
                w[n / 2] = 0.0;
            }
            let q = Groups4::new(&w, group).unwrap();
            assert_eq!(
                q.bytes(),
                n.div_ceil(2) + 2 * n.div_ceil(group) + n.div_ceil(group).div_ceil(2)
            );
            for (at, (w, back)) in w.iter().zip(q.values()).enumerate() {
                let half = f64::from(q.scale(at / group)) / 2.0;
                let error = (f64::from(*w) - f64::from(back)).abs();
                // The products of codes and scales are exact in f32: 5 and 11 bits.
                assert!(error <= half * (1.0 + 1e-12), "{w} {back}, half a step is {half}");
                assert!(*w != 0.0 || back == 0.0);
            }
        }
    }

    /// One large weight spoils its own group alone.
    #[test]
    fn an_outlier_stays_in_its_group() {
        let mut rng = Rng::seed(8);
        let mut w: Vec<f32> = (0..1_024).map(|_| rng.normal() as f32).collect();
        w[100] = 1_000.0;
        let error = |group: usize| {
            let back = Groups4::new(&w, group).unwrap().values();
            let squares = w.iter().zip(back).map(|(a, b)| f64::from(a - b).powi(2));
            squares.sum::<f64>() / 1_024.0
        };
        // As one group every weight but the outlier becomes 0, an error of 1; in groups 31 of 1 024 do.
        let (one, groups) = (error(1_024), error(32));
        assert!(one > 0.9 && groups < 0.1, "{one} {groups}");
    }

    #[test]
    fn bad_weights_are_refused() {
        assert!(Groups4::new(&[1.0], 0).is_err());
        let nan = Groups4::new(&[1.0, f32::NAN], 2).unwrap_err();
        assert!(nan.to_string().contains("position 1"), "{nan}");
        let far = Groups4::new(&[0.0, 0.0, 1e6], 2).unwrap_err();
        assert!(far.to_string().contains("group 1"), "{far}");
        assert!(Groups4::new(&[982_560.0], 1).is_ok());
        // The smallest 16-bit float still covers a smaller range.
        assert_eq!(Groups4::new(&[1e-20], 1).unwrap().values(), [0.0]);
        assert!(Groups4::new(&[], 3).unwrap().is_empty());
    }
}
