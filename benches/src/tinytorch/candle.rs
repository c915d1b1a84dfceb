//! The same work in candle.
//!
//! `candle_nn`'s fused softmax and layer norm have no gradient and cut the graph without a word, so that training
//! takes the composed forms.

use anyhow::Result;
use candle_core::{Device, Tensor, Var};
use candle_nn::{AdamW, Conv2d, Conv2dConfig, Linear, Module as _, Optimizer as _, ParamsAdamW};

pub(super) use super::candle_gpt::{decode, gpt};
use super::elementwise::GELU_SCALE;
use super::init::{LEARNING_RATE, MLP, NORM_EPSILON, Weights, images};
use super::rows::SOFTMAX_SCALE;
use crate::subject::{Subject, repeated, trained};
use crate::values::{sample, uniform};

fn tensor(stream: u64, shape: &[usize], scale: f32) -> Result<Tensor> {
    Ok(Tensor::from_vec(uniform(stream, shape.iter().product(), scale), shape, &Device::Cpu)?)
}

pub(super) fn read(tensor: &Tensor) -> Result<Vec<f32>> {
    Ok(sample(&tensor.flatten_all()?.to_vec1()?))
}

pub(super) fn gemm(n: usize) -> Result<Box<dyn Subject>> {
    let (a, b) = (tensor(1, &[n, n], 1.0)?, tensor(2, &[n, n], 1.0)?);
    Ok(repeated(move || Ok(a.matmul(&b)?), |c| read(&c)))
}

pub(super) fn add(n: usize) -> Result<Box<dyn Subject>> {
    let (a, b) = (tensor(1, &[n], 1.0)?, tensor(2, &[n], 1.0)?);
    Ok(repeated(move || Ok((&a + &b)?), |y| read(&y)))
}

pub(super) fn gelu(n: usize) -> Result<Box<dyn Subject>> {
    let x = tensor(1, &[n], GELU_SCALE)?;
    Ok(repeated(move || Ok(x.gelu_erf()?), |y| read(&y)))
}

pub(super) fn softmax(rows: usize, cols: usize) -> Result<Box<dyn Subject>> {
    let x = tensor(1, &[rows, cols], SOFTMAX_SCALE)?;
    Ok(repeated(move || Ok(candle_nn::ops::softmax_last_dim(&x)?), |y| read(&y)))
}

pub(super) fn layer_norm(rows: usize, cols: usize) -> Result<Box<dyn Subject>> {
    let x = Var::from_tensor(&tensor(1, &[rows, cols], 1.0)?)?;
    let weight = Var::from_tensor(&tensor(2, &[cols], 1.0)?)?;
    let bias = Var::from_tensor(&tensor(3, &[cols], 1.0)?)?;
    let g = tensor(4, &[rows, cols], 1.0)?;
    let of = [x.as_tensor().clone(), weight.as_tensor().clone(), bias.as_tensor().clone()];
    Ok(repeated(
        move || {
            let y = candle_nn::ops::layer_norm_slow(&x, &weight, &bias, NORM_EPSILON as f32)?;
            Ok((y * &g)?.sum_all()?.backward()?)
        },
        move |grads| {
            let parts = of.iter().map(|of| match grads.get(of) {
                Some(grad) => read(grad),
                None => Err(anyhow::anyhow!("a gradient is missing")),
            });
            Ok(parts.collect::<Result<Vec<_>>>()?.concat())
        },
    ))
}

/// Trainable parameters in the order of their making.
pub(super) struct Params {
    weights: Weights,
    vars: Vec<Var>,
}

impl Params {
    pub(super) const fn new() -> Self {
        Self { weights: Weights::start(), vars: Vec::new() }
    }

    pub(super) fn next(&mut self, shape: &[usize]) -> Result<Tensor> {
        let var = Var::from_vec(self.weights.next(shape), shape, &Device::Cpu)?;
        let tensor = var.as_tensor().clone();
        self.vars.push(var);
        Ok(tensor)
    }

