//! What a frame looks like: its size, and how a pixel is stored.

/// How the pixels of a frame are stored, row by row from the top, without gaps.
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PixelFormat {
    /// One byte of brightness.
    Gray8,
    /// Five bits red, six green, five blue; the byte with red first.
    Rgb565Be,
    /// The same, the byte with blue first.
    Rgb565Le,
    /// One byte each of red, green, blue.
    Rgb888,
}

impl PixelFormat {
    /// Returns the bytes of one pixel.
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            Self::Gray8 => 1,
            Self::Rgb565Be | Self::Rgb565Le => 2,
            Self::Rgb888 => 3,
        }
    }
}

/// Size and format of a frame.
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameInfo {
    /// Pixels per row.
    pub width: u16,
    /// Rows.
    pub height: u16,
    /// How a pixel is stored.
    pub format: PixelFormat,
}

impl FrameInfo {
    /// Returns the bytes of the frame: `width · height · bytes per pixel`.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        (self.width as usize)
            .saturating_mul(self.height as usize)
            .saturating_mul(self.format.bytes())
    }
}
