//! Seeded mistakes of module 13.

use super::{
    Decoder, LanguageModel, MaskedPart, NormOrder, Part, Rng, Sampler, Sampling, Tensor,
    TransformerLesson,
    slots::{
        sample::sample_next,
        transformer::{block_forward, generate, gpt_forward, layer_norm, mlp_forward},
    },
};
use crate::{
    Result,
    course::lesson::mutants,
    no_grad,
    ops::{GeluKind, attention::Mask},
};

/// Rows normalized by `scale(variance sum, len, eps)`, with or without their mean.
fn rows(
    x: &[f32],
    len: usize,
    [w, b]: [Option<&[f32]>; 2],
    centered: bool,
    scale: impl Fn(f64, f64) -> f64,
) -> Vec<f32> {
    let mut out = Vec::new();
    for row in x.chunks(len) {
        let mean = row.iter().map(|&v| f64::from(v)).sum::<f64>() / len as f64;
        let sum: f64 = row.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum();
        let shift = if centered { mean } else { 0.0 };
        for (i, &v) in row.iter().enumerate() {
            let y = (f64::from(v) - shift) * scale(sum, len as f64);
            out.push(y as f32 * w.map_or(1.0, |w| w[i]) + b.map_or(0.0, |b| b[i]));
        }
    }
    out
}

fn keep(x: &Tensor) -> Result<Tensor> {
    Ok(x.clone())
}

/// What a text does differently.
#[derive(Default)]
struct Odd {
    first_position: bool,
    last_token_alone: bool,
    forgets: bool,
    records: bool,
    silent: bool,
    deaf: bool,
    goes_on: bool,
    hides_stop: bool,
    late: bool,
}

fn write(
    odd: &Odd,
    model: &dyn LanguageModel,
    prompt: &[u32],
    max_new: usize,
    stop: &[u32],
    sampler: &mut Sampler,
    each: &mut dyn FnMut(u32) -> bool,
) -> Result<Vec<u32>> {
    // The refusals of bad input, and nothing else.
    generate(model, prompt, max_new, stop, &mut sampler.clone(), &mut |_| false)?;
    let mut tokens = prompt.to_vec();
    let mut new = Vec::new();
    for _ in 0..max_new {
        let seen = if odd.last_token_alone { &tokens[tokens.len() - 1..] } else { &tokens[..] };
        let ids: Vec<i64> = seen.iter().map(|&t| i64::from(t)).collect();
        let ids = Tensor::from_vec(ids, [1, seen.len()])?;
        let scores =
            if odd.records { model.forward(&ids)? } else { no_grad(|| model.forward(&ids))? };
        let at = if odd.first_position { 0 } else { seen.len() - 1 };
        let scores = scores.narrow(1, at, 1)?.to_vec_as::<f32>();
        let token = sampler.next(&scores, if odd.forgets { &[] } else { &tokens })?;
        tokens.push(token);
        if odd.hides_stop && stop.contains(&token) {
            break;
        }
        new.push(token);
        let more = (odd.silent || odd.late || each(token)) || odd.deaf;
        if !more || (!odd.goes_on && stop.contains(&token)) {
            break;
        }
    }
    if odd.late {
        new.iter().for_each(|&token| {
            each(token);
        });
    }
    Ok(new)
}

