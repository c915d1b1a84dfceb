//! A GPT: a training step of a small one, and one token out of one shaped like GPT-2.

use super::init::Gpt;
use super::{TORCH, ours_gpt, with_peers};
use crate::case::{Case, Plan};
use crate::check::Check;
use crate::python;

pub(super) fn step(name: &'static str, gpt: Gpt, batch: usize) -> Plan {
    let Gpt { vocab, context, width, heads, layers } = gpt;
    let what = format!(
        "training step of a GPT: {layers} layers, width {width}, {heads} heads, context {context}, vocabulary {vocab}, \
         batch {batch}, Adam"
    );
    Plan::new(super::PACKAGE, name, what, move |setup| {
        let tokens = (batch * context) as f64;
        // A causal query sees half of the context on average; backward doubles the work of forward twice.
        let flop = 3.0 * 2.0 * tokens * gpt.multiply_adds(context as f64 / 2.0, 1.0);
        let sizes = [&[batch], &gpt.sizes()[..]].concat();
        let case = Case::new(Check::mutual(1e-3), ours_gpt::gpt(gpt, batch)?)
            .work(flop, 0.0)
            .goal(TORCH, 1.0)
            .with_some(TORCH, python::subject(setup.torch.as_ref(), "gpt", &sizes));
        Ok(with_peers!(case, gpt(gpt, batch)))
    })
}

/// The next token of a text of `length` tokens, all of which are computed anew: no cache of keys and values.
pub(super) fn decode(gpt: Gpt, length: usize) -> Plan {
    let Gpt { vocab, width, heads, layers, .. } = gpt;
    let what = format!(
        "next token after {length}, without a cache: {layers} layers, width {width}, {heads} heads, vocabulary {vocab}"
    );
    Plan::new(super::PACKAGE, "gpt2-decode", what, move |setup| {
        let tokens = length as f64;
        let flop = 2.0 * tokens * gpt.multiply_adds(tokens / 2.0, 1.0 / tokens);
        let bytes = gpt.weights() * size_of::<f32>();
        let sizes = [&gpt.sizes()[..], &[length]].concat();
        // Twelve blocks of sums over up to 3,072 terms in single precision.
        let case = Case::new(Check::mutual(2e-3), ours_gpt::decode(gpt, length)?)
            .work(flop, bytes as f64)
            .with_some(TORCH, python::subject(setup.torch.as_ref(), "decode", &sizes));
        Ok(with_peers!(case, decode(gpt, length)))
    })
}
