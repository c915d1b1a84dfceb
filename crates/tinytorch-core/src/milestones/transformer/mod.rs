//! 05, the transformer (Vaswani et al., 2017): attention reverses and copies words.
//!
//! A network of two blocks, 64 numbers wide, reads six letters and writes six letters at once. To reverse them every
//! position has to fetch a letter from another one, and to know which: attention is what fetches, positions are how it knows.
//! So two parts are knocked out. Without position vectors every position sees the same unordered letters; with the mean over all
//! positions in the place of attention, nobody can look anywhere in particular. Reversal must fail both times.
//!
//! The network that has learned to reverse goes on to learn copying; a fresh one learns both at once, told by the
//! first id which of the two to do. A set of its own decides when to stop; the test set is looked at once, at the end.

use core::ops::ControlFlow;

use serde_json::{Value, json};

use super::{
    Gate, Need, Opts, Picture,
    plot::{Chart, Mark},
    report::{Finding, curve, percent},
};
use crate::{
    Result, Rng, Tensor,
    data::DataLoader,
    datasets::{
        Sequences,
        sequences::{self, Task, VOCAB_SIZE},
    },
    dispatch,
    nn::{Loss, Module, ModuleExt},
    ops::CrossEntropyOpts,
    optim::AdamOpts,
    train::{Callback, EpochStats, StepReport, Trainer, predict},
};

mod model;

use model::{Config, Mixing, Translator};

/// What milestone 05 measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Findings {
    /// Numbers that training changes in the whole network.
    pub parameters: usize,
    /// Reversal.
    pub reverse: Learned,
    /// Copying, learned afterwards by the same network.
    pub copy: Learned,
    /// Both at once, by another network.
    pub mixed: Learned,
    /// Reversal without positions.
    pub without_positions: Learned,
    /// Reversal with averages in the place of attention.
    pub without_attention: Learned,
}

/// What one training run reached.
#[derive(Debug, Clone, PartialEq)]
pub struct Learned {
    /// Share of the test sequences that are right at every position.
    pub accuracy: f64,
    /// That share of the validation sequences after each epoch.
    pub accuracies: Vec<f64>,
    /// Mean training loss of each epoch.
    pub losses: Vec<f64>,
    /// The first test sequence: input, target and output, spelled.
    pub example: [String; 3],
}

/// How large everything is.
#[derive(Debug, Clone, Copy)]
struct Size {
    letters: usize,
    /// Sequences for training, and for validation and testing each, of one task.
    single: [usize; 2],
    /// The same for the mixed task.
    mixed: [usize; 2],
    /// Epochs at most: reversal, copying, mixed, a knocked-out network.
    epochs: [usize; 4],
    config: Config,
}

impl Size {
    fn new(quick: bool) -> Self {
        let full = Config {
            vocab_size: VOCAB_SIZE,
            seq_len: 6,
            width: 64,
            n_heads: 4,
            n_layers: 2,
            hidden: 256,
            positions: true,
            mixing: Mixing::Attention,
        };
        if quick {
            let config =
                Config { seq_len: 4, width: 32, n_heads: 2, n_layers: 1, hidden: 64, ..full };
            Self {
                letters: 4,
                single: [600, 100],
                mixed: [800, 100],
                epochs: [20, 20, 20, 4],
                config,
            }
        } else {
            Self {
                letters: 6,
                single: [600, 200],
                mixed: [800, 300],
                epochs: [50, 50, 60, 12],
                config: full,
            }
        }
    }
}

/// Training, validation and test sequences of one task.
struct Sets {
    train: Sequences,
    held_out: Sequences,
    test: Sequences,
}

impl Sets {
    fn new(
        task: Task,
        [n_train, n_test]: [usize; 2],
        letters: usize,
        rng: &mut Rng,
    ) -> Result<Self> {
        let all = sequences::generate(task, n_train + 2 * n_test, letters, rng)?;
        let (train, rest) = all.split_at(n_train)?;
        let (held_out, test) = rest.split_at(n_test)?;
        Ok(Self { train, held_out, test })
    }
}

/// Runs the milestone.
///
/// # Errors
///
/// As [`run`](super::run()).
pub fn run(opts: &Opts) -> Result<Findings> {
    let size = Size::new(opts.quick);
    let Size { letters, epochs, config, .. } = size;
    let mut rng = Rng::seed(opts.seed);
    let reversing = Sets::new(Task::Reverse, size.single, letters, &mut rng.split())?;
    let copying = Sets::new(Task::Copy, size.single, letters, &mut rng.split())?;
    let both = Sets::new(Task::Mixed, size.mixed, letters, &mut rng.split())?;
    let mut fit = |model: &Translator, sets: &Sets, epochs: usize, until: f64, name: &str| {
        learn(model, sets, epochs, until, &mut rng, (opts.progress)(name))
    };
    let mut weights = Rng::seed(opts.seed).split();
    let mut network = |config| Translator::new(config, &mut weights);

    let model = network(config)?;
    let reverse = fit(&model, &reversing, epochs[0], 0.99, "05 reverse")?;
    let copy = fit(&model, &copying, epochs[1], 0.99, "05 copy")?;
    let fresh = network(Config { seq_len: letters + 1, ..config })?;
    let mixed = fit(&fresh, &both, epochs[2], 0.97, "05 mixed")?;
    let blind = network(Config { positions: false, ..config })?;
    let without_positions = fit(&blind, &reversing, epochs[3], 1.0, "05 without positions")?;
    let deaf = network(Config { mixing: Mixing::Average, ..config })?;
    let without_attention = fit(&deaf, &reversing, epochs[3], 1.0, "05 without attention")?;
    Ok(Findings {
        parameters: model.num_parameters(),
        reverse,
        copy,
        mixed,
        without_positions,
        without_attention,
    })
}

