//! The activations as a kernel sees them: one or two pieces of memory, one range of offsets.

/// The activations. Offsets below the length of the first piece lie in it, the others in the
/// second; a checked model has no tensor on both sides.
#[derive(Debug)]
pub(crate) struct Mem<'w> {
    first: &'w mut [i8],
    second: &'w mut [i8],
}

impl<'w> Mem<'w> {
    pub(crate) const fn new(first: &'w mut [i8], second: &'w mut [i8]) -> Self {
        Self { first, second }
    }

    /// Returns the byte at `at`.
    #[inline]
    pub(crate) fn get(&self, at: usize) -> Option<&i8> {
        match at.checked_sub(self.first.len()) {
            None => self.first.get(at),
            Some(at) => self.second.get(at),
        }
    }

    /// Returns the byte at `at` for writing.
    #[inline]
    pub(crate) fn get_mut(&mut self, at: usize) -> Option<&mut i8> {
        match at.checked_sub(self.first.len()) {
            None => self.first.get_mut(at),
            Some(at) => self.second.get_mut(at),
        }
    }

    /// Returns `at..at + len` for writing.
    #[inline]
    pub(crate) fn range_mut(&mut self, at: usize, len: usize) -> Option<&mut [i8]> {
        match at.checked_sub(self.first.len()) {
            None => self.first.get_mut(at..at.checked_add(len)?),
            Some(at) => self.second.get_mut(at..at.checked_add(len)?),
        }
    }
}

/// Memory that gives out runs of bytes: the activations, or a slice.
pub(crate) trait Bytes {
    /// Returns `at..at + len`.
    fn range(&self, at: usize, len: usize) -> Option<&[i8]>;
}

impl Bytes for Mem<'_> {
    #[inline]
    fn range(&self, at: usize, len: usize) -> Option<&[i8]> {
        match at.checked_sub(self.first.len()) {
            None => self.first.range(at, len),
            Some(at) => self.second.range(at, len),
        }
    }
}

impl Bytes for [i8] {
    #[inline]
    fn range(&self, at: usize, len: usize) -> Option<&[i8]> {
        self.get(at..at.checked_add(len)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_run_on_from_the_first_piece_to_the_second() {
        let (mut a, mut b) = ([1, 2, 3], [4, 5]);
        let mut mem = Mem::new(&mut a, &mut b);
        let all: Vec<i8> = (0..5).filter_map(|i| mem.get(i).copied()).collect();
        assert_eq!(all, [1, 2, 3, 4, 5]);
        assert_eq!(mem.get(5), None);
        assert_eq!(mem.range(1, 2), Some(&[2, 3][..]));
        assert_eq!(mem.range(3, 2), Some(&[4, 5][..]));
        assert_eq!(mem.range(2, 2), None, "a run on both sides");
        *mem.get_mut(4).expect("inside") = 9;
        mem.range_mut(0, 1).expect("inside").fill(7);
        assert_eq!((a, b), ([7, 2, 3], [4, 9]));
    }
}
