//! Frames: cameras behind one trait, and a stored frame for tests.

pub use crate::picture::{FrameInfo, PixelFormat};

/// A source of frames, usually a camera.
///
/// Implementers owe: `frame` fills exactly the first [`FrameInfo::bytes`] bytes of the frame it
/// returns and nothing past them; a buffer that is too short is an error and stays as it was;
/// after an error the next call takes a whole new frame.
pub trait FrameSource {
    /// The implementer's error.
    type Error;

    /// Returns what the next frame will look like.
    fn info(&self) -> FrameInfo;

    /// Takes a frame and writes it to the start of `out`.
    ///
    /// # Errors
    ///
    /// The implementer's, also if `out` is shorter than the frame.
    fn frame(&mut self, out: &mut [u8]) -> Result<FrameInfo, Self::Error>;
}

impl<S: FrameSource + ?Sized> FrameSource for &mut S {
    type Error = S::Error;

    fn info(&self) -> FrameInfo {
        S::info(self)
    }

    fn frame(&mut self, out: &mut [u8]) -> Result<FrameInfo, Self::Error> {
        S::frame(self, out)
    }
}

/// Stored frames, played in turn for ever: a camera for tests.
///
/// ```
/// use kits_hal::hal::{FrameError, FrameInfo, FrameSlice, FrameSource, PixelFormat};
///
/// let info = FrameInfo { width: 2, height: 1, format: PixelFormat::Gray8 };
/// let mut camera = FrameSlice::new(info, &[1, 2, 3, 4])?;
/// let mut buffer = [0; 2];
/// camera.frame(&mut buffer)?;
/// camera.frame(&mut buffer)?;
/// assert_eq!(buffer, [3, 4]);
/// assert_eq!(camera.frame(&mut [0]), Err(FrameError::BufferTooSmall { need: 2, have: 1 }));
/// # Ok::<(), FrameError>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct FrameSlice<'d> {
    info: FrameInfo,
    data: &'d [u8],
    at: usize,
}

/// Why a stored frame could not be made or read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum FrameError {
    /// The data does not hold whole frames.
    #[error("frames: {have} B are not a whole number of frames of {frame} B")]
    PartialFrame {
        /// Bytes of one frame.
        frame: usize,
        /// Bytes given.
        have: usize,
    },
    /// The buffer is shorter than the frame.
    #[error("frame: needs {need} B, buffer has {have} B: {} B short", need.saturating_sub(*have))]
    BufferTooSmall {
        /// Bytes of the frame.
        need: usize,
        /// Bytes of the buffer.
        have: usize,
    },
}

impl<'d> FrameSlice<'d> {
    /// Returns a source that plays the frames in `data`.
    ///
    /// # Errors
    ///
    /// [`FrameError::PartialFrame`] unless `data` holds one or more whole frames.
    pub const fn new(info: FrameInfo, data: &'d [u8]) -> Result<Self, FrameError> {
        let partial = FrameError::PartialFrame { frame: info.bytes(), have: data.len() };
        match data.len().checked_rem(info.bytes()) {
            Some(0) if !data.is_empty() => Ok(Self { info, data, at: 0 }),
            _ => Err(partial),
        }
    }
}

impl FrameSource for FrameSlice<'_> {
    type Error = FrameError;

    fn info(&self) -> FrameInfo {
        self.info
    }

    fn frame(&mut self, out: &mut [u8]) -> Result<FrameInfo, FrameError> {
        let (need, have) = (self.info.bytes(), out.len());
        let to = out.get_mut(..need).ok_or(FrameError::BufferTooSmall { need, have })?;
        let from = self.data.get(self.at..).unwrap_or_default();
        for (to, from) in to.iter_mut().zip(from) {
            *to = *from;
        }
        let next = self.at.saturating_add(need);
        self.at = if next < self.data.len() { next } else { 0 };
        Ok(self.info)
    }
}

#[cfg(test)]
mod tests {
    use super::{FrameError, FrameInfo, FrameSlice, FrameSource, PixelFormat};

    #[test]
    fn a_frame_too_long_leaves_the_buffer_and_the_camera_alone() {
        let info = FrameInfo { width: 2, height: 2, format: PixelFormat::Rgb565Be };
        assert_eq!(info.bytes(), 8);
        let data = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
        let mut camera = FrameSlice::new(info, &data).unwrap();
        let mut short = [99; 7];
        let error = FrameError::BufferTooSmall { need: 8, have: 7 };
        assert_eq!(camera.frame(&mut short), Err(error));
        assert_eq!(short, [99; 7]);
        let mut long = [99; 9];
        assert_eq!(camera.frame(&mut long), Ok(info));
        assert_eq!(long, [0, 1, 2, 3, 4, 5, 6, 7, 99]);
        for first in [8, 0, 8] {
            camera.frame(&mut long).unwrap();
            assert_eq!(long[0], first, "two frames in turn");
        }
    }

    #[test]
    fn only_whole_frames_are_taken() {
        let info = FrameInfo { width: 3, height: 1, format: PixelFormat::Rgb888 };
        for have in [0, 8, 10] {
            let error = FrameSlice::new(info, &[0; 10][..have]).unwrap_err();
            assert_eq!(error, FrameError::PartialFrame { frame: 9, have });
        }
        let empty = FrameInfo { width: 0, ..info };
        assert!(FrameSlice::new(empty, &[]).is_err());
    }
}
