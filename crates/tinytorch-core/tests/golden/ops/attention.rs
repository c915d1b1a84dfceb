//! Attention and positions.

use tinytorch_core::{
    Result, Tensor,
    ops::attention::{Mask, RopeOpts, RopeStyle, sdpa},
};

use super::{Args, one};

pub(super) fn call(a: &Args<'_>) -> Option<Result<Vec<Tensor>>> {
    one(match a.op {
        "sdpa" => {
            let mask = match a.text("mask") {
                Some("bool") => Mask::Bool(a.input("mask")),
                Some("additive") => Mask::Additive(a.input("mask")),
                None if a.flag("is_causal") => Mask::Causal,
                None => Mask::None,
                Some(_) => return None,
            };
            sdpa(a.input("q"), a.input("k"), a.input("v"), mask, a.maybe_float("scale"))
        }
        "rope" => {
            let style = match a.text("style") {
                Some("interleaved") => RopeStyle::Interleaved,
                Some("half") => RopeStyle::Half,
                _ => return None,
            };
            a.input("x").rope(&RopeOpts { base: a.float("base"), style, offset: a.size("offset") })
        }
        "sinusoidal" => {
            Tensor::sinusoidal_table(a.size("max_len"), a.size("dim"), a.float("base"), a.dtype)
        }
        "mha" => multi_head(a),
        _ => return None,
    })
}

/// Projections, heads, attention, heads joined, projection.
fn multi_head(a: &Args<'_>) -> Result<Tensor> {
    let x = a.input("x");
    let &[b, t, d] = x.dims() else { panic!("x is [batch, sequence, width]") };
    let heads = a.size("num_heads");
    let project = |w: &str, bias: &str| -> Result<Tensor> {
        let y = x.linear(a.input(w), a.maybe(bias))?;
        y.reshape([b, t, heads, d / heads])?.transpose(1, 2) // [B, H, T, d/H]
    };
    let mask = if a.flag("causal") { Mask::Causal } else { Mask::None };
    let y = sdpa(&project("wq", "bq")?, &project("wk", "bk")?, &project("wv", "bv")?, mask, None)?;
    y.transpose(1, 2)?.reshape([b, t, d])?.linear(a.input("wo"), a.maybe("bo"))
}
