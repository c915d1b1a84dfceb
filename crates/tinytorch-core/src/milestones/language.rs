//! 07, a generative language model (Brown et al., 2020): prose, letter by letter, from a network of the GPT kind.
//!
//! The text is cut: the first nine tenths are for training, the tail is never trained on and says how well the network
//! continues prose that it has not seen. As a yardstick for that stands what counting gives: the loss of somebody who knows how
//! often each letter occurs and nothing else.
//!
//! Halfway the run writes a checkpoint. Another network, from other first weights, takes it up and trains to the end: both
//! curves must have the same bits, or something that decides the run was not in the checkpoint.

use core::ops::ControlFlow;

use serde_json::{Value, json};

use super::{
    Gate, Need, Opts, Picture,
    plot::{Chart, Mark},
    report::{Finding, curve},
    text::{self, PerToken},
};
use crate::{
    Error, Result, Rng, dispatch,
    generate::{Sampler, Sampling, generate},
    nn::{Gpt, GptConfig, ModuleExt},
    optim::{AdamOpts, Optimizer},
    text::{CharTokenizer, Tokenizer},
    train::{Callback, Checkpoint, EpochEnd, EpochStats, StepReport, Trainer},
};

/// Letters in a window.
const CONTEXT: usize = 32;
/// Letters that are generated at the end.
const NEW: usize = 45;
/// Letters of the text that they continue: the last ones before the tail.
const PROMPT: usize = 16;
/// Shortest text that can be cut into windows on both sides.
const SHORTEST: usize = 500;

/// What milestone 07 measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Findings {
    /// Numbers that training changes.
    pub parameters: usize,
    /// Different tokens: the letters of the training text and one for all others.
    pub vocab: usize,
    /// Letters for training, and of the tail.
    pub letters: [usize; 2],
    /// Mean training loss of each epoch, in nats per letter.
    pub losses: Vec<f64>,
    /// Loss on the tail after each epoch.
    pub held_out: Vec<f64>,
    /// Loss on the tail of counted letters: each as probable as it was in the training text.
    pub counted: f64,
    /// What a run from the checkpoint found in the epochs after it: training loss and loss on the tail.
    pub resumed: Vec<[f64; 2]>,
    /// The beginning that the network was given, and how it went on.
    pub sample: [String; 2],
}

/// How large everything is.
#[derive(Debug, Clone, Copy)]
struct Size {
    width: usize,
    layers: usize,
    heads: usize,
    stride: usize,
    epochs: usize,
    lr: f64,
}

impl Size {
    fn new(quick: bool) -> Self {
        if quick {
            Self { width: 32, layers: 1, heads: 2, stride: 16, epochs: 14, lr: 1.5e-2 }
        } else {
            Self { width: 64, layers: 2, heads: 4, stride: 8, epochs: 12, lr: 1e-3 }
        }
    }

    fn config(self, vocab: usize) -> GptConfig {
        GptConfig::new(vocab, self.width, self.layers, self.heads, 64)
    }
}

