//! A whole entry from one seed: train, shrink, quantize, measure.

use super::{
    About, Contender, Digests, Evidence, Network, Submission, TestSet, TimesMs, benchmark, sha256,
};
use crate::{
    Error, Result, Rng,
    bench::Environment,
    compress::{Layer, Pair, shrink},
    data::DataLoader,
    datasets::{Images, digits, scans},
    milestones::digits::{Network as Shape, Recipe, Rule, train},
    nn::{CrossEntropyLoss, Kind, ModuleExt, Relu, Sequential},
    optim::{Sgd, SgdOpts},
    quant::{QuantizeOpts, quantize},
    train::{Callback, Trainer},
};

/// How an entry is made.
#[derive(Debug, Clone)]
pub struct MakeOpts {
    /// Where first weights and batches come from.
    pub seed: u64,
    /// Width of the hidden layer of the baseline.
    pub hidden: usize,
    /// Share of the hidden units that are taken out, 0 to 1; 0 leaves the network as it is.
    pub prune: f64,
    /// Passes over the training images for the baseline; a fourth of them, at least 1, after units were taken out.
    pub epochs: usize,
    /// Whether the result is put into eight bits.
    pub int8: bool,
    /// Timed runs of each model.
    pub runs: usize,
    /// When this happens, in words.
    pub timestamp: String,
    /// Who submits.
    pub student: Option<String>,
}

impl Default for MakeOpts {
    /// 64-32-10, half of the hidden units out, eight bits, 500 runs.
    fn default() -> Self {
        Self {
            seed: 0,
            hidden: 32,
            prune: 0.5,
            epochs: 20,
            int8: true,
            runs: 500,
            timestamp: "unknown".to_owned(),
            student: None,
        }
    }
}

/// A submission with the files that go with it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Made {
    /// The submission, version 2.
    pub submission: Submission,
    /// The baseline as a file.
    pub baseline: Vec<u8>,
    /// The optimized model as a file.
    pub optimized: Vec<u8>,
}

/// Trains a baseline on the digits, makes it smaller with this crate's pruning and quantization, and measures both on the test images.
///
/// Everything but the times comes from the seed. `callback` is told how training goes.
///
/// # Errors
///
/// [`Error::InvalidArgument`] for options out of range; what `callback` returns.
pub fn make(opts: &MakeOpts, callback: &mut dyn Callback) -> Result<Made> {
    let (train_set, test_set) = scans::split(&digits()?);
    let rule = Rule::Sgd(SgdOpts { lr: 0.1, momentum: 0.9, ..SgdOpts::default() });
    let shape = Shape::Mlp { hidden: opts.hidden };
    let recipe =
        Recipe { network: shape, rule, epochs: opts.epochs, batch_size: 32, seed: opts.seed };
    let trained = train(&recipe, &train_set, &test_set, false, callback)?;
    let baseline = Network::from_floats("digits-mlp", &trained.model)?;

    let mut techniques = Vec::new();
    let mut model = trained.model;
    if opts.prune > 0.0 {
        model = without_units(&model, opts.prune)?;
        let epochs = (opts.epochs / 4).max(1);
        tune(&model, shape, &train_set, epochs, opts.seed, callback)?;
        techniques.push(format!("structured pruning of {} of the hidden units", opts.prune));
        techniques.push(format!("fine-tuning, {epochs} epochs"));
    }
    let optimized = if opts.int8 {
        techniques.push("int8 quantization, calibrated on training images".to_owned());
        let [x, _] = shape.dataset(&train_set)?.tensors().clone();
        let options = QuantizeOpts { softmax: false, ..QuantizeOpts::default() };
        Network::from_eight_bits("digits-mlp-small", &quantize(&model, &x, &options)?)?
    } else {
        Network::from_floats("digits-mlp-small", &model)?
    };
    let data = TestSet::of_images(&test_set)?;
    measured(opts, [&baseline, &optimized], &techniques, &data)
}

/// Measures both models and writes the evidence down.
fn measured(
    opts: &MakeOpts,
    [baseline, optimized]: [&Network; 2],
    techniques: &[String],
    data: &TestSet,
) -> Result<Made> {
    let measure = |model: &dyn Contender| benchmark(model, data.x(), data.labels(), opts.runs);
    let (before, after) = (measure(baseline)?, measure(optimized)?);
    let environment = Environment::read();
    let about = About {
        version: environment.version.to_owned(),
        timestamp: opts.timestamp.clone(),
        platform: environment.system.clone(),
        student: opts.student.clone(),
    };
    let submission = Submission::build(&about, &before, Some((&after, techniques)))?;
    let (baseline, optimized) = (baseline.to_bytes(), optimized.to_bytes());
    let evidence = Evidence {
        environment: environment
            .entries()
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
        seeds: vec![opts.seed],
        latency_ms: TimesMs { baseline: before.latencies_ms, optimized: Some(after.latencies_ms) },
        sha256: Digests {
            baseline: sha256(&baseline),
            optimized: Some(sha256(&optimized)),
            data: data.sha256(),
        },
        own_work: own_work(),
    };
    Ok(Made { submission: submission.with_evidence(evidence), baseline, optimized })
}

/// The table of the course that serves this thread; empty without one.
fn own_work() -> Vec<super::OwnWork> {
    #[cfg(feature = "course")]
    if let Some(course) = crate::course::current() {
        return super::OwnWork::of(&course);
    }
    Vec::new()
}

/// The two layers of a network, without the share of hidden units whose weights are smallest.
fn without_units(model: &Sequential, share: f64) -> Result<Sequential> {
    let kinds = model.kinds();
    let [Kind::Linear(first), Kind::Relu, Kind::Linear(second)] = kinds[..] else {
        return Err(Error::argument("olympics", "model", "another chain", "Linear, Relu, Linear"));
    };
    match shrink(Pair::Linear(first, second), share)? {
        (Layer::Linear(first), Layer::Linear(second), _) => {
            Ok(Sequential::new().push(first).push(Relu).push(second))
        }
        _ => Err(Error::argument("olympics", "model", "not dense", "Linear, Relu, Linear")),
    }
}

/// Trains on, with a smaller step than before.
fn tune(
    model: &Sequential,
    shape: Shape,
    images: &Images,
    epochs: usize,
    seed: u64,
    callback: &mut dyn Callback,
) -> Result<()> {
    let mut loader = DataLoader::builder(shape.dataset(images)?)
        .batch_size(32)
        .shuffle(Rng::seed(seed).split())
        .build()?;
    let options = SgdOpts { lr: 0.05, momentum: 0.9, ..SgdOpts::default() };
    let mut optimizer = Sgd::new(model.parameters(), options)?;
    let loss = CrossEntropyLoss::new();
    Trainer::new(model, &mut optimizer, &loss).fit(&mut loader, epochs, callback)?;
    Ok(())
}
