//! Reading digits: a multilayer perceptron (1986) and a small convolutional network (1998) on real scans.
//!
//! [`train`] does everything from a seed: first weights, batches, epochs, the measurement on test images that no
//! training step has seen. [`Trained::quantize`] makes the eight-bit twin, calibrated on training images only.

use crate::{
    Error, Result, Rng, Tensor,
    count::{self, Cost},
    data::{DataLoader, TensorDataset},
    datasets::{
        Images,
        scans::{CLASSES, PIXELS, SIDE},
    },
    dispatch,
    nn::{Conv2d, CrossEntropyLoss, Flatten, Linear, MaxPool2d, ModuleExt, Relu, Sequential},
    optim::{AdamOpts, Optimizer, SgdOpts},
    quant::{self, QModel, QuantizeOpts},
    train::{Callback, Evaluation, History, Trainer, evaluate},
};

/// Samples that are measured at once.
const TEST_BATCH: usize = 120;

/// The network that reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    /// 64 pixels, one hidden layer with ReLU, 10 classes.
    Mlp {
        /// Width of the hidden layer.
        hidden: usize,
    },
    /// One 3×3 convolution with ReLU, 2×2 max pooling, 10 classes.
    Cnn {
        /// Filters of the convolution.
        channels: usize,
    },
}

impl Network {
    /// Returns the network with weights drawn from `rng`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] for a width of 0 or one beyond the memory of a tensor.
    pub fn build(self, rng: &mut Rng) -> Result<Sequential> {
        match self {
            Self::Mlp { hidden } => Ok(Sequential::new()
                .push(Linear::new(PIXELS, hidden, rng)?)
                .push(Relu)
                .push(Linear::new(hidden, CLASSES, rng)?)),
            Self::Cnn { channels } => {
                let pooled = (SIDE - 2) / 2;
                Ok(Sequential::new()
                    .push(Conv2d::new(1, channels, 3, rng)?)
                    .push(Relu)
                    .push(MaxPool2d::new(2)?)
                    .push(Flatten)
                    .push(Linear::new(channels * pooled * pooled, CLASSES, rng)?))
            }
        }
    }

    /// Returns the shape of `n` inputs.
    #[must_use]
    pub fn input_shape(self, n: usize) -> Vec<usize> {
        match self {
            Self::Mlp { .. } => vec![n, PIXELS],
            Self::Cnn { .. } => vec![n, 1, SIDE, SIDE],
        }
    }

    /// Returns `digits` in the shape that the network reads.
    ///
    /// # Errors
    ///
    /// [`Error::ShapeMismatch`] for images of another size.
    pub fn dataset(self, digits: &Images) -> Result<TensorDataset> {
        let [x, y] = digits.to_tensors()?;
        TensorDataset::new([x.reshape(&self.input_shape(digits.len())[..])?, y])
    }
}

/// How gradients change the weights.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rule {
    /// Gradient descent with momentum.
    Sgd(SgdOpts),
    /// Adam.
    Adam(AdamOpts),
}

impl Rule {
    fn optimizer(self, model: &Sequential) -> Result<Box<dyn Optimizer>> {
        match self {
            Self::Sgd(options) => dispatch::sgd(model.parameters(), options),
            Self::Adam(options) => dispatch::adam(model.parameters(), options),
        }
    }
}

/// Everything that decides a training run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Recipe {
    /// The network.
    pub network: Network,
    /// The optimizer.
    pub rule: Rule,
    /// Passes over the training images.
    pub epochs: usize,
    /// Images in a batch.
    pub batch_size: usize,
    /// Seed of first weights and batches.
    pub seed: u64,
}

impl Recipe {
    /// Returns the recipe for a network: what worked on training images alone.
    #[must_use]
    pub fn new(network: Network, seed: u64) -> Self {
        let (rule, epochs) = match network {
            Network::Mlp { .. } => {
                (Rule::Sgd(SgdOpts { lr: 0.1, momentum: 0.9, ..SgdOpts::default() }), 30)
            }
            Network::Cnn { .. } => (Rule::Adam(AdamOpts { lr: 0.01, ..AdamOpts::default() }), 30),
        };
        Self { network, rule, epochs, batch_size: 32, seed }
    }
}

