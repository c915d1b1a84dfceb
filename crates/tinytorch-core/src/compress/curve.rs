//! How accuracy falls as weights go: the measurement of module 16.

use core::fmt::Write as _;

use super::{Csr, Mask, Scope, Sparsity, magnitude_prune};
use crate::{
    Error, Param, Result, Rng, Tensor,
    data::DataLoader,
    datasets::{Images, digits, scans},
    milestones::{
        digits::{Network, Recipe, Rule, train},
        plot::{Chart, Mark},
    },
    nn::{CrossEntropyLoss, Module, ModuleExt, StateDict},
    optim::{Optimizer, Sgd, SgdOpts},
    train::{Callback, Trainer, evaluate},
};

/// Samples that are measured at once.
const TEST_BATCH: usize = 120;

/// What is measured.
#[derive(Debug, Clone, PartialEq)]
pub struct CurveOpts {
    /// Where first weights and batches come from.
    pub seed: u64,
    /// The network.
    pub network: Network,
    /// Passes over the training images before anything is pruned.
    pub epochs: usize,
    /// Passes after pruning, while the zeros are held.
    pub tuning_epochs: usize,
    /// Shares of the weights that go, 0 to 1.
    pub shares: Vec<f64>,
}

impl Default for CurveOpts {
    /// The perceptron 64-32-10, 20 epochs, 5 more after 0, 50, 80, 90 and 95 % have gone.
    fn default() -> Self {
        Self {
            seed: 0,
            network: Network::Mlp { hidden: 32 },
            epochs: 20,
            tuning_epochs: 5,
            shares: vec![0.0, 0.5, 0.8, 0.9, 0.95],
        }
    }
}

/// One point of the curve.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct CurvePoint {
    /// Share of the weights that went.
    pub share: f64,
    /// Zeros and weights.
    pub sparsity: Sparsity,
    /// Share of the test images that is read correctly right after pruning.
    pub pruned: f64,
    /// The same after training on with the zeros held.
    pub tuned: f64,
    /// Bytes of the weights as they are: zeros take as much as the rest.
    pub dense_bytes: usize,
    /// Bytes of the weights with only what is not zero stored, and where; `None` for weights that are no matrices.
    pub csr_bytes: Option<usize>,
}

/// Accuracy on the test digits against the share of weights that went.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PruningCurve {
    /// What was measured.
    pub opts: CurveOpts,
    /// One point for each share, in order.
    pub points: Vec<CurvePoint>,
}

/// An optimizer that lets no pruned weight come back.
struct Held<'a> {
    inner: &'a mut dyn Optimizer,
    mask: &'a Mask,
}

impl Optimizer for Held<'_> {
    fn params(&self) -> Vec<Param> {
        self.inner.params()
    }

    fn step_with(&mut self, grads: &[Option<Tensor>]) -> Result<()> {
        self.inner.step_with(grads)?;
        self.mask.apply()
    }

    fn set_lr(&mut self, lr: f64) -> Result<()> {
        self.inner.set_lr(lr)
    }

    fn state_dict(&self) -> Result<StateDict> {
        self.inner.state_dict()
    }

    fn load_state_dict(&mut self, state: &StateDict) -> Result<()> {
        self.inner.load_state_dict(state)
    }
}

/// Trains a network on the digits, takes shares of its weights out by magnitude over all layers, and measures it on the test images,
/// with and without training on. Each share begins with the same trained weights.
///
/// Everything comes from the seed: the same seed gives the same curve, to the bit. `callback` is told how training goes.
///
/// # Errors
///
/// [`Error::InvalidArgument`] without a share, or for one outside 0 to 1; what `callback` returns.
pub fn pruning_curve(opts: &CurveOpts, callback: &mut dyn Callback) -> Result<PruningCurve> {
    if opts.shares.is_empty() {
        return Err(Error::argument("pruning_curve", "shares", "empty", "at least one share"));
    }
    for share in &opts.shares {
        super::share("pruning_curve", "share", *share)?;
    }
    let (train_set, test_set) = scans::split(&digits()?);
    let recipe = Recipe {
        network: opts.network,
        rule: Rule::Sgd(SgdOpts { lr: 0.1, momentum: 0.9, ..SgdOpts::default() }),
        epochs: opts.epochs,
        batch_size: 32,
        seed: opts.seed,
    };
    let trained = train(&recipe, &train_set, &test_set, false, callback)?.model.state_dict();
    let points = opts
        .shares
        .iter()
        .map(|share| point(opts, *share, &trained, [&train_set, &test_set], callback))
        .collect::<Result<_>>()?;
    Ok(PruningCurve { opts: opts.clone(), points })
}

