//! Boxes around objects, and the removal of boxes that say the same.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "areas of boxes with 16-bit corners and their products with 1000 fit i64; counts stay within the slice"
)]

/// A box in pixels of the input, with its class and score.
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Detection {
    /// Index of the class.
    pub class: u16,
    /// Score, of 256.
    pub score: u16,
    /// Left and upper edge.
    pub from: [i16; 2],
    /// Right and lower edge; the pixel there does not belong to the box.
    pub to: [i16; 2],
}

impl Detection {
    /// Returns the area in pixels; 0 for a box whose edges are out of order.
    #[must_use]
    pub fn area(&self) -> i64 {
        area(self.from, self.to)
    }

    /// Returns whether intersection over union reaches `thousandths`: `inter · 1000 ≥ thousandths · union`.
    ///
    /// Two boxes without an area do not overlap.
    #[must_use]
    pub fn overlaps(&self, other: &Self, thousandths: u16) -> bool {
        let from = [0, 1].map(|i| pick(self.from, i).max(pick(other.from, i)));
        let to = [0, 1].map(|i| pick(self.to, i).min(pick(other.to, i)));
        let both = area(from, to);
        let either = self.area() + other.area() - both;
        either > 0 && both * 1000 >= i64::from(thousandths) * either
    }
}

fn pick(pair: [i16; 2], i: usize) -> i16 {
    if i == 0 { pair[0] } else { pair[1] }
}

fn area([left, top]: [i16; 2], [right, bottom]: [i16; 2]) -> i64 {
    let side = |from: i16, to: i16| (i64::from(to) - i64::from(from)).max(0);
    side(left, right) * side(top, bottom)
}

/// The best detections so far, best first, in memory of the caller.
///
/// When it is full, a better detection takes the place of the worst.
///
/// ```
/// use kits_hal::post::{Detection, Detections};
///
/// let mut memory = [Detection::default(); 8];
/// let mut found = Detections::new(&mut memory);
/// found.push(Detection { class: 0, score: 200, from: [0, 0], to: [10, 10] });
/// found.push(Detection { class: 0, score: 220, from: [1, 0], to: [11, 10] });
/// found.suppress(450);
/// assert_eq!(found.as_slice().len(), 1);
/// assert_eq!(found.as_slice()[0].score, 220);
/// ```
#[derive(Debug)]
pub struct Detections<'b> {
    memory: &'b mut [Detection],
    n: usize,
}

impl<'b> Detections<'b> {
    /// No detections yet; at most as many as `memory` takes.
    #[must_use]
    pub const fn new(memory: &'b mut [Detection]) -> Self {
        Self { memory, n: 0 }
    }

    /// Adds a detection behind those with the same or a better score; a full list loses its worst.
    pub fn push(&mut self, detection: Detection) {
        let mut held = detection;
        let mut moving = false;
        for place in self.memory.iter_mut().take(self.n) {
            // From its place on, everything moves up by one.
            moving |= held.score > place.score;
            if moving {
                core::mem::swap(place, &mut held);
            }
        }
        if let Some(place) = self.memory.get_mut(self.n) {
            *place = held;
            self.n += 1;
        }
    }

    /// Removes every detection that overlaps a better one of its class by `thousandths` or more (intersection over
    /// union): non-maximum suppression.
    pub fn suppress(&mut self, thousandths: u16) {
        let mut kept = 0;
        for i in 0..self.n {
            let Some(candidate) = self.memory.get(i).copied() else { break };
            let better = self.memory.iter().take(kept);
            let doubled = better
                .filter(|kept| kept.class == candidate.class)
                .any(|kept| kept.overlaps(&candidate, thousandths));
            if !doubled && let Some(place) = self.memory.get_mut(kept) {
                *place = candidate;
                kept += 1;
            }
        }
        self.n = kept;
    }

    /// Returns the detections, best first.
    #[must_use]
    pub fn as_slice(&self) -> &[Detection] {
        self.memory.get(..self.n).unwrap_or_default()
    }

    /// Forgets all detections, as before a new frame.
    pub const fn clear(&mut self) {
        self.n = 0;
    }
}
