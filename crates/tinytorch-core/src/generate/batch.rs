//! Continuing several sequences at once.

use super::{LanguageModel, Sampler};
use crate::nostd::prelude::*;
use crate::{Error, Result, Tensor, autograd::no_grad};

/// One text of a batch: where it starts, how it goes on and when it ends.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// The tokens to continue.
    pub prompt: &'a [u32],
    /// New tokens at most.
    pub max_new: usize,
    /// Tokens after which the text ends; they are part of it.
    pub stop: &'a [u32],
    /// Chooses the tokens of this text alone, so that its neighbors do not change it.
    pub sampler: Sampler,
}

/// Returns the new tokens of each request, as [`generate`](super::generate) for each alone.
///
/// The sequences that are not finished yet are evaluated together, one evaluation for each new token: shorter ones are
/// filled up on the left, and what fills them is seen by nobody. Each token goes to `each` with the number of its request as soon
/// as it is drawn; by returning false `each` ends that text. Switch the model to evaluation first, or dropout takes part.
///
/// # Numerics
///
/// Scores differ from those of a sequence alone by rounding, because sums are made in another order.
///
/// # Errors
///
/// As [`generate`](super::generate), before anything is evaluated if a prompt is empty or a request too long; the error says
/// which.
///
/// # Examples
///
/// ```
/// use tinytorch_core::Rng;
/// use tinytorch_core::generate::{Request, Sampler, generate_batch};
/// use tinytorch_core::nn::{Gpt, GptConfig};
///
/// let model = Gpt::new(&GptConfig::new(20, 16, 1, 2, 12), &mut Rng::seed(1))?;
/// let prompts: [&[u32]; 2] = [&[3, 1, 4], &[1]];
/// let mut requests = prompts
///     .map(|prompt| Request { prompt, max_new: 5, stop: &[], sampler: Sampler::greedy() });
/// let mut count = [0, 0];
/// let new = generate_batch(&model, &mut requests, |row, _token| {
///     count[row] += 1;
///     true
/// })?;
/// assert_eq!((new[0].len(), new[1].len(), count), (5, 5, [5, 5]));
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
pub fn generate_batch(
    model: &dyn LanguageModel,
    requests: &mut [Request<'_>],
    mut each: impl FnMut(usize, u32) -> bool,
) -> Result<Vec<Vec<u32>>> {
    for (row, request) in requests.iter().enumerate() {
        super::decode::check_room(model, request.prompt, request.max_new).map_err(|e| match e {
            Error::InvalidArgument { op, name, got, need } => {
                Error::InvalidArgument { op, name, got: format!("{got} in request {row}"), need }
            }
            other => other,
        })?;
    }
    let mut texts: Vec<Vec<u32>> = requests.iter().map(|r| r.prompt.to_vec()).collect();
    let mut open: Vec<usize> =
        (0..requests.len()).filter(|&row| requests[row].max_new > 0).collect();
    while !open.is_empty() {
        let scores = last_scores(model, &open, &texts)?;
        let vocab = scores.len() / open.len();
        let mut still_open = Vec::with_capacity(open.len());
        for (&row, scores) in open.iter().zip(scores.chunks(vocab.max(1))) {
            let (request, text) = (&mut requests[row], &mut texts[row]);
            let token = request.sampler.next(scores, text)?;
            text.push(token);
            let full = text.len() - request.prompt.len() == request.max_new;
            if each(row, token) && !request.stop.contains(&token) && !full {
                still_open.push(row);
            }
        }
        open = still_open;
    }
    let new = |(text, request): (Vec<u32>, &Request<'_>)| text[request.prompt.len()..].to_vec();
    Ok(texts.into_iter().zip(&*requests).map(new).collect())
}

/// Returns the scores after the last token of each open text, one row after the other.
fn last_scores(model: &dyn LanguageModel, open: &[usize], texts: &[Vec<u32>]) -> Result<Vec<f32>> {
    let longest = open.iter().map(|&row| texts[row].len()).max().unwrap_or(0);
    let pads: Vec<usize> = open.iter().map(|&row| longest - texts[row].len()).collect();
    let mut ids = Vec::with_capacity(open.len() * longest);
    for (&row, &pad) in open.iter().zip(&pads) {
        ids.extend(core::iter::repeat_n(0, pad));
        ids.extend(texts[row].iter().map(|&token| i64::from(token)));
    }
    let ids = Tensor::from_vec(ids, [open.len(), longest])?;
    let scores = no_grad(|| model.forward_padded(&ids, &pads))?; // [B, T, V]
    Ok(scores.narrow(1, longest - 1, 1)?.to_vec_as::<f32>())
}

#[cfg(test)]
mod tests;
