//! Initial weights that every framework starts from.

use crate::values::uniform;

/// Hands out the parameters of a model in order: parameter `k` takes stream `100 + k`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Weights {
    stream: u64,
}

impl Weights {
    pub(super) const fn start() -> Self {
        Self { stream: 100 }
    }

    /// Values for the next parameter of `shape`, evenly in `±1/√fan_in`; the fan-in of a vector is its length.
    pub(super) fn next(&mut self, shape: &[usize]) -> Vec<f32> {
        let fan_in: usize =
            if shape.len() > 1 { shape[1..].iter().product() } else { shape.iter().product() };
        let values = uniform(self.stream, shape.iter().product(), 1.0 / (fan_in as f32).sqrt());
        self.stream += 1;
        values
    }
}

/// Batch of flat images and their labels below ten.
pub(super) fn images(batch: usize) -> (Vec<f32>, Vec<u32>) {
    (uniform(1, batch * 784, 1.0), crate::values::whole(2, batch, 10))
}

/// Learning rate of every training case; the other settings of Adam are PyTorch's defaults.
pub(super) const LEARNING_RATE: f64 = 1e-3;

/// The layer sizes of the perceptron.
pub(super) const MLP: [usize; 4] = [784, 512, 256, 10];

/// The constant in the denominator of every norm.
pub(super) const NORM_EPSILON: f64 = 1e-5;
