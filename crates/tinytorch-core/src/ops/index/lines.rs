//! Index select and index add: one index per line of an axis.

use super::checked;
use crate::nostd::prelude::*;
use crate::{
    DType, Error, Result, Tensor,
    autograd::{Grads, Op, Saved},
    ops::support::{number_type, on_numbers, same_dtype},
    tensor::{Number, each_type},
};

/// The lines `index` of an axis, one after the other.
struct IndexSelect {
    axis: usize,
    index: Tensor,
}

impl Op for IndexSelect {
    fn name(&self) -> &'static str {
        "index_select"
    }

    fn flops(&self, _: &[&Tensor], _: &Tensor) -> Option<u64> {
        Some(0)
    }

    fn forward(&self, inputs: &[&Tensor], _: &mut Saved) -> Result<Tensor> {
        let x = inputs[0];
        let ids = checked("index_select", &self.index, x.dims()[self.axis])?;
        let shape = crate::Shape::new(&x.shape().with(self.axis, ids.len()))?;
        let inner: usize = shape[self.axis + 1..].iter().product();
        let plane = x.dims()[self.axis] * inner;
        Ok(each_type!(x.dtype(), T => {
            let data = x.typed::<T>().to_contiguous();
            let mut out = Vec::with_capacity(shape.numel());
            for plane in data.chunks(plane.max(1)) {
                ids.iter().for_each(|&i| out.extend_from_slice(&plane[i * inner..(i + 1) * inner]));
            }
            Tensor::own(out, shape)
        }))
    }

    fn backward(&self, saved: &Saved, grad: &Tensor) -> Result<Grads> {
        let Some(shape) = saved.input_shape(0) else { return Ok([None].into()) };
        let zeros = Tensor::zeros(shape, grad.dtype())?;
        Ok([zeros.index_add(self.axis as isize, &self.index, grad)?].into())
    }
}

/// `x` with the lines of `src` added to the lines `index` of an axis.
struct IndexAdd {
    axis: usize,
    index: Tensor,
}

impl Op for IndexAdd {
    fn name(&self) -> &'static str {
        "index_add"
    }

    fn flops(&self, inputs: &[&Tensor], _: &Tensor) -> Option<u64> {
        Some(inputs[1].numel() as u64)
    }

    fn forward(&self, inputs: &[&Tensor], _: &mut Saved) -> Result<Tensor> {
        let ids = checked("index_add", &self.index, inputs[0].dims()[self.axis])?;
        let inner: usize = inputs[0].dims()[self.axis + 1..].iter().product();
        let plane = inputs[0].dims()[self.axis] * inner;
        on_numbers("index_add", inputs, |t| {
            Ok(number_type!(t[0].dtype(), T => {
                let mut out = t[0].typed::<T>().to_vec();
                let src = t[1].typed::<T>().to_contiguous();
                let planes = out.chunks_mut(plane.max(1)).zip(src.chunks((ids.len() * inner).max(1)));
                for (out, src) in planes {
                    for (&i, line) in ids.iter().zip(src.chunks(inner)) {
                        out[i * inner..(i + 1) * inner].iter_mut().zip(line).for_each(|(o, &v)| *o = o.plus(v));
                    }
                }
                Tensor::own(out, *t[0].shape())
            }))
        })
    }

    fn backward(&self, saved: &Saved, grad: &Tensor) -> Result<Grads> {
        let dx = saved.needs(0).then(|| grad.clone());
        let dsrc = saved
            .needs(1)
            .then(|| grad.index_select(self.axis as isize, &self.index))
            .transpose()?;
        Ok([dx, dsrc].into())
    }
}

/// Rows of a table; the gradient of one row may be held at zero.
struct Embedding {
    ids: Tensor,
    padding: Option<usize>,
}

impl Op for Embedding {
    fn name(&self) -> &'static str {
        "embedding"
    }

    fn flops(&self, _: &[&Tensor], _: &Tensor) -> Option<u64> {
        Some(0)
    }

    fn forward(&self, inputs: &[&Tensor], _: &mut Saved) -> Result<Tensor> {
        let table = inputs[0];
        let ids = checked("embedding", &self.ids, table.dims()[0])?;
        let width = table.dims()[1];
        let shape = self.ids.shape().insert(self.ids.rank(), width)?;
        Ok(each_type!(table.dtype(), T => {
            let data = table.typed::<T>().to_contiguous();
            Tensor::own(crate::dispatch::embedding_forward::<T>(&data, width, &ids)?, shape)
        }))
    }

    fn backward(&self, saved: &Saved, grad: &Tensor) -> Result<Grads> {
        let Some(shape) = saved.input_shape(0) else { return Ok([None].into()) };
        let rows = grad.reshape([self.ids.numel(), shape[1]])?;
        let ids = self.ids.reshape([self.ids.numel()])?;
        let rows = match self.padding {
            Some(p) => {
                let hold = ids.eq(&Tensor::scalar(p as i64))?.unsqueeze(-1)?;
                rows.masked_fill(&hold, 0.0)?
            }
            None => rows,
        };
        #[cfg(feature = "course")]
        if rows.dtype() == DType::F32 && !crate::autograd::is_recording() {
            let read = checked("embedding", &ids, shape[0])?;
            let rows = rows.contiguous();
            let (grad, width) = (rows.as_slice::<f32>()?, shape[1]);
            if let Some(out) = crate::dispatch::embedding_backward(grad, width, &read, shape[0])? {
                return Ok([Tensor::own(out, *shape)].into());
            }
        }
        Ok([Tensor::zeros(shape, grad.dtype())?.index_add(0, &ids, &rows)?].into())
    }
}

