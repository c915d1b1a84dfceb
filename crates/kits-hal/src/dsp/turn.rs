//! Sine and cosine in `f32`, of angles given as parts of a full turn.
//!
//! A part `i / n` is brought into an eighth of a turn exactly, in integers; the rest is a short polynomial.
//! No double precision and no table: constructors use it, loops use tables.

use core::f32::consts::FRAC_PI_4;

/// Returns sine and cosine of `i / n` of a full turn, each within 2e-7; `(0, 1)` for `n = 0`.
#[expect(
    clippy::arithmetic_side_effects,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "u64 holds eight times a u32, n is not 0, and the rounding of the quotient is the error stated"
)]
pub(super) fn sin_cos(i: u32, n: u32) -> (f32, f32) {
    if n == 0 {
        return (0.0, 1.0);
    }
    let n = u64::from(n);
    let eighths = 8 * (u64::from(i) % n);
    let octant = (eighths / n) as u32;
    let rest = eighths % n;
    let rest = if octant & 1 == 1 { n - rest } else { rest };
    place(octant, rest as f32 / n as f32)
}

/// Returns sine and cosine of `turns` full turns, for `turns` from 0 to below 1/4.
pub(super) fn sin_cos_of(turns: f32) -> (f32, f32) {
    let eighths = 8.0 * turns;
    if eighths < 1.0 { place(0, eighths) } else { place(1, 2.0 - eighths) }
}

/// Turns sine and cosine of `part` eighths of a turn into those of the given octant.
fn place(octant: u32, part: f32) -> (f32, f32) {
    let x = part * FRAC_PI_4;
    let q = x * x;
    // Power series: the first term left out is below 2e-9 at π/4.
    let s = x + x * q * (-1.0 / 6.0 + q * (1.0 / 120.0 + q * (-1.0 / 5040.0 + q / 362_880.0)));
    let c = 1.0 + q * (-0.5 + q * (1.0 / 24.0 + q * (-1.0 / 720.0 + q * (1.0 / 40_320.0 - q / 3_628_800.0))));
    match octant {
        0 => (s, c),
        1 => (c, s),
        2 => (c, -s),
        3 => (s, -c),
        4 => (-s, -c),
        5 => (-c, -s),
        6 => (-c, s),
        _ => (-s, c),
    }
}

#[cfg(test)]
mod tests {
    use super::{sin_cos, sin_cos_of};

    #[test]
    fn every_part_of_a_turn_agrees_with_double_precision() {
        for n in [1, 7, 8, 480, 1023, 1024, u32::MAX] {
            for i in (0..n.min(5000)).chain([n - 1, n / 2, n / 4 * 3]) {
                let angle = core::f64::consts::TAU * f64::from(i) / f64::from(n);
                let (s, c) = sin_cos(i, n);
                assert!((f64::from(s) - libm::sin(angle)).abs() < 2e-7, "sin {i}/{n}");
                assert!((f64::from(c) - libm::cos(angle)).abs() < 2e-7, "cos {i}/{n}");
            }
        }
        for i in 0_u16..1000 {
            let turns = f32::from(i) / 4000.5;
            let (s, c) = sin_cos_of(turns);
            let angle = core::f64::consts::TAU * f64::from(turns);
            assert!((f64::from(s) - libm::sin(angle)).abs() < 2e-7, "sin {turns}");
            assert!((f64::from(c) - libm::cos(angle)).abs() < 2e-7, "cos {turns}");
        }
        assert_eq!(sin_cos(3, 0), (0.0, 1.0));
    }
}
