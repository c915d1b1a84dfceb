//! A bounds-checked reader of flatbuffers, as much as a `.tflite` file needs.
//!
//! A flatbuffer is a graph of offsets. Every read checks its range and every vector must lie inside
//! the file, so a damaged file gives [`OutOfFile`] and never a wrong slice.

/// An offset or a vector leaves the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OutOfFile;

pub(super) type Read<T> = Result<T, OutOfFile>;

fn array<const N: usize>(file: &[u8], at: usize) -> Read<[u8; N]> {
    file.get(at..).and_then(|tail| tail.first_chunk()).copied().ok_or(OutOfFile)
}

fn u16_at(file: &[u8], at: usize) -> Read<usize> {
    Ok(u16::from_le_bytes(array(file, at)?).into())
}

fn u32_at(file: &[u8], at: usize) -> Read<usize> {
    Ok(u32::from_le_bytes(array(file, at)?) as usize)
}

/// Follows the unsigned offset stored at `at`.
fn follow(file: &[u8], at: usize) -> Read<usize> {
    let target = at.checked_add(u32_at(file, at)?).ok_or(OutOfFile)?;
    if target < file.len() { Ok(target) } else { Err(OutOfFile) }
}

/// A table: fields found through a list of offsets, each with a default.
#[derive(Debug, Clone, Copy)]
pub(super) struct Table<'a> {
    file: &'a [u8],
    at: usize,
}

impl<'a> Table<'a> {
    /// Returns the table at the root of a file.
    pub(super) fn root(file: &'a [u8]) -> Read<Self> {
        Ok(Self { file, at: follow(file, 0)? })
    }

    /// Returns the position of field `i`, or `None` if the table leaves it out.
    fn field(&self, i: usize) -> Read<Option<usize>> {
        let back = i32::from_le_bytes(array(self.file, self.at)?);
        let fields = i64::try_from(self.at).map_err(|_| OutOfFile)? - i64::from(back);
        let fields = usize::try_from(fields).map_err(|_| OutOfFile)?;
        let len = u16_at(self.file, fields)?;
        let slot = 4 + 2 * i;
        if slot + 2 > len {
            return Ok(None);
        }
        Ok(match u16_at(self.file, fields + slot)? {
            0 => None,
            offset => Some(self.at + offset),
        })
    }

    /// Returns the scalar of field `i`, or `default`.
    pub(super) fn scalar<T: Scalar>(&self, i: usize, default: T) -> Read<T> {
        match self.field(i)? {
            Some(at) => T::read(self.file, at),
            None => Ok(default),
        }
    }

    /// Returns the table field `i` points to.
    pub(super) fn table(&self, i: usize) -> Read<Option<Self>> {
        match self.field(i)? {
            Some(at) => Ok(Some(Self { file: self.file, at: follow(self.file, at)? })),
            None => Ok(None),
        }
    }

    /// Returns the position and length of the vector field `i` points to; empty if left out.
    fn vector(&self, i: usize, element: usize) -> Read<(usize, usize)> {
        let Some(at) = self.field(i)? else { return Ok((0, 0)) };
        let at = follow(self.file, at)?;
        let len = u32_at(self.file, at)?;
        let end = len.checked_mul(element).and_then(|n| n.checked_add(at + 4)).ok_or(OutOfFile)?;
        if end <= self.file.len() { Ok((at + 4, len)) } else { Err(OutOfFile) }
    }

    /// Returns the bytes field `i` points to; empty if left out.
    pub(super) fn bytes(&self, i: usize) -> Read<&'a [u8]> {
        let (at, len) = self.vector(i, 1)?;
        self.file.get(at..at + len).ok_or(OutOfFile)
    }

    /// Returns the text of field `i`, with what is not UTF-8 replaced.
    pub(super) fn text(&self, i: usize) -> Read<String> {
        Ok(String::from_utf8_lossy(self.bytes(i)?).into_owned())
    }

    /// Returns the numbers of vector field `i`.
    ///
    /// `budget` is what a file of this size can honestly hold; it stops files whose tables share
    /// one long vector thousands of times.
    pub(super) fn numbers<T: Scalar>(&self, i: usize, budget: &mut usize) -> Read<Vec<T>> {
        let (at, len) = self.vector(i, T::SIZE)?;
        *budget = budget.checked_sub(len).ok_or(OutOfFile)?;
        (0..len).map(|k| T::read(self.file, at + k * T::SIZE)).collect()
    }

    /// Returns the tables of vector field `i`.
    pub(super) fn tables(&self, i: usize, budget: &mut usize) -> Read<Vec<Self>> {
        let (at, len) = self.vector(i, 4)?;
        *budget = budget.checked_sub(len).ok_or(OutOfFile)?;
        (0..len).map(|k| Ok(Self { file: self.file, at: follow(self.file, at + 4 * k)? })).collect()
    }
}

/// A number stored inline.
pub(super) trait Scalar: Copy {
    /// Size in bytes.
    const SIZE: usize;
    /// Reads one at a position.
    fn read(file: &[u8], at: usize) -> Read<Self>;
}

macro_rules! scalar {
    ($($t:ty),*) => {$(
        impl Scalar for $t {
            const SIZE: usize = size_of::<$t>();
            fn read(file: &[u8], at: usize) -> Read<Self> {
                Ok(Self::from_le_bytes(array(file, at)?))
            }
        }
    )*};
}

scalar!(u8, i8, i32, u32, i64, u64, f32);

impl Scalar for bool {
    const SIZE: usize = 1;
    fn read(file: &[u8], at: usize) -> Read<Self> {
        Ok(u8::read(file, at)? != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A root offset, a table of two fields (one left out) and a vector, written by hand.
    const FILE: [u8; 32] = [
        12, 0, 0, 0, // root table at 12
        8, 0, 12, 0, 8, 0, 0,
        0, // at 4: eight bytes of fields, table of 12; fields at +8, none
        8, 0, 0, 0, // at 12: the list of fields is 8 back
        0, 0, 0, 0, // padding of the table
        4, 0, 0, 0, // at 20: field 0, vector 4 further
        2, 0, 0, 0, 7, 9, 0, 0, // at 24: two bytes
    ];

    #[test]
    fn reads_fields_defaults_and_vectors() {
        let table = Table::root(&FILE).unwrap();
        assert_eq!(table.bytes(0).unwrap(), [7, 9]);
        assert_eq!(table.scalar(1, 5_i32).unwrap(), 5);
        assert_eq!(table.scalar(9, 6_u8).unwrap(), 6);
    }

    #[test]
    fn no_damage_reads_outside() {
        for cut in 0..FILE.len() {
            if let Ok(table) = Table::root(&FILE[..cut]) {
                let _ = (table.bytes(0), table.table(0), table.numbers::<i32>(0, &mut 99));
            }
        }
        for at in 0..FILE.len() {
            for value in [0, 1, 127, 128, 255] {
                let mut file = FILE;
                file[at] = value;
                if let Ok(table) = Table::root(&file) {
                    let _ = (table.bytes(0), table.text(0), table.tables(0, &mut 99));
                }
            }
        }
    }

    #[test]
    fn a_vector_beyond_the_budget_is_refused() {
        let table = Table::root(&FILE).unwrap();
        assert_eq!(table.numbers::<u8>(0, &mut 1), Err(OutOfFile));
        assert_eq!(table.numbers::<u8>(0, &mut 2), Ok(vec![7, 9]));
    }
}