fn check_index(op: &'static str, index: &Tensor) -> Result<()> {
    if index.rank() == 1 {
        return Ok(());
    }
    Err(Error::argument(
        op,
        "index",
        format!("of shape {}", index.shape()),
        "of rank 1: one index per line",
    ))
}

impl Tensor {
    /// Returns the lines `index` of `axis`, in that order; repetitions are allowed.
    ///
    /// # Shapes
    ///
    /// `index: [n]` of `i64`; the result has size `n` along `axis`.
    ///
    /// # Errors
    ///
    /// [`Error::AxisOutOfRange`], [`Error::IndexOutOfRange`], [`Error::InvalidArgument`] unless `index` has rank 1,
    /// [`Error::DTypeUnsupported`] unless it holds `i64`.
    #[track_caller]
    pub fn index_select(&self, axis: isize, index: &Self) -> Result<Self> {
        let axis = self.shape().axis("index_select", axis)?;
        check_index("index_select", index)?;
        Self::apply(IndexSelect { axis, index: index.detach() }, &[self])
    }

    /// Returns a copy of `self` with the lines of `src` added to the lines `index` of `axis`; repetitions accumulate.
    ///
    /// # Errors
    ///
    /// As [`Self::index_select`]; [`Error::ShapeMismatch`] or [`Error::DTypeMismatch`] unless `src` fits.
    #[track_caller]
    pub fn index_add(&self, axis: isize, index: &Self, src: &Self) -> Result<Self> {
        let a = self.shape().axis("index_add", axis)?;
        check_index("index_add", index)?;
        same_dtype("index_add", self, src)?;
        let want = self.shape().with(a, index.numel());
        if *src.shape() != want {
            return Err(Error::shapes(
                "index_add",
                (src.shape(), self.shape()),
                format!("the source should be {want}"),
                "the source holds one line of the target for each index",
                "check the length of the index and the order of the axes",
            ));
        }
        Self::apply(IndexAdd { axis: a, index: index.detach() }, &[self, src])
    }

    /// Returns the rows `ids` of this table.
    ///
    /// # Shapes
    ///
    /// `self: [rows, width]`, `ids: [..]` of `i64`, result `[.., width]`.
    ///
    /// # Errors
    ///
    /// [`Error::IndexOutOfRange`]; [`Error::InvalidArgument`] unless the table has rank 2 and contains `padding`;
    /// [`Error::DTypeUnsupported`] unless the ids are `i64`.
    #[track_caller]
    pub fn embedding(&self, ids: &Self, padding: Option<usize>) -> Result<Self> {
        if self.rank() != 2 {
            return Err(Error::argument(
                "embedding",
                "table",
                format!("of shape {}", self.shape()),
                "[rows, width]",
            ));
        }
        if let Some(p) = padding.filter(|&p| p >= self.dims()[0]) {
            return Err(Error::argument(
                "embedding",
                "padding",
                p,
                format!("one of the {} rows", self.dims()[0]),
            ));
        }
        Self::apply(Embedding { ids: ids.detach(), padding }, &[self])
    }

    /// Returns 1 at each class and 0 elsewhere, as `i64`.
    ///
    /// # Shapes
    ///
    /// `self: [..]` of `i64`, result `[.., classes]`.
    ///
    /// # Errors
    ///
    /// [`Error::IndexOutOfRange`] for a class out of range; [`Error::DTypeUnsupported`] unless the classes are `i64`.
    #[track_caller]
    pub fn one_hot(&self, classes: usize) -> Result<Self> {
        let ids = checked("one_hot", self, classes)?;
        let shape = self.shape().insert(self.rank(), classes)?;
        crate::ops::support::check_room("one_hot", &shape)?;
        let mut out = vec![0i64; shape.numel()];
        ids.iter().enumerate().for_each(|(n, &i)| out[n * classes + i] = 1);
        Ok(Self::own(out, shape))
    }

    /// Returns the elements where the mask is true, as a vector in row-major order. The shapes must be equal.
    ///
    /// # Errors
    ///
    /// [`Error::ShapeMismatch`]; [`Error::DTypeUnsupported`] unless the mask holds truth values.
    #[track_caller]
    pub fn masked_select(&self, mask: &Self) -> Result<Self> {
        if mask.dtype() != DType::Bool {
            return Err(Error::dtype(
                "masked_select",
                mask.dtype(),
                "bool, as comparisons give it",
            ));
        }
        if mask.shape() != self.shape() {
            return Err(Error::shapes(
                "masked_select",
                (self.shape(), mask.shape()),
                "the shapes differ",
                "there is one truth value for each element",
                "broadcast the mask with broadcast_to first",
            ));
        }
        let hits: Vec<i64> = mask
            .typed::<bool>()
            .iter()
            .enumerate()
            .filter(|(_, m)| *m)
            .map(|(n, _)| n as i64)
            .collect();
        let n = hits.len();
        self.reshape([self.numel()])?.index_select(0, &Self::from_vec(hits, [n])?)
    }
}
