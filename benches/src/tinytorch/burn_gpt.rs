//! The GPT in burn.

use anyhow::Result;
use burn::module::{Module, Param};
use burn::nn::{LayerNorm, LayerNormConfig, Linear};
use burn::tensor::module::{attention, embedding};
use burn::tensor::ops::AttentionModuleOptions;
use burn::tensor::{Device, Int, Tensor, TensorData, activation};

use super::burn::{Training, from, labels, linear, read};
use super::init::{Gpt, NORM_EPSILON, Weights};
use crate::subject::{Subject, repeated, trained};

#[derive(Module, Debug)]
struct Block {
    heads: usize,
    norm1: LayerNorm,
    qkv: Linear,
    out: Linear,
    norm2: LayerNorm,
    up: Linear,
    down: Linear,
}

fn norm(weights: &mut Weights, width: usize, device: &Device) -> LayerNorm {
    weights.skip(2);
    LayerNormConfig::new(width).with_epsilon(NORM_EPSILON).init(device)
}

impl Block {
    fn next(weights: &mut Weights, gpt: Gpt, device: &Device) -> Self {
        let d = gpt.width;
        Self {
            heads: gpt.heads,
            norm1: norm(weights, d, device),
            qkv: linear(weights, d, 3 * d, device),
            out: linear(weights, d, d, device),
            norm2: norm(weights, d, device),
            up: linear(weights, d, 4 * d, device),
            down: linear(weights, 4 * d, d, device),
        }
    }

    fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let [b, t, d] = x.dims();
        let split =
            |part: Tensor<3>| part.reshape([b, t, self.heads, d / self.heads]).swap_dims(1, 2); // [B, H, T, D]
        let mut parts =
            self.qkv.forward(self.norm1.forward(x.clone())).chunk(3, 2).into_iter().map(split);
        let mut part = || parts.next().expect("chunk(3, …) gives three parts");
        let (q, k, v) = (part(), part(), part());
        let options =
            AttentionModuleOptions { is_causal: true, ..AttentionModuleOptions::default() };
        let mixed = attention(q, k, v, None, None, options).swap_dims(1, 2).reshape([b, t, d]);
        let x = x + self.out.forward(mixed);
        let inner = activation::gelu_approximate(self.up.forward(self.norm2.forward(x.clone())));
        x + self.down.forward(inner)
    }
}

#[derive(Module, Debug)]
struct Model {
    tokens: Param<Tensor<2>>,
    positions: Param<Tensor<2>>,
    blocks: Vec<Block>,
    norm: LayerNorm,
}

impl Model {
    fn next(weights: &mut Weights, gpt: Gpt, device: &Device) -> Self {
        let mut table = |rows: usize| {
            let shape = [rows, gpt.width];
            Param::from_tensor(from(weights.next(&shape), shape, device))
        };
        Self {
            tokens: table(gpt.vocab),
            positions: table(gpt.context),
            blocks: (0..gpt.layers).map(|_| Block::next(weights, gpt, device)).collect(),
            norm: norm(weights, gpt.width, device),
        }
    }

    /// The last hidden values, `[B, T, C]`.
    fn hidden(&self, ids: Tensor<2, Int>) -> Tensor<3> {
        let [_, t] = ids.dims();
        let positions: Tensor<3> = self.positions.val().slice([0..t]).unsqueeze();
        let mut x = embedding(self.tokens.val(), ids) + positions;
        for block in &self.blocks {
            x = block.forward(x);
        }
        self.norm.forward(x)
    }

    /// Logits of the rows of `hidden`, `[B·T, V]`.
    fn logits(&self, hidden: Tensor<3>) -> Tensor<2> {
        let [b, t, width] = hidden.dims();
        hidden.reshape([b * t, width]).matmul(self.tokens.val().transpose())
    }
}

fn ids(values: Vec<u32>, shape: [usize; 2], device: &Device) -> Tensor<2, Int> {
    let values: Vec<i32> = values.into_iter().map(u32::cast_signed).collect();
    Tensor::from_data(TensorData::new(values, shape), device)
}

pub(super) fn gpt(gpt: Gpt, batch: usize) -> Result<Box<dyn Subject>> {
    let device = Device::flex().autodiff();
    let (x, y) = gpt.tokens(batch);
    let x = ids(x, [batch, gpt.context], &device);
    let y = labels(&y, &device);
    let on = device.clone();
    let build = move || {
        let mut weights = Weights::start();
        Ok(Training::new(Model::next(&mut weights, gpt, &on)))
    };
    Ok(trained(build, move |training| {
        training.step(|model| model.logits(model.hidden(x.clone())), y.clone(), &device)
    }))
}

pub(super) fn decode(gpt: Gpt, length: usize) -> Result<Box<dyn Subject>> {
    let device = Device::flex();
    let model = Model::next(&mut Weights::start(), gpt, &device);
    let ids = ids(gpt.prompt(length), [1, length], &device);
    Ok(repeated(
        move || {
            let hidden = model.hidden(ids.clone());
            Ok(model.logits(hidden.slice([0..1, length - 1..length])))
        },
        read,
    ))
}
