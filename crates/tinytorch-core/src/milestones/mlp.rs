//! 03b, digits with a multilayer perceptron (Rumelhart, Hinton & Williams, 1986).
//!
//! 64 pixels, 32 hidden rectifiers, 10 classes: 64·32 + 32 + 32·10 + 10 = 2,410 parameters, trained for 20 epochs on the 1,437
//! scans for training and measured on the 360 others. Beside it the same network with a tenth of the step size and without
//! momentum: nothing is wrong with it, it is only not done. A loss that still falls at the end is the sign.

use serde_json::{Value, json};

use super::{
    Gate, Need, Opts, Picture,
    digits::{self, Network, Recipe, Rule, Trained},
    plot::{Chart, Mark},
    report::{Finding, curve, percent},
};
use crate::{
    Result,
    datasets::{self, Images, scans},
    nn::ModuleExt,
    optim::SgdOpts,
    train::Callback,
};

/// The network.
pub const NETWORK: Network = Network::Mlp { hidden: 32 };

/// What milestone 03b measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Findings {
    /// Numbers that training changes.
    pub parameters: usize,
    /// Step size 0.1, momentum 0.9.
    pub fast: Run,
    /// Step size 0.01, no momentum.
    pub slow: Run,
}

/// One training run.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Share of the test images read correctly in the end.
    pub accuracy: f64,
    /// That share after each epoch.
    pub accuracies: Vec<f64>,
    /// Mean training loss of each epoch.
    pub losses: Vec<f64>,
}

impl Run {
    pub(super) fn of(trained: &Trained) -> Self {
        let share = |e: &crate::train::Evaluation| e.accuracy.unwrap_or(f64::NAN);
        Self {
            accuracy: share(&trained.test),
            accuracies: trained.history.validation.iter().map(share).collect(),
            losses: trained.history.epochs.iter().map(|e| e.loss).collect(),
        }
    }
}

/// Returns the images for training and for testing.
pub(super) fn data() -> Result<(Images, Images)> {
    Ok(scans::split(&datasets::digits()?))
}

/// Returns the recipe of the network that passes.
pub(super) fn recipe(opts: &Opts) -> Recipe {
    let rule = Rule::Sgd(SgdOpts { lr: 0.1, momentum: 0.9, ..SgdOpts::default() });
    let epochs = if opts.quick { 5 } else { 20 };
    Recipe { network: NETWORK, rule, epochs, batch_size: 32, seed: opts.seed }
}

/// Runs the milestone.
///
/// # Errors
///
/// As [`run`](super::run()).
pub fn run(opts: &Opts) -> Result<Findings> {
    let (train, test) = data()?;
    let fit = |recipe: Recipe, callback: &mut dyn Callback| {
        digits::train(&recipe, &train, &test, true, callback)
    };
    let fast = fit(recipe(opts), &mut *(opts.progress)("03b lr 0.1, momentum 0.9"))?;
    let rule = Rule::Sgd(SgdOpts { lr: 0.01, ..SgdOpts::default() });
    let slow = fit(Recipe { rule, ..recipe(opts) }, &mut *(opts.progress)("03b lr 0.01"))?;
    Ok(Findings {
        parameters: fast.model.num_parameters(),
        fast: Run::of(&fast),
        slow: Run::of(&slow),
    })
}

impl Finding for Findings {
    fn gates(&self) -> Vec<Gate> {
        let (name, measured) = ("test digits read correctly", self.fast.accuracy);
        vec![Gate { name, measured, need: Need::AtLeast(0.9) }]
    }

    fn sentences(&self) -> Vec<String> {
        let epochs = self.fast.losses.len();
        let last = |run: &Run| run.losses.last().copied().unwrap_or(f64::NAN);
        vec![
            format!(
                "{} parameters, step size 0.1, momentum 0.9: {} of the test digits after {epochs} epochs, loss {:.4}",
                self.parameters,
                percent(self.fast.accuracy),
                last(&self.fast)
            ),
            format!(
                "the same with step size 0.01 and no momentum: {}, loss {:.4}",
                percent(self.slow.accuracy),
                last(&self.slow)
            ),
        ]
    }

    fn json(&self) -> Value {
        json!({
            "parameters": self.parameters,
            "fast": run_json(&self.fast),
            "slow": run_json(&self.slow),
        })
    }

    fn pictures(&self) -> Vec<Picture> {
        let runs = [("lr 0.1, momentum", &self.fast), ("lr 0.01", &self.slow)];
        pictures(["03b-accuracy", "03b-loss"], "Digits, 64-32-10", &runs)
    }
}

pub(super) fn run_json(run: &Run) -> Value {
    json!({"accuracy": run.accuracy, "accuracies": run.accuracies, "losses": run.losses})
}

/// Returns the charts of test accuracy and training loss over the epochs.
pub(super) fn pictures(
    names: [&'static str; 2],
    title: &str,
    runs: &[(&str, &Run)],
) -> Vec<Picture> {
    let chart = |unit: &str, values: fn(&Run) -> &[f64]| Chart {
        title: title.to_owned(),
        axes: ["epoch".to_owned(), unit.to_owned()],
        marks: runs
            .iter()
            .map(|(name, run)| Mark::Line { name: (*name).to_owned(), points: curve(values(run)) })
            .collect(),
    };
    vec![
        Picture { name: names[0], svg: chart("test accuracy", |r| &r.accuracies).to_svg() },
        Picture { name: names[1], svg: chart("training loss (nats)", |r| &r.losses).to_svg() },
    ]
}