    /// Scale and shift of a norm, which start as one and zero.
    pub(super) fn norm(&mut self, n: usize) -> Result<(Tensor, Tensor)> {
        self.weights.skip(2);
        let [scale, shift] =
            [1.0f32, 0.0].map(|value| Var::from_vec(vec![value; n], n, &Device::Cpu));
        let (scale, shift) = (scale?, shift?);
        let tensors = (scale.as_tensor().clone(), shift.as_tensor().clone());
        self.vars.extend([scale, shift]);
        Ok(tensors)
    }

    fn convolution(&mut self, n_in: usize, n_out: usize, padding: usize) -> Result<Conv2d> {
        let (weight, bias) = (self.next(&[n_out, n_in, 5, 5])?, self.next(&[n_out])?);
        Ok(Conv2d::new(weight, Some(bias), Conv2dConfig { padding, ..Conv2dConfig::default() }))
    }

    pub(super) fn linear(&mut self, n_in: usize, n_out: usize) -> Result<Linear> {
        Ok(Linear::new(self.next(&[n_out, n_in])?, Some(self.next(&[n_out])?)))
    }

    pub(super) fn adam(self) -> Result<AdamW> {
        // Without decay, AdamW is Adam.
        Ok(AdamW::new(
            self.vars,
            ParamsAdamW { lr: LEARNING_RATE, weight_decay: 0.0, ..ParamsAdamW::default() },
        )?)
    }
}

pub(super) fn mlp(batch: usize) -> Result<Box<dyn Subject>> {
    let (x, y) = images(batch);
    let (x, y) = (
        Tensor::from_vec(x, (batch, 784), &Device::Cpu)?,
        Tensor::from_vec(y, batch, &Device::Cpu)?,
    );
    let build = || {
        let mut params = Params::new();
        let layers: Vec<Linear> =
            MLP.windows(2).map(|pair| params.linear(pair[0], pair[1])).collect::<Result<_>>()?;
        Ok((layers, params.adam()?))
    };
    Ok(trained(build, move |(layers, adam)| learn(adam, &dense(layers, x.clone())?, &y)))
}

/// Linear layers with rectifiers between them.
fn dense(layers: &[Linear], x: Tensor) -> Result<Tensor> {
    let mut h = x;
    for (i, layer) in layers.iter().enumerate() {
        h = layer.forward(&h)?;
        if i + 1 < layers.len() {
            h = h.relu()?;
        }
    }
    Ok(h)
}

pub(super) fn learn(adam: &mut AdamW, logits: &Tensor, labels: &Tensor) -> Result<f32> {
    let loss = candle_nn::loss::cross_entropy(logits, labels)?;
    adam.backward_step(&loss)?;
    Ok(loss.to_scalar()?)
}

pub(super) fn lenet(batch: usize) -> Result<Box<dyn Subject>> {
    let (x, y) = images(batch);
    let (x, y) = (
        Tensor::from_vec(x, (batch, 1, 28, 28), &Device::Cpu)?,
        Tensor::from_vec(y, batch, &Device::Cpu)?,
    );
    let build = || {
        let mut params = Params::new();
        let convolutions = [params.convolution(1, 6, 2)?, params.convolution(6, 16, 0)?];
        let layers =
            [(400, 120), (120, 84), (84, 10)].map(|(n_in, n_out)| params.linear(n_in, n_out));
        let layers: Vec<Linear> = layers.into_iter().collect::<Result<_>>()?;
        Ok((convolutions, layers, params.adam()?))
    };
    Ok(trained(build, move |(convolutions, layers, adam)| {
        let mut h = x.clone();
        for convolution in convolutions {
            h = convolution.forward(&h)?.relu()?.max_pool2d(2)?;
        }
        learn(adam, &dense(layers, h.flatten_from(1)?)?, &y)
    }))
}
