//! A model for generation alone, whose weights are stored in fewer bits.

use half::bf16;

use super::cache::store::encode;
use super::{CacheType, CachedModel, KvCache, KvShape, LanguageModel};
use crate::nostd::prelude::*;
use crate::{
    DType, Error, Result, Tensor,
    autograd::no_grad,
    dispatch::{merge_heads, split_heads},
    kernels::narrow::{self, product},
    nn::{Gpt, Module, ModuleExt, StateDict, Visitor, last_of},
    ops::GeluKind,
};

const OP: &str = "narrow_gpt";

/// How a [`NarrowGpt`] stores the weights of its tables and layers; norms and biases stay as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WeightType {
    /// Brain float: two bytes, eight bits of precision, the range of `f32`.
    Bf16,
    /// One byte each, and a scale of four bytes for each row: its largest magnitude is worth 127.
    I8,
}

/// A [`Gpt`] that only generates: its weights take a half or a quarter of the memory.
///
/// One token uses each weight once, so its time is mostly that of reading all of them: a token of a model with the sizes
/// of GPT-2 took 0.50 to 0.60 of the time of `f32` in 16 bits and 0.29 to 0.37 in 8. They are widened in registers; all sums are
/// made in `f32`. There is nothing to train: no parameter is shown, nothing is recorded.
///
/// # Examples
///
/// ```
/// use tinytorch_core::Rng;
/// use tinytorch_core::generate::{
///     CacheType, CachedModel, NarrowGpt, Sampler, WeightType, generate_cached,
/// };
/// use tinytorch_core::nn::{Gpt, GptConfig};
///
/// let model = Gpt::new(&GptConfig::new(20, 16, 1, 2, 12), &mut Rng::seed(1))?;
/// let narrow = NarrowGpt::new(&model, WeightType::Bf16)?;
/// let mut cache = narrow.new_cache(1, CacheType::F32)?;
/// let prompt = [3, 1, 4];
/// let new =
///     generate_cached(&narrow, &mut cache, &prompt, 5, &[], &mut Sampler::greedy(), |_| true)?;
/// assert_eq!(new.len(), 5);
/// // Two tables of 20 rows, 12 positions, and 12 · 16² weights of the block, of two bytes each.
/// assert_eq!(narrow.bytes(), 2 * (2 * 20 * 16 + 12 * 16 + 12 * 16 * 16));
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct NarrowGpt {
    tokens: Weights,
    positions: Weights,
    blocks: Vec<Block>,
    norm: Norm,
    head: Option<Weights>,
    shape: KvShape,
}

/// Scale, shift and ε.
#[derive(Debug, Clone)]
struct Norm([Tensor; 2], f64);

impl Norm {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let [scale, shift] = &self.0;
        x.layer_norm(scale.dims(), Some(scale), Some(shift), self.1)
    }
}

/// A dense layer.
#[derive(Debug, Clone)]
struct Layer(Weights, Vec<f32>);

impl Layer {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.0.product(x, Some(&self.1))
    }
}

#[derive(Debug, Clone)]
struct Block {
    norms: [Norm; 2],
    /// Queries, keys and values by one product.
    qkv: Layer,
    out: Layer,
    up: Layer,
    down: Layer,
}

