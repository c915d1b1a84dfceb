//! Resizing in integers: where each result pixel looks, and how it mixes.
//!
//! The centre of result pixel `i` of `n` lies at `(i + 1/2)·m/n − 1/2` of `m` source pixels; bilinear mixing uses
//! that place with 8 fractional bits, nearest the simpler `i·m/n` rounded down.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "sizes are u16, so places fit u64 with 16 fractional bits; weights are at most 2^8 each"
)]

use super::PreError;

/// How a result pixel is made from source pixels.
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Filter {
    /// The source pixel at `i·in/out`.
    Nearest,
    /// A mixture of the four around.
    Bilinear,
}

/// Two neighbours along one axis and the weight of the second, of 256.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tap {
    pub(super) first: u16,
    pub(super) second: u16,
    pub(super) weight: u32,
}

impl Tap {
    /// Finds the neighbours of result pixel `i` of `to` among `from` source pixels.
    pub(super) const fn of(filter: Filter, i: u16, from: u16, to: u16) -> Self {
        let last = from.saturating_sub(1);
        let (from, n) = (from as u64, if to == 0 { 1 } else { to as u64 });
        match filter {
            Filter::Nearest => {
                let at = (i as u64 * from / n) as u16;
                let at = if at > last { last } else { at };
                Self { first: at, second: at, weight: 0 }
            }
            Filter::Bilinear => {
                let centre = (2 * i as u64 + 1) * from * 65536 / (2 * n);
                let place = centre.saturating_sub(32768);
                let end = (last as u64) << 16;
                let place = if place > end { end } else { place };
                let first = (place >> 16) as u16;
                let second = if first < last { first + 1 } else { last };
                Self { first, second, weight: (place >> 8 & 255) as u32 }
            }
        }
    }
}

/// Mixes the four neighbours `[[top left, top right], [bottom left, bottom right]]`.
pub(super) const fn mix(pixels: [[u8; 2]; 2], across: u32, down: u32) -> u8 {
    let [[a, b], [c, d]] = pixels;
    let top = a as u32 * (256 - across) + b as u32 * across;
    let bottom = c as u32 * (256 - across) + d as u32 * across;
    ((top * (256 - down) + bottom * down + 32768) >> 16) as u8
}

/// Resizes a picture of interleaved channels; `from` and `to` are width and height.
///
/// # Errors
///
/// [`PreError::Empty`] if a side or `channels` is 0; the length errors if a slice does not fit its size.
///
/// ```
/// use kits_hal::pre::{Filter, resize};
///
/// let mut half = [0; 2];
/// resize(&[0, 100, 20, 120], (4, 1), 1, Filter::Bilinear, &mut half, (2, 1))?;
/// assert_eq!(half, [50, 70]);
/// # Ok::<(), kits_hal::pre::PreError>(())
/// ```
pub fn resize(
    source: &[u8],
    from: (u16, u16),
    channels: usize,
    filter: Filter,
    out: &mut [u8],
    to: (u16, u16),
) -> Result<(), PreError> {
    for (width, height) in [from, to] {
        if width == 0 || height == 0 || channels == 0 {
            return Err(PreError::Empty { width, height });
        }
    }
    let len = |(width, height): (u16, u16)| {
        usize::from(width).saturating_mul(usize::from(height)).saturating_mul(channels)
    };
    PreError::source(len(from), source.len())?;
    PreError::destination(len(to), out.len())?;
    let stride = usize::from(from.0) * channels;
    let rows = out.chunks_exact_mut((usize::from(to.0) * channels).max(1));
    for (y, row) in (0..to.1).zip(rows) {
        let down = Tap::of(filter, y, from.1, to.1);
        let line = |y: u16| source.get(usize::from(y) * stride..).unwrap_or_default();
        let lines = [line(down.first), line(down.second)];
        for (x, pixel) in (0..to.0).zip(row.chunks_exact_mut(channels.max(1))) {
            let across = Tap::of(filter, x, from.0, to.0);
            for (c, out) in pixel.iter_mut().enumerate() {
                let pair = |line: &[u8]| {
                    [across.first, across.second].map(|x| {
                        line.get(usize::from(x) * channels + c).copied().unwrap_or_default()
                    })
                };
                *out = mix(lines.map(pair), across.weight, down.weight);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Filter, PreError, Tap, mix, resize};

    #[test]
    fn places_agree_with_real_numbers() {
        for (from, to) in [(1, 1), (1, 7), (5, 3), (96, 96), (320, 96), (2, u16::MAX), (u16::MAX, 3)] {
            for i in (0..to).step_by((usize::from(to) / 50).max(1)) {
                let tap = Tap::of(Filter::Bilinear, i, from, to);
                let exact = (f64::from(i) + 0.5) * f64::from(from) / f64::from(to) - 0.5;
                let exact = exact.clamp(0.0, f64::from(from - 1));
                let found = f64::from(tap.first) + f64::from(tap.weight) / 256.0;
                // Both divisions round down: one step of 1/256 and less than 2^-15.
                assert!(found <= exact + 1e-4 && exact - found < 1.0 / 256.0 + 1e-4, "{i} of {from}/{to}");
                assert!(tap.second < from && tap.first <= tap.second);
                assert!(Tap::of(Filter::Nearest, i, from, to).first < from);
            }
        }
    }

    #[test]
    fn a_picture_of_one_colour_keeps_it_and_its_own_size_changes_nothing() {
        let picture: [u8; 24] = core::array::from_fn(|i| (i * 37 % 256) as u8);
        for filter in [Filter::Nearest, Filter::Bilinear] {
            let mut out = [0; 24];
            resize(&picture, (4, 2), 3, filter, &mut out, (4, 2)).unwrap();
            assert_eq!(out, picture);
            let mut out = [0; 35];
            resize(&[201; 6], (3, 2), 1, filter, &mut out, (5, 7)).unwrap();
            assert_eq!(out, [201; 35]);
        }
        assert_eq!(mix([[0, 255], [255, 0]], 128, 128), 128); // 127.5, half up
    }

    #[test]
    fn wrong_sizes_are_refused_with_both_numbers() {
        let filter = Filter::Nearest;
        let mut out = [0; 4];
        let wrong = resize(&[0; 5], (2, 2), 1, filter, &mut out, (2, 2));
        assert_eq!(wrong, Err(PreError::SourceLength { need: 4, have: 5 }));
        let wrong = resize(&[0; 4], (2, 2), 1, filter, &mut out, (3, 2));
        assert_eq!(wrong, Err(PreError::DestinationLength { need: 6, have: 4 }));
        let wrong = resize(&[], (0, 2), 1, filter, &mut out, (2, 2));
        assert_eq!(wrong, Err(PreError::Empty { width: 0, height: 2 }));
        assert!(resize(&[0; 4], (2, 2), 0, filter, &mut out, (2, 2)).is_err());
    }
}