/// Cross entropy of logits `[B·T, V]` with ids `[B, T]`.
struct PerPosition;

impl Loss for PerPosition {
    fn loss(&self, output: &Tensor, target: &Tensor) -> Result<Tensor> {
        output.cross_entropy(&target.reshape([target.numel()])?, &CrossEntropyOpts::default())
    }
}

/// Trains until the share `until` of the validation sequences is right, for `epochs` epochs at most.
fn learn(
    model: &Translator,
    sets: &Sets,
    epochs: usize,
    until: f64,
    rng: &mut Rng,
    progress: Box<dyn Callback>,
) -> Result<Learned> {
    let mut loader =
        DataLoader::builder(&sets.train).batch_size(16).shuffle(rng.split()).build()?;
    let mut adam = dispatch::adam(model.parameters(), AdamOpts::default())?;
    let mut watch =
        Watch { model, held_out: &sets.held_out, until, accuracies: Vec::new(), progress };
    let history =
        Trainer::new(model, &mut *adam, &PerPosition).fit(&mut loader, epochs, &mut watch)?;
    let accuracies = watch.accuracies;
    let answers = answers(model, &sets.test)?;
    let (input, target) = sets.test.pair(0).unwrap_or_default();
    let output = answers.get(..target.len()).unwrap_or_default();
    Ok(Learned {
        accuracy: whole(&answers, &sets.test),
        accuracies,
        losses: history.epochs.iter().map(|e| e.loss).collect(),
        example: [input, target, output].map(sequences::spell),
    })
}

/// Measures after every epoch and ends the training when it is done.
struct Watch<'a> {
    model: &'a Translator,
    held_out: &'a Sequences,
    until: f64,
    accuracies: Vec<f64>,
    progress: Box<dyn Callback>,
}

impl Callback for Watch<'_> {
    fn on_step(&mut self, report: &StepReport) -> Result<()> {
        self.progress.on_step(report)
    }

    fn on_epoch(&mut self, stats: &EpochStats) -> Result<ControlFlow<()>> {
        let share = whole(&answers(self.model, self.held_out)?, self.held_out);
        self.accuracies.push(share);
        if share >= self.until {
            return Ok(ControlFlow::Break(()));
        }
        self.progress.on_epoch(stats)
    }
}

/// The id that the network writes at each position of each sequence.
fn answers(model: &dyn Module, set: &Sequences) -> Result<Vec<u8>> {
    let [x, _] = set.to_tensors()?;
    Ok(predict(model, &x)?.into_iter().map(|id| u8::try_from(id).unwrap_or(u8::MAX)).collect())
}

/// The share of sequences that are right at every position.
fn whole(answers: &[u8], set: &Sequences) -> f64 {
    let pairs = answers.chunks_exact(set.seq_len()).enumerate();
    let right = pairs.filter(|(i, ids)| set.pair(*i).is_some_and(|(_, target)| target == *ids));
    right.count() as f64 / set.len() as f64
}

impl Findings {
    fn runs(&self) -> [(&'static str, &'static str, &Learned); 5] {
        [
            ("reverse", "reverse", &self.reverse),
            ("copy", "copy", &self.copy),
            ("mixed", "both", &self.mixed),
            ("without_positions", "reverse without positions", &self.without_positions),
            ("without_attention", "reverse without attention", &self.without_attention),
        ]
    }
}

impl Finding for Findings {
    fn gates(&self) -> Vec<Gate> {
        let gate = |name, learned: &Learned, need| Gate { name, measured: learned.accuracy, need };
        vec![
            gate("words reversed", &self.reverse, Need::AtLeast(0.95)),
            gate("words copied", &self.copy, Need::AtLeast(0.95)),
            gate("words reversed or copied, as asked", &self.mixed, Need::AtLeast(0.9)),
            gate("words reversed without positions", &self.without_positions, Need::Below(0.2)),
            gate("words reversed without attention", &self.without_attention, Need::Below(0.2)),
        ]
    }

    fn sentences(&self) -> Vec<String> {
        let mut sentences = vec![format!("{} parameters", self.parameters)];
        sentences.extend(self.runs().map(|(_, name, learned)| {
            let [input, _, output] = &learned.example;
            format!(
                "{name}: {} of the test words after {} epochs, training loss {:.4}; {input} becomes {output}",
                percent(learned.accuracy),
                learned.accuracies.len(),
                learned.losses.last().unwrap_or(&f64::NAN)
            )
        }));
        sentences
    }

    fn json(&self) -> Value {
        let learned = |l: &Learned| {
            json!({
                "accuracy": l.accuracy,
                "accuracies": l.accuracies,
                "losses": l.losses,
                "example": l.example,
            })
        };
        let mut all: serde_json::Map<String, Value> =
            self.runs().into_iter().map(|(key, _, l)| (key.to_owned(), learned(l))).collect();
        all.insert("parameters".to_owned(), json!(self.parameters));
        Value::Object(all)
    }

    fn pictures(&self) -> Vec<Picture> {
        let chart = |unit: &str, values: fn(&Learned) -> &[f64]| Chart {
            title: "Words reversed and copied".to_owned(),
            axes: ["epoch".to_owned(), unit.to_owned()],
            marks: self
                .runs()
                .map(|(_, name, l)| Mark::Line { name: name.to_owned(), points: curve(values(l)) })
                .into(),
        };
        let accuracy = chart("validation words right", |l| &l.accuracies);
        let loss = chart("training loss (nats)", |l| &l.losses);
        vec![
            Picture { name: "05-accuracy", svg: accuracy.to_svg() },
            Picture { name: "05-loss", svg: loss.to_svg() },
        ]
    }
}

#[cfg(test)]
mod tests;
