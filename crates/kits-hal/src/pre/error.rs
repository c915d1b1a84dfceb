//! What can be wrong with a picture or a scale.

use crate::error::Spaced;

/// Why an input could not be prepared.
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PreError {
    /// The source does not have the length its size asks for.
    #[error("source: needs {} elements, has {}: {} {}", Spaced(*need), Spaced(*have), Spaced(need.abs_diff(*have)),
        if have > need { "too many" } else { "too few" })]
    SourceLength {
        /// Elements needed.
        need: u32,
        /// Elements given.
        have: u32,
    },
    /// The destination does not have the length its size asks for.
    #[error("destination: needs {} elements, has {}: {} {}", Spaced(*need), Spaced(*have), Spaced(need.abs_diff(*have)),
        if have > need { "too many" } else { "too few" })]
    DestinationLength {
        /// Elements needed.
        need: u32,
        /// Elements given.
        have: u32,
    },
    /// A picture has no pixels, or a pixel no channels.
    #[error("picture of {width} x {height} pixels: both must be at least 1, and a pixel has at least 1 channel")]
    Empty {
        /// Pixels per row.
        width: u16,
        /// Rows.
        height: u16,
    },
    /// There is no such row in the result.
    #[error("row {row}: the result has {rows} rows")]
    NoSuchRow {
        /// The row asked for.
        row: u16,
        /// Rows of the result.
        rows: u16,
    },
    /// The pixels are not stored as this function expects.
    #[error("pixels take {have} B, not {need} B: convert them with the function for their format")]
    PixelBytes {
        /// Bytes of a pixel that the function takes.
        need: u8,
        /// Bytes of a pixel of the format given.
        have: u8,
    },
    /// A scale is zero, negative or not finite.
    #[error("scale of the input: it must be finite and above 0; take it from the model's input")]
    BadScale,
}

impl PreError {
    /// Returns an error unless the source has exactly `need` elements.
    pub(super) fn source(need: usize, have: usize) -> Result<(), Self> {
        if need == have {
            return Ok(());
        }
        Err(Self::SourceLength { need: word(need), have: word(have) })
    }

    /// Returns an error unless the destination has exactly `need` elements.
    pub(super) fn destination(need: usize, have: usize) -> Result<(), Self> {
        if need == have {
            return Ok(());
        }
        Err(Self::DestinationLength { need: word(need), have: word(have) })
    }
}

fn word(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
