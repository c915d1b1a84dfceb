//! Student's t distribution.

use crate::{Error, Result};

const OP: &str = "t_quantile";

/// Returns the value below which a t-distributed number lies with probability `p`, with `freedom` degrees of freedom
/// (2.228 for p = 0.975 and 10 degrees).
///
/// The distribution function is the regularized incomplete beta function by Lentz's continued fraction, and is inverted by
/// bisection: 1e-12 relative, in some ten microseconds. Source: Press et al. (2007), Numerical Recipes, 3rd ed., 6.4 and 6.14.
///
/// # Errors
///
/// [`Error::InvalidArgument`] if `p` is not between 0 and 1, or `freedom` is not positive and finite.
pub fn t_quantile(p: f64, freedom: f64) -> Result<f64> {
    if !(p > 0.0 && p < 1.0) {
        return Err(Error::argument(OP, "p", p.to_string(), "between 0 and 1"));
    }
    if !(freedom > 0.0 && freedom.is_finite()) {
        return Err(Error::argument(OP, "freedom", freedom.to_string(), "positive and finite"));
    }
    if p == 0.5 {
        return Ok(0.0);
    }
    let tail = p.min(1.0 - p);
    // The tail probability falls with t: find a t that lies beyond, then halve.
    let (mut low, mut high) = (0.0_f64, 1.0_f64);
    while upper_tail(high, freedom) > tail && high < 1e300 {
        (low, high) = (high, high * 2.0);
    }
    for _ in 0..200 {
        let middle = low + (high - low) / 2.0;
        if middle <= low || middle >= high {
            break;
        }
        if upper_tail(middle, freedom) > tail {
            low = middle;
        } else {
            high = middle;
        }
    }
    let t = low + (high - low) / 2.0;
    Ok(if p < 0.5 { -t } else { t })
}

/// Probability of a value above `t` ≥ 0.
pub(super) fn upper_tail(t: f64, freedom: f64) -> f64 {
    0.5 * incomplete_beta(freedom / 2.0, 0.5, freedom / (freedom + t * t))
}

/// Regularized incomplete beta function I_x(a, b).
fn incomplete_beta(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    let front = (libm::lgamma(a + b) - libm::lgamma(a) - libm::lgamma(b)
        + a * libm::log(x)
        + b * libm::log1p(-x))
    .exp();
    // The fraction converges fast on this side of the mean only.
    if x < (a + 1.0) / (a + b + 2.0) {
        front * fraction(a, b, x) / a
    } else {
        1.0 - front * fraction(b, a, 1.0 - x) / b
    }
}

/// The continued fraction of the incomplete beta function, by Lentz's method.
fn fraction(a: f64, b: f64, x: f64) -> f64 {
    /// Stands for a denominator of 0.
    const TINY: f64 = 1e-300;
    let apart = |v: f64| if v.abs() < TINY { TINY } else { v };
    let mut c = 1.0;
    let mut d = 1.0 / apart(1.0 - (a + b) * x / (a + 1.0));
    let mut value = d;
    for m in 1..2000 {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / apart(1.0 + even * d);
        c = apart(1.0 + even / c);
        value *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / apart(1.0 + odd * d);
        c = apart(1.0 + odd / c);
        let change = d * c;
        value *= change;
        if (change - 1.0).abs() < 1e-15 {
            break;
        }
    }
    value
}
