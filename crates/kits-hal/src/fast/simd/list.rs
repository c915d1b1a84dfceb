//! Lists of the inputs of a window that are not zero: what is multiplied where every instruction counts.

use super::{imp, times};

/// Entries of a list: 384 bytes of stack.
const MOST: usize = 48;
/// A list with less room than this counts as full.
const LEAST: usize = 8;

/// Inputs less their zero point, each behind its place in the window.
#[derive(Debug)]
pub(in crate::fast) struct List {
    entries: [[i32; 2]; MOST],
    n: usize,
    /// All places are below.
    end: usize,
}

/// Lines of an image that belong to a window.
#[derive(Debug, Clone, Copy)]
pub(in crate::fast) struct Lines {
    /// From a line to the next.
    pub(in crate::fast) pitch: usize,
    /// Elements of a line.
    pub(in crate::fast) n: usize,
    /// How many there are.
    pub(in crate::fast) lines: usize,
    /// Place of the first element in the window.
    pub(in crate::fast) first: usize,
    /// From the place of a line to that of the next.
    pub(in crate::fast) apart: usize,
}

impl List {
    pub(in crate::fast) const fn new() -> Self {
        Self { entries: [[0; 2]; MOST], n: 0, end: 0 }
    }

    /// Returns how many of `count` lines of `n` elements an empty list surely has room for.
    #[inline]
    pub(in crate::fast) fn fit(n: usize, count: usize) -> usize {
        // Most windows fit, and a division takes long.
        if n.wrapping_mul(count) <= MOST { count } else { MOST.checked_div(n).unwrap_or(0) }
    }

    pub(in crate::fast) const fn clear(&mut self) {
        (self.n, self.end) = (0, 0);
    }

    /// Lists those elements of `x` that are not `zero`, the first of which has place `first` in the window; returns how many it
    /// looked at: all of them, unless the list is full.
    #[inline]
    pub(in crate::fast) fn take(&mut self, x: &[i8], first: usize, zero: i32) -> usize {
        let mut done = 0_usize;
        loop {
            let left = x.len().wrapping_sub(done);
            let n = left.min(self.room());
            let lines = Lines { pitch: 0, n, lines: 1, first: first.wrapping_add(done), apart: 0 };
            let rest = x.get(done..).unwrap_or(&[]);
            if n < left.min(LEAST) || self.take_lines(rest, lines, zero).is_none() {
                return done;
            }
            done = done.wrapping_add(n);
            if n == left {
                return done;
            }
        }
    }

    /// As [`List::take`] for all elements of some lines; `None` without having done anything if they are outside of `x`, or the list
    /// may have no room for them.
    #[inline]
    pub(in crate::fast) fn take_lines(&mut self, x: &[i8], lines: Lines, zero: i32) -> Option<()> {
        let Lines { pitch, n, lines: count, first, apart } = lines;
        let Some(last) = count.checked_sub(1).filter(|_| n > 0) else { return Some(()) };
        let to = self.entries.get_mut(self.n..)?.get_mut(..times(n, count)?)?;
        let x = x.get(..times(pitch, last)?.checked_add(n)?)?;
        let end = times(apart, last)?.checked_add(n)?.checked_add(first)?;
        // Places that a word cannot hold belong to no window.
        i32::try_from(end).ok()?;
        self.end = self.end.max(end);
        self.n = self.n.wrapping_add(imp::list(x, lines, zero, to));
        Some(())
    }

    /// Returns for how many elements there is room.
    const fn room(&self) -> usize {
        MOST.saturating_sub(self.n)
    }

    /// Adds to each sum the products of the listed inputs with one of the rows of `w`, which begin `stride` apart; `None` if `w`
    /// is too short.
    #[inline]
    pub(in crate::fast) fn multiply(&mut self, w: &[i8], stride: usize, sums: &mut [i32]) -> Option<()> {
        let Some(last) = sums.len().checked_sub(1) else { return Some(()) };
        if self.n == 0 {
            return Some(());
        }
        // Pairs of entries: the last may need another one.
        if let Some(more) = self.entries.get_mut(self.n) {
            *more = [0; 2];
        }
        let pairs = self.entries.as_chunks::<2>().0.get(..self.n.div_ceil(2))?;
        let w = w.get(..times(stride, last)?.checked_add(self.end)?)?;
        let (fours, rest) = sums.as_chunks_mut::<4>();
        let at = stride.wrapping_mul(fours.as_flattened().len());
        if !fours.is_empty() {
            imp::listed(pairs, w, stride, fours);
        }
        for (k, sum) in rest.iter_mut().enumerate() {
            let row = w.get(at.wrapping_add(stride.wrapping_mul(k))..)?;
            for &[place, x] in pairs.as_flattened() {
                let w = row.get(usize::try_from(place).ok()?)?;
                *sum = sum.wrapping_add(x.wrapping_mul(i32::from(*w)));
            }
        }
        Some(())
    }
}
