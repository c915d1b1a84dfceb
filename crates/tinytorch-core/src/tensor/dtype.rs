//! Element types.

use core::fmt;

/// Type of the elements of a tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum DType {
    /// 32-bit float, the default.
    #[default]
    F32,
    /// 64-bit float.
    F64,
    /// IEEE 16-bit float; arithmetic runs in 32 bits and rounds back.
    F16,
    /// Brain float: the upper half of a 32-bit float; arithmetic runs in 32 bits and rounds back.
    BF16,
    /// 64-bit signed integer: ids, indices, counts.
    I64,
    /// 32-bit signed integer: accumulators of int8 products.
    I32,
    /// 8-bit unsigned integer: raw pixels.
    U8,
    /// 8-bit signed integer: quantized values.
    I8,
    /// Truth value: masks and comparisons.
    Bool,
}

impl DType {
    /// Every element type.
    pub const ALL: [Self; 9] = [
        Self::F32,
        Self::F64,
        Self::F16,
        Self::BF16,
        Self::I64,
        Self::I32,
        Self::U8,
        Self::I8,
        Self::Bool,
    ];

    /// Returns the bytes of one element.
    #[must_use]
    pub const fn size(self) -> usize {
        match self {
            Self::F64 | Self::I64 => 8,
            Self::F32 | Self::I32 => 4,
            Self::F16 | Self::BF16 => 2,
            Self::U8 | Self::I8 | Self::Bool => 1,
        }
    }

    /// True for the four float types; only they carry gradients.
    #[must_use]
    pub const fn is_float(self) -> bool {
        matches!(self, Self::F32 | Self::F64 | Self::F16 | Self::BF16)
    }

    /// True for the two 16-bit float types.
    #[must_use]
    pub const fn is_half(self) -> bool {
        matches!(self, Self::F16 | Self::BF16)
    }

    /// True for the four integer types.
    #[must_use]
    pub const fn is_int(self) -> bool {
        matches!(self, Self::I64 | Self::I32 | Self::U8 | Self::I8)
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::F32 => "f32",
            Self::F64 => "f64",
            Self::F16 => "f16",
            Self::BF16 => "bf16",
            Self::I64 => "i64",
            Self::I32 => "i32",
            Self::U8 => "u8",
            Self::I8 => "i8",
            Self::Bool => "bool",
        })
    }
}
