//! Where a token stands: learned and fixed position vectors, and the layer at the bottom of a language model.

use super::{Embedding, Module, Visitor};
#[cfg(not(feature = "std"))]
use crate::nostd::Float;
use crate::{DType, Error, Param, Result, Rng, Tensor, dispatch};

/// Returns a tensor of uniform numbers within ±`bound`.
pub(super) fn uniform(shape: [usize; 2], bound: f64, rng: &mut Rng) -> Result<Tensor> {
    let shape = crate::Shape::new(&shape)?;
    let data = (0..shape.numel()).map(|_| (bound * (2.0 * rng.uniform() - 1.0)) as f32).collect();
    Tensor::from_vec(data, shape)
}

/// One learned vector for each position, added to the vectors of the tokens.
///
/// # Shapes
///
/// `[.., sequence, width]` to the same.
#[derive(Debug, Clone)]
pub struct LearnedPositions {
    weight: Param,
}

impl LearnedPositions {
    /// Returns a table for `max_len` positions, drawn uniformly within ±√(2/width).
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if a size is 0 or too large for a tensor.
    pub fn new(max_len: usize, width: usize, rng: &mut Rng) -> Result<Self> {
        if max_len == 0 || width == 0 {
            let got = format_args!("{max_len} positions of {width}");
            return Err(Error::argument("positions", "size", got, "at least 1 position of 1"));
        }
        let table = uniform([max_len, width], (2.0 / width as f64).sqrt(), rng)?;
        Ok(Self { weight: Param::new(table)? })
    }

    /// Returns `x` plus the vectors of the positions from `start`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if the table ends before the sequence; [`Error::ShapeMismatch`] for another width.
    pub fn forward_at(&self, x: &Tensor, start: usize) -> Result<Tensor> {
        dispatch::add_positions(x, &self.weight.tensor(), start)
    }

    /// Returns the table, `[max_len, width]`.
    #[must_use]
    pub fn weight(&self) -> &Param {
        &self.weight
    }
}

impl Module for LearnedPositions {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.forward_at(x, 0)
    }

    fn visit(&self, visitor: &mut dyn Visitor) {
        visitor.param("weight", &self.weight);
    }

    fn name(&self) -> &'static str {
        "LearnedPositions"
    }
}

/// Returns the fixed position vectors of [`Tensor::sinusoidal_table`] with base 10,000, `[max_len, width]`.
///
/// # Errors
///
/// [`Error::InvalidArgument`] for a table too large for memory.
pub fn sinusoidal_table(max_len: usize, width: usize) -> Result<Tensor> {
    Tensor::sinusoidal_table(max_len, width, 10_000.0, DType::F32)
}

/// How an [`EmbeddingLayer`] marks positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum PositionKind {
    /// By vectors that training changes.
    #[default]
    Learned,
    /// By fixed waves.
    Sinusoidal,
    /// Not at all.
    None,
}

#[derive(Debug)]
enum Positions {
    Learned(LearnedPositions),
    Fixed(Tensor),
    None,
}

/// Token vectors, scaled by √width if wanted, plus position vectors.
///
/// # Shapes
///
/// ids `[.., sequence]`, result `[.., sequence, width]`.
#[derive(Debug)]
pub struct EmbeddingLayer {
    token: Embedding,
    positions: Positions,
    scale: bool,
}

impl EmbeddingLayer {
    /// Returns a layer for `vocab` tokens and up to `max_len` positions.
    ///
    /// # Errors
    ///
    /// As [`Embedding::new`] and [`LearnedPositions::new`].
    pub fn new(
        vocab: usize,
        width: usize,
        max_len: usize,
        kind: PositionKind,
        rng: &mut Rng,
    ) -> Result<Self> {
        let token = Embedding::new(vocab, width, rng)?;
        let positions = match kind {
            PositionKind::Learned => {
                Positions::Learned(LearnedPositions::new(max_len, width, rng)?)
            }
            PositionKind::Sinusoidal => Positions::Fixed(sinusoidal_table(max_len, width)?),
            PositionKind::None => Positions::None,
        };
        Ok(Self { token, positions, scale: false })
    }

    /// Returns the layer with token vectors multiplied by √width before the positions are added.
    #[must_use]
    pub fn scaled(self) -> Self {
        Self { scale: true, ..self }
    }

    /// Returns the vectors of `ids`, the first of which stands at position `start`.
    ///
    /// # Errors
    ///
    /// [`Error::IndexOutOfRange`] for an id outside the table; as [`LearnedPositions::forward_at`].
    pub fn forward_at(&self, ids: &Tensor, start: usize) -> Result<Tensor> {
        let table = self.token.weight().tensor();
        let positions = match &self.positions {
            Positions::Learned(table) => Some(table.weight().tensor()),
            Positions::Fixed(fixed) => Some(fixed.to_dtype(table.dtype())?),
            Positions::None => None,
        };
        dispatch::embedding_layer_forward(&table, positions.as_ref(), ids, start, self.scale)
    }
}

impl Module for EmbeddingLayer {
    fn forward(&self, ids: &Tensor) -> Result<Tensor> {
        self.forward_at(ids, 0)
    }

    fn visit(&self, visitor: &mut dyn Visitor) {
        super::visit_child(visitor, "token", &self.token);
        if let Positions::Learned(table) = &self.positions {
            super::visit_child(visitor, "position", table);
        }
    }

    fn name(&self) -> &'static str {
        "EmbeddingLayer"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::ModuleExt;

    #[test]
    fn a_start_is_a_slice_of_the_whole() {
        for kind in [PositionKind::Learned, PositionKind::Sinusoidal] {
            let layer = EmbeddingLayer::new(5, 4, 6, kind, &mut Rng::seed(2)).unwrap().scaled();
            let ids = Tensor::from([[0_i64, 1, 2, 3, 4, 0]]);
            let whole = layer.forward(&ids).unwrap();
            let tail = layer.forward_at(&ids.narrow(1, 2, 3).unwrap(), 2).unwrap();
            assert!(tail.same_values(&whole.narrow(1, 2, 3).unwrap()), "{kind:?}");
            assert!(matches!(layer.forward_at(&ids, 1), Err(Error::InvalidArgument { .. })));
            assert!(layer.forward_at(&ids, usize::MAX).is_err());
        }
    }

    #[test]
    fn scale_positions_and_gradients() {
        let rng = &mut Rng::seed(3);
        let plain = EmbeddingLayer::new(5, 4, 6, PositionKind::None, rng).unwrap();
        let ids = Tensor::from([[3_i64, 3]]);
        let row = plain.forward(&ids).unwrap();
        let scaled = plain.scaled().forward(&ids).unwrap(); // √4 = 2, exact
        assert!(scaled.same_values(&row.mul_scalar(2.0).unwrap()));
        let learned = EmbeddingLayer::new(5, 4, 6, PositionKind::Learned, rng).unwrap();
        assert_eq!(learned.num_parameters(), 5 * 4 + 6 * 4);
        learned.forward(&ids).unwrap().sum(.., false).unwrap().backward().unwrap();
        let grads: Vec<_> = learned.parameters().iter().map(|p| p.grad().unwrap()).collect();
        let token = grads[0].to_vec::<f32>().unwrap();
        assert_eq!(token[12..16], [2.0; 4], "one for each of two places");
        let position = grads[1].to_vec::<f32>().unwrap();
        assert_eq!((&position[..8], &position[8..]), (&[1.0; 8][..], &[0.0; 16][..]));
    }
}
