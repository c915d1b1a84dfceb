//! Products of square matrices of bytes, beside the same product in `f32`.

use super::ours;
use crate::case::{Case, Plan};
use crate::check::Check;
use crate::values::{positions, whole};

/// The crate's own product of the same numbers as floats.
const FLOAT: &str = "f32";

/// Codes from −128 to 127.
pub(super) fn codes(stream: u64, n: usize) -> Vec<i8> {
    whole(stream, n, 256).into_iter().map(|v| (i64::from(v) - 128) as i8).collect()
}

pub(super) fn plan(n: usize) -> Plan {
    Plan::new(
        super::PACKAGE,
        format!("int8-{n}"),
        format!("product of two {n}x{n} matrices of bytes, the second one packed before"),
        move |_setup| {
            let (a, w) = (codes(1, n * n), codes(2, n * n));
            let entry = |at: usize| {
                let (a, w) = (&a[at / n * n..][..n], &w[at % n * n..][..n]);
                a.iter().zip(w).map(|(a, w)| i32::from(*a) * i32::from(*w)).sum::<i32>() as f32
            };
            let expected = positions(n * n).map(entry).collect();
            // Whole numbers below 2²⁴ are exact as floats: the two sides must agree to the last digit.
            Ok(Case::new(Check::against(expected, 0.0), ours::int8(&a, &w, n)?)
                .work(2.0 * (n * n * n) as f64, (2 * n * n + 4 * n * n) as f64)
                .with(FLOAT, ours::int8_as_float(&a, &w, n)?)
                .goal(FLOAT, 0.5))
        },
    )
}