/// Runs the milestone.
///
/// # Errors
///
/// As [`run`](super::run()).
pub fn run(opts: &Opts) -> Result<Findings> {
    let size = Size::new(opts.quick);
    let (first, tail) = cut(opts.text)?;
    let tokenizer = CharTokenizer::train(&[first])?;
    let [first, tail] = [tokenizer.encode(first)?, tokenizer.encode(tail)?];
    let vocab = tokenizer.vocab_size();
    let texts = Texts { first, tail };

    let mut rng = Rng::seed(opts.seed);
    let model = text::gpt(&size.config(vocab), &mut rng.split())?;
    let mut adam = optimizer(&model, size.lr)?;
    let mut keep =
        Keep { after: size.epochs / 2, saved: None, progress: (opts.progress)("07 gpt") };
    let order = rng.split();
    let [losses, held_out] =
        texts.fit(&model, &mut *adam, order, [0, 0], size.epochs, size.stride, &mut keep)?;

    // The other first weights make sure that everything comes from the checkpoint.
    let again = text::gpt(&size.config(vocab), &mut rng.split())?;
    let mut other = optimizer(&again, size.lr)?;
    let saved = Checkpoint::from_bytes(&keep.saved.unwrap_or_default())?;
    saved.restore(&again, &mut *other)?;
    let done = [saved.counter("epoch")?, saved.counter("steps")?].map(|n| n as usize);
    let rest = size.epochs.saturating_sub(done[0]);
    let progress = &mut *(opts.progress)("07 resumed");
    let [train, tail_again] =
        texts.fit(&again, &mut *other, saved.rng("order")?, done, rest, size.stride, progress)?;

    model.train(false);
    let skipped = cut(opts.text)?.0.chars().count().saturating_sub(PROMPT);
    let beginning: String = opts.text.chars().skip(skipped).take(PROMPT).collect();
    let mut sampler =
        Sampler::new(Sampling { temperature: 0.8, ..Sampling::default() }, opts.seed)?;
    let new = generate(&model, &tokenizer.encode(&beginning)?, NEW, &[], &mut sampler, |_| true)?;
    Ok(Findings {
        parameters: model.num_parameters(),
        vocab,
        letters: [texts.first.len(), texts.tail.len()],
        losses,
        held_out,
        counted: counted(&texts, vocab),
        resumed: train.into_iter().zip(tail_again).map(|(a, b)| [a, b]).collect(),
        sample: [beginning, tokenizer.decode(&new)?],
    })
}

/// Cuts a text after nine tenths of its characters.
fn cut(text: &str) -> Result<(&str, &str)> {
    let n = text.chars().count();
    if n < SHORTEST {
        let (got, need) = (format!("{n} characters long"), format!("at least {SHORTEST}"));
        return Err(Error::argument("milestone", "text", got, need));
    }
    let at = text.char_indices().nth(n * 9 / 10).map_or(text.len(), |(at, _)| at);
    Ok(text.split_at(at))
}

fn optimizer(model: &Gpt, lr: f64) -> Result<Box<dyn Optimizer>> {
    dispatch::adam(model.parameters(), AdamOpts { lr, ..AdamOpts::adamw() })
}

/// The ids of both parts of the text.
struct Texts {
    first: Vec<u32>,
    tail: Vec<u32>,
}

impl Texts {
    /// Trains for `epochs` epochs after those `done` and returns training loss and loss on the tail of each.
    #[expect(
        clippy::too_many_arguments,
        reason = "each of them decides the run, and it runs twice"
    )]
    fn fit(
        &self,
        model: &Gpt,
        optimizer: &mut dyn Optimizer,
        order: Rng,
        [done, steps]: [usize; 2],
        epochs: usize,
        stride: usize,
        callback: &mut dyn Callback,
    ) -> Result<[Vec<f64>; 2]> {
        let mut batches = text::batches(text::lessons(&self.first, CONTEXT, stride)?, Some(order))?;
        // Every letter of the tail is asked for once.
        let mut tail = text::batches(text::lessons(&self.tail, CONTEXT, CONTEXT)?, None)?;
        let mut trainer = Trainer::new(model, optimizer, &PerToken).resume(done, steps);
        let history = trainer.fit_validated(&mut batches, &mut tail, epochs, callback)?;
        Ok([
            history.epochs.iter().map(|e| e.loss).collect(),
            history.validation.iter().map(|e| e.loss).collect(),
        ])
    }
}

/// Keeps a checkpoint of the epoch `after`.
struct Keep {
    after: usize,
    saved: Option<Vec<u8>>,
    progress: Box<dyn Callback>,
}

impl Callback for Keep {
    fn on_step(&mut self, report: &StepReport) -> Result<()> {
        self.progress.on_step(report)
    }

    fn on_epoch(&mut self, stats: &EpochStats) -> Result<ControlFlow<()>> {
        self.progress.on_epoch(stats)
    }

