//! The GPT in `tinytorch-core`, from its layers and operations.

use anyhow::Result;
use tinytorch_core::nn::{CrossEntropyLoss, Linear, Loss as _, Module as _, ModuleExt as _};
use tinytorch_core::ops::GeluKind;
use tinytorch_core::ops::attention::{Mask, sdpa};
use tinytorch_core::optim::{Adam, AdamOpts, Optimizer as _};
use tinytorch_core::{DType, Param, Tensor, no_grad};

use super::init::{Gpt, LEARNING_RATE, NORM_EPSILON, Weights};
use super::ours::{labels, linear, read};
use crate::subject::{Subject, repeated, trained};

/// Scale and shift.
struct Norm(Param, Param);

impl Norm {
    fn next(weights: &mut Weights, width: usize) -> Result<Self> {
        weights.skip(2);
        let (scale, shift) =
            (Tensor::ones([width], DType::F32)?, Tensor::zeros([width], DType::F32)?);
        Ok(Self(Param::new(scale)?, Param::new(shift)?))
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let (scale, shift) = (self.0.tensor(), self.1.tensor());
        Ok(x.layer_norm(scale.dims(), Some(&scale), Some(&shift), NORM_EPSILON)?)
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
    fn next(weights: &mut Weights, gpt: Gpt) -> Result<Self> {
        let d = gpt.width;
        Ok(Self {
            heads: gpt.heads,
            norm1: Norm::next(weights, d)?,
            qkv: linear(weights, d, 3 * d)?,
            out: linear(weights, d, d)?,
            norm2: Norm::next(weights, d)?,
            up: linear(weights, d, 4 * d)?,
            down: linear(weights, 4 * d, d)?,
        })
    }

    fn params(&self) -> Vec<Param> {
        let norms = [&self.norm1, &self.norm2]
            .into_iter()
            .flat_map(|norm| [norm.0.clone(), norm.1.clone()]);
        let layers = [&self.qkv, &self.out, &self.up, &self.down];
        norms.chain(layers.into_iter().flat_map(|layer| layer.parameters())).collect()
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let [b, t, d] = *x.dims() else { anyhow::bail!("hidden values of shape {}", x.shape()) };
        let parts = self.qkv.forward(&self.norm1.forward(x)?)?.chunk(3, -1)?;
        let split =
            |part: &Tensor| part.reshape([b, t, self.heads, d / self.heads])?.transpose(1, 2); // [B, H, T, D]
        let mixed =
            sdpa(&split(&parts[0])?, &split(&parts[1])?, &split(&parts[2])?, Mask::Causal, None)?;
        let x = x.add(&self.out.forward(&mixed.transpose(1, 2)?.reshape([b, t, d])?)?)?;
        let inner = self.up.forward(&self.norm2.forward(&x)?)?.gelu(GeluKind::Tanh)?;
        Ok(x.add(&self.down.forward(&inner)?)?)
    }
}

struct Model {
    tokens: Param,
    positions: Param,
    blocks: Vec<Block>,
    norm: Norm,
}

impl Model {
    fn next(weights: &mut Weights, gpt: Gpt) -> Result<Self> {
        let mut table = |rows: usize| -> Result<Param> {
            let shape = [rows, gpt.width];
            Ok(Param::new(Tensor::from_vec(weights.next(&shape), shape)?)?)
        };
        Ok(Self {
            tokens: table(gpt.vocab)?,
            positions: table(gpt.context)?,
            blocks: (0..gpt.layers).map(|_| Block::next(weights, gpt)).collect::<Result<_>>()?,
            norm: Norm::next(weights, gpt.width)?,
        })
    }

    fn params(&self) -> Vec<Param> {
        let blocks = self.blocks.iter().flat_map(Block::params);
        let ends = [&self.tokens, &self.positions, &self.norm.0, &self.norm.1];
        ends.into_iter().cloned().chain(blocks).collect()
    }

    /// The last hidden values, `[B, T, C]`.
    fn hidden(&self, ids: &Tensor) -> Result<Tensor> {
        let positions = self.positions.tensor().narrow(0, 0, ids.dims()[1])?;
        let mut x = self.tokens.tensor().embedding(ids, None)?.add(&positions)?;
        for block in &self.blocks {
            x = block.forward(&x)?;
        }
        self.norm.forward(&x)
    }

    /// Logits of the rows of `hidden`, `[B·T, V]`.
    fn logits(&self, hidden: &Tensor) -> Result<Tensor> {
        let [b, t, width] = *hidden.dims() else {
            anyhow::bail!("hidden values of shape {}", hidden.shape())
        };
        Ok(hidden.reshape([b * t, width])?.linear(&self.tokens.tensor(), None)?)
    }
}

fn ids(values: &[u32], shape: [usize; 2]) -> Result<Tensor> {
    Ok(labels(values)?.reshape(shape)?)
}

pub(super) fn gpt(gpt: Gpt, batch: usize) -> Result<Box<dyn Subject>> {
    let (x, y) = gpt.tokens(batch);
    let (x, y) = (ids(&x, [batch, gpt.context])?, labels(&y)?);
    let build = move || {
        let model = Model::next(&mut Weights::start(), gpt)?;
        let adam =
            Adam::new(model.params(), AdamOpts { lr: LEARNING_RATE, ..AdamOpts::default() })?;
        Ok((model, adam))
    };
    Ok(trained(build, move |(model, adam)| {
        adam.zero_grad();
        let loss = CrossEntropyLoss::new().loss(&model.logits(&model.hidden(&x)?)?, &y)?;
        loss.backward()?;
        adam.step()?;
        Ok(loss.item()?)
    }))
}

pub(super) fn decode(gpt: Gpt, length: usize) -> Result<Box<dyn Subject>> {
    let model = Model::next(&mut Weights::start(), gpt)?;
    let ids = ids(&gpt.prompt(length), [1, length])?;
    Ok(repeated(
        move || {
            no_grad(|| {
                let hidden = model.hidden(&ids)?;
                model.logits(&hidden.narrow(1, length - 1, 1)?)
            })
        },
        |logits| read(&logits),
    ))
}
