//! Matrices of which only what is not zero is stored.

use crate::nostd::prelude::*;
use crate::{DType, Error, Result, Tensor};

const OP: &str = "csr";

/// Columns of the stored numbers, as narrow as the width of the matrix allows.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Columns {
    Narrow(Vec<u16>),
    Wide(Vec<u32>),
}

/// A matrix in compressed sparse rows: the numbers that are not zero row by row, the column of each, and where each row begins.
///
/// A stored number takes 4 bytes and 2 for its column (4 beyond 65,536 columns). Dense storage takes 4, so the break-even is at
/// one third of zeros, or half, and a little above because of the row starts.
///
/// # Examples
///
/// ```
/// use tinytorch_core::Tensor;
/// use tinytorch_core::compress::Csr;
///
/// let dense = Tensor::from([[0.0_f32, 2.0, 0.0, 0.0], [1.0, 0.0, 0.0, 3.0]]);
/// let sparse = Csr::from_dense(&dense)?;
/// assert_eq!(sparse.matvec(&[1.0, 1.0, 1.0, 10.0])?, [2.0, 31.0]);
/// // Three numbers of 4 bytes, three columns of 2, three starts of 4; dense it is 32.
/// assert_eq!(sparse.bytes(), 30);
/// assert_eq!(sparse.to_dense()?.to_vec::<f32>()?, dense.to_vec::<f32>()?);
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Csr {
    width: usize,
    starts: Vec<u32>,
    columns: Columns,
    values: Vec<f32>,
}

impl Csr {
    /// Stores what is not zero in a matrix `[rows, columns]`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] unless it has two axes and fewer than 2³² elements; [`Error::DTypeUnsupported`] unless it
    /// holds `f32`.
    pub fn from_dense(dense: &Tensor) -> Result<Self> {
        let [rows, width] = *dense.dims() else {
            let got = format_args!("of shape {}", dense.shape());
            return Err(Error::argument(OP, "matrix", got, "of two axes"));
        };
        if dense.dtype() != DType::F32 {
            return Err(Error::dtype(OP, dense.dtype(), "f32"));
        }
        if u32::try_from(dense.numel()).is_err() || u32::try_from(width).is_err() {
            return Err(Error::argument(OP, "elements", dense.numel(), "fewer than 2^32"));
        }
        let all = dense.detach().to_vec::<f32>()?;
        let mut starts = Vec::with_capacity(rows + 1);
        let (mut columns, mut values) = (Vec::new(), Vec::new());
        starts.push(0);
        for row in 0..rows {
            for (column, &value) in all[row * width..(row + 1) * width].iter().enumerate() {
                if value != 0.0 {
                    columns.push(column as u32);
                    values.push(value);
                }
            }
            starts.push(values.len() as u32);
        }
        let columns = if width <= 1 << 16 {
            Columns::Narrow(columns.into_iter().map(|c| c as u16).collect())
        } else {
            Columns::Wide(columns)
        };
        Ok(Self { width, starts, columns, values })
    }

    /// Returns the sizes, rows and columns.
    #[must_use]
    pub fn sizes(&self) -> (usize, usize) {
        (self.starts.len() - 1, self.width)
    }

    /// Returns how many numbers are stored.
    #[must_use]
    pub fn stored(&self) -> usize {
        self.values.len()
    }

    /// Returns the bytes of numbers, columns and row starts.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let columns = match &self.columns {
            Columns::Narrow(c) => 2 * c.len(),
            Columns::Wide(c) => 4 * c.len(),
        };
        4 * self.values.len() + columns + 4 * self.starts.len()
    }

    /// Calls `each` with row, column and number of everything stored, row by row.
    fn visit(&self, mut each: impl FnMut(usize, usize, f32)) {
        for (row, ends) in self.starts.windows(2).enumerate() {
            for at in ends[0] as usize..ends[1] as usize {
                let column = match &self.columns {
                    Columns::Narrow(c) => usize::from(c[at]),
                    Columns::Wide(c) => c[at] as usize,
                };
                each(row, column, self.values[at]);
            }
        }
    }

    /// Returns the matrix with its zeros.
    ///
    /// # Errors
    ///
    /// As [`Tensor::from_vec`].
    pub fn to_dense(&self) -> Result<Tensor> {
        let (rows, width) = self.sizes();
        let mut out = vec![0.0_f32; rows * width];
        self.visit(|row, column, value| out[row * width + column] = value);
        Tensor::from_vec(out, [rows, width])
    }

    /// Returns the product with a vector of one number for each column.
    ///
    /// # Errors
    ///
    /// [`Error::ShapeMismatch`] for a vector of another length.
    pub fn matvec(&self, x: &[f32]) -> Result<Vec<f32>> {
        let (rows, width) = self.sizes();
        if x.len() != width {
            return Err(Error::shapes(
                OP,
                (&[rows, width], &[x.len()]),
                format!("{width} columns with {} numbers", x.len()),
                "a matrix [rows, columns] goes with a vector of one number for each column",
                "check that the vector is the input of this layer",
            ));
        }
        let mut out = vec![0.0_f32; rows];
        self.visit(|row, column, value| out[row] += value * x[column]);
        Ok(out)
    }
}
