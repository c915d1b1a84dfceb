//! A list that keeps up to three items without heap memory.

use crate::nostd::prelude::*;

/// Items in order. Most operations have one to three operands.
#[derive(Debug, Clone)]
pub(crate) struct Few<T> {
    inline: [T; 3],
    len: usize,
    more: Vec<T>, // holds every item once there are more than three
}

impl<T: Default> Default for Few<T> {
    fn default() -> Self {
        Self { inline: core::array::from_fn(|_| T::default()), len: 0, more: Vec::new() }
    }
}

impl<T: Default> Few<T> {
    pub(crate) fn push(&mut self, item: T) {
        if self.len < 3 {
            self.inline[self.len] = item;
            self.len += 1;
        } else {
            if self.more.is_empty() {
                self.more = self.inline.iter_mut().map(core::mem::take).collect();
            }
            self.more.push(item);
        }
    }

    pub(crate) fn as_slice(&self) -> &[T] {
        if self.more.is_empty() { &self.inline[..self.len] } else { &self.more }
    }

    pub(crate) fn as_mut_slice(&mut self) -> &mut [T] {
        if self.more.is_empty() { &mut self.inline[..self.len] } else { &mut self.more }
    }
}

impl<T: Default> FromIterator<T> for Few<T> {
    fn from_iter<I: IntoIterator<Item = T>>(iter: I) -> Self {
        let mut out = Self::default();
        iter.into_iter().for_each(|item| out.push(item));
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_survives_the_move_to_the_heap() {
        for n in 0..6 {
            let mut few: Few<usize> = (0..n).collect();
            assert_eq!(few.as_slice(), (0..n).collect::<Vec<_>>());
            few.as_mut_slice().iter_mut().for_each(|x| *x += 1);
            assert_eq!(few.as_slice(), (1..=n).collect::<Vec<_>>());
        }
    }
}
