//! Work on images: convolutions, pooling, and the training step of a network of both.

use super::{PACKAGE, TORCH, ours};
use crate::case::{Case, Plan};
use crate::check::Check;
use crate::python;

/// A convolution and the images it reads.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layer {
    pub(super) batch: usize,
    pub(super) n_in: usize,
    pub(super) n_out: usize,
    pub(super) side: usize,
    pub(super) kernel: usize,
    pub(super) groups: usize,
}

impl Layer {
    /// The 3x3 convolution in the middle of a residual network.
    pub(super) const MIDDLE: Self =
        Self { batch: 8, n_in: 64, n_out: 64, side: 56, kernel: 3, groups: 1 };
    /// One filter for each channel.
    pub(super) const DEPTHWISE: Self = Self { groups: 64, ..Self::MIDDLE };
    /// A convolution of single points.
    pub(super) const POINT: Self = Self { kernel: 1, ..Self::MIDDLE };

    const fn sizes(self) -> [usize; 6] {
        [self.batch, self.n_in, self.n_out, self.side, self.kernel, self.groups]
    }

    fn multiply_adds(self) -> f64 {
        let pixels = self.batch * self.side * self.side;
        (pixels * self.n_out * self.n_in / self.groups * self.kernel * self.kernel) as f64
    }
}

/// A convolution, alone or with its three gradients.
pub(super) fn conv(name: &'static str, layer: Layer, gradients: bool) -> Plan {
    let Layer { batch, n_in, n_out, side, kernel, groups } = layer;
    let also = if gradients { ", and its three gradients" } else { "" };
    let what = format!(
        "{kernel}x{kernel} convolution {n_in} to {n_out}, {groups} groups, on {batch} images of {side}x{side}{also}"
    );
    Plan::new(PACKAGE, name, what, move |setup| {
        let passes = if gradients { 3.0 } else { 1.0 };
        let values = batch * side * side * (n_in + n_out) * size_of::<f32>();
        let sizes = [&layer.sizes()[..], &[usize::from(gradients)]].concat();
        // Gradients of weights sum 25,088 terms of either sign in single precision.
        let case = Case::new(Check::mutual(1e-4), ours::conv(layer, gradients)?)
            .work(passes * 2.0 * layer.multiply_adds(), values as f64)
            .goal(TORCH, 1.1);
        Ok(case.with_some(TORCH, python::subject(setup.torch.as_ref(), "conv", &sizes)))
    })
}

/// Pooling of windows of 2x2 and its gradient; the mean where `mean`, the largest value elsewhere.
pub(super) fn pool(name: &'static str, mean: bool) -> Plan {
    let [batch, channels, side] = [32, 32, 64];
    let what = format!(
        "{} of 2x2 windows and its gradient, {batch} images of {channels}x{side}x{side}",
        if mean { "mean" } else { "largest value" }
    );
    Plan::new(PACKAGE, name, what, move |setup| {
        let n = batch * channels * side * side;
        let sizes = [batch, channels, side, usize::from(mean)];
        // A sum of four values and one division; moves are exact.
        let case = Case::new(Check::mutual(1e-6), ours::pool([batch, channels, side], mean)?)
            // Input and gradient once each, results a quarter of them.
            .work(n as f64, (5 * n / 2 * size_of::<f32>()) as f64)
            .goal(TORCH, 1.0);
        Ok(case.with_some(TORCH, python::subject(setup.torch.as_ref(), "pool", &sizes)))
    })
}

/// A training step of a network of two 3x3 convolutions on color images.
pub(super) fn step(batch: usize) -> Plan {
    let what = format!(
        "training step of two 3x3 convolutions and two linear layers on 3x32x32 images, batch {batch}, Adam"
    );
    Plan::new(PACKAGE, "cnn-step", what, move |setup| {
        let first = 32 * 32 * 32 * 27;
        let rest = 16 * 16 * 64 * 32 * 9 + 4096 * 128 + 128 * 10;
        let case = Case::new(Check::mutual(1e-3), ours::cnn(batch)?)
            .work((2 * batch * (2 * first + 3 * rest)) as f64, 0.0)
            .goal(TORCH, 1.0);
        Ok(case.with_some(TORCH, python::subject(setup.torch.as_ref(), "cnn", &[batch])))
    })
}
