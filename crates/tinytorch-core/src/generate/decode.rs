//! Continuing a sequence of tokens with a language model.

use super::Sampler;
use crate::nostd::prelude::*;
use crate::{
    Error, Result, Tensor, dispatch,
    nn::{self, Gpt, Llama, Module},
};

/// A model of sequences: ids `[B, T]` in, scores of the next token `[B, T, vocab]` out.
pub trait LanguageModel: Module {
    /// Returns the longest sequence the model takes.
    fn max_len(&self) -> usize;

    /// Returns the scores for rows of which row `b` begins with `pads[b]` ids that are not there: the others count their
    /// positions from 0 and do not look at them. Scores at these places mean nothing.
    ///
    /// The default evaluates each row alone; implement it to evaluate them together.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] unless there is one number for each row, less than its length; as
    /// [`forward`](Module::forward).
    fn forward_padded(&self, ids: &Tensor, pads: &[usize]) -> Result<Tensor> {
        nn::each_alone(self, ids, pads)
    }
}

impl LanguageModel for Gpt {
    fn max_len(&self) -> usize {
        self.config().max_len
    }

    fn forward_padded(&self, ids: &Tensor, pads: &[usize]) -> Result<Tensor> {
        Self::forward_padded(self, ids, pads)
    }
}

impl LanguageModel for Llama {
    fn max_len(&self) -> usize {
        self.config().max_len
    }

    fn forward_padded(&self, ids: &Tensor, pads: &[usize]) -> Result<Tensor> {
        Self::forward_padded(self, ids, pads)
    }
}

/// Refuses a prompt that is empty or, with what is to come, too long for the model.
pub(super) fn check_room(model: &dyn LanguageModel, prompt: &[u32], max_new: usize) -> Result<()> {
    if prompt.is_empty() {
        return Err(Error::argument("generate", "prompt", "empty", "at least one token"));
    }
    let max_len = model.max_len();
    if prompt.len().checked_add(max_new).is_none_or(|len| len > max_len) {
        let got = format_args!("{} of prompt and {max_new} new", prompt.len());
        let need = format!("at most the {max_len} tokens the model takes");
        return Err(Error::argument("generate", "length", got, need));
    }
    Ok(())
}

/// Returns up to `max_new` tokens that continue `prompt`, one evaluation of the whole sequence for each.
///
/// Generation ends early after a token of `stop`, which is part of the result. Each token goes to `each` as soon as it is
/// drawn; `each` ends generation by returning false. Switch the model to evaluation first, or dropout takes part.
///
/// # Errors
///
/// [`Error::InvalidArgument`](crate::Error::InvalidArgument) if the prompt is empty, or prompt and new tokens together are longer than the model takes;
/// whatever the model and [`Sampler::next`] return.
///
/// # Examples
///
/// ```
/// use tinytorch_core::Rng;
/// use tinytorch_core::generate::{Sampler, generate};
/// use tinytorch_core::nn::{Gpt, GptConfig};
///
/// let model = Gpt::new(&GptConfig::new(20, 16, 1, 2, 12), &mut Rng::seed(1))?;
/// let mut seen = Vec::new();
/// let new = generate(&model, &[3, 1, 4], 5, &[], &mut Sampler::greedy(), |token| {
///     seen.push(token);
///     true
/// })?;
/// assert_eq!((new.len(), &new), (5, &seen));
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
pub fn generate(
    model: &dyn LanguageModel,
    prompt: &[u32],
    max_new: usize,
    stop: &[u32],
    sampler: &mut Sampler,
    mut each: impl FnMut(u32) -> bool,
) -> Result<Vec<u32>> {
    dispatch::generate(model, prompt, max_new, stop, sampler, &mut each)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Error, Rng, Tensor,
        generate::Sampling,
        nn::{GptConfig, LlamaConfig},
    };

    fn models() -> [Box<dyn LanguageModel>; 2] {
        let rng = &mut Rng::seed(7);
        let llama = LlamaConfig {
            vocab: 12,
            width: 16,
            layers: 1,
            heads: 4,
            kv_heads: 2,
            hidden: 24,
            max_len: 16,
            rope_base: 10_000.0,
            norm_eps: 1e-6,
            tied_head: true,
        };
        [
            Box::new(Gpt::new(&GptConfig::new(12, 16, 1, 4, 16), rng).unwrap()),
            Box::new(Llama::new(&llama, rng).unwrap()),
        ]
    }

    #[test]
    fn greedy_repeats_itself_and_takes_the_best_score_each_time() {
        for model in models() {
            let run = || generate(&*model, &[1, 2], 8, &[], &mut Sampler::greedy(), |_| true);
            let new = run().unwrap();
            assert_eq!(new, run().unwrap());
            // One evaluation of the finished text must predict each of its tokens: scores do not look ahead.
            let all: Vec<i64> = [1, 2].iter().chain(&new).map(|&t| i64::from(t)).collect();
            let scores = model.forward(&Tensor::from_vec(all, [1, 10]).unwrap()).unwrap();
            let best = scores.argmax(-1, false).unwrap().to_vec_as::<i64>();
            let want: Vec<u32> = best[1..9].iter().map(|&t| t as u32).collect();
            assert_eq!(new, want);
        }
    }

    #[test]
    fn stop_tokens_and_the_callback_end_the_text() {
        let [model, _] = models();
        let how = Sampling { temperature: 2.0, ..Sampling::default() };
        let run = |stop: &[u32], most: usize| {
            let mut count = 0;
            let each = |_| {
                count += 1;
                count < most
            };
            generate(&*model, &[1], 15, stop, &mut Sampler::new(how, 3).unwrap(), each).unwrap()
        };
        let whole = run(&[], 99);
        assert_eq!(whole.len(), 15);
        assert_eq!(run(&[], 4), whole[..4]);
        let stop = whole[6];
        let end = whole.iter().position(|&t| t == stop).unwrap();
        assert_eq!(run(&[stop], 99), whole[..=end]);
    }

    #[test]
    fn what_cannot_be_continued() {
        let [model, _] = models();
        let run = |prompt: &[u32], max_new| {
            generate(&*model, prompt, max_new, &[], &mut Sampler::greedy(), |_| true)
        };
        assert!(matches!(run(&[], 1), Err(Error::InvalidArgument { name: "prompt", .. })));
        assert!(matches!(run(&[1], 16), Err(Error::InvalidArgument { name: "length", .. })));
        assert!(matches!(run(&[1], usize::MAX), Err(Error::InvalidArgument { .. })));
        assert!(matches!(run(&[12], 1), Err(Error::IndexOutOfRange { .. })));
        assert!(run(&[1], 0).unwrap().is_empty());
        for temperature in [-1.0, f64::NAN, f64::INFINITY] {
            assert!(Sampler::new(Sampling { temperature, ..Sampling::GREEDY }, 0).is_err());
        }
    }
}
