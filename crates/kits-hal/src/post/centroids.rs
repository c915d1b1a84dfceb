//! Objects as points: groups of neighbouring cells of a class map (the FOMO kind of detector).
//!
//! The model gives a coarse grid with one `int8` score per class and cell; class 0 is the background.
//! Cells of a class at or above the threshold that touch, also at corners, are one object.
//!
//! Labels are given in raster order in a byte per cell; where two labels meet, the smaller one takes over all cells of
//! the other, whose number becomes free again, so that 255 labels are enough for 255 groups of any shape.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "the map has as many elements as the slice that was measured, so indices and counts fit"
)]

use super::{PostError, Slice};

/// An object.
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Centroid {
    /// Class, from 1.
    pub class: u16,
    /// First and last column of the group, in cells.
    pub columns: [u16; 2],
    /// First and last row of the group, in cells.
    pub rows: [u16; 2],
    /// Middle of the box in pixels of the input: column, row.
    pub centre: [u32; 2],
    /// The largest score of the group, as the model gives it.
    pub score: i8,
    /// Cells of the group.
    pub cells: u32,
}

/// The shape of a class map and the threshold.
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Centroids {
    /// Rows of the map.
    pub rows: u16,
    /// Columns of the map.
    pub columns: u16,
    /// Classes, the background included.
    pub classes: u16,
    /// Input pixels per cell along each axis.
    pub stride: u16,
    /// The least score of a cell that counts.
    pub threshold: i8,
}

/// Most labels at once: a byte, and 0 for none.
const LABELS: usize = 255;

impl Centroids {
    /// Returns the cells of the map: the length of the memory for labels.
    #[must_use]
    pub const fn cells(&self) -> usize {
        (self.rows as usize).saturating_mul(self.columns as usize)
    }

    /// Finds the objects of a map `[rows, columns, classes]`, by class, then by first cell in raster order; returns
    /// how many there are.
    ///
    /// # Errors
    ///
    /// [`PostError::Length`] if the map or the memory for labels does not fit; [`PostError::TooManyObjects`] if `found`
    /// is too short, or a class has more than 255 groups at a time.
    ///
    /// ```
    /// use kits_hal::post::{Centroid, Centroids};
    ///
    /// let shape = Centroids { rows: 2, columns: 3, classes: 2, stride: 8, threshold: 0 };
    /// let (low, high) = ([127, -128], [-128, 100]);
    /// let map = [low, high, low, high, low, low].concat(); // touching at a corner
    /// let mut found = [Centroid::default(); 4];
    /// assert_eq!(shape.find(&map, &mut [0; 6], &mut found)?, 1);
    /// assert_eq!((found[0].cells, found[0].centre), (2, [8, 8]));
    /// # Ok::<(), kits_hal::post::PostError>(())
    /// ```
    pub fn find(
        &self,
        map: &[i8],
        labels: &mut [u8],
        found: &mut [Centroid],
    ) -> Result<usize, PostError> {
        let classes = usize::from(self.classes);
        PostError::exactly(Slice::Map, self.cells().saturating_mul(classes), map.len())?;
        PostError::exactly(Slice::Labels, self.cells(), labels.len())?;
        let mut n = 0;
        for class in 1..self.classes {
            let scores = map.iter().skip(class.into()).step_by(classes.max(1)).copied();
            self.label(scores.clone(), labels)?;
            let limit = found.len();
            let rest = found.get_mut(n..).unwrap_or_default();
            n += self.collect(class, scores, labels, rest).ok_or(PostError::too_many(limit))?;
        }
        Ok(n)
    }

    /// Gives touching cells the same label and others none.
    fn label(&self, scores: impl Iterator<Item = i8>, labels: &mut [u8]) -> Result<(), PostError> {
        let columns = usize::from(self.columns);
        let mut used = [false; LABELS + 1];
        for (cell, score) in scores.enumerate() {
            let mut mine = 0;
            if score >= self.threshold {
                let column = cell.checked_rem(columns).unwrap_or(0);
                let (left, right) = (column > 0, column + 1 < columns);
                let above = cell.checked_sub(columns);
                let neighbours = [
                    if left { cell.checked_sub(1) } else { None },
                    above.and_then(|a| if left { a.checked_sub(1) } else { None }),
                    above,
                    above.and_then(|a| if right { a.checked_add(1) } else { None }),
                ];
                for neighbour in neighbours.into_iter().flatten() {
                    let theirs = labels.get(neighbour).copied().unwrap_or(0);
                    if mine == 0 {
                        mine = theirs;
                    } else if theirs != 0 && theirs != mine {
                        let (keep, free) = (mine.min(theirs), mine.max(theirs));
                        for label in labels.iter_mut().take(cell).filter(|l| **l == free) {
                            *label = keep;
                        }
                        if let Some(slot) = used.get_mut(usize::from(free)) {
                            *slot = false;
                        }
                        mine = keep;
                    }
                }
                if mine == 0 {
                    let free = used.iter().skip(1).position(|used| !used);
                    let free = free.ok_or(PostError::too_many(LABELS))? + 1;
                    if let Some(slot) = used.get_mut(free) {
                        *slot = true;
                    }
                    mine = u8::try_from(free).unwrap_or(0);
                }
            }
            if let Some(label) = labels.get_mut(cell) {
                *label = mine;
            }
        }
        Ok(())
    }

    /// Turns labels into objects in the order of their first cells; `None` if there are more than `found` takes.
    fn collect(
        &self,
        class: u16,
        scores: impl Iterator<Item = i8>,
        labels: &[u8],
        found: &mut [Centroid],
    ) -> Option<usize> {
        // One more than the place of each label's object; 0 for labels not seen yet.
        let mut places = [0_u16; LABELS + 1];
        let mut n = 0_u16;
        let cells = (0..self.rows).flat_map(|y| (0..self.columns).map(move |x| (x, y)));
        for (((x, y), score), label) in cells.zip(scores).zip(labels).filter(|(_, l)| **l != 0) {
            let place = places.get_mut(usize::from(*label))?;
            if *place == 0 {
                let new = found.get_mut(usize::from(n))?;
                *new = Centroid { class, columns: [x; 2], rows: [y; 2], score, ..Centroid::default() };
                n += 1;
                *place = n;
            }
            let object = found.get_mut(usize::from(*place) - 1)?;
            let [left, right] = object.columns;
            object.columns = [left.min(x), right.max(x)];
            object.rows[1] = y;
            object.score = object.score.max(score);
            object.cells += 1;
        }
        for object in found.iter_mut().take(n.into()) {
            let middle = |[first, last]: [u16; 2]| {
                (u32::from(first) + u32::from(last) + 1).saturating_mul(self.stride.into()) / 2
            };
            object.centre = [middle(object.columns), middle(object.rows)];
        }
        Some(n.into())
    }
}
