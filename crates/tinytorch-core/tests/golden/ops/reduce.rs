//! Reductions.

use tinytorch_core::{Result, Tensor};

use super::{Args, one, two};

pub(super) fn call(a: &Args<'_>) -> Option<Result<Vec<Tensor>>> {
    let x = a.maybe("x")?;
    let (axes, keepdim) = (|| a.axes(x.rank()), a.flag("keepdim"));
    one(match a.op {
        "sum" => x.sum(&axes(), keepdim),
        "mean" => x.mean(&axes(), keepdim),
        "var" => x.var(&axes(), a.size("correction"), keepdim),
        "std" => x.std(&axes(), a.size("correction"), keepdim),
        "amax" => x.amax(&axes(), keepdim),
        "amin" => x.amin(&axes(), keepdim),
        "logsumexp" => x.logsumexp(&axes(), keepdim),
        "norm" => x.norm(a.float("p"), &axes(), keepdim),
        "prod" => x.prod(a.int("dim"), keepdim),
        "cumsum" => x.cumsum(a.int("dim")),
        "argmax" => x.argmax(a.int("dim"), keepdim),
        "argmin" => x.argmin(a.int("dim"), keepdim),
        "max_dim" => return two(x.max_dim(a.int("dim"), keepdim)),
        _ => return None,
    })
}
