//! Operations that reduce each row and return to it.

use super::{TORCH, ours, plain, with_peers};
use crate::case::{Case, NAIVE, Plan};
use crate::check::Check;
use crate::python;
use crate::subject::repeated;
use crate::values::{sample, uniform};

/// Range of the inputs of softmax.
pub(super) const SOFTMAX_SCALE: f32 = 4.0;

pub(super) fn softmax(rows: usize, cols: usize) -> Plan {
    Plan::new(
        super::PACKAGE,
        "softmax",
        format!("softmax of the rows of {rows}x{cols}"),
        move |setup| {
            let x = uniform(1, rows * cols, SOFTMAX_SCALE);
            let bytes = 2 * rows * cols * size_of::<f32>();
            let case = Case::new(
                Check::against(sample(&plain::softmax(&x, cols)), 1e-5),
                ours::softmax(rows, cols)?,
            )
            .work((rows * cols) as f64, bytes as f64)
            .goal(TORCH, 1.0)
            .with_some(TORCH, python::subject(setup.torch.as_ref(), "softmax", &[rows, cols]));
            let case = with_peers!(case, softmax(rows, cols));
            Ok(case.with(NAIVE, repeated(move || Ok(plain::softmax(&x, cols)), |y| Ok(sample(&y)))))
        },
    )
}

pub(super) fn layer_norm(rows: usize, cols: usize) -> Plan {
    let what = format!("layer norm of {rows}x{cols}, weighted sum, and the three gradients");
    Plan::new(super::PACKAGE, "layer-norm", what, move |setup| {
        let n = rows * cols;
        let (x, g) = (uniform(1, n, 1.0), uniform(4, n, 1.0));
        let (weight, bias) = (uniform(2, cols, 1.0), uniform(3, cols, 1.0));
        let expected = plain::layer_norm_grads(&x, &weight, &bias, &g);
        // Column gradients sum thousands of terms of either sign in single precision.
        // Least traffic: x, g and dx once each.
        let case =
            Case::new(Check::against(expected.sample(), 1e-4), ours::layer_norm(rows, cols)?)
                .work(n as f64, (3 * n * size_of::<f32>()) as f64)
                .goal(TORCH, 1.0)
                .with_some(
                    TORCH,
                    python::subject(setup.torch.as_ref(), "layer_norm", &[rows, cols]),
                );
        let case = with_peers!(case, layer_norm(rows, cols));
        let naive = repeated(
            move || Ok(plain::layer_norm_grads(&x, &weight, &bias, &g)),
            |grads| Ok(grads.sample()),
        );
        Ok(case.with(NAIVE, naive))
    })
}
