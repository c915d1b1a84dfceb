//! Numbers that carry their derivatives (forward-mode dual numbers).
//!
//! A [`Dual`] is a value with its slopes along a few directions.
//! Arithmetic on it follows the rules of differentiation, so a formula written once over any [`Real`] gives, besides its
//! value, its exact derivatives, to rounding, with no step size to choose.

use core::ops::{Add, Div, Mul, Sub};

/// What a formula needs of a number.
pub trait Real:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self>
{
    /// A number that does not vary.
    fn constant(value: f64) -> Self;

    /// Its value.
    fn value(self) -> f64;
}

impl Real for f64 {
    fn constant(value: f64) -> Self {
        value
    }

    fn value(self) -> f64 {
        self
    }
}

/// A value and its slopes along `N` directions.
///
/// # Examples
///
/// ```
/// use mlsysim::dual::{Dual, Real};
///
/// // x²·y at x = 3, y = 2: 2·x·y along x and x² along y.
/// let (x, y) = (Dual::<2>::along(3.0, 0, 1.0), Dual::along(2.0, 1, 1.0));
/// let z = x * x * y;
/// assert_eq!((z.value(), z.slopes), (18.0, [12.0, 9.0]));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dual<const N: usize> {
    /// The value.
    pub value: f64,
    /// The slope along each direction.
    pub slopes: [f64; N],
}

impl<const N: usize> Dual<N> {
    /// A number that varies along one direction with a slope; along none if there is no such direction.
    #[must_use]
    pub fn along(value: f64, direction: usize, slope: f64) -> Self {
        let mut slopes = [0.0; N];
        if let Some(own) = slopes.get_mut(direction) {
            *own = slope;
        }
        Self { value, slopes }
    }

    /// An input whose slopes are taken to its own logarithm: results then carry `∂T/∂ln x`, and `∂ln T/∂ln x` after a
    /// division by their value.
    #[must_use]
    pub fn logarithmic(value: f64, direction: usize) -> Self {
        Self::along(value, direction, value)
    }

    fn with(self, other: Self, value: f64, slope: impl Fn(f64, f64) -> f64) -> Self {
        let mut slopes = self.slopes;
        for (own, theirs) in slopes.iter_mut().zip(other.slopes) {
            *own = slope(*own, theirs);
        }
        Self { value, slopes }
    }
}

impl<const N: usize> Real for Dual<N> {
    fn constant(value: f64) -> Self {
        Self { value, slopes: [0.0; N] }
    }

    fn value(self) -> f64 {
        self.value
    }
}

impl<const N: usize> Add for Dual<N> {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        self.with(other, self.value + other.value, |a, b| a + b)
    }
}

impl<const N: usize> Sub for Dual<N> {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self.with(other, self.value - other.value, |a, b| a - b)
    }
}

impl<const N: usize> Mul for Dual<N> {
    type Output = Self;

    #[expect(clippy::suspicious_arithmetic_impl, reason = "rule of differentiation")]
    fn mul(self, other: Self) -> Self {
        // (a·b)' = a'·b + a·b'
        self.with(other, self.value * other.value, |a, b| a * other.value + self.value * b)
    }
}

impl<const N: usize> Div for Dual<N> {
    type Output = Self;

    #[expect(clippy::suspicious_arithmetic_impl, reason = "rule of differentiation")]
    fn div(self, other: Self) -> Self {
        // (a/b)' = (a' − (a/b)·b') / b
        let quotient = self.value / other.value;
        self.with(other, quotient, |a, b| (a - quotient * b) / other.value)
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "slopes of what does not vary are exactly 0")]
mod tests {
    use super::*;

    /// `(x + 2)·x / (y − x)`, over any numbers.
    fn formula<T: Real>(x: T, y: T) -> T {
        (x + T::constant(2.0)) * x / (y - x)
    }

    #[test]
    fn slopes_by_hand_and_by_differences() {
        let (x, y) = (1.5, 4.0);
        let z = formula(Dual::<2>::along(x, 0, 1.0), Dual::along(y, 1, 1.0));
        assert_eq!(z.value.to_bits(), formula(x, y).to_bits());
        // n = x² + 2x, d = y − x: (n'·d + n) / d² and −n / d².
        let (n, d) = (x * x + 2.0 * x, y - x);
        assert!((z.slopes[0] - ((2.0 * x + 2.0) * d + n) / (d * d)).abs() < 1e-14);
        assert!((z.slopes[1] + n / (d * d)).abs() < 1e-14);
        // Central differences of step h err by h² and by rounding over h, 1e-10 and 1e-11 here.
        let h = 1e-5;
        let difference = (formula(x + h, y) - formula(x - h, y)) / (2.0 * h);
        assert!((z.slopes[0] - difference).abs() < 1e-8);
    }

    #[test]
    fn constants_do_not_vary() {
        let c = Dual::<3>::constant(7.0);
        assert_eq!((c * c / c + c - c).slopes, [0.0; 3]);
        assert_eq!(Dual::<1>::along(1.0, 5, 1.0).slopes, [0.0]);
    }
}
