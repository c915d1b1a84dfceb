//! The GPT in candle, with the forms of softmax and layer norm that have gradients.

use anyhow::Result;
use candle_core::{D, Device, Tensor};
use candle_nn::{Linear, Module as _};

use super::candle::{Params, learn, read};
use super::init::{Gpt, NORM_EPSILON};
use crate::subject::{Subject, repeated, trained};

/// Scale and shift.
struct Norm(Tensor, Tensor);

impl Norm {
    fn next(params: &mut Params, width: usize) -> Result<Self> {
        let (scale, shift) = params.norm(width)?;
        Ok(Self(scale, shift))
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        Ok(candle_nn::ops::layer_norm_slow(x, &self.0, &self.1, NORM_EPSILON as f32)?)
    }
}

struct Block {
    heads: usize,
    norm1: Norm,
    qkv: Linear,
    out: Linear,
    norm2: Norm,
    up: Linear,
    down: Linear,
}

impl Block {
    fn next(params: &mut Params, gpt: Gpt) -> Result<Self> {
        let d = gpt.width;
        Ok(Self {
            heads: gpt.heads,
            norm1: Norm::next(params, d)?,
            qkv: params.linear(d, 3 * d)?,
            out: params.linear(d, d)?,
            norm2: Norm::next(params, d)?,
            up: params.linear(d, 4 * d)?,
            down: params.linear(4 * d, d)?,
        })
    }

    fn forward(&self, x: &Tensor, mask: &Tensor) -> Result<Tensor> {
        let (b, t, d) = x.dims3()?;
        let head_dim = d / self.heads;
        let qkv =
            self.qkv.forward(&self.norm1.forward(x)?)?.reshape((b, t, 3, self.heads, head_dim))?;
        let part = |i: usize| qkv.narrow(2, i, 1)?.squeeze(2)?.transpose(1, 2)?.contiguous();
        let (q, k, v) = (part(0)?, part(1)?, part(2)?); // [B, H, T, D]
        let scores =
            (q.matmul(&k.t()?)? * (head_dim as f64).sqrt().recip())?.broadcast_add(mask)?;
        let mixed = candle_nn::ops::softmax(&scores, D::Minus1)?.matmul(&v)?;
        let x = (x + self.out.forward(&mixed.transpose(1, 2)?.reshape((b, t, d))?)?)?;
        let inner = self.up.forward(&self.norm2.forward(&x)?)?.gelu()?;
        Ok((&x + self.down.forward(&inner)?)?)
    }
}

struct Model {
    tokens: Tensor,
    positions: Tensor,
    blocks: Vec<Block>,
    norm: Norm,
    mask: Tensor,
}

impl Model {
    fn next(params: &mut Params, gpt: Gpt) -> Result<Self> {
        let t = gpt.context;
        let mask =
            (0..t * t).map(|at| if at % t > at / t { f32::NEG_INFINITY } else { 0.0 }).collect();
        Ok(Self {
            tokens: params.next(&[gpt.vocab, gpt.width])?,
            positions: params.next(&[t, gpt.width])?,
            blocks: (0..gpt.layers).map(|_| Block::next(params, gpt)).collect::<Result<_>>()?,
            norm: Norm::next(params, gpt.width)?,
            mask: Tensor::from_vec(mask, (t, t), &Device::Cpu)?,
        })
    }

    /// The last hidden values, `[B, T, C]`.
    fn hidden(&self, ids: &Tensor) -> Result<Tensor> {
        let (b, t) = ids.dims2()?;
        let width = self.tokens.dim(1)?;
        let rows = self.tokens.index_select(&ids.flatten_all()?, 0)?.reshape((b, t, width))?;
        let mut x = rows.broadcast_add(&self.positions.narrow(0, 0, t)?)?;
        let mask = self.mask.narrow(0, 0, t)?.narrow(1, 0, t)?;
        for block in &self.blocks {
            x = block.forward(&x, &mask)?;
        }
        self.norm.forward(&x)
    }

    /// Logits of the rows of `hidden`, `[B·T, V]`.
    fn logits(&self, hidden: &Tensor) -> Result<Tensor> {
        let width = self.tokens.dim(1)?;
        Ok(hidden.reshape(((), width))?.matmul(&self.tokens.t()?)?)
    }
}

pub(super) fn gpt(gpt: Gpt, batch: usize) -> Result<Box<dyn Subject>> {
    let (x, y) = gpt.tokens(batch);
    let n = y.len();
    let (x, y) = (
        Tensor::from_vec(x, (batch, gpt.context), &Device::Cpu)?,
        Tensor::from_vec(y, n, &Device::Cpu)?,
    );
    let build = move || {
        let mut params = Params::new();
        let model = Model::next(&mut params, gpt)?;
        Ok((model, params.adam()?))
    };
    Ok(trained(build, move |(model, adam)| learn(adam, &model.logits(&model.hidden(&x)?)?, &y)))
}

pub(super) fn decode(gpt: Gpt, length: usize) -> Result<Box<dyn Subject>> {
    let model = Model::next(&mut Params::new(), gpt)?;
    let ids = Tensor::from_vec(gpt.prompt(length), (1, length), &Device::Cpu)?;
    Ok(repeated(
        move || {
            let hidden = model.hidden(&ids)?;
            model.logits(&hidden.narrow(1, length - 1, 1)?)
        },
        |logits| read(&logits),
    ))
}
