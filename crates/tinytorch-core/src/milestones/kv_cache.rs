//! 06b, nothing computed twice: the same text from a cache of keys and values, several times as fast.
//!
//! A decoder that writes one token after another would evaluate the whole text for every new token, though the keys and
//! values of the earlier ones never change. A cache keeps them, and the new token alone goes through the network. That is
//! only worth anything if the answer stays the same, so that is looked at first: 128 tokens by the best score, 128 drawn with one
//! seed, and the scores at every position of the text. Then both ways are timed, in turns, so that a busy machine slows
//! down both.
//!
//! The network, 64 numbers wide with two blocks, has read the bytes of the almanac for a moment: an untrained one would repeat itself.

use std::time::Instant;

use serde_json::{Value, json};

use super::{
    Gate, Need, Opts, Picture,
    measured::Figure,
    plot::{Chart, Mark},
    report::{Finding, curve},
    text::{self, PerToken},
};
use crate::{
    Result, Rng, Tensor,
    autograd::no_grad,
    bench::Samples,
    dispatch,
    generate::{
        CacheType, CachedModel, Sampler, Sampling, batch_invariant, generate, generate_cached,
    },
    nn::{Gpt, GptConfig, Module, ModuleExt},
    optim::AdamOpts,
    train::Trainer,
};

/// Tokens that are generated.
pub const TOKENS: usize = 128;

/// The same in the small version.
const FEW: usize = 48;

/// Bytes of the text that are there before.
const PROMPT: usize = 16;

/// The gate that a clock decides.
pub(super) const SPEED_UP: &str = "times as fast with a cache";

/// What milestone 06b measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Findings {
    /// Numbers that training changes.
    pub parameters: usize,
    /// Training loss at the end, in nats per byte.
    pub loss: f64,
    /// Tokens that are generated each time.
    pub tokens: usize,
    /// How many of them are the same with and without a cache when the best one is always taken.
    pub greedy: usize,
    /// The same for tokens drawn with one seed.
    pub sampled: usize,
    /// Largest difference of a score at any position of the greedy text.
    pub difference: f64,
    /// Bytes of the cache for the longest text.
    pub cache_bytes: u64,
    /// What the clock said.
    pub times: Option<Times>,
}

/// Times with and without a cache.
#[derive(Debug, Clone, PartialEq)]
pub struct Times {
    /// Seconds of each token without a cache, the median over the rounds.
    pub plain: Vec<f64>,
    /// The same with a cache; the first one pays for the prompt.
    pub cached: Vec<f64>,
    /// Time for all tokens without a cache over that with one, in the same round.
    pub speed_up: Figure,
}

/// Runs the milestone.
///
/// # Errors
///
/// As [`run`](super::run()).
pub fn run(opts: &Opts) -> Result<Findings> {
    let ids: Vec<u32> = opts.text.bytes().map(u32::from).collect();
    let mut rng = Rng::seed(opts.seed);
    let model = text::gpt(&GptConfig::new(256, 64, 2, 4, 256), &mut rng.split())?;
    let (stride, epochs, n) = if opts.quick { (16, 2, FEW) } else { (8, 4, TOKENS) };
    let mut batches = text::batches(text::lessons(&ids, 32, stride)?, Some(rng.split()))?;
    let rule = AdamOpts { lr: 3e-3, ..AdamOpts::default() };
    let mut adam = dispatch::adam(model.parameters(), rule)?;
    let progress = &mut *(opts.progress)("06b gpt");
    let history =
        Trainer::new(&model, &mut *adam, &PerToken).fit(&mut batches, epochs, progress)?;
    model.train(false);

    let prompt = ids.get(..PROMPT).unwrap_or(&ids);
    let draw = |seed| Sampler::new(Sampling::default(), seed);
    let (greedy, text) = same(&model, prompt, n, || Ok(Sampler::greedy()))?;
    let (sampled, _) = same(&model, prompt, n, || draw(opts.seed))?;
    Ok(Findings {
        parameters: model.num_parameters(),
        loss: history.epochs.last().map_or(f64::NAN, |e| e.loss),
        tokens: n,
        greedy,
        sampled,
        difference: difference(&model, &text)?,
        cache_bytes: model.new_cache(1, CacheType::F32)?.bytes(),
        times: Some(time(&model, prompt, n, if opts.quick { 1 } else { 5 })?),
    })
}

/// How many tokens are the same with and without a cache, and the whole text without one.
///
/// Rows are computed so that they do not depend on what stands beside them: two nearly equal scores come in the same order.
fn same(
    model: &Gpt,
    prompt: &[u32],
    n: usize,
    sampler: impl Fn() -> Result<Sampler>,
) -> Result<(usize, Vec<u32>)> {
    batch_invariant(|| {
        let whole = generate(model, prompt, n, &[], &mut sampler()?, |_| true)?;
        let mut cache = model.new_cache(1, CacheType::F32)?;
        let cached = generate_cached(model, &mut cache, prompt, n, &[], &mut sampler()?, |_| true)?;
        let equal = whole.iter().zip(&cached).filter(|(a, b)| a == b).count();
        Ok((equal, [prompt, &whole].concat()))
    })
}

