//! The same work in burn, on its pure-Rust CPU back end `flex` with the AVX-512 products switched on.

use anyhow::{Result, anyhow};
use burn::module::{Module, Param};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::loss::CrossEntropyLossConfig;
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{LayerNorm, LayerNormConfig, Linear, LinearConfig, PaddingConfig2d};
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer};
use burn::tensor::{Device, Int, Tensor, TensorData, activation};

pub(super) use super::burn_gpt::{decode, gpt};
use super::elementwise::GELU_SCALE;
use super::init::{LEARNING_RATE, MLP, NORM_EPSILON, Weights, images};
use super::rows::SOFTMAX_SCALE;
use crate::subject::{Subject, repeated, trained};
use crate::values::{sample, uniform};

fn tensor<const R: usize>(
    stream: u64,
    shape: [usize; R],
    scale: f32,
    device: &Device,
) -> Tensor<R> {
    from(uniform(stream, shape.iter().product(), scale), shape, device)
}

pub(super) fn from<const R: usize>(
    values: Vec<f32>,
    shape: [usize; R],
    device: &Device,
) -> Tensor<R> {
    Tensor::from_data(TensorData::new(values, shape), device)
}

pub(super) fn read<const R: usize>(tensor: Tensor<R>) -> Result<Vec<f32>> {
    let all = tensor.try_into_vec_as::<f32>().map_err(|error| anyhow!("{error:?}"))?;
    Ok(sample(&all))
}

pub(super) fn gemm(n: usize) -> Result<Box<dyn Subject>> {
    let device = Device::flex();
    let (a, b) = (tensor(1, [n, n], 1.0, &device), tensor(2, [n, n], 1.0, &device));
    Ok(repeated(move || Ok(a.clone().matmul(b.clone())), read))
}

pub(super) fn add(n: usize) -> Result<Box<dyn Subject>> {
    let device = Device::flex();
    let (a, b) = (tensor(1, [n], 1.0, &device), tensor(2, [n], 1.0, &device));
    Ok(repeated(move || Ok(a.clone() + b.clone()), read))
}

pub(super) fn gelu(n: usize) -> Result<Box<dyn Subject>> {
    let x = tensor(1, [n], GELU_SCALE, &Device::flex());
    Ok(repeated(move || Ok(activation::gelu(x.clone())), read))
}

pub(super) fn softmax(rows: usize, cols: usize) -> Result<Box<dyn Subject>> {
    let x = tensor(1, [rows, cols], SOFTMAX_SCALE, &Device::flex());
    Ok(repeated(move || Ok(activation::softmax(x.clone(), 1)), read))
}

pub(super) fn layer_norm(rows: usize, cols: usize) -> Result<Box<dyn Subject>> {
    let device = Device::flex().autodiff();
    let x = tensor(1, [rows, cols], 1.0, &device).require_grad();
    let mut layer: LayerNorm = LayerNormConfig::new(cols).with_epsilon(NORM_EPSILON).init(&device);
    layer.gamma = Param::from_tensor(tensor(2, [cols], 1.0, &device));
    layer.beta = Some(Param::from_tensor(tensor(3, [cols], 1.0, &device)));
    let g = tensor(4, [rows, cols], 1.0, &device);
    let (of, scale) = (x.clone(), layer.clone());
    Ok(repeated(
        move || Ok((layer.forward(x.clone()) * g.clone()).sum().backward()),
        move |grads| {
            let missing = || anyhow!("a gradient is missing");
            let beta = scale.beta.as_ref().ok_or_else(missing)?.val();
            Ok([
                read(of.grad(&grads).ok_or_else(missing)?)?,
                read(scale.gamma.val().grad(&grads).ok_or_else(missing)?)?,
                read(beta.grad(&grads).ok_or_else(missing)?)?,
            ]
            .concat())
        },
    ))
}

/// The next linear layer; burn keeps weights as `[in, out]`.
pub(super) fn linear(weights: &mut Weights, n_in: usize, n_out: usize, device: &Device) -> Linear {
    let mut layer = LinearConfig::new(n_in, n_out).init(device);
    let rows = weights.next(&[n_out, n_in]);
    let columns = (0..n_in * n_out).map(|at| rows[at % n_out * n_in + at / n_out]).collect();
    layer.weight = Param::from_tensor(from(columns, [n_in, n_out], device));
    layer.bias = Some(Param::from_tensor(from(weights.next(&[n_out]), [n_out], device)));
    layer
}