/// A trained network with what was measured on the way.
#[derive(Debug)]
pub struct Trained {
    /// The recipe it came from.
    pub recipe: Recipe,
    /// The network.
    pub model: Sequential,
    /// One entry for each epoch, with a measurement on the test images if that was asked for.
    pub history: History,
    /// Loss and accuracy on the test images after the last epoch.
    pub test: Evaluation,
    train_inputs: Tensor,
}

/// Trains after `recipe` on `train`, measures on `test`.
///
/// `curve` measures on the test images after every epoch too; the training is the same with and without.
/// `callback` is told how it goes; `&mut ()` does not listen.
///
/// # Errors
///
/// [`Error::InvalidArgument`] for a recipe out of range or images of which there are none; what `callback` returns.
pub fn train(
    recipe: &Recipe,
    train: &Images,
    test: &Images,
    curve: bool,
    callback: &mut dyn Callback,
) -> Result<Trained> {
    if train.is_empty() || test.is_empty() {
        let got = format!("{} for training and {} for testing", train.len(), test.len());
        return Err(Error::argument("digits", "number of images", got, "at least 1 on both sides"));
    }
    let mut rng = Rng::seed(recipe.seed);
    let model = recipe.network.build(&mut rng.split())?;
    let train = recipe.network.dataset(train)?;
    let mut loader = DataLoader::builder(dispatch::dataset(train.tensors().clone())?)
        .batch_size(recipe.batch_size)
        .shuffle(rng.split())
        .build()?;
    let mut held_out =
        DataLoader::builder(recipe.network.dataset(test)?).batch_size(TEST_BATCH).build()?;
    let mut optimizer = recipe.rule.optimizer(&model)?;
    let loss = CrossEntropyLoss::new();
    let mut trainer = Trainer::new(&model, &mut *optimizer, &loss);
    let history = if curve {
        trainer.fit_validated(&mut loader, &mut held_out, recipe.epochs, callback)?
    } else {
        trainer.fit(&mut loader, recipe.epochs, callback)?
    };
    let test = evaluate(&model, &mut held_out, &loss)?;
    let [train_inputs, _] = train.tensors();
    Ok(Trained { recipe: *recipe, train_inputs: train_inputs.clone(), model, history, test })
}

impl Trained {
    /// Returns the network in eight bits, with softmax, calibrated on all training images.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if training has diverged and left weights that are not finite.
    pub fn quantize(&self) -> Result<QModel> {
        quant::quantize(&self.model, &self.train_inputs, &QuantizeOpts::default())
    }

    /// Returns the cost of reading one image in `f32`.
    ///
    /// # Errors
    ///
    /// None for the networks of this module.
    pub fn cost(&self) -> Result<Cost> {
        count::count(&self.model, &self.recipe.network.input_shape(1))
    }

    /// Returns the share of `digits` that the network reads correctly; 0 of none.
    ///
    /// # Errors
    ///
    /// [`Error::ShapeMismatch`] for images of another size.
    pub fn accuracy(&self, digits: &Images) -> Result<f64> {
        let mut loader = DataLoader::builder(self.recipe.network.dataset(digits)?)
            .batch_size(TEST_BATCH)
            .build()?;
        let found = evaluate(&self.model, &mut loader, &CrossEntropyLoss::new())?;
        Ok(found.accuracy.unwrap_or(0.0))
    }

    /// Returns the share of `digits` that `model`, made by [`quantize`](Self::quantize), reads correctly.
    ///
    /// # Errors
    ///
    /// [`Error::ShapeMismatch`] if `model` is the twin of another kind of network.
    pub fn int8_accuracy(&self, model: &QModel, digits: &Images) -> Result<f64> {
        let [x, _] = self.recipe.network.dataset(digits)?.tensors().clone();
        let classes = model.predict(&x)?;
        let right = classes
            .iter()
            .zip(digits.labels())
            .filter(|(class, label)| **class == usize::from(**label));
        Ok(right.count() as f64 / digits.len().max(1) as f64)
    }
}