/// The largest difference between scores from one evaluation of `text` and those from one token after the other.
fn difference(model: &Gpt, text: &[u32]) -> Result<f64> {
    let ids: Vec<i64> = text.iter().map(|&id| i64::from(id)).collect();
    no_grad(|| {
        let whole = model.forward(&Tensor::from_slice(&ids, [1, ids.len()])?)?.to_vec::<f32>()?;
        let mut cache = model.new_cache(1, CacheType::F32)?;
        let mut steps = Vec::with_capacity(whole.len());
        for &id in &ids {
            let scores = model.forward_cached(&Tensor::from_slice(&[id], [1, 1])?, &mut cache)?;
            steps.extend(scores.to_vec::<f32>()?);
        }
        if steps.len() != whole.len() {
            return Ok(f64::INFINITY);
        }
        let apart = |(a, b): (&f32, &f32)| f64::from((a - b).abs());
        // A number that is none must not be lost in the maximum.
        Ok(whole
            .iter()
            .zip(&steps)
            .map(apart)
            .fold(0.0, |most, x| if x <= most { most } else { x }))
    })
}

/// Times both ways in turns.
fn time(model: &Gpt, prompt: &[u32], n: usize, rounds: usize) -> Result<Times> {
    let [mut plain, mut cached] = [Vec::new(), Vec::new()];
    for _ in 0..rounds {
        plain.push(ticks(|each| {
            generate(model, prompt, n, &[], &mut Sampler::greedy(), each).map(drop)
        })?);
        let mut cache = model.new_cache(1, CacheType::F32)?;
        cached.push(ticks(|each| {
            generate_cached(model, &mut cache, prompt, n, &[], &mut Sampler::greedy(), each)
                .map(drop)
        })?);
    }
    let total = |round: &Vec<f64>| round.iter().sum::<f64>();
    let ratios = plain.iter().zip(&cached).map(|(p, c)| total(p) / total(c)).collect();
    let speed_up = Figure::new(&Samples::new(ratios)?)?;
    Ok(Times { plain: medians(&plain)?, cached: medians(&cached)?, speed_up })
}

/// Seconds between one token and the next.
fn ticks(run: impl FnOnce(&mut dyn FnMut(u32) -> bool) -> Result<()>) -> Result<Vec<f64>> {
    let (mut last, mut times) = (Instant::now(), Vec::new());
    run(&mut |_| {
        times.push(last.elapsed().as_secs_f64());
        last = Instant::now();
        true
    })?;
    Ok(times)
}

/// The median of each token's times over the rounds.
fn medians(rounds: &[Vec<f64>]) -> Result<Vec<f64>> {
    let n = rounds.iter().map(Vec::len).min().unwrap_or(0);
    let median = |i: usize| Ok(Samples::new(rounds.iter().map(|r| r[i]).collect())?.median());
    (0..n).map(median).collect()
}

impl Finding for Findings {
    fn gates(&self) -> Vec<Gate> {
        let gate = |name, measured, need| Gate { name, measured, need };
        let all = self.tokens as f64;
        let speed_up = self.times.as_ref().map_or(f64::NAN, |t| t.speed_up.median);
        vec![
            gate("best tokens that are the same", self.greedy as f64, Need::Exactly(all)),
            gate("drawn tokens that are the same", self.sampled as f64, Need::Exactly(all)),
            gate("largest difference of a score", self.difference, Need::AtMost(1e-5)),
            gate(SPEED_UP, speed_up, Need::AtLeast(3.0)),
        ]
    }

    fn sentences(&self) -> Vec<String> {
        let n = self.tokens;
        let mut sentences = vec![
            format!("{} parameters, training loss {:.4} nats per byte", self.parameters, self.loss),
            format!(
                "{} of {n} tokens by the best score and {} of {n} drawn ones are the same; scores differ by {:.1e} at most",
                self.greedy, self.sampled, self.difference
            ),
            format!("the cache takes {} bytes for 256 tokens", self.cache_bytes),
        ];
        sentences.extend(self.times.as_ref().map(|t| {
            let ms = |times: &[f64]| 1e3 * times.iter().sum::<f64>();
            format!(
                "{n} tokens in {:.1} ms without and {:.1} ms with a cache: {}",
                ms(&t.plain),
                ms(&t.cached),
                t.speed_up.text(1.0, "times as fast")
            )
        }));
        sentences
    }

    fn json(&self) -> Value {
        json!({
            "parameters": self.parameters,
            "loss": self.loss,
            "tokens": self.tokens,
            "greedy_same": self.greedy,
            "sampled_same": self.sampled,
            "largest_difference": self.difference,
            "cache_bytes": self.cache_bytes,
            "times": self.times.as_ref().map(|t| json!({
                "plain": t.plain,
                "cached": t.cached,
                "speed_up": t.speed_up.json(),
            })),
        })
    }

    fn pictures(&self) -> Vec<Picture> {
        let Some(times) = &self.times else { return Vec::new() };
        let line = |name: &str, seconds: &[f64]| Mark::Line {
            name: name.to_owned(),
            points: curve(&seconds.iter().map(|s| 1e3 * s).collect::<Vec<_>>()),
        };
        let chart = Chart {
            title: "Time of each new token".to_owned(),
            axes: ["new token".to_owned(), "milliseconds".to_owned()],
            marks: vec![line("whole text again", &times.plain), line("cache", &times.cached)],
        };
        vec![Picture { name: "06b-time", svg: chart.to_svg() }]
    }
}