mutants! {
    TransformerLesson;
    fn layer_norm(x: &[f32], len: usize, weight: Option<&[f32]>, bias: Option<&[f32]>, eps: f64) -> Vec<f32> {
        "divides the squares by the count minus one" =>
            rows(x, len, [weight, bias], true, |s, n| (s / (n - 1.0) + eps).sqrt().recip()),
        "adds eps outside the root" => rows(x, len, [weight, bias], true, |s, n| ((s / n).sqrt() + eps).recip()),
        "divides by the variance" => rows(x, len, [weight, bias], true, |s, n| (s / n + eps).recip()),
        "does not subtract the mean" => rows(x, len, [weight, bias], false, |s, n| (s / n + eps).sqrt().recip()),
        "leaves out the weight" => layer_norm(x, len, None, bias, eps),
        "leaves out the bias" => layer_norm(x, len, weight, None, eps),
        "normalizes over all rows at once" => {
            let all = layer_norm(x, x.len(), None, None, eps);
            let place = |i: usize| i % len;
            all.into_iter().enumerate()
                .map(|(i, v)| v * weight.map_or(1.0, |w| w[place(i)]) + bias.map_or(0.0, |b| b[place(i)])).collect()
        },
    }
    fn mlp_forward(x: &Tensor, fc1: Part<'_>, fc2: Part<'_>, dropout: Part<'_>) -> Tensor {
        "leaves out the activation" => dropout(&fc2(&fc1(x)?)?)?,
        "uses the rectifier" => dropout(&fc2(&fc1(x)?.relu()?)?)?,
        "uses the exact form of GELU" => dropout(&fc2(&fc1(x)?.gelu(GeluKind::Exact)?)?)?,
        "exchanges the layers" => mlp_forward(x, fc2, fc1, dropout)?,
        "leaves out dropout" => mlp_forward(x, fc1, fc2, &keep)?,
        "drops hidden units" => fc2(&dropout(&fc1(x)?.gelu(GeluKind::Tanh)?)?)?,
        "activates the output too" => mlp_forward(x, fc1, fc2, dropout)?.gelu(GeluKind::Tanh)?,
        "adds the input" => mlp_forward(x, fc1, fc2, dropout)?.add(x)?,
    }
    fn block_forward(x: &Tensor, ln1: Part<'_>, attention: Part<'_>, ln2: Part<'_>, mlp: Part<'_>, order: NormOrder) -> Tensor {
        "always normalizes before" => { let _ = order; block_forward(x, ln1, attention, ln2, mlp, NormOrder::PreLn)? },
        "always normalizes after" => { let _ = order; block_forward(x, ln1, attention, ln2, mlp, NormOrder::PostLn)? },
        "leaves out the first sum" => match order {
            NormOrder::PreLn => { let h = attention(&ln1(x)?)?; h.add(&mlp(&ln2(&h)?)?)? }
            NormOrder::PostLn => { let h = ln1(&attention(x)?)?; ln2(&h.add(&mlp(&h)?)?)? }
        },
        "leaves out the second sum" => match order {
            NormOrder::PreLn => { let h = x.add(&attention(&ln1(x)?)?)?; mlp(&ln2(&h)?)? }
            NormOrder::PostLn => { let h = ln1(&x.add(&attention(x)?)?)?; ln2(&mlp(&h)?)? }
        },
        "exchanges the norms" => block_forward(x, ln2, attention, ln1, mlp, order)?,
        "exchanges attention and the network" => block_forward(x, ln1, mlp, ln2, attention, order)?,
        "adds what was normalized" => match order {
            NormOrder::PreLn => {
                let x = ln1(x)?;
                let h = ln2(&x.add(&attention(&x)?)?)?;
                h.add(&mlp(&h)?)?
            }
            NormOrder::PostLn => block_forward(x, ln1, attention, ln2, mlp, order)?,
        },
        "gives the network the input of the block" => match order {
            NormOrder::PreLn => x.add(&attention(&ln1(x)?)?)?.add(&mlp(&ln2(x)?)?)?,
            NormOrder::PostLn => block_forward(x, ln1, attention, ln2, mlp, order)?,
        },
        "leaves out the second norm" => block_forward(x, ln1, attention, &keep, mlp, order)?,
    }
    fn gpt_forward(ids: &Tensor, start: usize, parts: &Decoder<'_>) -> Tensor {
        "ignores the start" => { let _ = start; gpt_forward(ids, 0, parts)? },
        "runs the blocks backward" => {
            let mut x = (parts.embed)(ids, start)?;
            for block in parts.blocks.iter().rev() { x = block(&x, Mask::Causal)?; }
            (parts.head)(&(parts.norm)(&x)?)?
        },
        "leaves out the last block" => {
            let blocks = parts.blocks.split_last().map_or(&[][..], |(_, rest)| rest);
            gpt_forward(ids, start, &Decoder { blocks, ..*parts })?
        },
        "gives every block the vectors of the ids" => {
            let blocks: Vec<MaskedPart<'_>> = parts.blocks.last().into_iter()
                .map(|last| Box::new(move |x: &Tensor, mask: Mask<'_>| last(x, mask)) as MaskedPart<'_>).collect();
            gpt_forward(ids, start, &Decoder { blocks: &blocks, ..*parts })?
        },
        "looks ahead" => {
            let mut x = (parts.embed)(ids, start)?;
            for block in parts.blocks { x = block(&x, Mask::None)?; }
            (parts.head)(&(parts.norm)(&x)?)?
        },
        "leaves out the norm" => gpt_forward(ids, start, &Decoder { norm: &keep, ..*parts })?,
        "normalizes before the blocks" => {
            let embed = |ids: &Tensor, start| (parts.norm)(&(parts.embed)(ids, start)?);
            gpt_forward(ids, start, &Decoder { embed: &embed, norm: &keep, ..*parts })?
        },
        "leaves out the head" => gpt_forward(ids, start, &Decoder { head: &keep, ..*parts })?,
    }
    fn sample_next(logits: &[f32], previous: &[u32], how: &Sampling, rng: &mut Rng) -> u32 {
        "always takes the best token" => sample_next(logits, previous, &Sampling { temperature: 0.0, ..*how }, rng)?,
        "ignores the temperature" => {
            let t = if how.temperature == 0.0 { 0.0 } else { 1.0 };
            sample_next(logits, previous, &Sampling { temperature: t, ..*how }, rng)?
        },
        "draws also at temperature 0" => {
            let t = if how.temperature == 0.0 { 1.0 } else { how.temperature };
            sample_next(logits, previous, &Sampling { temperature: t, ..*how }, rng)?
        },
        "multiplies by the temperature" => {
            let t = if how.temperature == 0.0 { 0.0 } else { how.temperature.recip() };
            sample_next(logits, previous, &Sampling { temperature: t, ..*how }, rng)?
        },
        "keeps one token too many" => {
            let k = if how.top_k == 0 { 0 } else { how.top_k + 1 };
            sample_next(logits, previous, &Sampling { top_k: k, ..*how }, rng)?
        },
        "ignores top-p" => sample_next(logits, previous, &Sampling { top_p: 1.0, ..*how }, rng)?,
        "ignores min-p" => sample_next(logits, previous, &Sampling { min_p: 0.0, ..*how }, rng)?,
        "ignores the repetition penalty" => sample_next(logits, previous, &Sampling { repetition_penalty: 1.0, ..*how }, rng)?,
        "draws all tokens evenly" => {
            if how.temperature == 0.0 { return sample_next(logits, previous, how, rng); }
            sample_next(logits, previous, how, &mut rng.clone())?;
            rng.below(logits.len()) as u32
        },
        "uses a generator of its own" => sample_next(logits, previous, how, &mut Rng::seed(0))?,
        "accepts NaN" => {
            let clean: Vec<f32> = logits.iter().map(|v| if v.is_nan() { 0.0 } else { *v }).collect();
            sample_next(&clean, previous, how, rng)?
        },
    }
    fn generate(model: &dyn LanguageModel, prompt: &[u32], max_new: usize, stop: &[u32], sampler: &mut Sampler, each: &mut dyn FnMut(u32) -> bool) -> Vec<u32> {
        "returns the prompt too" => [prompt, &generate(model, prompt, max_new, stop, sampler, each)?].concat(),
        "takes the scores after the first position" =>
            write(&Odd { first_position: true, ..Odd::default() }, model, prompt, max_new, stop, sampler, each)?,
        "shows the model the last token only" =>
            write(&Odd { last_token_alone: true, ..Odd::default() }, model, prompt, max_new, stop, sampler, each)?,
        "tells the sampler of no earlier tokens" =>
            write(&Odd { forgets: true, ..Odd::default() }, model, prompt, max_new, stop, sampler, each)?,
        "records a graph" => write(&Odd { records: true, ..Odd::default() }, model, prompt, max_new, stop, sampler, each)?,
        "reports nothing" => write(&Odd { silent: true, ..Odd::default() }, model, prompt, max_new, stop, sampler, each)?,
        "reports everything at the end" => write(&Odd { late: true, ..Odd::default() }, model, prompt, max_new, stop, sampler, each)?,
        "does not listen to the answer" => write(&Odd { deaf: true, ..Odd::default() }, model, prompt, max_new, stop, sampler, each)?,
        "goes on after a stop token" => write(&Odd { goes_on: true, ..Odd::default() }, model, prompt, max_new, stop, sampler, each)?,
        "leaves the stop token out" => write(&Odd { hides_stop: true, ..Odd::default() }, model, prompt, max_new, stop, sampler, each)?,
        "takes an empty prompt" => match prompt {
            [] => Vec::new(),
            _ => generate(model, prompt, max_new, stop, sampler, each)?,
        },
        "stops at the longest sequence without a word" => {
            let room = model.max_len().saturating_sub(prompt.len()).min(max_new);
            generate(model, prompt, room, stop, sampler, each)?
        },
        "writes one token less" => generate(model, prompt, max_new.saturating_sub(1), stop, sampler, each)?,
    }
}
