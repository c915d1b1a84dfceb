//! Products of square matrices.

use super::{TORCH, ours, plain, with_peers};
use crate::case::{Case, NAIVE, Plan};
use crate::check::Check;
use crate::python;
use crate::subject::repeated;
use crate::values::{positions, sample, uniform};

/// The largest product whose plain loops are timed too.
const PLAIN_UP_TO: usize = 512;

pub(super) fn plan(n: usize) -> Plan {
    Plan::new(
        super::PACKAGE,
        format!("gemm-{n}"),
        format!("product of two {n}x{n} matrices"),
        move |setup| {
            let (a, b) = (uniform(1, n * n, 1.0), uniform(2, n * n, 1.0));
            let expected = positions(n * n).map(|at| plain::entry(&a, &b, n, at)).collect();
            // Sums of n products below one: rounding stays below n·ε, far below this, and a wrong term far above.
            let case = Case::new(Check::against(expected, 1e-4), ours::gemm(n)?)
                .work(2.0 * (n * n * n) as f64, (3 * n * n * size_of::<f32>()) as f64)
                .with_some(TORCH, python::subject(setup.torch.as_ref(), "gemm", &[n]));
            let case = if n >= 256 { case.goal(TORCH, 1.1) } else { case };
            let case = with_peers!(case, gemm(n));
            let naive = repeated(move || Ok(plain::matmul(&a, &b, n)), |c| Ok(sample(&c)));
            Ok(if n <= PLAIN_UP_TO { case.with(NAIVE, naive) } else { case })
        },
    )
}
