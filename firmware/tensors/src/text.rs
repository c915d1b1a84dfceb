//! A language model of two blocks with the weights of a seed.

use core::fmt::Write;

use tinytorch_core::autograd::no_grad;
use tinytorch_core::generate::{Sampler, generate};
use tinytorch_core::nn::{Gpt, GptConfig, Module, ModuleExt};
use tinytorch_core::{Result, Rng, Tensor};

use crate::bits;

const PROMPT: [u32; 3] = [3, 1, 4];
const VOCAB: usize = 20;

/// Continues a prompt greedily, and prints the scores of every continuation.
pub(crate) fn gpt(out: &mut dyn Write) -> Result<usize> {
    let model = Gpt::new(&GptConfig::new(VOCAB, 16, 2, 4, 16), &mut Rng::seed(1))?;
    model.train(false);
    let new = generate(&model, &PROMPT, 8, &[], &mut Sampler::greedy(), |_| true)?;
    let _ = write!(out, "gpt tokens=");
    for token in &new {
        let _ = write!(out, "{token},");
    }
    let ids = PROMPT.iter().chain(&new).map(|&id| i64::from(id)).collect();
    let ids = Tensor::from_vec(ids, [1, PROMPT.len() + new.len()])?;
    let scores = no_grad(|| model.forward(&ids))?.to_vec::<f32>()?;
    let _ = write!(out, " outputs=");
    bits(out, &scores);
    let _ = writeln!(out);
    Ok(1)
}
