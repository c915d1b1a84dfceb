//! A value whose dimension is known only at run time.

use super::{Dimension, Unit};
use crate::error::{Error, Result};
use core::ops::{Div, Mul};

/// A value in the base unit of its dimension, together with that dimension.
///
/// ```
/// use mlsysim::units::{Bytes, BytesPerSecond, Quantity, Seconds};
///
/// let capacity = Quantity::from(Bytes(64e9));
/// let bandwidth = mlsysim::units::parse("3.2 TB/s")?;
/// assert_eq!((capacity / bandwidth).to::<Seconds>()?, Seconds(0.02));
/// assert!(bandwidth.to::<Bytes>().is_err());
/// # Ok::<(), mlsysim::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantity {
    /// The value, in the base unit of [`Quantity::dimension`].
    pub value: f64,
    /// What it measures.
    pub dimension: Dimension,
}

impl Quantity {
    /// `value` base units of `dimension`.
    #[must_use]
    pub const fn new(value: f64, dimension: Dimension) -> Self {
        Self { value, dimension }
    }

    /// A plain number: a count, a share or a ratio.
    #[must_use]
    pub const fn number(value: f64) -> Self {
        Self::new(value, Dimension::NONE)
    }

    /// The quantity as a value of the type `T`.
    ///
    /// # Errors
    ///
    /// [`Error::DimensionMismatch`] if `T` measures something else.
    pub fn to<T: Unit>(self) -> Result<T> {
        self.expect("conversion", "value", T::DIMENSION)?;
        Ok(T::from_base(self.value))
    }

    /// Checks that this quantity, used as `name` in `op`, has the dimension `expected`.
    ///
    /// # Errors
    ///
    /// [`Error::DimensionMismatch`] if it has another one.
    pub fn expect(self, op: &str, name: &str, expected: Dimension) -> Result<()> {
        if self.dimension == expected {
            return Ok(());
        }
        Err(Error::DimensionMismatch { op: op.into(), name: name.into(), expected, got: self })
    }
}

impl<T: Unit> From<T> for Quantity {
    fn from(amount: T) -> Self {
        Self::new(amount.base(), T::DIMENSION)
    }
}

impl Mul for Quantity {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        Self::new(self.value * other.value, self.dimension.times(other.dimension))
    }
}

impl Div for Quantity {
    type Output = Self;

    fn div(self, other: Self) -> Self {
        Self::new(self.value / other.value, self.dimension.per(other.dimension))
    }
}
