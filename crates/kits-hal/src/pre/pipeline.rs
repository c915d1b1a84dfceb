//! Crop, resize, convert and quantise in one pass, row by row.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "offsets of pixels in a frame of at most 2^16 by 2^16 pixels; on a 32-bit machine a wrong one reads a 0"
)]

use super::{
    Filter, Fit, FrameInfo, PixelFormat, PixelMap, PreError, Region,
    color::{gray, rgb565},
    resize::{Tap, mix},
};

/// The channels of a result.
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Color {
    /// One: brightness.
    Gray,
    /// Three: red, green, blue.
    Rgb,
}

impl Color {
    /// Returns the number of channels.
    #[must_use]
    pub const fn channels(self) -> usize {
        match self {
            Self::Gray => 1,
            Self::Rgb => 3,
        }
    }
}

/// From a camera frame to the input of a model.
///
/// Every pixel is read from the frame when it is needed: decoded to eight bits a channel, mixed with its neighbours,
/// made gray if asked for, quantised.
///
/// ```
/// use kits_hal::pre::{Color, Filter, Fit, FrameInfo, Pipeline, PixelFormat, PixelMap};
///
/// let info = FrameInfo { width: 320, height: 240, format: PixelFormat::Rgb565Be };
/// let pipeline = Pipeline::new(info, (96, 96), Color::Gray, Fit::Crop, Filter::Bilinear, PixelMap::MINUS_128)?;
/// let mut input = [0; 96 * 96];
/// pipeline.run(&[0xff; 320 * 240 * 2], &mut input)?;
/// assert_eq!(input, [127; 96 * 96]); // white
/// # Ok::<(), kits_hal::pre::PreError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pipeline {
    frame: FrameInfo,
    result: (u16, u16),
    color: Color,
    filter: Filter,
    map: PixelMap,
    /// Part of the frame that is shown.
    shown: Region,
    /// Part of the result that shows it.
    place: Region,
    /// Brightness around it.
    bars: u8,
}

impl Pipeline {
    /// Plans the way from frames to results of the given width and height.
    ///
    /// # Errors
    ///
    /// [`PreError::Empty`] if the frame or the result has no pixels.
    pub const fn new(
        frame: FrameInfo,
        result: (u16, u16),
        color: Color,
        fit: Fit,
        filter: Filter,
        map: PixelMap,
    ) -> Result<Self, PreError> {
        let size = (frame.width, frame.height);
        if size.0 == 0 || size.1 == 0 {
            return Err(PreError::Empty { width: size.0, height: size.1 });
        }
        if result.0 == 0 || result.1 == 0 {
            return Err(PreError::Empty { width: result.0, height: result.1 });
        }
        let (shown, place) = fit.regions(size, result);
        let bars = if let Fit::Letterbox(bars) = fit { bars } else { 0 };
        Ok(Self { frame, result, color, filter, map, shown, place, bars })
    }

    /// Returns the elements of a row of the result.
    #[must_use]
    pub const fn row_len(&self) -> usize {
        self.color.channels() * self.result.0 as usize
    }

    /// Returns the elements of the result, row by row, channels together.
    #[must_use]
    pub const fn result_len(&self) -> usize {
        self.row_len() * self.result.1 as usize
    }

    /// Returns which part of the frame is shown, and where in the result.
    #[must_use]
    pub const fn regions(&self) -> (Region, Region) {
        (self.shown, self.place)
    }

    /// Makes the whole result.
    ///
    /// # Errors
    ///
    /// The length errors if the frame or `out` does not fit the plan.
    pub fn run(&self, frame: &[u8], out: &mut [i8]) -> Result<(), PreError> {
        PreError::source(self.frame.bytes(), frame.len())?;
        PreError::destination(self.result_len(), out.len())?;
        for (y, row) in (0..self.result.1).zip(out.chunks_exact_mut(self.row_len().max(1))) {
            self.fill(frame, y, row);
        }
        Ok(())
    }

    /// Makes one row of the result, for programs that hand on rows.
    ///
    /// # Errors
    ///
    /// [`PreError::NoSuchRow`] beyond the last row; the length errors if the frame or `out` does not fit the plan.
    pub fn row(&self, frame: &[u8], y: u16, out: &mut [i8]) -> Result<(), PreError> {
        if y >= self.result.1 {
            return Err(PreError::NoSuchRow { row: y, rows: self.result.1 });
        }
        PreError::source(self.frame.bytes(), frame.len())?;
        PreError::destination(self.row_len(), out.len())?;
        self.fill(frame, y, out);
        Ok(())
    }

    fn fill(&self, frame: &[u8], y: u16, out: &mut [i8]) {
        let bar = self.map.of(self.bars);
        let (shown, place) = (self.shown, self.place);
        let Some(line) = y.checked_sub(place.y).filter(|line| *line < place.height) else {
            out.fill(bar);
            return;
        };
        let down = Tap::of(self.filter, line, shown.height, place.height);
        let rows = [down.first, down.second].map(|y| y.saturating_add(shown.y));
        for (x, out) in (0..self.result.0).zip(out.chunks_exact_mut(self.color.channels().max(1))) {
            let Some(column) = x.checked_sub(place.x).filter(|column| *column < place.width) else {
                out.fill(bar);
                continue;
            };
            let across = Tap::of(self.filter, column, shown.width, place.width);
            let columns = [across.first, across.second].map(|x| x.saturating_add(shown.x));
            let around = rows.map(|y| columns.map(|x| self.pixel(frame, x, y)));
            let channel = |c: usize| {
                let of = |pixel: [u8; 3]| pixel.get(c).copied().unwrap_or_default();
                mix(around.map(|row| row.map(of)), across.weight, down.weight)
            };
            let first = channel(0);
            let pixel = match self.frame.format {
                PixelFormat::Gray8 => [first; 3],
                _ => [first, channel(1), channel(2)],
            };
            match out {
                [one] => *one = self.map.of(gray(pixel)),
                more => {
                    for (out, value) in more.iter_mut().zip(pixel) {
                        *out = self.map.of(value);
                    }
                }
            }
        }
    }

    /// Returns a pixel of the frame with eight bits a channel; a gray one has three equal channels.
    fn pixel(&self, frame: &[u8], x: u16, y: u16) -> [u8; 3] {
        let format = self.frame.format;
        let at = (usize::from(y) * usize::from(self.frame.width) + usize::from(x)) * format.bytes();
        let bytes = frame.get(at..).unwrap_or_default();
        let pair = bytes.first_chunk().copied().unwrap_or_default();
        match format {
            PixelFormat::Gray8 => [bytes.first().copied().unwrap_or_default(); 3],
            PixelFormat::Rgb565Be => rgb565(u16::from_be_bytes(pair)),
            PixelFormat::Rgb565Le => rgb565(u16::from_le_bytes(pair)),
            PixelFormat::Rgb888 => bytes.first_chunk().copied().unwrap_or_default(),
        }
    }
}
