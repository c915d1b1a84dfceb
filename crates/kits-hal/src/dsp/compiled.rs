//! Sine, logarithm and exponential for tables that the compiler computes.
//!
//! They use double precision and are called in constants only, so none of this reaches a device.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "evaluated while compiling, where a mistake stops the build"
)]

use core::f64::consts::{LN_2, PI};

/// Returns sine and cosine of `i / n` of a full turn.
pub(super) const fn sin_cos(i: u32, n: u32) -> (f64, f64) {
    let eighths = 8 * (i % n);
    let octant = eighths / n;
    let rest = eighths % n;
    // Odd octants are measured from their far end, so that the angle is at most π/4.
    let rest = if octant % 2 == 1 { n - rest } else { rest };
    let x = rest as f64 / n as f64 * (PI / 4.0);
    let (s, c) = small(x);
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

/// Sine and cosine by their power series: at π/4 the next terms are below 1e-17.
const fn small(x: f64) -> (f64, f64) {
    let square = x * x;
    let (mut s, mut c) = (0.0, 0.0);
    let mut k = 16;
    while k > 0 {
        // Horner from the highest power: x^k / k! alternates between the two series.
        let odd = (2 * k + 1) as f64;
        let even = (2 * k) as f64;
        s = -(square / (odd * even)) * (1.0 + s);
        c = -(square / (even * (even - 1.0))) * (1.0 + c);
        k -= 1;
    }
    (x * (1.0 + s), 1.0 + c)
}

/// Returns the natural logarithm of a normal positive number.
pub(super) const fn ln(x: f64) -> f64 {
    let bits = x.to_bits();
    let exponent = (bits >> 52) as i64 - 1023;
    let m = f64::from_bits((bits & ((1 << 52) - 1)) | (1023 << 52)); // 1 ≤ m < 2
    // ln m = 2·artanh(t) with t = (m − 1)/(m + 1) below 1/3: 3^−41 is below 1e-19.
    let t = (m - 1.0) / (m + 1.0);
    let square = t * t;
    let mut sum = 0.0;
    let mut k = 20;
    while k > 0 {
        sum = square * (1.0 / (2 * k + 1) as f64 + sum);
        k -= 1;
    }
    exponent as f64 * LN_2 + 2.0 * t * (1.0 + sum)
}

/// Returns `e^x` for `x` from 0 to some hundreds.
pub(super) const fn exp(x: f64) -> f64 {
    let whole = (x / LN_2) as i64;
    let rest = x - whole as f64 * LN_2;
    let mut sum = 1.0;
    let mut k = 25;
    while k > 0 {
        sum = 1.0 + rest / k as f64 * sum;
        k -= 1;
    }
    sum * f64::from_bits((1023 + whole).cast_unsigned() << 52)
}

/// A quarter turn of the sine: `sin(2π·i/1024)` for `i` from 0 to 256.
pub(super) static SINE: [f32; 257] = {
    let mut table = [0.0; 257];
    let mut i = 0;
    while i < table.len() {
        table[i] = sin_cos(i as u32, 1024).0 as f32;
        i += 1;
    }
    table
};

/// The same in Q15: `floor(0.5 + 32767·sin(2π·i/1024))`.
pub(super) static SINE_Q15: [i16; 257] = {
    let mut table = [0; 257];
    let mut i = 0;
    while i < table.len() {
        table[i] = (0.5 + 32767.0 * sin_cos(i as u32, 1024).0) as i16;
        i += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::{exp, ln, sin_cos};

    #[test]
    fn series_agree_with_the_library() {
        for i in 0..1000_u32 {
            let turn = core::f64::consts::TAU * f64::from(i) / 997.0;
            let (s, c) = sin_cos(i, 997);
            // The library's argument is rounded: 2π·2^-53.
            assert!((s - libm::sin(turn)).abs() < 2e-15, "sin of {i}/997 of a turn");
            assert!((c - libm::cos(turn)).abs() < 2e-15, "cos of {i}/997 of a turn");
            let x = 1e-3 + 7.3 * f64::from(i);
            // A logarithm up to 9 and an exponential of up to 40 powers of two keep 14 digits.
            assert!((ln(x) - libm::log(x)).abs() < 1e-14 * 9.0, "ln {x}");
            let y = 0.03 * f64::from(i);
            assert!((exp(y) / libm::exp(y) - 1.0).abs() < 2e-14, "exp {y}");
        }
    }
}
