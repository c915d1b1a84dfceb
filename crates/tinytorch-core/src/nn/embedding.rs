//! The table that turns ids into vectors.

use super::{Module, Visitor};
#[cfg(not(feature = "std"))]
use crate::nostd::Float;
use crate::nostd::prelude::*;
use crate::{Error, Param, Result, Rng, Tensor};

/// A table with one row for each id; the output is the rows of the ids.
///
/// # Shapes
///
/// ids `[..]` of an integer type, result `[.., width]`.
///
/// # Cost
///
/// rows·width parameters; width elements copied for each id.
///
/// # Examples
///
/// ```
/// use tinytorch_core::nn::{Embedding, Module};
/// use tinytorch_core::Tensor;
///
/// let table = Embedding::from_pretrained(Tensor::from([[1.0_f32, 2.0], [3.0, 4.0]]))?;
/// assert_eq!(table.forward(&Tensor::from([1_i64, 0]))?.to_vec::<f32>()?, [3.0, 4.0, 1.0, 2.0]);
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Embedding {
    weight: Param,
    padding: Option<usize>,
}

impl Embedding {
    /// Returns a table drawn uniformly within ±√(6/(rows + width)).
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if a size is 0 or too large for a tensor.
    pub fn new(rows: usize, width: usize, rng: &mut Rng) -> Result<Self> {
        if rows == 0 || width == 0 {
            let got = format_args!("{rows} rows of {width}");
            return Err(Error::argument("embedding", "size", got, "at least 1 row of 1"));
        }
        let bound = (6.0 / (rows as f64 + width as f64)).sqrt();
        Self::from_pretrained(super::positions::uniform([rows, width], bound, rng)?)
    }

    /// Returns a layer with this table `[rows, width]`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] unless the table has rank 2; [`Error::DTypeUnsupported`] unless its elements are floats.
    pub fn from_pretrained(table: Tensor) -> Result<Self> {
        if table.rank() != 2 {
            let got = format_args!("of shape {}", table.shape());
            return Err(Error::argument("embedding", "table", got, "[rows, width]"));
        }
        Ok(Self { weight: Param::new(table)?, padding: None })
    }

    /// Returns the layer with row `id` for padding: it is set to zeros and never receives a gradient.
    ///
    /// # Errors
    ///
    /// [`Error::IndexOutOfRange`] if the table has no such row.
    pub fn with_padding(self, id: usize) -> Result<Self> {
        let &[rows, width] = self.weight.shape().dims() else { return Ok(self) };
        if id >= rows {
            let (index, position) = (id as i64, 0);
            return Err(Error::IndexOutOfRange { op: "embedding", index, size: rows, position });
        }
        let keep: Vec<bool> = (0..rows * width).map(|i| i / width == id).collect();
        let mask = Tensor::from_vec(keep, [rows, width])?;
        self.weight.load(&self.weight.tensor().detach().masked_fill(&mask, 0.0)?)?;
        Ok(Self { padding: Some(id), ..self })
    }

    /// Returns the table, `[rows, width]`.
    #[must_use]
    pub fn weight(&self) -> &Param {
        &self.weight
    }
}

impl Module for Embedding {
    fn forward(&self, ids: &Tensor) -> Result<Tensor> {
        self.weight.tensor().embedding(ids, self.padding)
    }

    fn visit(&self, visitor: &mut dyn Visitor) {
        visitor.param("weight", &self.weight);
    }

    fn name(&self) -> &'static str {
        "Embedding"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_ids_add_up_and_padding_stays() {
        let table = Tensor::from([[5.0_f64, 5.0], [1.0, 2.0], [3.0, 4.0]]);
        let layer = Embedding::from_pretrained(table).unwrap().with_padding(0).unwrap();
        let y = layer.forward(&Tensor::from([1_i64, 0, 1, 2])).unwrap();
        assert_eq!(y.to_vec::<f64>().unwrap(), [1.0, 2.0, 0.0, 0.0, 1.0, 2.0, 3.0, 4.0]);
        y.sum(.., false).unwrap().backward().unwrap();
        let grad = layer.weight().grad().unwrap();
        assert_eq!(grad.to_vec::<f64>().unwrap(), [0.0, 0.0, 2.0, 2.0, 1.0, 1.0]);
    }

    #[test]
    fn bad_ids_and_tables_are_named() {
        let layer = Embedding::new(4, 2, &mut Rng::seed(1)).unwrap();
        let out = layer.forward(&Tensor::from([0_i64, 4]));
        assert!(matches!(out, Err(Error::IndexOutOfRange { index: 4, size: 4, position: 1, .. })));
        assert!(matches!(layer.with_padding(4), Err(Error::IndexOutOfRange { .. })));
        assert!(Embedding::new(0, 2, &mut Rng::seed(1)).is_err());
        assert!(Embedding::from_pretrained(Tensor::from([1.0_f32])).is_err());
    }
}
