//! Overlapping windows of a clip or of a stream.

use super::error::{Buffer, DspError, Parameter, length};

/// Returns how many whole frames a clip holds: `1 + floor((len − frame) / stride)`.
///
/// 0 if the clip is shorter than a frame, or if `stride` is 0.
///
/// ```
/// // One second at 16 kHz, 30 ms every 20 ms.
/// assert_eq!(kits_hal::dsp::frames(16_000, 480, 320), 49);
/// ```
#[must_use]
pub const fn frames(len: usize, frame: usize, stride: usize) -> usize {
    match len.checked_sub(frame) {
        Some(rest) => match rest.checked_div(stride) {
            Some(steps) => steps.saturating_add(1),
            None => 0,
        },
        None => 0,
    }
}

/// A window that slides over a stream by a fixed step, in memory of the caller.
///
/// ```
/// use kits_hal::dsp::Sliding;
///
/// let mut memory = [0; 4];
/// let mut sliding = Sliding::new(&mut memory, 2)?;
/// let rest = sliding.push(&[1, 2, 3, 4, 5]);
/// assert_eq!(sliding.window(), Some(&[1, 2, 3, 4][..]));
/// sliding.advance(); // the oldest two go
/// assert_eq!(sliding.push(rest), []);
/// assert_eq!(sliding.window(), None); // 3, 4, 5 and one missing
/// # Ok::<(), kits_hal::dsp::DspError>(())
/// ```
#[derive(Debug)]
pub struct Sliding<'b, T> {
    buffer: &'b mut [T],
    step: usize,
    filled: usize,
}

impl<'b, T: Copy> Sliding<'b, T> {
    /// Makes an empty window as long as `buffer`, which moves by `step` elements.
    ///
    /// # Errors
    ///
    /// [`DspError::Length`] if `buffer` is empty; [`DspError::Parameter`] if `step` is 0 or exceeds the window.
    pub fn new(buffer: &'b mut [T], step: usize) -> Result<Self, DspError> {
        if buffer.is_empty() {
            return Err(length(Buffer::Scratch, 1, 0));
        }
        if step == 0 || step > buffer.len() {
            return Err(DspError::count(Parameter::Stride, step));
        }
        Ok(Self { buffer, step, filled: 0 })
    }

    /// Takes samples until the window is full, and returns those it did not take.
    pub fn push<'s>(&mut self, samples: &'s [T]) -> &'s [T] {
        let room = self.buffer.get_mut(self.filled..).unwrap_or_default();
        let n = room.len().min(samples.len());
        for (place, sample) in room.iter_mut().zip(samples) {
            *place = *sample;
        }
        self.filled = self.filled.saturating_add(n);
        samples.get(n..).unwrap_or_default()
    }

    /// Returns the samples, oldest first, once the window is full.
    #[must_use]
    pub fn window(&self) -> Option<&[T]> {
        (self.filled == self.buffer.len()).then_some(&*self.buffer)
    }

    /// Drops the oldest `step` samples of a full window; does nothing before.
    pub fn advance(&mut self) {
        if self.filled < self.buffer.len() {
            return;
        }
        self.filled = self.filled.saturating_sub(self.step);
        for i in 0..self.filled {
            let from = self.buffer.get(i.saturating_add(self.step)).copied();
            if let (Some(sample), Some(place)) = (from, self.buffer.get_mut(i)) {
                *place = sample;
            }
        }
    }

    /// Forgets all samples.
    pub fn clear(&mut self) {
        self.filled = 0;
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::vec::Vec;

    use super::{Sliding, frames};
    use crate::dsp::DspError;

    #[test]
    fn counts_agree_with_enumeration() {
        for len in 0..30 {
            for frame in 1..8 {
                for stride in 1..6 {
                    let n = (0..len).step_by(stride).filter(|s| s + frame <= len).count();
                    assert_eq!(frames(len, frame, stride), n, "{len} {frame} {stride}");
                }
            }
        }
        assert_eq!(frames(10, 4, 0), 0);
    }

    #[test]
    fn windows_of_a_stream_are_those_of_the_clip_however_it_is_cut() {
        let clip: Vec<u32> = (0..50).collect();
        for (size, step) in [(1, 1), (5, 2), (5, 5), (8, 3)] {
            for piece in 1..12 {
                let mut memory = std::vec![0; size];
                let mut sliding = Sliding::new(&mut memory, step).unwrap();
                let mut seen = Vec::new();
                for part in clip.chunks(piece) {
                    let mut rest = part;
                    while !rest.is_empty() {
                        rest = sliding.push(rest);
                        if let Some(w) = sliding.window() {
                            seen.push(w.to_vec());
                            sliding.advance();
                        }
                    }
                }
                let all: Vec<Vec<u32>> = clip.windows(size).step_by(step).map(<[u32]>::to_vec).collect();
                assert_eq!(seen, all, "window {size}, step {step}, pieces of {piece}");
            }
        }
    }

    #[test]
    fn impossible_steps_are_refused() {
        assert!(matches!(Sliding::new(&mut [0; 4], 0), Err(DspError::Parameter { .. })));
        assert!(matches!(Sliding::new(&mut [0; 4], 5), Err(DspError::Parameter { .. })));
        assert!(matches!(Sliding::<u8>::new(&mut [], 1), Err(DspError::Length { .. })));
    }
}
