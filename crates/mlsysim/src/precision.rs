//! Number formats and the bytes they take.

use crate::error::{Error, Result};
use crate::units::{Bits, Bytes, BytesPerParam};
use core::fmt;
use core::str::FromStr;

/// A number format in which weights are stored and arithmetic runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Precision {
    /// IEEE single precision.
    Fp32,
    /// Stored like single precision, multiplied with 10 bits of fraction.
    Tf32,
    /// The upper half of single precision.
    Bf16,
    /// IEEE half precision.
    Fp16,
    /// Eight-bit floating point, either split.
    Fp8,
    /// Eight-bit integers.
    Int8,
    /// Six-bit floating point.
    Fp6,
    /// Four-bit floating point.
    Fp4,
    /// Four-bit integers.
    Int4,
}

impl Precision {
    /// Every format, widest first.
    pub const ALL: [Self; 9] = [
        Self::Fp32,
        Self::Tf32,
        Self::Bf16,
        Self::Fp16,
        Self::Fp8,
        Self::Int8,
        Self::Fp6,
        Self::Fp4,
        Self::Int4,
    ];

    /// The name used on the command line and in data files.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Fp32 => "fp32",
            Self::Tf32 => "tf32",
            Self::Bf16 => "bf16",
            Self::Fp16 => "fp16",
            Self::Fp8 => "fp8",
            Self::Int8 => "int8",
            Self::Fp6 => "fp6",
            Self::Fp4 => "fp4",
            Self::Int4 => "int4",
        }
    }

    /// Bits that one stored element takes.
    #[must_use]
    pub const fn bits(self) -> Bits {
        Bits(match self {
            Self::Fp32 | Self::Tf32 => 32.0,
            Self::Bf16 | Self::Fp16 => 16.0,
            Self::Fp8 | Self::Int8 => 8.0,
            Self::Fp6 => 6.0,
            Self::Fp4 | Self::Int4 => 4.0,
        })
    }

    /// Bytes that one stored parameter takes.
    #[must_use]
    pub fn width(self) -> BytesPerParam {
        BytesPerParam(Bytes::from(self.bits()).0)
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}

/// Reads a name in any letter case.
impl FromStr for Precision {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|p| p.key().eq_ignore_ascii_case(name.trim()))
            .ok_or_else(|| Error::UnknownPrecision { name: name.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back() {
        for precision in Precision::ALL {
            assert_eq!(precision.key().to_uppercase().parse(), Ok(precision));
        }
        assert!("fp12".parse::<Precision>().is_err());
    }

    #[test]
    fn widths() {
        assert_eq!(Precision::Tf32.width(), BytesPerParam(4.0));
        assert_eq!(Precision::Int4.width(), BytesPerParam(0.5));
        assert_eq!(Precision::Fp6.width(), BytesPerParam(0.75));
    }
}
