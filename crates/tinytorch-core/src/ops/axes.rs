//! How callers name axes and sizes.

use core::ops::{Deref, RangeFull};

use crate::nostd::prelude::*;
use crate::{Error, Result, Shape, tensor::MAX_RANK};

/// A set of axes of a tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AxisMask {
    marked: [bool; MAX_RANK],
    rank: usize,
}

impl AxisMask {
    /// Returns one flag per axis: true if the axis belongs to the set.
    #[must_use]
    pub fn as_slice(&self) -> &[bool] {
        &self.marked[..self.rank]
    }

    pub(crate) fn all(rank: usize) -> Self {
        Self { marked: [true; MAX_RANK], rank }
    }

    pub(crate) fn one(rank: usize, axis: usize) -> Self {
        let mut out = Self { marked: [false; MAX_RANK], rank };
        out.marked[axis] = true;
        out
    }

    /// Number of elements along the marked axes.
    pub(crate) fn count(&self, shape: &Shape) -> usize {
        shape.iter().zip(self.as_slice()).filter(|(_, m)| **m).map(|(&d, _)| d).product()
    }

    /// The shape with marked axes of size 1.
    pub(crate) fn keepdim(&self, shape: &Shape) -> Shape {
        let mut out = *shape;
        out.dims_mut()
            .iter_mut()
            .zip(self.as_slice())
            .filter(|(_, m)| **m)
            .for_each(|(d, _)| *d = 1);
        out
    }

    /// The shape without the marked axes, or with size 1 there.
    pub(crate) fn reduce(&self, shape: &Shape, keepdim: bool) -> Shape {
        if keepdim {
            return self.keepdim(shape);
        }
        let (mut dims, mut rank) = ([0; MAX_RANK], 0);
        for (&d, _) in shape.iter().zip(self.as_slice()).filter(|(_, m)| !**m) {
            dims[rank] = d;
            rank += 1;
        }
        Shape::clipped(&dims[..rank])
    }

    fn list(op: &'static str, axes: impl Iterator<Item = isize>, shape: &Shape) -> Result<Self> {
        let mut out = Self { marked: [false; MAX_RANK], rank: shape.rank() };
        for axis in axes {
            let a = shape.axis(op, axis)?;
            if core::mem::replace(&mut out.marked[a], true) {
                return Err(Error::argument(
                    op,
                    "axes",
                    format!("a list with axis {axis} twice"),
                    "a list without repetition",
                ));
            }
        }
        Ok(out)
    }
}

/// Anything that names axes: one axis, a list of axes, or `..` for all. Negative axes count from the end.
pub trait IntoAxes {
    /// Returns the set of axes for a tensor of this shape.
    ///
    /// # Errors
    ///
    /// [`Error::AxisOutOfRange`], or [`Error::InvalidArgument`] for an axis named twice.
    fn into_axes(self, op: &'static str, shape: &Shape) -> Result<AxisMask>;
}

impl IntoAxes for RangeFull {
    fn into_axes(self, _: &'static str, shape: &Shape) -> Result<AxisMask> {
        Ok(AxisMask::all(shape.rank()))
    }
}

impl IntoAxes for AxisMask {
    fn into_axes(self, _: &'static str, shape: &Shape) -> Result<AxisMask> {
        Ok(Self { rank: shape.rank(), ..self })
    }
}

/// Anything that names sizes, where -1 stands for a size that follows from the others.
pub trait IntoSizes {
    /// Returns the sizes as signed numbers.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] for more than [`MAX_RANK`] sizes or a size that no memory holds.
    fn into_sizes(self) -> Result<Sizes>;
}

/// Up to [`MAX_RANK`] sizes; -1 is open.
#[derive(Debug, Clone, Copy)]
pub struct Sizes {
    dims: [isize; MAX_RANK],
    rank: usize,
}

impl Deref for Sizes {
    type Target = [isize];

    fn deref(&self) -> &[isize] {
        &self.dims[..self.rank]
    }
}

fn sizes(items: impl ExactSizeIterator<Item = Option<isize>>) -> Result<Sizes> {
    let rank = items.len();
    if rank > MAX_RANK {
        return Err(Error::argument(
            "shape",
            "dims",
            format!("{rank} sizes"),
            format!("a list of at most {MAX_RANK} sizes"),
        ));
    }
    let mut out = Sizes { dims: [0; MAX_RANK], rank };
    for (slot, item) in out.dims.iter_mut().zip(items) {
        let need = "a list of sizes that fit into memory";
        *slot = item.ok_or_else(|| Error::argument("shape", "dims", "too large", need))?;
    }
    Ok(out)
}

macro_rules! lists {
    ($($T:ty => $to_isize:expr, $to_axis:expr);* $(;)?) => {$(
        impl<const N: usize> IntoSizes for [$T; N] {
            fn into_sizes(self) -> Result<Sizes> {
                sizes(self.iter().map($to_isize))
            }
        }

        impl IntoSizes for &[$T] {
            fn into_sizes(self) -> Result<Sizes> {
                sizes(self.iter().map($to_isize))
            }
        }

        impl IntoSizes for &Vec<$T> {
            fn into_sizes(self) -> Result<Sizes> {
                sizes(self.iter().map($to_isize))
            }
        }

        impl IntoSizes for Vec<$T> {
            fn into_sizes(self) -> Result<Sizes> {
                sizes(self.iter().map($to_isize))
            }
        }

        impl<const N: usize> IntoAxes for [$T; N] {
            fn into_axes(self, op: &'static str, shape: &Shape) -> Result<AxisMask> {
                AxisMask::list(op, self.iter().map($to_axis), shape)
            }
        }

        impl IntoAxes for &[$T] {
            fn into_axes(self, op: &'static str, shape: &Shape) -> Result<AxisMask> {
                AxisMask::list(op, self.iter().map($to_axis), shape)
            }
        }

        impl IntoAxes for &Vec<$T> {
            fn into_axes(self, op: &'static str, shape: &Shape) -> Result<AxisMask> {
                AxisMask::list(op, self.iter().map($to_axis), shape)
            }
        }

        impl IntoAxes for $T {
            fn into_axes(self, op: &'static str, shape: &Shape) -> Result<AxisMask> {
                AxisMask::list(op, core::iter::once(&self).map($to_axis), shape)
            }
        }
    )*};
}

lists! {
    isize => |&d| Some(d), |&a| a;
    i32 => |&d| Some(d as isize), |&a| a as isize;
    usize => |&d| isize::try_from(d).ok(), |&a| isize::try_from(a).unwrap_or(isize::MAX);
}

impl IntoSizes for Shape {
    fn into_sizes(self) -> Result<Sizes> {
        sizes(self.iter().map(|&d| isize::try_from(d).ok()))
    }
}

impl IntoSizes for &Shape {
    fn into_sizes(self) -> Result<Sizes> {
        (*self).into_sizes()
    }
}

impl IntoSizes for () {
    fn into_sizes(self) -> Result<Sizes> {
        Ok(Sizes { dims: [0; MAX_RANK], rank: 0 })
    }
}