/// A model with its optimizer; the model is moved out and back in each step.
pub(super) struct Training<M> {
    model: Option<M>,
    adam: ModuleOptimizer,
}

impl<M: Module> Training<M> {
    pub(super) fn new(model: M) -> Self {
        Self { model: Some(model), adam: AdamConfig::new().with_epsilon(1e-8).init() }
    }

    /// One step on the loss of `logits`, which it returns.
    pub(super) fn step(
        &mut self,
        forward: impl FnOnce(&M) -> Tensor<2>,
        labels: Tensor<1, Int>,
        device: &Device,
    ) -> Result<f32> {
        let model = self.model.take().ok_or_else(|| anyhow!("the model is gone"))?;
        let loss = CrossEntropyLossConfig::new().init(device).forward(forward(&model), labels);
        let grads = GradientsParams::from_grads(loss.backward(), &model);
        self.model = Some(self.adam.step(LEARNING_RATE, model, grads));
        Ok(loss.into_scalar())
    }
}

pub(super) fn labels(values: &[u32], device: &Device) -> Tensor<1, Int> {
    let values: Vec<i32> = values.iter().map(|y| *y as i32).collect();
    let n = values.len();
    Tensor::from_data(TensorData::new(values, [n]), device)
}

#[derive(Module, Debug)]
struct Mlp {
    layers: Vec<Linear>,
}

impl Mlp {
    fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let mut h = x;
        for (i, layer) in self.layers.iter().enumerate() {
            h = layer.forward(h);
            if i + 1 < self.layers.len() {
                h = activation::relu(h);
            }
        }
        h
    }
}

pub(super) fn mlp(batch: usize) -> Result<Box<dyn Subject>> {
    let device = Device::flex().autodiff();
    let (x, y) = images(batch);
    let (x, y) = (from(x, [batch, 784], &device), labels(&y, &device));
    let on = device.clone();
    let build = move || {
        let mut weights = Weights::start();
        let layers =
            MLP.windows(2).map(|pair| linear(&mut weights, pair[0], pair[1], &on)).collect();
        Ok(Training::new(Mlp { layers }))
    };
    Ok(trained(build, move |training| {
        training.step(|model| model.forward(x.clone()), y.clone(), &device)
    }))
}

#[derive(Module, Debug)]
struct LeNet {
    convolutions: Vec<Conv2d>,
    pool: MaxPool2d,
    dense: Mlp,
}

impl LeNet {
    fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        let mut h = x;
        for convolution in &self.convolutions {
            h = self.pool.forward(activation::relu(convolution.forward(h)));
        }
        self.dense.forward(h.flatten(1, 3))
    }
}

fn convolution(
    weights: &mut Weights,
    n_in: usize,
    n_out: usize,
    padding: PaddingConfig2d,
    device: &Device,
) -> Conv2d {
    let mut layer = Conv2dConfig::new([n_in, n_out], [5, 5]).with_padding(padding).init(device);
    layer.weight =
        Param::from_tensor(from(weights.next(&[n_out, n_in, 5, 5]), [n_out, n_in, 5, 5], device));
    layer.bias = Some(Param::from_tensor(from(weights.next(&[n_out]), [n_out], device)));
    layer
}

pub(super) fn lenet(batch: usize) -> Result<Box<dyn Subject>> {
    let device = Device::flex().autodiff();
    let (x, y) = images(batch);
    let (x, y) = (from(x, [batch, 1, 28, 28], &device), labels(&y, &device));
    let on = device.clone();
    let build = move || {
        let mut weights = Weights::start();
        let convolutions = vec![
            convolution(&mut weights, 1, 6, PaddingConfig2d::Explicit(2, 2, 2, 2), &on),
            convolution(&mut weights, 6, 16, PaddingConfig2d::Valid, &on),
        ];
        let layers = [(400, 120), (120, 84), (84, 10)];
        let layers = layers.map(|(n_in, n_out)| linear(&mut weights, n_in, n_out, &on)).to_vec();
        let pool = MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init();
        Ok(Training::new(LeNet { convolutions, pool, dense: Mlp { layers } }))
    };
    Ok(trained(build, move |training| {
        training.step(|model| model.forward(x.clone()), y.clone(), &device)
    }))
}
