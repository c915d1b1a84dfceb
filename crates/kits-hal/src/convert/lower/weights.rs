//! Weights and biases: reading them, folding zero points, encoding multipliers.

use crate::{
    convert::{
        builtin::FileType,
        error::ImportError,
        importer::{Importer, Node, number},
    },
    fixed::encode,
    model::record::OP_UNIFORM,
};

type Result<T> = core::result::Result<T, ImportError>;

/// Constant `int8` weights with one scale, or one per output channel.
pub(super) struct Weights {
    pub(super) data: Vec<i8>,
    pub(super) scales: Vec<f32>,
    pub(super) zero: i32,
    pub(super) shape: [usize; 4],
}

impl Weights {
    /// Reads weights of `rank` dimensions whose output channels run along `axis`.
    pub(super) fn read(im: &Importer<'_>, t: usize, rank: usize, axis: usize) -> Result<Self> {
        let n = number(t);
        let tensor = &im.graph.tensors[t];
        im.int8(t)?;
        let data = tensor.data.as_deref().ok_or(ImportError::NonConstantWeights { tensor: n })?;
        let dims = im.dims(t)?;
        if tensor.shape.len() != rank {
            return Err(ImportError::BadShape { tensor: n });
        }
        let shape = dims.map(usize::from);
        let need: u64 = dims.iter().map(|&d| u64::from(d)).product();
        if need != data.len() as u64 {
            return Err(ImportError::BufferSize { tensor: n, need, have: data.len() as u64 });
        }
        let bad = ImportError::BadQuantization { tensor: n };
        if tensor.scale.is_empty() {
            return Err(ImportError::MissingQuantization { tensor: n });
        }
        let channels = shape[4 - rank + axis];
        let per_channel = tensor.scale.len() != 1;
        let along = usize::try_from(tensor.axis).ok();
        let fits = !per_channel || (tensor.scale.len() == channels && along == Some(axis));
        let positive = tensor.scale.iter().all(|s| s.is_finite() && *s > 0.0);
        if !fits || !positive {
            return Err(bad);
        }
        let zero = *tensor.zero.first().unwrap_or(&0);
        if tensor.zero.iter().any(|&z| z != zero) || (per_channel && zero != 0) {
            return Err(bad);
        }
        Ok(Self {
            data: data.iter().map(|&b| b.cast_signed()).collect(),
            scales: tensor.scale.clone(),
            zero: i32::try_from(zero).ok().filter(|z| (-128..=127).contains(z)).ok_or(bad)?,
            shape,
        })
    }

    /// Refuses weights with a zero point, which convolutions do not have.
    pub(super) fn symmetric(self, t: usize) -> Result<Self> {
        if self.zero == 0 {
            Ok(self)
        } else {
            Err(ImportError::BadQuantization { tensor: number(t) })
        }
    }

    /// Returns the scale of output channel `c`.
    pub(super) fn scale(&self, c: usize) -> f32 {
        if let [scale] = self.scales[..] { scale } else { self.scales[c] }
    }

    /// Returns the bytes as they go into the container.
    pub(super) fn bytes(&self) -> Vec<u8> {
        self.data.iter().map(|&w| w.cast_unsigned()).collect()
    }
}

/// Reads the biases of `channels` outputs; zeros if there are none.
pub(super) fn bias(
    im: &Importer<'_>,
    node: &Node<'_>,
    t: Option<usize>,
    channels: usize,
) -> Result<Vec<i64>> {
    let Some(t) = t else { return Ok(vec![0; channels]) };
    let ty = im.graph.tensors[t].ty;
    if ty != FileType::I32 {
        return Err(ImportError::UnsupportedType { tensor: number(t), ty });
    }
    let values = im.integers(t)?;
    if values.len() == channels {
        Ok(values.into_iter().map(i64::from).collect())
    } else {
        Err(node.shape())
    }
}

/// The parameter block of an operator with output channels.
pub(super) struct Params {
    pub(super) bytes: Vec<u8>,
    /// [`OP_UNIFORM`] or 0.
    pub(super) flags: u8,
}

/// Packs biases and multipliers; one pair is stored if all channels share it.
///
/// `output` is blamed for a multiplier that cannot be encoded.
pub(super) fn pack(
    node: &Node<'_>,
    biases: &[i64],
    multipliers: impl Iterator<Item = f64>,
    output: usize,
) -> Result<Params> {
    let mut pairs = Vec::with_capacity(biases.len());
    for real in multipliers {
        let (m, s) = encode(real);
        let fits = real.is_finite() && (-31..=30).contains(&s);
        if !fits {
            return Err(ImportError::BadQuantization { tensor: number(output) });
        }
        pairs.push((m, s));
    }
    let uniform = pairs.windows(2).all(|w| w[0] == w[1]);
    if uniform {
        pairs.truncate(1);
    }
    let mut bytes = Vec::with_capacity(biases.len() * 9);
    for &b in biases {
        let b =
            i32::try_from(b).map_err(|_| ImportError::AccumulatorOverflow { op: node.index })?;
        bytes.extend_from_slice(&b.to_le_bytes());
    }
    for (m, _) in &pairs {
        bytes.extend_from_slice(&m.to_le_bytes());
    }
    for (_, s) in &pairs {
        let s = i8::try_from(*s).unwrap_or(0);
        bytes.extend_from_slice(&s.to_le_bytes());
    }
    Ok(Params { bytes, flags: if uniform { OP_UNIFORM } else { 0 } })
}
