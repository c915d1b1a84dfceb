//! Normalization.

use tinytorch_core::{Result, Tensor, ops::BatchNormOpts};

use super::{Args, one};

pub(super) fn call(a: &Args<'_>) -> Option<Result<Vec<Tensor>>> {
    let x = a.maybe("x")?;
    let (weight, bias) = (a.maybe("weight"), a.maybe("bias"));
    one(match a.op {
        "layer_norm" => x.layer_norm(&a.sizes("normalized_shape"), weight, bias, a.float("eps")),
        "rms_norm" => x.rms_norm(&a.sizes("normalized_shape"), weight, a.float("eps")),
        "group_norm" => x.group_norm(a.size("num_groups"), weight, bias, a.float("eps")),
        "batch_norm1d" | "batch_norm2d" => {
            let opts = BatchNormOpts {
                training: a.flag("training"),
                momentum: a.float("momentum"),
                eps: a.float("eps"),
            };
            let running = (a.input("running_mean"), a.input("running_var"));
            return Some(
                x.batch_norm((weight, bias), running, &opts)
                    .map(|(y, mean, var)| vec![y, mean, var]),
            );
        }
        _ => return None,
    })
}
