//! What the two milestones on language share: a small GPT, windows of a text, the loss of a token.

use crate::{
    DType, Result, Rng, Tensor,
    data::{DataLoader, Dataset},
    datasets::Windows,
    dispatch,
    nn::{Gpt, GptConfig, Loss, ModuleExt},
    ops::CrossEntropyOpts,
};

/// Windows in a batch.
pub(super) const BATCH: usize = 32;

/// Deviation of first weights, small enough that the first scores are nearly equal (Radford et al., 2019, use the same).
const DEVIATION: f64 = 0.02;

/// Returns a GPT with first weights of deviation 0.02.
pub(super) fn gpt(config: &GptConfig, rng: &mut Rng) -> Result<Gpt> {
    let model = Gpt::new(config, rng)?;
    for param in model.parameters().iter().filter(|p| p.shape().rank() == 2) {
        param.load(&Tensor::randn(param.shape(), DType::F32, rng)?.mul_scalar(DEVIATION)?)?;
    }
    Ok(model)
}

/// Pairs of a window and the window one token further.
pub(super) type Lessons = Box<dyn Dataset<Item = [Tensor; 2]> + Send + Sync>;

/// Returns the windows of `context` ids that start at every `stride`-th id, `[N, T]` twice.
pub(super) fn lessons(ids: &[u32], context: usize, stride: usize) -> Result<Lessons> {
    let windows = Windows::new(ids, context, stride)?;
    let pairs = (0..windows.len()).map(|i| windows.get(i)).collect::<Result<Vec<_>>>()?;
    let side = |k: usize| Tensor::stack(&pairs.iter().map(|pair| &pair[k]).collect::<Vec<_>>(), 0);
    dispatch::dataset([side(0)?, side(1)?])
}

/// Returns batches of lessons, in random order if there is a generator.
pub(super) fn batches(lessons: Lessons, order: Option<Rng>) -> Result<DataLoader<Lessons>> {
    let builder = DataLoader::builder(lessons).batch_size(BATCH);
    match order {
        Some(rng) => builder.shuffle(rng).build(),
        None => builder.build(),
    }
}

/// Cross entropy of scores `[B, T, V]` with ids `[B, T]`: the mean over all tokens, in nats.
pub(super) struct PerToken;

impl Loss for PerToken {
    fn loss(&self, output: &Tensor, target: &Tensor) -> Result<Tensor> {
        let vocab = output.dims().last().copied().unwrap_or(0);
        let rows = output.reshape([target.numel(), vocab])?; // [B·T, V]
        rows.cross_entropy(&target.reshape([target.numel()])?, &CrossEntropyOpts::default())
    }
}
