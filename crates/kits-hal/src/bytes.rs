//! Little-endian reads that work in constant evaluation and never panic.

/// Returns `bytes[at..at + N]`, or `None` if that leaves the slice.
#[inline]
pub(crate) const fn chunk<const N: usize>(bytes: &[u8], at: usize) -> Option<&[u8; N]> {
    match bytes.split_at_checked(at) {
        Some((_, tail)) => tail.first_chunk::<N>(),
        None => None,
    }
}

#[inline]
pub(crate) const fn u8_at(bytes: &[u8], at: usize) -> Option<u8> {
    match chunk::<1>(bytes, at) {
        Some(c) => Some(u8::from_le_bytes(*c)),
        None => None,
    }
}

#[inline]
pub(crate) const fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    match chunk::<2>(bytes, at) {
        Some(c) => Some(u16::from_le_bytes(*c)),
        None => None,
    }
}

#[inline]
pub(crate) const fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    match chunk::<4>(bytes, at) {
        Some(c) => Some(u32::from_le_bytes(*c)),
        None => None,
    }
}

#[inline]
pub(crate) const fn i32_at(bytes: &[u8], at: usize) -> Option<i32> {
    match chunk::<4>(bytes, at) {
        Some(c) => Some(i32::from_le_bytes(*c)),
        None => None,
    }
}

#[inline]
pub(crate) const fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    match chunk::<8>(bytes, at) {
        Some(c) => Some(u64::from_le_bytes(*c)),
        None => None,
    }
}

/// Returns `bytes[at..at + len]`, or `None` if that leaves the slice.
#[inline]
pub(crate) const fn slice(bytes: &[u8], at: usize, len: usize) -> Option<&[u8]> {
    match bytes.split_at_checked(at) {
        Some((_, tail)) => match tail.split_at_checked(len) {
            Some((head, _)) => Some(head),
            None => None,
        },
        None => None,
    }
}
