//! Exchange with `ndarray`.

use ndarray::{ArrayD, ArrayViewD, IxDyn, ShapeBuilder};

use super::{Element, Shape, Tensor};
use crate::{Error, Result};

impl Tensor {
    /// Returns the elements as an `ndarray` view with the same strides, without copying.
    ///
    /// # Errors
    ///
    /// [`Error::DTypeMismatch`] if `T` is not the element type.
    pub fn view<T: Element>(&self) -> Result<ArrayViewD<'_, T>> {
        if self.dtype() != T::DTYPE {
            return Err(Error::DTypeMismatch { op: "view", lhs: self.dtype(), rhs: T::DTYPE });
        }
        let v = self.typed::<T>();
        let shape = IxDyn(v.shape).strides(IxDyn(v.strides));
        ArrayViewD::from_shape(shape, v.data).map_err(|e| {
            Error::argument(
                "view",
                "self",
                format!("{self:?}"),
                format!("a layout of ndarray ({e})"),
            )
        })
    }

    /// Returns a copy of the elements as an `ndarray` array.
    ///
    /// # Errors
    ///
    /// [`Error::DTypeMismatch`] if `T` is not the element type.
    pub fn to_ndarray<T: Element>(&self) -> Result<ArrayD<T>> {
        Ok(self.view::<T>()?.to_owned())
    }
}

impl<T: Element> TryFrom<ArrayD<T>> for Tensor {
    type Error = Error;

    /// Takes over the memory of an array in standard layout; copies others.
    fn try_from(array: ArrayD<T>) -> Result<Self> {
        let shape = Shape::new(array.shape())?;
        if array.is_standard_layout() {
            let (data, offset) = array.into_raw_vec_and_offset();
            if offset.unwrap_or(0) == 0 && data.len() == shape.numel() {
                return Ok(Self::own(data, shape));
            }
            let from = offset.unwrap_or(0);
            return Ok(Self::own(data[from..from + shape.numel()].to_vec(), shape));
        }
        Ok(Self::own(array.iter().copied().collect(), shape))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_travel_both_ways() {
        let a = ArrayD::from_shape_fn(IxDyn(&[3, 4]), |i| (i[0] * 10 + i[1]) as f32);
        let t = Tensor::try_from(a.clone()).unwrap();
        assert_eq!(t.view::<f32>().unwrap(), a);
        let reversed = a.clone().reversed_axes();
        assert_eq!(Tensor::try_from(reversed.clone()).unwrap().view::<f32>().unwrap(), reversed);
        assert_eq!(t.transpose(0, 1).unwrap().view::<f32>().unwrap(), reversed);
        let sliced = a.slice_move(ndarray::s![1.., ..]).into_dyn();
        assert_eq!(Tensor::try_from(sliced.clone()).unwrap().view::<f32>().unwrap(), sliced);
    }

    #[test]
    fn views_show_the_same_memory() {
        let t = Tensor::from([1i64, 2, 3]);
        assert!(core::ptr::eq(
            t.view::<i64>().unwrap().as_ptr(),
            t.as_slice::<i64>().unwrap().as_ptr()
        ));
        let wide = t.reshape([3, 1]).unwrap().expand([3, 2]).unwrap();
        assert_eq!(
            wide.view::<i64>().unwrap().iter().copied().collect::<Vec<_>>(),
            [1, 1, 2, 2, 3, 3]
        );
        assert!(matches!(t.view::<f32>(), Err(Error::DTypeMismatch { .. })));
    }
}
