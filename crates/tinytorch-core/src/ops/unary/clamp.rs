//! Limiting elements to a range.

use super::{Keep, Pointwise, Unary};
use crate::{Error, Result, Tensor, tensor::Real};

/// Moves elements into `[lo, hi]`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clamp {
    lo: f64,
    hi: f64,
}

impl Pointwise for Clamp {
    const NAME: &'static str = "clamp";
    const KEEP: Keep = Keep::Input;

    #[inline(always)]
    fn value<T: Real>(self, x: T) -> T {
        let (lo, hi) = (T::lit(self.lo), T::lit(self.hi));
        if x < lo {
            lo
        } else if x > hi {
            hi
        } else {
            x
        }
    }

    #[inline(always)]
    fn slope<T: Real>(self, x: T) -> T {
        if x >= T::lit(self.lo) && x <= T::lit(self.hi) { T::ONE } else { T::ZERO }
    }

    fn slope_tensor(self, x: &Tensor) -> Result<Tensor> {
        let x = x.detach();
        let bound = |v| Tensor::full((), v, x.dtype());
        x.ge(&bound(self.lo)?)?.logical_and(&x.le(&bound(self.hi)?)?)?.to_dtype(x.dtype())
    }
}

impl Tensor {
    /// Moves elements below `min` up to `min` and elements above `max` down to `max`; `None` leaves a side open. NaN
    /// stays NaN. The gradient passes inside the range, its bounds included.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if a bound is NaN or `min > max`; [`Error::DTypeUnsupported`] unless the elements are
    /// floats.
    #[track_caller]
    pub fn clamp(&self, min: impl Into<Option<f64>>, max: impl Into<Option<f64>>) -> Result<Self> {
        let lo = min.into().unwrap_or(f64::NEG_INFINITY);
        let hi = max.into().unwrap_or(f64::INFINITY);
        if lo <= hi {
            return Self::apply(Unary(Clamp { lo, hi }), &[self]);
        }
        Err(Error::argument("clamp", "range", format!("{lo} to {hi}"), "a range with min <= max"))
    }
}