impl NarrowGpt {
    /// Returns a copy of `model` with its weights stored as `kept` says. Changes of the model later do not reach it.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] for weights that are not finite, where they become codes.
    pub fn new(model: &Gpt, kept: WeightType) -> Result<Self> {
        let (config, state) = (model.config(), model.state_dict());
        let get = |name: &str| tensor(&state, name);
        let table = |name: &str| Weights::new(&get(name)?, kept);
        let norm = |name: &str| {
            let parts = [get(&format!("{name}.weight"))?, get(&format!("{name}.bias"))?];
            Ok(Norm(parts, config.norm_eps))
        };
        let layer = |name: &str| {
            let bias = get(&format!("{name}.bias"))?.to_vec::<f32>()?;
            Ok(Layer(table(&format!("{name}.weight"))?, bias))
        };
        let block = |i: usize| {
            let [q, k, v] = ["q", "k", "v"].map(|part| format!("blocks.{i}.attn.{part}_proj"));
            let joined = |end: &str| -> Result<Tensor> {
                let parts = [&q, &k, &v].map(|name| get(&format!("{name}.{end}")));
                let [q, k, v] = parts;
                Tensor::cat(&[&q?, &k?, &v?], 0)
            };
            let weights = Weights::new(&joined("weight")?, kept)?;
            Ok(Block {
                norms: [norm(&format!("blocks.{i}.ln1"))?, norm(&format!("blocks.{i}.ln2"))?],
                qkv: Layer(weights, joined("bias")?.to_vec::<f32>()?),
                out: layer(&format!("blocks.{i}.attn.out_proj"))?,
                up: layer(&format!("blocks.{i}.mlp.fc1"))?,
                down: layer(&format!("blocks.{i}.mlp.fc2"))?,
            })
        };
        Ok(Self {
            tokens: table("tok_emb.weight")?,
            positions: table("pos_emb.weight")?,
            blocks: (0..config.layers).map(block).collect::<Result<_>>()?,
            norm: norm("ln_f")?,
            head: if config.tied_head { None } else { Some(table("head.weight")?) },
            shape: model.kv_shape(),
        })
    }

    /// Returns the bytes of tables and layers, without norms and biases.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let blocks = self.blocks.iter().flat_map(|b| [&b.qkv, &b.out, &b.up, &b.down]);
        let tables = [&self.tokens, &self.positions].into_iter().chain(&self.head);
        tables.chain(blocks.map(|layer| &layer.0)).map(Weights::bytes).sum()
    }

    /// Vectors of tokens and positions, added: `[B, T, d]`.
    fn embed(&self, ids: &Tensor, start: usize) -> Result<Tensor> {
        let &[batch, len] = ids.dims() else {
            let got = format_args!("of shape {}", ids.shape());
            return Err(Error::argument(OP, "ids", got, "[batch, sequence]"));
        };
        if start.checked_add(len).is_none_or(|end| end > self.positions.n) {
            let need = format!("at most the {} positions of the table", self.positions.n);
            return Err(Error::argument(OP, "length", format_args!("{start} + {len}"), need));
        }
        if ids.dtype().is_float() {
            return Err(Error::dtype(OP, ids.dtype(), "an integer type"));
        }
        let d = self.tokens.k;
        let mut x = vec![0.0; batch * len * d];
        for (at, (row, id)) in x.chunks_mut(d).zip(ids.to_vec_as::<i64>()).enumerate() {
            let size = self.tokens.n;
            let token = usize::try_from(id).ok().filter(|&id| id < size);
            let out = Error::IndexOutOfRange { op: OP, index: id, size, position: at };
            self.tokens.add_row(token.ok_or(out)?, row);
            self.positions.add_row(start + at % len, row);
        }
        Tensor::from_vec(x, [batch, len, d])
    }
}

/// A parameter of this name, in `f32`.
fn tensor(state: &StateDict, name: &str) -> Result<Tensor> {
    match state.get(name) {
        Some(tensor) => tensor.to_dtype(DType::F32),
        None => Err(Error::argument(OP, "model", format_args!("without {name}"), "whole")),
    }
}

/// A matrix `[n, k]` in fewer bits.
#[derive(Debug, Clone)]
struct Weights {
    n: usize,
    k: usize,
    rows: Rows,
}

#[derive(Debug, Clone)]
enum Rows {
    Bf16(Vec<bf16>),
    I8 { codes: Vec<i8>, scales: Vec<f32> },
}

impl Weights {
    fn new(matrix: &Tensor, kept: WeightType) -> Result<Self> {
        let &[n, k] = matrix.dims() else {
            let got = format_args!("of shape {}", matrix.shape());
            return Err(Error::argument(OP, "weights", got, "[out, in]"));
        };
        let data = matrix.to_vec::<f32>()?;
        let rows = match kept {
            WeightType::Bf16 => Rows::Bf16(data.into_iter().map(bf16::from_f32).collect()),
            WeightType::I8 => {
                let (mut codes, mut scales) = (vec![0; n * k], vec![0.0; n]);
                let parts = data.chunks(k.max(1)).zip(codes.chunks_mut(k.max(1)));
                for ((row, codes), scale) in parts.zip(&mut scales) {
                    *scale = encode(OP, "weights", row, codes)?;
                }
                Rows::I8 { codes, scales }
            }
        };
        Ok(Self { n, k, rows })
    }

