//! A small writer of flatbuffers: the container that TFLite files use.
//!
//! A flatbuffer is a tree of tables, vectors and strings that point to each other by forward offsets.
//! Children must exist before their parents, so a file is built from its end towards its start. Here the
//! bytes are pushed in *reverse* onto a vector which [`Builder::finish`] turns around; a position is
//! therefore a distance from the end of the file and never changes while the file grows.

use crate::nostd::prelude::*;

/// Distance of an object's first byte from the end of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct At(usize);

/// The value of one field of a table.
#[derive(Debug, Clone, Copy)]
pub(super) enum Field {
    U8(u8),
    I32(i32),
    U32(u32),
    F32(f32),
    /// A table, vector or string written earlier.
    Ref(At),
}

impl Field {
    fn size(self) -> usize {
        match self {
            Self::U8(_) => 1,
            Self::I32(_) | Self::U32(_) | Self::F32(_) | Self::Ref(_) => 4,
        }
    }
}

/// Builds one file from its end to its start.
#[derive(Debug, Default)]
pub(super) struct Builder {
    reversed: Vec<u8>,
    /// The strictest alignment used; the whole file is a multiple of it.
    align: usize,
}

impl Builder {
    fn push(&mut self, bytes: impl DoubleEndedIterator<Item = u8>) {
        self.reversed.extend(bytes.rev());
    }

    /// Pads so that an object of `size` bytes pushed next starts at a multiple of `align`.
    fn pad(&mut self, size: usize, align: usize) {
        self.align = self.align.max(align);
        let padded = (self.reversed.len() + size).next_multiple_of(align);
        self.reversed.resize(padded - size, 0);
    }

    fn here(&self) -> At {
        At(self.reversed.len())
    }

    /// Pushes the offset from the place of the offset itself to `target`.
    fn push_offset(&mut self, target: At) {
        let distance = self.reversed.len() + 4 - target.0;
        self.push_u32(distance);
    }

    fn push_u32(&mut self, value: usize) {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "`finish` refuses files of 2 GiB and more"
        )]
        let value = value as u32;
        self.push(value.to_le_bytes().into_iter());
    }

    /// Writes a vector of `n` elements whose little-endian bytes are `bytes`, starting at a multiple of `align`.
    pub(super) fn vector(
        &mut self,
        n: usize,
        bytes: impl DoubleEndedIterator<Item = u8> + Clone,
        align: usize,
    ) -> At {
        let size = bytes.clone().count();
        self.pad(size, align.max(4));
        self.push(bytes);
        self.push_u32(n);
        self.here()
    }

    /// Writes a vector of 32-bit integers.
    pub(super) fn ints(&mut self, values: &[i32]) -> At {
        self.vector(values.len(), values.iter().flat_map(|v| v.to_le_bytes()), 4)
    }

    /// Writes a vector of 64-bit integers.
    pub(super) fn longs(&mut self, values: &[i64]) -> At {
        self.vector(values.len(), values.iter().flat_map(|v| v.to_le_bytes()), 8)
    }

    /// Writes a vector of floats.
    pub(super) fn floats(&mut self, values: &[f32]) -> At {
        self.vector(values.len(), values.iter().flat_map(|v| v.to_le_bytes()), 4)
    }

    /// Writes a text; the file also holds a zero after it.
    pub(super) fn string(&mut self, text: &str) -> At {
        self.pad(text.len() + 1, 4);
        self.push(text.bytes().chain([0]));
        self.push_u32(text.len());
        self.here()
    }

    /// Writes a vector of references.
    pub(super) fn refs(&mut self, targets: &[At]) -> At {
        self.pad(4 * targets.len(), 4);
        for &target in targets.iter().rev() {
            self.push_offset(target);
        }
        self.push_u32(targets.len());
        self.here()
    }

    /// Writes a table: pairs of slot (the field's number in the schema) and value.
    ///
    /// Fields left out have the default of the schema.
    pub(super) fn table(&mut self, fields: &[(usize, Field)]) -> At {
        let end = self.reversed.len();
        let mut order: Vec<_> = fields.iter().collect();
        order.sort_by_key(|(slot, field)| (field.size(), *slot)); // smallest last in the file
        let mut places = Vec::with_capacity(fields.len());
        for &&(slot, field) in &order {
            self.pad(field.size(), field.size());
            match field {
                Field::U8(v) => self.push([v].into_iter()),
                Field::I32(v) => self.push(v.to_le_bytes().into_iter()),
                Field::U32(v) => self.push(v.to_le_bytes().into_iter()),
                Field::F32(v) => self.push(v.to_le_bytes().into_iter()),
                Field::Ref(target) => self.push_offset(target),
            }
            places.push((slot, self.reversed.len()));
        }
        // The table starts with the distance back to its list of field offsets, which stands right before it.
        let slots = fields.iter().map(|(slot, _)| slot + 1).max().unwrap_or(0);
        let list_size = 4 + 2 * slots;
        self.pad(4, 4);
        self.push_u32(list_size);
        let table = self.here();
        let mut list = vec![0_u16; 2 + slots];
        list[0] = short(list_size);
        list[1] = short(table.0 - end);
        for (slot, place) in places {
            list[2 + slot] = short(table.0 - place);
        }
        let list: Vec<u8> = list.into_iter().flat_map(u16::to_le_bytes).collect();
        self.push(list.into_iter());
        table
    }

    /// Returns the file with `root` as its first table, or `None` from 2 GiB on.
    pub(super) fn finish(mut self, root: At, identifier: [u8; 4]) -> Option<Vec<u8>> {
        self.pad(8, self.align.max(4));
        self.push(identifier.into_iter());
        self.push_offset(root);
        self.reversed.reverse();
        i32::try_from(self.reversed.len()).is_ok().then_some(self.reversed)
    }
}

