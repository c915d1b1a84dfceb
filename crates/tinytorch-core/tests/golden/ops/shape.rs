//! Rearranging.

use tinytorch_core::{Result, Tensor};

use super::{Args, one};

pub(super) fn call(a: &Args<'_>) -> Option<Result<Vec<Tensor>>> {
    match a.op {
        "cat" => return one(Tensor::cat(&a.all(), a.int("dim"))),
        "stack" => return one(Tensor::stack(&a.all(), a.int("dim"))),
        _ => {}
    }
    let x = a.maybe("x")?;
    one(match a.op {
        "chunk" => return Some(x.chunk(a.size("chunks"), a.int("dim"))),
        "split" if a.params["sizes"].is_array() => {
            return Some(x.split(&a.sizes("sizes"), a.int("dim")));
        }
        "split" => return Some(x.split_every(a.size("sizes"), a.int("dim"))),
        "expand" => x.expand(a.ints("shape")),
        "flatten" => x.flatten(a.int("start_dim"), a.int("end_dim")),
        "flip" => x.flip(&a.ints("dims")),
        "permute" => x.permute(&a.ints("dims")),
        "repeat" => x.repeat(&a.sizes("repeats")),
        "repeat_interleave" => x.repeat_interleave(a.size("repeats"), a.int("dim")),
        "reshape" => view_first(a, x)?.and_then(|x| x.reshape(a.ints("shape"))),
        "roll" => x.roll(a.int("shift"), a.int("dim")),
        "slice" => x.slice(a.int("dim"), a.int("start")..a.int("end"), a.size("step")),
        "squeeze" => x.squeeze(a.int("dim")),
        "transpose" => x.transpose(a.int("dim0"), a.int("dim1")),
        "unsqueeze" => x.unsqueeze(a.int("dim")),
        _ => return None,
    })
}

/// The view that `pre` names, such as `transpose(0,1)`, `permute(2,0,1)` or `x[:,::2]`.
fn view_first(a: &Args<'_>, x: &Tensor) -> Option<Result<Tensor>> {
    let Some(pre) = a.text("pre").filter(|p| !p.is_empty() && *p != "none") else {
        return Some(Ok(x.clone()));
    };
    let (name, rest) = pre.split_once('(')?;
    let numbers: Vec<isize> = rest
        .trim_end_matches(')')
        .split(',')
        .map(|n| n.trim().parse().ok())
        .collect::<Option<_>>()?;
    Some(match (name, numbers.as_slice()) {
        ("transpose", &[i, j]) => x.transpose(i, j),
        ("permute", order) => x.permute(order),
        ("narrow", &[axis, start, len]) => {
            x.narrow(axis, usize::try_from(start).ok()?, usize::try_from(len).ok()?)
        }
        _ => return None,
    })
}
