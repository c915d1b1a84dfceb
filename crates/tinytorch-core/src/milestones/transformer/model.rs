//! A small network of the kind of Vaswani et al. (2017): the encoder, with normalization after each part.
//!
//! It is made of the layers of [`nn`](crate::nn), so that whoever writes one of them in a course finds it at work here.

use crate::{
    DType, Error, Param, Result, Rng, Tensor, dispatch,
    nn::{
        AttentionOpts, Init, LayerNorm, Linear, Mlp, Module, MultiHeadAttention, NormOrder,
        Visitor, visit_child,
    },
};

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

/// What every position is told about the others, then a feed-forward layer, each added to its input and normalized.
#[derive(Debug)]
struct Block {
    mixer: Mixer,
    ln1: LayerNorm,
    mlp: Mlp,
    ln2: LayerNorm,
}

/// How positions exchange what they know.
#[derive(Debug)]
enum Mixer {
    Attention(MultiHeadAttention),
    /// The mean over all positions, projected twice as attention projects values and output.
    Average([Linear; 2]),
}

impl Translator {
    /// Returns the network with token and position vectors from the normal distribution of variance 1.
    ///
    /// The two kinds of vector are of one size on purpose: positions much smaller than tokens are not seen.
    pub(super) fn new(config: Config, rng: &mut Rng) -> Result<Self> {
        let c = &config;
        let mut table = |rows| Param::new(Tensor::randn([rows, c.width], DType::F32, rng)?);
        let tokens = table(c.vocab_size)?;
        let positions = if c.positions { Some(table(c.seq_len)?) } else { None };
        let blocks = (0..c.n_layers).map(|_| Block::new(c, rng)).collect::<Result<_>>()?;
        let head = Linear::with_init(c.width, c.vocab_size, Init::TorchDefault, rng)?;
        Ok(Self { config, tokens, positions, blocks, head })
    }

    /// Vectors of ids and places, `[B, T, D]`.
    fn embed(&self, ids: &Tensor) -> Result<Tensor> {
        let positions = self.positions.as_ref().map(Param::tensor);
        dispatch::embedding_layer_forward(&self.tokens.tensor(), positions.as_ref(), ids, 0, false)
    }
}

#[cfg(test)]
impl Translator {
    /// What the first block tells each position of the first sequence about the others.
    pub(super) fn mixed(&self, ids: &[[i64; 4]]) -> Vec<Vec<f32>> {
        let ids = Tensor::from_slice(ids.as_flattened(), [ids.len(), 4]).unwrap();
        let x = self.tokens.tensor().embedding(&ids, None).unwrap();
        let told = self.blocks[0].mixer.forward(&x).unwrap().to_vec::<f32>().unwrap();
        told.chunks(self.config.width).take(4).map(<[f32]>::to_vec).collect()
    }
}

impl Module for Translator {
    fn forward(&self, ids: &Tensor) -> Result<Tensor> {
        if ids.rank() != 2 {
            let got = format_args!("of shape {}", ids.shape());
            return Err(Error::argument("translator", "ids", got, "of shape [B, T]"));
        }
        let mut x = self.embed(ids)?; // [B, T, D]
        for block in &self.blocks {
            x = block.forward(&x)?;
        }
        self.head.forward(&x.reshape([ids.numel(), self.config.width])?) // [B·T, V]
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
    fn new(config: &Config, rng: &mut Rng) -> Result<Self> {
        let d = config.width;
        let mixer = match config.mixing {
            Mixing::Attention => {
                let opts = AttentionOpts::default();
                Mixer::Attention(MultiHeadAttention::new(d, config.n_heads, &opts, rng)?)
            }
            Mixing::Average => Mixer::Average([Linear::new(d, d, rng)?, Linear::new(d, d, rng)?]),
        };
        Ok(Self {
            mixer,
            ln1: LayerNorm::new(d)?,
            mlp: Mlp::new(d, config.hidden, 0.0, rng)?,
            ln2: LayerNorm::new(d)?,
        })
    }
}

impl Module for Block {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        dispatch::block_forward(
            x,
            &|x| self.ln1.forward(x),
            &|x| self.mixer.forward(x),
            &|x| self.ln2.forward(x),
            &|x| self.mlp.forward(x),
            NormOrder::PostLn,
        )
    }

    fn visit(&self, visitor: &mut dyn Visitor) {
        visit_child(visitor, "mixer", &self.mixer);
        visit_child(visitor, "ln1", &self.ln1);
        visit_child(visitor, "mlp", &self.mlp);
        visit_child(visitor, "ln2", &self.ln2);
    }

    fn name(&self) -> &'static str {
        "Block"
    }
}

impl Module for Mixer {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        match self {
            Self::Attention(attention) => attention.forward(x),
            Self::Average([value, out]) => {
                out.forward(&value.forward(&x.mean(1, true)?)?)?.expand(x.dims())
            }
        }
    }

    fn visit(&self, visitor: &mut dyn Visitor) {
        match self {
            Self::Attention(attention) => visit_child(visitor, "attention", attention),
            Self::Average([value, out]) => {
                visit_child(visitor, "value", value);
                visit_child(visitor, "out", out);
            }
        }
    }

    fn name(&self) -> &'static str {
        "Mixer"
    }
}
