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

    /// Passes over `n` parameters whose values are given: scale one and shift zero of a norm.
    pub(super) const fn skip(&mut self, n: u64) {
        self.stream += n;
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

/// Sizes of a GPT with learned positions, pre-norm blocks and an output layer tied to the token table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Gpt {
    pub(super) vocab: usize,
    pub(super) context: usize,
    pub(super) width: usize,
    pub(super) heads: usize,
    pub(super) layers: usize,
}

impl Gpt {
    /// The small model of the training case.
    pub(super) const SMALL: Self =
        Self { vocab: 256, context: 128, width: 128, heads: 4, layers: 4 };

    /// The small model that nanoGPT trains on letters (Karpathy 2022): 6 blocks of width 384.
    pub(super) const LETTERS: Self =
        Self { vocab: 65, context: 256, width: 384, heads: 6, layers: 6 };

    /// The shape of the smallest GPT-2 (Radford et al. 2019), whose 124 million weights leave the caches.
    pub(super) const GPT2: Self =
        Self { vocab: 50_257, context: 1024, width: 768, heads: 12, layers: 12 };

    /// The same with fewer blocks and tokens, for a first look.
    pub(super) const GPT2_SHORT: Self = Self { vocab: 8_192, layers: 2, ..Self::GPT2 };

    /// Sizes as the Python side takes them.
    pub(super) const fn sizes(self) -> [usize; 5] {
        [self.vocab, self.context, self.width, self.heads, self.layers]
    }

    /// Multiply-adds of a forward pass for one token that attends to `seen` others on average; `outputs` tokens of
    /// each one reach the output layer.
    pub(super) fn multiply_adds(self, seen: f64, outputs: f64) -> f64 {
        let d = self.width as f64;
        self.layers as f64 * (12.0 * d * d + 2.0 * seen * d) + outputs * self.vocab as f64 * d
    }

    /// Values read from memory in a forward pass: every weight but the position table once.
    pub(super) const fn weights(self) -> usize {
        self.layers * 12 * self.width * self.width + self.vocab * self.width
    }

    /// The first tokens of one text.
    pub(super) fn prompt(self, length: usize) -> Vec<u32> {
        crate::values::whole(1, length, self.vocab as u32)
    }

    /// Batch of token ids and of the ids to predict, row by row.
    pub(super) fn tokens(self, batch: usize) -> (Vec<u32>, Vec<u32>) {
        let ids = |stream| crate::values::whole(stream, batch * self.context, self.vocab as u32);
        (ids(1), ids(2))
    }
}

/// The constant in the denominator of every norm.
pub(super) const NORM_EPSILON: f64 = 1e-5;
