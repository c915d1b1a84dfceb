//! The work in `tinytorch-core`, through its public interface.

use anyhow::Result;
use tinytorch_core::nn::{
    Conv2d, CrossEntropyLoss, Flatten, Linear, Loss as _, MaxPool2d, Module as _, ModuleExt as _,
    Relu, Sequential,
};
use tinytorch_core::ops::{Conv2dOpts, GeluKind, Pool2dOpts};
use tinytorch_core::optim::{Adam, AdamOpts, Optimizer as _};
use tinytorch_core::quant::PackedWeights;
use tinytorch_core::{Tensor, autograd, no_grad};

use super::elementwise::GELU_SCALE;
use super::images::Layer;
use super::init::{LEARNING_RATE, MLP, NORM_EPSILON, Weights, images};
use super::rows::SOFTMAX_SCALE;
use super::small;
use crate::subject::{Subject, repeated, trained};
use crate::values::{sample, uniform, whole};

fn tensor(stream: u64, shape: &[usize], scale: f32) -> Result<Tensor> {
    Ok(Tensor::from_vec(uniform(stream, shape.iter().product(), scale), shape)?)
}

pub(super) fn read(tensor: &Tensor) -> Result<Vec<f32>> {
    Ok(sample(&tensor.to_vec::<f32>()?))
}

pub(super) fn gemm(n: usize) -> Result<Box<dyn Subject>> {
    let (a, b) = (tensor(1, &[n, n], 1.0)?, tensor(2, &[n, n], 1.0)?);
    Ok(repeated(move || Ok(no_grad(|| a.matmul(&b))?), |c| read(&c)))
}

pub(super) fn int8(a: &[i8], w: &[i8], n: usize) -> Result<Box<dyn Subject>> {
    let (a, w) = (a.to_vec(), PackedWeights::new(w, [n, n])?);
    let read = |c: Vec<i32>| Ok(sample(&c.into_iter().map(|v| v as f32).collect::<Vec<_>>()));
    Ok(repeated(move || Ok(w.product(&a)?), read))
}

/// `a·wᵀ` in `f32`: the weights lie as a linear layer has them.
pub(super) fn int8_as_float(a: &[i8], w: &[i8], n: usize) -> Result<Box<dyn Subject>> {
    let [a, w] = [a, w].map(|m| m.iter().map(|&v| f32::from(v)).collect::<Vec<_>>());
    let (a, w) = (Tensor::from_vec(a, [n, n])?, Tensor::from_vec(w, [n, n])?.transpose(0, 1)?);
    Ok(repeated(move || Ok(no_grad(|| a.matmul(&w))?), |c| read(&c)))
}

pub(super) fn add(n: usize) -> Result<Box<dyn Subject>> {
    let (a, b) = (tensor(1, &[n], 1.0)?, tensor(2, &[n], 1.0)?);
    Ok(repeated(move || Ok(no_grad(|| a.add(&b))?), |y| read(&y)))
}

pub(super) fn gelu(n: usize) -> Result<Box<dyn Subject>> {
    let x = tensor(1, &[n], GELU_SCALE)?;
    Ok(repeated(move || Ok(no_grad(|| x.gelu(GeluKind::Exact))?), |y| read(&y)))
}

pub(super) fn softmax(rows: usize, cols: usize) -> Result<Box<dyn Subject>> {
    let x = tensor(1, &[rows, cols], SOFTMAX_SCALE)?;
    Ok(repeated(move || Ok(no_grad(|| x.softmax(-1))?), |y| read(&y)))
}

pub(super) fn layer_norm(rows: usize, cols: usize) -> Result<Box<dyn Subject>> {
    let x = tensor(1, &[rows, cols], 1.0)?.requiring_grad()?;
    let weight = tensor(2, &[cols], 1.0)?.requiring_grad()?;
    let bias = tensor(3, &[cols], 1.0)?.requiring_grad()?;
    let g = tensor(4, &[rows, cols], 1.0)?;
    Ok(repeated(
        move || {
            let loss = x
                .layer_norm(&[cols], Some(&weight), Some(&bias), NORM_EPSILON)?
                .mul(&g)?
                .sum(.., false)?;
            Ok(autograd::grad(&[&loss], &[&x, &weight, &bias], autograd::GradOpts::default())?)
        },
        |grads| gradients(&grads),
    ))
}

/// The numbers of all gradients.
fn gradients(grads: &[Option<Tensor>]) -> Result<Vec<f32>> {
    let parts = grads.iter().map(|grad| match grad {
        Some(grad) => read(grad),
        None => Err(anyhow::anyhow!("a gradient is missing")),
    });
    Ok(parts.collect::<Result<Vec<_>>>()?.concat())
}

pub(super) fn conv(layer: Layer, with_gradients: bool) -> Result<Box<dyn Subject>> {
    let Layer { batch, n_in, n_out, side, kernel, groups } = layer;
    let opts = Conv2dOpts { padding: [kernel / 2; 2], groups, ..Conv2dOpts::default() };
    let x = tensor(1, &[batch, n_in, side, side], 1.0)?;
    let weight = tensor(2, &[n_out, n_in / groups, kernel, kernel], 1.0)?;
    let bias = tensor(3, &[n_out], 1.0)?;
    if !with_gradients {
        let run = move || Ok(no_grad(|| x.conv2d(&weight, Some(&bias), &opts))?);
        return Ok(repeated(run, |y| read(&y)));
    }
    let g = tensor(4, &[batch, n_out, side, side], 1.0)?;
    let (x, weight, bias) = (x.requiring_grad()?, weight.requiring_grad()?, bias.requiring_grad()?);
    let run = move || {
        let loss = x.conv2d(&weight, Some(&bias), &opts)?.mul(&g)?.sum(.., false)?;
        Ok(autograd::grad(&[&loss], &[&x, &weight, &bias], autograd::GradOpts::default())?)
    };
    Ok(repeated(run, |grads| gradients(&grads)))
}