    fn bytes(&self) -> usize {
        match &self.rows {
            Rows::Bf16(rows) => size_of_val(&rows[..]),
            Rows::I8 { codes, scales } => size_of_val(&codes[..]) + size_of_val(&scales[..]),
        }
    }

    /// Adds row `i` to `to`.
    fn add_row(&self, i: usize, to: &mut [f32]) {
        let row = i * self.k..(i + 1) * self.k;
        match &self.rows {
            Rows::Bf16(rows) => {
                to.iter_mut().zip(&rows[row]).for_each(|(to, v)| *to += v.to_f32());
            }
            Rows::I8 { codes, scales } => {
                let scale = scales[i];
                to.iter_mut().zip(&codes[row]).for_each(|(to, &c)| *to += scale * f32::from(c));
            }
        }
    }

    /// `x·wᵀ + bias` of `x: [.., k]`.
    fn product(&self, x: &Tensor, bias: Option<&[f32]>) -> Result<Tensor> {
        let &Self { n, k, ref rows } = self;
        let shape = x.shape().with(x.rank() - 1, n);
        let x = x.contiguous();
        let x = x.as_slice::<f32>()?;
        let out = match rows {
            Rows::Bf16(data) => product(x, narrow::Weights { data, scales: None, n, k }, bias),
            Rows::I8 { codes, scales } => {
                let weights = narrow::Weights { data: codes, scales: Some(scales), n, k };
                product(x, weights, bias)
            }
        };
        Tensor::from_vec(out, shape)
    }
}

impl CachedModel for NarrowGpt {
    fn kv_shape(&self) -> KvShape {
        self.shape
    }

    fn forward_after(&self, ids: &Tensor, cache: &mut KvCache, last: bool) -> Result<Tensor> {
        no_grad(|| {
            let heads = self.shape.kv_heads;
            let mut x = self.embed(ids, cache.len())?; // [B, T, d]
            for (i, block) in self.blocks.iter().enumerate() {
                let [norm1, norm2] = &block.norms;
                let parts = block.qkv.forward(&norm1.forward(&x)?)?.chunk(3, -1)?;
                let [q, k, v] = [0, 1, 2].map(|part| split_heads(&parts[part], heads));
                let seen = cache.attend(i, &q?, &k?, &v?)?; // [B, H, T, d / H]
                x = x.add(&block.out.forward(&merge_heads(&seen)?)?)?;
                let inner = block.up.forward(&norm2.forward(&x)?)?.gelu(GeluKind::Tanh)?;
                x = x.add(&block.down.forward(&inner)?)?;
            }
            let x = if last { last_of(&x)? } else { x };
            let head = self.head.as_ref().unwrap_or(&self.tokens);
            head.product(&self.norm.forward(&x)?, None) // [B, T, V]
        })
    }
}

impl LanguageModel for NarrowGpt {
    fn max_len(&self) -> usize {
        self.positions.n
    }
}

impl Module for NarrowGpt {
    /// Evaluates ids `[B, T]` with a cache that is dropped afterwards.
    fn forward(&self, ids: &Tensor) -> Result<Tensor> {
        let &[batch, len] = ids.dims() else {
            let got = format_args!("of shape {}", ids.shape());
            return Err(Error::argument(OP, "ids", got, "[batch, sequence]"));
        };
        let mut cache = KvCache::new(self.shape, batch, len, CacheType::F32)?;
        self.forward_after(ids, &mut cache, false)
    }

    fn visit(&self, _visitor: &mut dyn Visitor) {}

    fn name(&self) -> &'static str {
        "NarrowGpt"
    }
}

#[cfg(test)]
mod tests;
