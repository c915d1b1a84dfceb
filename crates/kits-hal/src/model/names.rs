//! Tensor names and class labels.
//!
//! The section holds the number of labels (u16), one length-prefixed name per tensor, then the
//! labels, all UTF-8.

use super::Model;
use crate::bytes;

/// An iterator over names stored in a model.
#[derive(Debug, Clone)]
pub struct Names<'a> {
    rest: &'a [u8],
    left: usize,
}

impl<'a> Iterator for Names<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        self.left = self.left.checked_sub(1)?;
        let (&len, tail) = self.rest.split_first()?;
        let (text, rest) = tail.split_at_checked(usize::from(len))?;
        self.rest = rest;
        core::str::from_utf8(text).ok()
    }
}

/// Returns the class labels.
pub(super) fn labels<'a>(model: &Model<'a>) -> Names<'a> {
    let (count, mut names) = open(model);
    for _ in 0..names.left {
        names.next();
    }
    names.left = count;
    names
}

/// Returns the tensor names.
pub(super) fn tensors<'a>(model: &Model<'a>) -> Names<'a> {
    open(model).1
}

/// Returns the number of labels and the iterator over tensor names.
fn open<'a>(model: &Model<'a>) -> (usize, Names<'a>) {
    let at = model.names_at();
    let count = if at == 0 { None } else { bytes::u16_at(model.bytes(), at) };
    match count {
        Some(count) => {
            let rest = model.bytes().get(at.saturating_add(2)..).unwrap_or(&[]);
            (usize::from(count), Names { rest, left: usize::from(model.n_tensors()) })
        }
        None => (0, Names { rest: &[], left: 0 }),
    }
}