pub(super) fn pool([batch, channels, side]: [usize; 3], mean: bool) -> Result<Box<dyn Subject>> {
    let x = tensor(1, &[batch, channels, side, side], 1.0)?.requiring_grad()?;
    let g = tensor(2, &[batch, channels, side / 2, side / 2], 1.0)?;
    let opts = Pool2dOpts::square(2);
    let run = move || {
        let y = if mean { x.avg_pool2d(&opts, true)? } else { x.max_pool2d(&opts)? };
        let loss = y.mul(&g)?.sum(.., false)?;
        Ok(autograd::grad(&[&loss], &[&x], autograd::GradOpts::default())?)
    };
    Ok(repeated(run, |grads| gradients(&grads)))
}

pub(super) fn linear(weights: &mut Weights, n_in: usize, n_out: usize) -> Result<Linear> {
    let weight = Tensor::from_vec(weights.next(&[n_out, n_in]), [n_out, n_in])?;
    Ok(Linear::from_tensors(weight, Some(Tensor::from_vec(weights.next(&[n_out]), [n_out])?))?)
}

fn convolution(
    weights: &mut Weights,
    [n_in, n_out]: [usize; 2],
    kernel: usize,
    padding: usize,
) -> Result<Conv2d> {
    let shape = [n_out, n_in, kernel, kernel];
    let weight = Tensor::from_vec(weights.next(&shape), shape)?;
    let bias = Tensor::from_vec(weights.next(&[n_out]), [n_out])?;
    Ok(Conv2d::from_tensors(weight, Some(bias))?.with_padding(padding))
}

/// A model with its optimizer.
struct Training {
    model: Sequential,
    adam: Adam,
}

impl Training {
    fn new(model: Sequential) -> Result<Self> {
        let adam =
            Adam::new(model.parameters(), AdamOpts { lr: LEARNING_RATE, ..AdamOpts::default() })?;
        Ok(Self { model, adam })
    }

    /// One step, and the loss before it.
    fn step(&mut self, x: &Tensor, y: &Tensor) -> Result<f32> {
        self.adam.zero_grad();
        let loss = CrossEntropyLoss::new().loss(&self.model.forward(x)?, y)?;
        loss.backward()?;
        self.adam.step()?;
        Ok(loss.item()?)
    }
}

pub(super) fn labels(values: &[u32]) -> Result<Tensor> {
    let classes: Vec<i64> = values.iter().map(|y| i64::from(*y)).collect();
    Ok(Tensor::from_slice(&classes, [classes.len()])?)
}

/// Appends linear layers with rectifiers between them.
fn dense(mut model: Sequential, weights: &mut Weights, sizes: &[usize]) -> Result<Sequential> {
    for (i, pair) in sizes.windows(2).enumerate() {
        if i > 0 {
            model = model.push(Relu);
        }
        model = model.push(linear(weights, pair[0], pair[1])?);
    }
    Ok(model)
}

pub(super) fn mlp(batch: usize) -> Result<Box<dyn Subject>> {
    let (x, y) = images(batch);
    let (x, y) = (Tensor::from_vec(x, [batch, 784])?, labels(&y)?);
    let build = || Training::new(dense(Sequential::new(), &mut Weights::start(), &MLP)?);
    Ok(trained(build, move |training| training.step(&x, &y)))
}

pub(super) fn lenet(batch: usize) -> Result<Box<dyn Subject>> {
    let (x, y) = images(batch);
    let (x, y) = (Tensor::from_vec(x, [batch, 1, 28, 28])?, labels(&y)?);
    let build = || {
        let mut weights = Weights::start();
        let mut model = Sequential::new();
        for (n_in, n_out, padding) in [(1, 6, 2), (6, 16, 0)] {
            let layer = convolution(&mut weights, [n_in, n_out], 5, padding)?;
            model = model.push(layer).push(Relu).push(MaxPool2d::new(2)?);
        }
        Training::new(dense(model.push(Flatten), &mut weights, &[400, 120, 84, 10])?)
    };
    Ok(trained(build, move |training| training.step(&x, &y)))
}

pub(super) fn cnn(batch: usize) -> Result<Box<dyn Subject>> {
    let x = tensor(1, &[batch, 3, 32, 32], 1.0)?;
    let y = labels(&whole(2, batch, 10))?;
    let build = || {
        let mut weights = Weights::start();
        let mut model = Sequential::new();
        for sizes in [[3, 32], [32, 64]] {
            let layer = convolution(&mut weights, sizes, 3, 1)?;
            model = model.push(layer).push(Relu).push(MaxPool2d::new(2)?);
        }
        Training::new(dense(model.push(Flatten), &mut weights, &[4096, 128, 10])?)
    };
    Ok(trained(build, move |training| training.step(&x, &y)))
}

pub(super) fn tiny_forward() -> Result<Box<dyn Subject>> {
    let model = dense(Sequential::new(), &mut Weights::start(), &small::FORWARD)?;
    let x = tensor(1, &[1, small::FORWARD[0]], 1.0)?;
    Ok(repeated(move || Ok(no_grad(|| model.forward(&x))?), |y| read(&y)))
}

pub(super) fn tiny_step(batch: usize) -> Result<Box<dyn Subject>> {
    let x = tensor(1, &[batch, small::STEP[0]], 1.0)?;
    let y = labels(&whole(2, batch, 10))?;
    let build = || Training::new(dense(Sequential::new(), &mut Weights::start(), &small::STEP)?);
    Ok(trained(build, move |training| training.step(&x, &y)))
}
