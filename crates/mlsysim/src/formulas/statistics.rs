//! Numbers of probability that have no closed form in elementary functions.

use super::formulas;
use core::f64::consts::{E, PI, SQRT_2};

/// `ln(1−u) + u`, accurate where both terms nearly cancel; `u` from 0 to below 1.
pub(crate) fn log1p_plus(u: f64) -> f64 {
    if u > 0.25 {
        return libm::log1p(-u) + u;
    }
    // −u²/2 − u³/3 − …; 0.25^30 is far below the last bit.
    let (mut power, mut sum) = (u, 0.0);
    for k in 2_u32..=30 {
        power *= u;
        sum -= power / f64::from(k);
    }
    sum
}

/// Probability that a standard normal is at most `x`.
fn normal(x: f64) -> f64 {
    0.5 * libm::erfc(-x / SQRT_2)
}

formulas! { statistics;
    /// Returns the mean of the greatest of `n` independent standard normals.
    ///
    /// `∫ x·n·φ(x)·Φ(x)^(n−1) dx`, summed at even steps outwards from the peak, which is exact to rounding for so smooth
    /// an integrand.
    /// Times the standard deviation it is what the slowest of `n` workers takes beyond the mean.
    source "David & Nagaraja (2003), Order statistics, section 3.1";
    /// // Two: 1/√π.
    /// assert!((statistics::expected_max_normal(2.0)? - 0.5641895835477563).abs() < 1e-14);
    fn expected_max_normal(n: f64, COUNT) -> f64, NOT_NEGATIVE {
        // One normal has mean 0 exactly; rounding must not make it negative.
        if n <= 1.0 {
            return 0.0;
        }
        // The greatest of many spreads as 1/√(2·ln n) around √(2·ln n); this step keeps the sum exact to rounding.
        let log_n = libm::log(n);
        let step = 0.2 / libm::sqrt(1.0 + log_n);
        let density = |x: f64| {
            let log_below = if x > 0.0 { libm::log1p(-normal(-x)) } else { libm::log(normal(x)) };
            libm::exp(log_n + (n - 1.0) * log_below - 0.5 * x * x)
        };
        let start = libm::round(libm::sqrt(2.0 * log_n) / step);
        let (mut sum, mut most) = (0.0, 0.0_f64);
        for direction in [1.0, -1.0] {
            let mut place = if direction > 0.0 { start } else { start - 1.0 };
            loop {
                let x = place * step;
                let weight = density(x);
                sum += x * weight;
                most = most.max(weight);
                // It falls on both sides of its only peak; what is left lies below the rounding of the sum.
                if weight.is_nan() || weight <= 1e-18 * most {
                    break;
                }
                place += direction;
            }
        }
        sum * step / libm::sqrt(2.0 * PI)
    }

    /// Returns the principal branch of Lambert's function: the `w ≥ −1` with `w·e^w = x`.
    ///
    /// The argument is given as `x + 1/e`, because near the branch point only that difference carries digits.
    source "Corless et al. (1996), On the Lambert W function, Advances in Computational Mathematics 5";
    /// // W(0) = 0 and W(e) = 1.
    /// let at = |x: f64| statistics::lambert_w(x + (-1.0_f64).exp());
    /// assert!(at(0.0)?.abs() < 1e-15 && (at(1.0_f64.exp())? - 1.0).abs() < 1e-15);
    fn lambert_w(above_branch: f64, NOT_NEGATIVE) -> f64, ANY {
        let x = above_branch - 1.0 / E;
        if above_branch < 1e-4 {
            // Around the branch point a series in p = √(2·(e·x + 1)); p stays below 0.024.
            let p = libm::sqrt(2.0 * E * above_branch);
            let terms = [
                -1.0, 1.0, -1.0 / 3.0, 11.0 / 72.0, -43.0 / 540.0, 769.0 / 17_280.0,
                -221.0 / 8_505.0, 680_863.0 / 43_545_600.0, -1_963.0 / 204_120.0,
            ];
            return terms.iter().rev().fold(0.0, |sum, term| sum * p + term);
        }
        let mut w = if x < 1.0 {
            -1.0 + libm::sqrt(2.0 * E * above_branch).min(1.5)
        } else {
            let log = libm::log(x);
            log - libm::log(1.0 + log) * 0.9
        };
        // Halley's steps in logarithmic form for large x would overflow e^w otherwise.
        for _ in 0..40 {
            let next = if x > 100.0 {
                // Newton on w + ln w = ln x.
                w - (w + libm::log(w) - libm::log(x)) * w / (w + 1.0)
            } else {
                let e = libm::exp(w);
                let f = w * e - x;
                w - f / (e * (w + 1.0) - (w + 2.0) * f / (2.0 * w + 2.0))
            };
            let done = (next - w).abs() <= 1e-16 * next.abs();
            w = next;
            if done {
                break;
            }
        }
        w.max(-1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_cases_of_the_greatest_normal() {
        // David & Nagaraja, table of exact values: 1/√π, 3/(2√π), and 6/π^(3/2) × atan √2 for four.
        let root = libm::sqrt(PI);
        let four = 6.0 / (PI * root) * libm::atan(SQRT_2);
        for (n, expected) in [(1.0, 0.0), (2.0, 1.0 / root), (3.0, 1.5 / root), (4.0, four)] {
            let got = expected_max_normal(n).unwrap();
            // Some hundred roundings of terms near 1.
            assert!((got - expected).abs() < 1e-13, "{n}: {got} {expected}");
        }
        // Bounded by √(2·ln n), and near it for very many.
        let many = expected_max_normal(9e15).unwrap();
        let bound = libm::sqrt(2.0 * libm::log(9e15));
        assert!(many < bound && many > 0.9 * bound, "{many}");
    }

    #[test]
    fn steps_as_wide_as_the_peak_lose_nothing() {
        // The same integral over a fixed range at a step that is fine for every n.
        let fixed = |n: f64| {
            let sum = (-288_i32..=448).map(|i| {
                let x = f64::from(i) / 32.0;
                let below = if x > 0.0 { libm::log1p(-normal(-x)) } else { libm::log(normal(x)) };
                x * libm::exp(libm::log(n) + (n - 1.0) * below - 0.5 * x * x)
            });
            sum.sum::<f64>() / 32.0 / libm::sqrt(2.0 * PI)
        };
        let counts = [2.0, 3.0, 5.0, 8.0, 64.0, 1000.0, 4096.0, 1e5, 1e6, 1e9, 1e12, 9e15];
        for n in counts {
            let (fast, slow) = (expected_max_normal(n).unwrap(), fixed(n));
            // Both sum some hundred terms; 1e-12 is what the wall promises.
            assert!((fast / slow - 1.0).abs() < 1e-12, "{n}: {fast} against {slow}");
        }
    }

    #[test]
    fn lambert_inverts_its_definition() {
        for w in [-0.999_f64, -0.95, -0.9, -0.5, -0.1, 1e-8, 0.5, 1.0, 4.0, 5.0, 50.0, 600.0] {
            let x = w * libm::exp(w);
            let got = lambert_w(x + 1.0 / E).unwrap();
            // w·e^w is flat at −1, so an error of x grows by 1/(1+w).
            let tolerance = 1e-15 * w.abs().max(1.0) / (1.0 + w).min(1.0);
            assert!((got - w).abs() < tolerance, "{w}: {got}");
        }
        assert_eq!(lambert_w(0.0), Ok(-1.0));
        assert!(
            lambert_w(1e300).is_ok_and(|w| (w + libm::log(w) - libm::log(1e300)).abs() < 1e-12)
        );
    }

    #[test]
    fn cancelling_logarithm() {
        // At 0.25 the series and the plain form agree to the rounding of terms near 0.25.
        let plain = |u: f64| libm::log1p(-u) + u;
        assert!((log1p_plus(0.25) - plain(0.25)).abs() < 1e-16);
        // −u²/2 leads for small u.
        assert!((log1p_plus(1e-9) / -5e-19 - 1.0).abs() < 1e-9);
    }
}