/// Sizes inside a table: at most a dozen fields of four bytes.
fn short(size: usize) -> u16 {
    #[expect(clippy::cast_possible_truncation, reason = "tables of the schema are below 100 bytes")]
    let size = size as u16;
    size
}

#[cfg(test)]
mod tests {
    use super::*;

    fn u32_at(b: &[u8], i: usize) -> usize {
        usize::try_from(u32::from_le_bytes(b[i..i + 4].try_into().unwrap())).unwrap()
    }

    fn u16_at(b: &[u8], i: usize) -> usize {
        usize::from(u16::from_le_bytes(b[i..i + 2].try_into().unwrap()))
    }

    /// Where the field in `slot` of the table at `t` lies, by the rules of the format alone.
    fn field(b: &[u8], t: usize, slot: usize) -> Option<usize> {
        let list = t - u32_at(b, t);
        let size = u16_at(b, list);
        if 4 + 2 * slot >= size {
            return None;
        }
        let offset = u16_at(b, list + 4 + 2 * slot);
        (offset != 0).then_some(t + offset)
    }

    #[test]
    fn every_field_is_where_the_format_says() {
        let mut fb = Builder::default();
        let name = fb.string("abc");
        let longs = fb.longs(&[1, -2]);
        let data = fb.vector(5, [1, 2, 3, 4, 5].into_iter(), 16);
        let child = fb.table(&[(0, Field::F32(0.5))]);
        let children = fb.refs(&[child, child]);
        let root = fb.table(&[
            (1, Field::Ref(name)),
            (3, Field::U8(7)),
            (4, Field::U32(9)),
            (5, Field::Ref(longs)),
            (6, Field::Ref(data)),
            (7, Field::Ref(children)),
        ]);
        let b = fb.finish(root, *b"TEST").unwrap();
        assert_eq!(&b[4..8], b"TEST");
        assert_eq!(b.len() % 16, 0);
        let t = u32_at(&b, 0);
        let follow = |slot| {
            let at = field(&b, t, slot).unwrap();
            at + u32_at(&b, at)
        };
        assert_eq!((field(&b, t, 0), field(&b, t, 2), field(&b, t, 8)), (None, None, None));
        let s = follow(1);
        assert_eq!((u32_at(&b, s), &b[s + 4..s + 8]), (3, &b"abc\0"[..]));
        assert_eq!(b[field(&b, t, 3).unwrap()], 7);
        assert_eq!(u32_at(&b, field(&b, t, 4).unwrap()), 9);
        let v = follow(5);
        assert_eq!((u32_at(&b, v), (v + 4) % 8), (2, 0));
        assert_eq!(i64::from_le_bytes(b[v + 12..v + 20].try_into().unwrap()), -2);
        let v = follow(6);
        assert_eq!((u32_at(&b, v), (v + 4) % 16, &b[v + 4..v + 9]), (5, 0, &[1, 2, 3, 4, 5][..]));
        let v = follow(7);
        assert_eq!(u32_at(&b, v), 2);
        for i in 0..2 {
            let c = v + 4 + 4 * i + u32_at(&b, v + 4 + 4 * i);
            let f = field(&b, c, 0).unwrap();
            assert_eq!(
                f32::from_le_bytes(b[f..f + 4].try_into().unwrap()).to_bits(),
                0.5_f32.to_bits()
            );
        }
    }
}
