//! Build: a network trained from nothing on real handwriting.

use std::io::Write;
use std::time::Instant;

use anyhow::{Context as _, Result};
use serde::Serialize;
use tinytorch_core::milestones::digits::{Network, Recipe, Trained, train};
use tinytorch_core::nn::ModuleExt as _;
use tinytorch_core::train::{EpochStats, Evaluation, ProgressLine};

use super::Options;
use super::using::Task;
use crate::page::{Origin, Page, grouped, percent, seconds};
use crate::plot::{Chart, Series};

/// How training went.
#[derive(Debug, Serialize)]
pub struct Build {
    /// The network, in words.
    pub network: String,
    /// Numbers that training changes.
    pub parameters: usize,
    /// Times every training image was seen.
    pub epochs: usize,
    /// Mean cross-entropy over each epoch's training images, in nats.
    pub train_losses: Vec<f64>,
    /// Mean cross-entropy of the held-out images after each epoch, in nats.
    pub test_losses: Vec<f64>,
    /// Share of training images named right during the last epoch.
    pub train_accuracy: f64,
    /// Share of held-out images named right after the last epoch.
    pub test_accuracy: f64,
    /// Time of training in seconds.
    pub seconds: f64,
}

/// Trains the network and measures it on held-out images.
///
/// # Errors
///
/// If an operation of the network fails.
pub fn run<W: Write>(
    options: &Options,
    task: &Task,
    page: &mut Page<W>,
) -> Result<(Trained, Build)> {
    page.heading("2 Build: train a network from nothing")?;
    let recipe = Recipe::new(options.network, options.seed);
    let start = Instant::now();
    let trained =
        train(&recipe, &task.train, &task.test, true, &mut ProgressLine::stderr("training"))?;
    let elapsed = start.elapsed().as_secs_f64();

    let network = describe(options.network);
    let parameters = trained.model.num_parameters();
    page.value(
        "network",
        &network,
        Origin::Assumed,
        &format!("{} parameters", grouped(parameters as u64)),
    )?;
    let note = format!(
        "{} epochs, {} images a step, held-out loss after each",
        recipe.epochs, recipe.batch_size
    );
    page.value("training time", seconds(elapsed), Origin::Measured, &note)?;

    let history = &trained.history;
    let train_losses: Vec<f64> =
        history.epochs.iter().map(|epoch: &EpochStats| epoch.loss).collect();
    let test_losses: Vec<f64> =
        history.validation.iter().map(|held_out: &Evaluation| held_out.loss).collect();
    let (first, last) = (history.epochs.first(), history.epochs.last());
    let (first, last) = first.zip(last).context("no epoch was trained")?;
    let loss = format!("{:.3} to {:.4}", first.loss, last.loss);
    page.value(
        "loss, first to last epoch",
        loss,
        Origin::Measured,
        "mean cross-entropy of training images, nats",
    )?;
    let train_accuracy = last.accuracy.unwrap_or(0.0);
    let test_accuracy = trained.test.accuracy.unwrap_or(0.0);
    page.value(
        "training accuracy",
        percent(train_accuracy),
        Origin::Measured,
        "during the last epoch",
    )?;
    page.value(
        "test accuracy",
        percent(test_accuracy),
        Origin::Measured,
        &format!("{} held-out images", task.test.len()),
    )?;
    let build = Build {
        network,
        parameters,
        epochs: recipe.epochs,
        train_losses,
        test_losses,
        train_accuracy,
        test_accuracy,
        seconds: elapsed,
    };
    Ok((trained, build))
}

fn describe(network: Network) -> String {
    match network {
        Network::Mlp { hidden } => format!("64-{hidden}-10, ReLU"),
        Network::Cnn { channels } => format!("conv 3x3x{channels}, pool, 10"),
    }
}

impl Build {
    /// Draws the losses over the epochs.
    #[must_use]
    pub fn curve(&self) -> Chart {
        let line = |name: &str, losses: &[f64]| Series {
            name: name.to_owned(),
            points: losses
                .iter()
                .enumerate()
                .map(|(epoch, loss)| (epoch as f64 + 1.0, *loss))
                .collect(),
        };
        Chart {
            title: format!("Training {}", self.network),
            axes: ["epoch".to_owned(), "mean cross-entropy (nats)".to_owned()],
            series: vec![line("training", &self.train_losses), line("held out", &self.test_losses)],
        }
    }
}