    fn on_epoch_end(&mut self, end: &EpochEnd<'_>) -> Result<ControlFlow<()>> {
        if end.stats.epoch + 1 == self.after {
            let mut saved = Checkpoint::of(end.model, end.optimizer)?
                .with_counter("epoch", self.after as u64)
                .with_counter("steps", end.steps as u64);
            if let Some(order) = end.order {
                saved = saved.with_rng("order", order);
            }
            self.saved = Some(saved.to_bytes());
        }
        self.on_epoch(end.stats)
    }
}

/// Loss on the tail, in nats per letter, of somebody who has only counted letters; one is added to each count.
fn counted(texts: &Texts, vocab: usize) -> f64 {
    let mut counts = vec![1.0; vocab];
    let known = |id: &&u32| (**id as usize) < vocab;
    texts.first.iter().filter(known).for_each(|&id| counts[id as usize] += 1.0);
    let all: f64 = counts.iter().sum();
    let losses = texts.tail.iter().filter(known).map(|&id| -(counts[id as usize] / all).ln());
    losses.sum::<f64>() / texts.tail.len() as f64
}

impl Findings {
    /// Epochs after the checkpoint, and how many of them the resumed run repeats to the bit.
    fn repeated(&self) -> [usize; 2] {
        let whole = self.losses.iter().zip(&self.held_out).map(|(a, b)| [*a, *b]);
        let rest = self.losses.len() - self.losses.len() / 2;
        let same = whole.skip(self.losses.len() / 2).zip(&self.resumed).filter(|(a, b)| a == *b);
        [rest, same.count()]
    }

    fn last(&self) -> [f64; 2] {
        [&self.losses, &self.held_out].map(|curve| curve.last().copied().unwrap_or(f64::NAN))
    }
}

impl Finding for Findings {
    fn gates(&self) -> Vec<Gate> {
        let gate = |name, measured, need| Gate { name, measured, need };
        let ([loss, held_out], [rest, same]) = (self.last(), self.repeated());
        vec![
            gate("training loss of the last epoch", loss, Need::Below(2.2)),
            gate(
                "loss on the tail, less that of counting letters",
                held_out - self.counted,
                Need::Below(0.0),
            ),
            gate(
                "epochs that a resumed run repeats to the bit",
                same as f64,
                Need::Exactly(rest as f64),
            ),
        ]
    }

    fn sentences(&self) -> Vec<String> {
        let [loss, held_out] = self.last();
        let [rest, same] = self.repeated();
        let [beginning, new] = &self.sample;
        vec![
            format!(
                "{} parameters, {} tokens; {} letters for training, {} held out",
                self.parameters, self.vocab, self.letters[0], self.letters[1]
            ),
            format!(
                "training loss {:.4} after the first epoch, {loss:.4} after {}; on the tail {held_out:.4} nats per letter, {:.4} by counting",
                self.losses.first().unwrap_or(&f64::NAN),
                self.losses.len(),
                self.counted
            ),
            format!("taken up from its checkpoint, {same} of {rest} epochs have the same bits"),
            format!("{beginning:?} goes on {new:?}"),
        ]
    }

    fn json(&self) -> Value {
        json!({
            "parameters": self.parameters,
            "vocab": self.vocab,
            "letters": self.letters,
            "losses": self.losses,
            "held_out": self.held_out,
            "counted": self.counted,
            "resumed": self.resumed,
            "sample": self.sample,
        })
    }

    fn pictures(&self) -> Vec<Picture> {
        let line = |name: &str, points| Mark::Line { name: name.to_owned(), points };
        let start = (self.losses.len() / 2) as f64;
        let resumed: Vec<f64> = self.resumed.iter().map(|r| r[0]).collect();
        let later = curve(&resumed).into_iter().map(|[x, y]| [x + start, y]).collect();
        let chart = Chart {
            title: "Letters of a text".to_owned(),
            axes: ["epoch".to_owned(), "loss (nats per letter)".to_owned()],
            marks: vec![
                line("training", curve(&self.losses)),
                line("tail", curve(&self.held_out)),
                Mark::Dots { name: "resumed".to_owned(), points: later },
            ],
        };
        vec![Picture { name: "07-loss", svg: chart.to_svg() }]
    }
}
