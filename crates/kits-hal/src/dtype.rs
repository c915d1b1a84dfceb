//! The element types a tensor may have, and the Rust types that view them.

/// Type of a tensor's elements, as stored in a tensor record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum DType {
    /// Signed 8-bit: activations and weights.
    I8,
    /// Signed 32-bit.
    I32,
    /// Signed 16-bit.
    I16,
    /// Unsigned 8-bit.
    U8,
    /// IEEE 754 single precision; only at the border of a graph.
    F32,
}

impl DType {
    /// Returns the type of a record's type byte, or `None` for a byte without a meaning.
    #[must_use]
    pub const fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            1 => Self::I8,
            2 => Self::I32,
            3 => Self::I16,
            4 => Self::U8,
            5 => Self::F32,
            _ => return None,
        })
    }

    /// Returns the byte that stands for this type in a tensor record.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::I8 => 1,
            Self::I32 => 2,
            Self::I16 => 3,
            Self::U8 => 4,
            Self::F32 => 5,
        }
    }

    /// Returns the size of one element in bytes.
    #[must_use]
    pub const fn bytes(self) -> u32 {
        match self {
            Self::I8 | Self::U8 => 1,
            Self::I16 => 2,
            Self::I32 | Self::F32 => 4,
        }
    }

    /// Returns the name of the type, in lower case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::I8 => "int8",
            Self::I32 => "int32",
            Self::I16 => "int16",
            Self::U8 => "uint8",
            Self::F32 => "float32",
        }
    }

    /// Returns the smallest and largest zero point a tensor of this type may have.
    pub(crate) const fn zero_point_range(self) -> (i32, i32) {
        match self {
            Self::I8 => (-128, 127),
            Self::U8 => (0, 255),
            Self::I16 => (-32768, 32767),
            Self::I32 | Self::F32 => (0, 0),
        }
    }
}

impl core::fmt::Display for DType {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.name())
    }
}

mod sealed {
    pub trait Sealed {}
}

/// A Rust type that can view a tensor in place: `i8`, `u8`, `i16`, `i32` or `f32`.
///
/// Sealed: the set is fixed by the container format.
pub trait Element: bytemuck::Pod + sealed::Sealed {
    /// The tensor type this Rust type views.
    const DTYPE: DType;
}

macro_rules! element {
    ($($rust:ty => $dtype:ident),*) => {$(
        impl sealed::Sealed for $rust {}
        impl Element for $rust {
            const DTYPE: DType = DType::$dtype;
        }
    )*};
}

element!(i8 => I8, i32 => I32, i16 => I16, u8 => U8, f32 => F32);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_round_trip_and_sizes_match_the_rust_types() {
        for code in 0..=u8::MAX {
            if let Some(dtype) = DType::from_code(code) {
                assert_eq!(dtype.code(), code);
            } else {
                assert!(code == 0 || code > 5);
            }
        }
        fn size<T: Element>() {
            assert_eq!(T::DTYPE.bytes() as usize, size_of::<T>());
        }
        size::<i8>();
        size::<u8>();
        size::<i16>();
        size::<i32>();
        size::<f32>();
    }
}
