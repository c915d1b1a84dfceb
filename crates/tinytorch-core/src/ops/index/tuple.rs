//! Indexing by position, range and mask in one call.

use core::ops::{Range, RangeFrom, RangeFull, RangeTo};

use crate::nostd::prelude::*;
use crate::{Error, Result, Tensor};

/// What is taken along one axis.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Index {
    /// One position; the axis goes. Negative positions count from the end.
    At(isize),
    /// Positions from start to end (excluded); negative ends count from the end.
    Range(isize, isize),
    /// Everything.
    All,
    /// The positions in a vector of `i64`.
    List(Tensor),
    /// The positions where a vector of truth values is true.
    Mask(Tensor),
}

impl From<isize> for Index {
    fn from(at: isize) -> Self {
        Self::At(at)
    }
}

impl From<i32> for Index {
    fn from(at: i32) -> Self {
        Self::At(at as isize)
    }
}

impl From<usize> for Index {
    fn from(at: usize) -> Self {
        Self::At(isize::try_from(at).unwrap_or(isize::MAX))
    }
}

macro_rules! ranges {
    ($($T:ty),*) => {$(
        impl From<Range<$T>> for Index {
            fn from(r: Range<$T>) -> Self {
                Self::Range(r.start as isize, r.end as isize)
            }
        }

        impl From<RangeFrom<$T>> for Index {
            fn from(r: RangeFrom<$T>) -> Self {
                Self::Range(r.start as isize, isize::MAX)
            }
        }

        impl From<RangeTo<$T>> for Index {
            fn from(r: RangeTo<$T>) -> Self {
                Self::Range(0, r.end as isize)
            }
        }
    )*};
}

ranges!(isize, i32, usize);

impl From<RangeFull> for Index {
    fn from(_: RangeFull) -> Self {
        Self::All
    }
}

impl From<&Tensor> for Index {
    fn from(t: &Tensor) -> Self {
        if t.dtype() == crate::DType::Bool { Self::Mask(t.clone()) } else { Self::List(t.clone()) }
    }
}

/// One index, or a tuple of them for the first axes.
pub trait IntoIndices {
    /// Returns the indices in order of the axes.
    fn into_indices(self) -> Vec<Index>;
}

impl<I: Into<Index>> IntoIndices for I {
    fn into_indices(self) -> Vec<Index> {
        vec![self.into()]
    }
}

macro_rules! tuples {
    ($($name:ident),+) => {
        impl<$($name: Into<Index>),+> IntoIndices for ($($name,)+) {
            #[expect(non_snake_case, reason = "the names of the types serve as names of the values")]
            fn into_indices(self) -> Vec<Index> {
                let ($($name,)+) = self;
                vec![$($name.into()),+]
            }
        }
    };
}

tuples!(A, B);
tuples!(A, B, C);
tuples!(A, B, C, D);
tuples!(A, B, C, D, E);
tuples!(A, B, C, D, E, F);

impl Tensor {
    /// Returns the part that indices for the first axes select: positions, ranges, `..` for a whole axis, or tensors of
    /// positions or truth values. Positions and ranges are views.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] for more indices than axes, or a mask of another length than its axis;
    /// [`Error::IndexOutOfRange`]; [`Error::DTypeUnsupported`] for positions that are not `i64`.
    ///
    /// # Examples
    ///
    /// ```
    /// use tinytorch_core::Tensor;
    ///
    /// let x = Tensor::from([[1i64, 2, 3], [4, 5, 6]]);
    /// assert_eq!(x.i(-1)?.to_vec::<i64>()?, [4, 5, 6]);
    /// assert_eq!(x.i((.., 1..))?.to_vec::<i64>()?, [2, 3, 5, 6]);
    /// assert_eq!(x.i((.., &Tensor::from([true, false, true])))?.to_vec::<i64>()?, [1, 3, 4, 6]);
    /// # Ok::<(), tinytorch_core::Error>(())
    /// ```
    #[track_caller]
    pub fn i(&self, indices: impl IntoIndices) -> Result<Self> {
        let indices = indices.into_indices();
        if indices.len() > self.rank() {
            let need = format!("at most {}, one per axis", self.rank());
            return Err(Error::argument(
                "i",
                "indices",
                format!("{} indices", indices.len()),
                need,
            ));
        }
        let (mut out, mut axis) = (self.clone(), 0isize);
        for index in indices {
            match index {
                Index::At(at) => {
                    out = out.select(axis, at)?;
                    continue; // the axis is gone
                }
                Index::All => {}
                Index::Range(start, end) => out = out.slice(axis, start..end, 1)?,
                Index::List(list) => out = out.index_select(axis, &list)?,
                Index::Mask(mask) => {
                    let size = out.dims()[axis as usize];
                    if mask.dims() != [size] {
                        let got = format!("of shape {}", mask.shape());
                        return Err(Error::argument(
                            "i",
                            "mask",
                            got,
                            format!("[{size}], one truth value per position"),
                        ));
                    }
                    let hits: Vec<i64> = (0..size as i64)
                        .zip(mask.to_vec::<bool>()?)
                        .filter(|(_, m)| *m)
                        .map(|(i, _)| i)
                        .collect();
                    let n = hits.len();
                    out = out.index_select(axis, &Self::from_vec(hits, [n])?)?;
                }
            }
            axis += 1;
        }
        Ok(out)
    }
}
