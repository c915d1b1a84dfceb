//! A small network of the kind of Vaswani et al. (2017): the encoder, with normalization after each part.

use crate::{
    DType, Error, Param, Result, Rng, Tensor,
    nn::{Init, Linear, Module, Visitor, visit_child},
    ops::attention::{Mask, sdpa},
};

/// ε of the layer normalizations.
const EPS: f64 = 1e-5;

/// How a position learns about the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mixing {
    /// It chooses where to look: scaled dot-product attention.
    Attention,
    /// It gets the same as everybody: the mean over all positions.
    Average,
}

/// The sizes of a [`Translator`] and what is left out of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Config {
    /// Number of different ids.
    pub(super) vocab_size: usize,
    /// Positions of a sequence.
    pub(super) seq_len: usize,
    /// Width of the vector that stands for a position.
    pub(super) width: usize,
    /// Attention heads; their number divides the width.
    pub(super) n_heads: usize,
    /// Blocks of attention and feed-forward layers.
    pub(super) n_layers: usize,
    /// Width of the feed-forward layers.
    pub(super) hidden: usize,
    /// Whether positions are told apart.
    pub(super) positions: bool,
    /// How positions exchange what they know.
    pub(super) mixing: Mixing,
}

/// Reads ids `[B, T]` and returns logits `[B·T, V]` of the id to write at each position.
#[derive(Debug)]
pub(super) struct Translator {
    config: Config,
    tokens: Param,
    positions: Option<Param>,
    blocks: Vec<Block>,
    head: Linear,
}

/// Attention, then a feed-forward layer, each added to its input and normalized.
#[derive(Debug)]
struct Block {
    config: Config,
    /// Query, key and value in one.
    qkv: Linear,
    out: Linear,
    first: Norm,
    up: Linear,
    down: Linear,
    second: Norm,
}

/// Layer normalization with a learned scale and shift.
#[derive(Debug)]
struct Norm {
    weight: Param,
    bias: Param,
}

impl Translator {
    /// Returns the network with token and position vectors from the normal distribution of variance 1 and layers as
    /// PyTorch's begin.
    ///
    /// The two kinds of vector are of one size on purpose: positions much smaller than tokens are not seen.
    pub(super) fn new(config: Config, rng: &mut Rng) -> Result<Self> {
        let c = &config;
        let mut table = |rows| Param::new(Tensor::randn([rows, c.width], DType::F32, rng)?);
        let tokens = table(c.vocab_size)?;
        let positions = if c.positions { Some(table(c.seq_len)?) } else { None };
        let blocks = (0..c.n_layers).map(|_| Block::new(config, rng)).collect::<Result<_>>()?;
        let head = Linear::with_init(c.width, c.vocab_size, Init::TorchDefault, rng)?;
        Ok(Self { config, tokens, positions, blocks, head })
    }
}

#[cfg(test)]
impl Translator {
    /// What the first block tells each position of the first sequence about the others.
    pub(super) fn mixed(&self, ids: &[[i64; 4]]) -> Vec<Vec<f32>> {
        let ids = Tensor::from_slice(ids.as_flattened(), [ids.len(), 4]).unwrap();
        let x = self.tokens.tensor().embedding(&ids, None).unwrap();
        let told = self.blocks[0].mix(&x).unwrap().to_vec::<f32>().unwrap();
        told.chunks(self.config.width).take(4).map(<[f32]>::to_vec).collect()
    }
}

impl Module for Translator {
    fn forward(&self, ids: &Tensor) -> Result<Tensor> {
        let mut x = self.tokens.tensor().embedding(ids, None)?; // [B, T, D]
        if let Some(positions) = &self.positions {
            x = x.add(&positions.tensor())?;
        }
        for block in &self.blocks {
            x = block.forward(&x)?;
        }
        x.reshape([ids.numel(), self.config.width])?
            .linear(&self.head.weight().tensor(), self.head.bias().map(Param::tensor).as_ref()) // [B·T, V]
    }

    fn visit(&self, visitor: &mut dyn Visitor) {
        visitor.param("tokens", &self.tokens);
        if let Some(positions) = &self.positions {
            visitor.param("positions", positions);
        }
        for (i, block) in self.blocks.iter().enumerate() {
            visit_child(visitor, &i.to_string(), block);
        }
        visit_child(visitor, "head", &self.head);
    }

    fn name(&self) -> &'static str {
        "Translator"
    }
}

impl Block {
    fn new(config: Config, rng: &mut Rng) -> Result<Self> {
        let d = config.width;
        let mut linear = |n_in, n_out| Linear::with_init(n_in, n_out, Init::TorchDefault, rng);
        Ok(Self {
            config,
            qkv: linear(d, 3 * d)?,
            out: linear(d, d)?,
            first: Norm::new(d)?,
            up: linear(d, config.hidden)?,
            down: linear(config.hidden, d)?,
            second: Norm::new(d)?,
        })
    }

    /// What each position is told about the others, `[B, T, D]`.
    fn mix(&self, x: &Tensor) -> Result<Tensor> {
        let &[b, t, d] = x.dims() else {
            let got = format_args!("of shape {}", x.shape());
            return Err(Error::argument("translator", "ids", got, "of shape [B, T]"));
        };
        let heads = self.config.n_heads;
        let parts = self.qkv.forward(x)?.reshape([b, t, 3, heads, d / heads])?;
        let parts = parts.permute(&[2, 0, 3, 1, 4])?; // [3, B, H, T, D/H]
        let [q, k, v] = [parts.select(0, 0)?, parts.select(0, 1)?, parts.select(0, 2)?];
        let told = match self.config.mixing {
            Mixing::Attention => sdpa(&q, &k, &v, Mask::None, None)?,
            Mixing::Average => v.mean(2, true)?.expand([b, heads, t, d / heads])?,
        }; // [B, H, T, D/H]
        self.out.forward(&told.permute(&[0, 2, 1, 3])?.reshape([b, t, d])?)
    }
}

impl Module for Block {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let x = self.first.forward(&x.add(&self.mix(x)?)?)?;
        let fed = self.down.forward(&self.up.forward(&x)?.relu()?)?;
        self.second.forward(&x.add(&fed)?)
    }

    fn visit(&self, visitor: &mut dyn Visitor) {
        visit_child(visitor, "qkv", &self.qkv);
        visit_child(visitor, "out", &self.out);
        visit_child(visitor, "first", &self.first);
        visit_child(visitor, "up", &self.up);
        visit_child(visitor, "down", &self.down);
        visit_child(visitor, "second", &self.second);
    }

    fn name(&self) -> &'static str {
        "Block"
    }
}

impl Norm {
    fn new(width: usize) -> Result<Self> {
        let weight = Param::new(Tensor::ones([width], DType::F32)?)?;
        Ok(Self { weight, bias: Param::new(Tensor::zeros([width], DType::F32)?)? })
    }
}

impl Module for Norm {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let width = self.weight.shape().dims();
        x.layer_norm(width, Some(&self.weight.tensor()), Some(&self.bias.tensor()), EPS)
    }

    fn visit(&self, visitor: &mut dyn Visitor) {
        visitor.param("weight", &self.weight);
        visitor.param("bias", &self.bias);
    }

    fn name(&self) -> &'static str {
        "Norm"
    }
}