fn point(
    opts: &CurveOpts,
    share: f64,
    trained: &StateDict,
    [train_set, test_set]: [&Images; 2],
    callback: &mut dyn Callback,
) -> Result<CurvePoint> {
    let model = opts.network.build(&mut Rng::seed(opts.seed))?;
    model.load_state_dict(trained, true)?;
    let mask = magnitude_prune(&model, share, Scope::Global)?;
    let loss = CrossEntropyLoss::new();
    let accuracy = |model: &dyn Module| -> Result<f64> {
        let data = opts.network.dataset(test_set)?;
        let mut loader = DataLoader::builder(data).batch_size(TEST_BATCH).build()?;
        Ok(evaluate(model, &mut loader, &loss)?.accuracy.unwrap_or(0.0))
    };
    let pruned = accuracy(&model)?;
    let mut loader = DataLoader::builder(opts.network.dataset(train_set)?)
        .batch_size(32)
        .shuffle(Rng::seed(opts.seed).split())
        .build()?;
    let options = SgdOpts { lr: 0.05, momentum: 0.9, ..SgdOpts::default() };
    let mut sgd = Sgd::new(model.parameters(), options)?;
    let mut held = Held { inner: &mut sgd, mask: &mask };
    Trainer::new(&model, &mut held, &loss).fit(&mut loader, opts.tuning_epochs, callback)?;
    let weights: Vec<Tensor> =
        model.parameters().iter().map(|p| p.tensor().detach()).filter(|t| t.rank() >= 2).collect();
    let sparse = |t: &Tensor| (t.rank() == 2).then(|| Csr::from_dense(t).map(|c| c.bytes()));
    let csr_bytes =
        weights.iter().map(sparse).collect::<Option<Result<Vec<usize>>>>().transpose()?;
    Ok(CurvePoint {
        share,
        sparsity: mask.sparsity(),
        pruned,
        tuned: accuracy(&model)?,
        dense_bytes: weights.iter().map(Tensor::nbytes).sum(),
        csr_bytes: csr_bytes.map(|bytes| bytes.iter().sum()),
    })
}

impl PruningCurve {
    /// Returns the curve as a Markdown table.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut out = String::from(
            "| zeros | of weights | accuracy | after fine-tuning | bytes, dense | bytes, CSR |\n\
             | --- | --- | --- | --- | --- | --- |\n",
        );
        for p in &self.points {
            let csr = p.csr_bytes.map_or_else(|| "none".to_owned(), |bytes| bytes.to_string());
            // Writing into a text cannot fail.
            let _ = writeln!(
                out,
                "| {:.0} % | {} of {} | {:.1} % | {:.1} % | {} | {csr} |",
                100.0 * p.share,
                p.sparsity.zeros,
                p.sparsity.weights,
                100.0 * p.pruned,
                100.0 * p.tuned,
                p.dense_bytes,
            );
        }
        out
    }

    /// Returns the curve as a stand-alone SVG: two lines over the share of zeros, with and without fine-tuning.
    #[must_use]
    pub fn to_svg(&self) -> String {
        let line = |name: &str, of: fn(&CurvePoint) -> f64| Mark::Line {
            name: name.to_owned(),
            points: self.points.iter().map(|p| [100.0 * p.share, 100.0 * of(p)]).collect(),
        };
        Chart {
            title: "Digits: accuracy as weights go".to_owned(),
            axes: ["weights set to zero (%)".to_owned(), "test accuracy (%)".to_owned()],
            marks: vec![line("fine-tuned", |p| p.tuned), line("pruned only", |p| p.pruned)],
        }
        .to_svg()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_are_exact_and_held_and_tuning_helps() {
        let opts = CurveOpts { epochs: 4, tuning_epochs: 2, ..CurveOpts::default() };
        let curve = pruning_curve(&opts, &mut ()).unwrap();
        // 64·32 + 32·10 weights of four bytes.
        assert!(curve.points.iter().all(|p| p.dense_bytes == 4 * 2368));
        for (p, zeros) in curve.points.iter().zip([0, 1184, 1894, 2131, 2250]) {
            assert_eq!((p.sparsity.zeros, p.sparsity.weights), (zeros, 2368), "{}", p.share);
            // What was zero is still: CSR stores four bytes and a short index for each other weight, and the starts of 42 + 2 rows.
            assert!(p.csr_bytes.unwrap() <= 6 * (2368 - zeros) + 4 * 44, "{p:?}");
        }
        // 95 % of the weights gone: chance is 10 %, training on brings it far above what pruning left.
        let last = &curve.points[4];
        assert!(last.tuned > last.pruned + 0.1, "{last:?}");
        assert_eq!(curve.points[0].pruned, {
            let (train_set, test_set) = scans::split(&digits().unwrap());
            let rule = Rule::Sgd(SgdOpts { lr: 0.1, momentum: 0.9, ..SgdOpts::default() });
            let recipe = Recipe { network: opts.network, rule, epochs: 4, batch_size: 32, seed: 0 };
            let trained = train(&recipe, &train_set, &test_set, false, &mut ()).unwrap();
            trained.test.accuracy.unwrap()
        });
        assert_eq!(curve.markdown().lines().count(), 2 + 5);
        let svg = curve.to_svg();
        assert!(svg.matches("<polyline").count() == 4 && svg.contains("fine-tuned"), "{svg}");
        assert_eq!(pruning_curve(&opts, &mut ()).unwrap(), curve, "the same seed, the same curve");
    }

    #[test]
    fn shares_out_of_range_are_refused() {
        for shares in [vec![], vec![1.5], vec![0.5, f64::NAN]] {
            let opts = CurveOpts { shares, ..CurveOpts::default() };
            assert!(matches!(
                pruning_curve(&opts, &mut ()),
                Err(Error::InvalidArgument { op: "pruning_curve", .. })
            ));
        }
    }
}
