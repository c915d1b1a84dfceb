//! Printing tensors.

use crate::nostd::prelude::*;
use core::fmt;

use super::{Tensor, create::each_type, position};

/// Tensors with more elements show only the first and last [`EDGE`] of each axis.
const LIMIT: usize = 1000;
const EDGE: usize = 3;

impl fmt::Display for Tensor {
    /// Prints nested brackets with aligned columns; long axes are shortened to their ends. A precision such as `{:.2}`
    /// sets the digits after the point (4 unless given).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let precision = f.precision().unwrap_or(4);
        // Empty axes count as one: the others may still be long.
        let lines: usize = self.dims().iter().map(|&d| d.max(1)).product();
        let shown = Shown { dims: self.dims(), shorten: lines > LIMIT };
        let mut cells = Vec::new();
        each_type!(self.dtype(), T => {
            let view = self.typed::<T>();
            let is_float = self.dtype().is_float();
            shown.visit(0, 0, &mut |n| {
                let v = view.data[position(n, view.shape, view.strides)];
                cells.push(if is_float { format!("{v:.precision$}") } else { format!("{v}") });
            });
        });
        let width = cells.iter().map(String::len).max().unwrap_or(0);
        shown.write(f, 0, width, &mut cells.iter())
    }
}

struct Shown<'a> {
    dims: &'a [usize],
    shorten: bool,
}

impl Shown<'_> {
    /// Positions shown along an axis, with `None` for the gap.
    fn along(&self, axis: usize) -> Vec<Option<usize>> {
        let size = self.dims[axis];
        if self.shorten && size > 2 * EDGE {
            (0..EDGE).map(Some).chain([None]).chain((size - EDGE..size).map(Some)).collect()
        } else {
            (0..size).map(Some).collect()
        }
    }

    fn visit(&self, axis: usize, at: usize, f: &mut impl FnMut(usize)) {
        if axis == self.dims.len() {
            return f(at);
        }
        for i in self.along(axis).into_iter().flatten() {
            self.visit(axis + 1, at * self.dims[axis] + i, f);
        }
    }

    fn write<'a>(
        &self,
        f: &mut fmt::Formatter<'_>,
        axis: usize,
        width: usize,
        cells: &mut impl Iterator<Item = &'a String>,
    ) -> fmt::Result {
        if axis == self.dims.len() {
            return write!(f, "{:>width$}", cells.next().map_or("", String::as_str));
        }
        let last = axis + 1 == self.dims.len();
        f.write_str("[")?;
        for (k, i) in self.along(axis).into_iter().enumerate() {
            if k > 0 {
                f.write_str(if last { ", " } else { ",\n" })?;
                if !last {
                    // One blank line between planes, two between volumes, as NumPy does.
                    (axis + 2..self.dims.len()).try_for_each(|_| f.write_str("\n"))?;
                    (0..=axis).try_for_each(|_| f.write_str(" "))?;
                }
            }
            match i {
                Some(_) => self.write(f, axis + 1, width, cells)?,
                None => f.write_str("...")?,
            }
        }
        f.write_str("]")
    }
}

impl fmt::Debug for Tensor {
    /// Prints shape, element type, strides and the operation that made the tensor, not the elements.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut s = f.debug_struct("Tensor");
        s.field("shape", self.shape())
            .field("dtype", &self.dtype())
            .field("strides", &self.strides());
        match self.node() {
            None => s.finish(),
            Some(node) => s.field("from", &node.name()).finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DType;

    #[test]
    fn prints_like_numpy() {
        assert_eq!(Tensor::scalar(1.5f32).to_string(), "1.5000");
        assert_eq!(
            format!("{:.1}", Tensor::from([[1.0f32, -2.0], [10.0, 0.25]])),
            "[[ 1.0, -2.0],\n [10.0,  0.2]]"
        );
        assert_eq!(Tensor::from([1i64, 20]).to_string(), "[ 1, 20]");
        assert_eq!(
            Tensor::from([[[1u8], [2]], [[3], [4]]]).to_string(),
            "[[[1],\n  [2]],\n\n [[3],\n  [4]]]"
        );
        assert_eq!(Tensor::zeros([0], DType::F32).unwrap().to_string(), "[]");
        let long = Tensor::arange(0.0, 2000.0, 1.0, DType::I64).unwrap();
        assert_eq!(long.to_string(), "[   0,    1,    2, ..., 1997, 1998, 1999]");
    }

    #[test]
    fn huge_views_print_shortened() {
        let x = Tensor::ones((), DType::F32).unwrap().expand([1000, 1000, 1000]).unwrap();
        assert!(x.to_string().len() < 8000);
    }
}
