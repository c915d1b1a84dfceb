//! Which part of a frame is shown where in the result.

/// A rectangle in pixels.
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    /// Left column.
    pub x: u16,
    /// Upper row.
    pub y: u16,
    /// Columns.
    pub width: u16,
    /// Rows.
    pub height: u16,
}

/// How a frame is brought to a result with other proportions.
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fit {
    /// The whole frame, stretched.
    Squash,
    /// The largest centred part with the proportions of the result ("fit shortest").
    Crop,
    /// The whole frame in its own proportions, centred between bars of this brightness.
    Letterbox(u8),
}

impl Fit {
    /// Returns the part of the frame that is shown and the part of the result that shows it; sizes are width and height.
    ///
    /// ```
    /// use kits_hal::pre::{Fit, Region};
    ///
    /// let (shown, _) = Fit::Crop.regions((320, 240), (96, 96));
    /// assert_eq!(shown, Region { x: 40, y: 0, width: 240, height: 240 });
    /// let (_, place) = Fit::Letterbox(0).regions((320, 240), (96, 96));
    /// assert_eq!(place, Region { x: 0, y: 12, width: 96, height: 72 });
    /// ```
    #[must_use]
    pub const fn regions(self, frame: (u16, u16), result: (u16, u16)) -> (Region, Region) {
        match self {
            Self::Squash => (full(frame), full(result)),
            Self::Crop => (centred(frame, result), full(result)),
            Self::Letterbox(_) => (full(frame), centred(result, frame)),
        }
    }
}

const fn full((width, height): (u16, u16)) -> Region {
    Region { x: 0, y: 0, width, height }
}

/// Returns the largest centred part of `outer` with the proportions of `like`, rounded to the nearest pixel.
const fn centred((width, height): (u16, u16), like: (u16, u16)) -> Region {
    let wide = part(height, like.0, like.1);
    if wide <= width {
        Region { x: width.saturating_sub(wide) / 2, y: 0, width: wide, height }
    } else {
        let high = part(width, like.1, like.0);
        let high = if high > height { height } else { high };
        Region { x: 0, y: height.saturating_sub(high) / 2, width, height: high }
    }
}

/// Returns `side · a / b` rounded, at least 1.
#[expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "b is not 0 for pictures with pixels, products of u16 fit u64, and the result is limited to u16"
)]
const fn part(side: u16, a: u16, b: u16) -> u16 {
    let b = if b == 0 { 1 } else { b as u64 };
    let rounded = (side as u64 * a as u64 * 2 + b) / (2 * b);
    if rounded == 0 {
        1
    } else if rounded > u16::MAX as u64 {
        u16::MAX
    } else {
        rounded as u16
    }
}

#[cfg(test)]
mod tests {
    use super::{Fit, Region};

    #[test]
    fn regions_lie_inside_are_centred_and_keep_proportions() {
        let sizes = [(1, 1), (320, 240), (240, 320), (96, 96), (1, 500), (65535, 3), (7, 5)];
        for frame in sizes {
            for result in sizes {
                let (crop, all) = Fit::Crop.regions(frame, result);
                check(crop, frame, result);
                assert_eq!((all.width, all.height), result);
                let (all, place) = Fit::Letterbox(9).regions(frame, result);
                check(place, result, frame);
                assert_eq!((all.width, all.height), frame);
            }
        }
    }

    #[expect(clippy::arithmetic_side_effects, reason = "an overflow fails the test")]
    fn check(r: Region, outer: (u16, u16), like: (u16, u16)) {
        let (right, below) = (outer.0 - r.width - r.x, outer.1 - r.height - r.y);
        assert!(right.abs_diff(r.x) <= 1 && below.abs_diff(r.y) <= 1, "{r:?} in {outer:?}");
        assert!(r.width == outer.0 || r.height == outer.1, "{r:?} in {outer:?} is not the largest");
        let exact = f64::from(r.width) * f64::from(like.1) - f64::from(r.height) * f64::from(like.0);
        // Half a pixel of rounding on either side, or the least size of 1.
        let allowed = f64::from(like.0.max(like.1)) * 0.5;
        assert!(exact.abs() <= allowed || r.width == 1 || r.height == 1, "{r:?} is not like {like:?}");
    }
}
