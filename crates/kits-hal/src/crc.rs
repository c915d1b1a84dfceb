//! CRC-32 (IEEE 802.3, reflected, polynomial 0xEDB88320) with a table of sixteen entries.
//!
//! Two steps per byte: slower than the usual 1 KiB table, but 64 bytes of flash.

const POLYNOMIAL: u32 = 0xEDB8_8320;

/// What four zero bits do to a register whose low nibble is the index.
const NIBBLE: [u32; 16] = {
    let mut table = [0; 16];
    let mut n = 0;
    while n < 16 {
        #[expect(clippy::cast_possible_truncation, reason = "n < 16")]
        let mut r = n as u32;
        let mut bit = 0;
        while bit < 4 {
            r = if r & 1 == 1 { (r >> 1) ^ POLYNOMIAL } else { r >> 1 };
            bit += 1;
        }
        #[expect(clippy::indexing_slicing, reason = "constant evaluation; n < 16")]
        {
            table[n] = r;
        }
        n += 1;
    }
    table
};

/// Returns the CRC-32 of `bytes`.
///
/// ```
/// assert_eq!(kits_hal::crc32(b"123456789"), 0xCBF4_3926);
/// ```
#[must_use]
pub fn crc32(bytes: &[u8]) -> u32 {
    let mut r = u32::MAX;
    for &byte in bytes {
        r = step(r ^ u32::from(byte));
        r = step(r);
    }
    !r
}

#[inline]
fn step(r: u32) -> u32 {
    // A nibble indexes a table of sixteen: the bound is visible to the compiler.
    #[expect(clippy::indexing_slicing, reason = "the index is masked to four bits")]
    let t = NIBBLE[(r & 15) as usize];
    (r >> 4) ^ t
}

#[cfg(test)]
mod tests {
    use super::crc32;

    #[test]
    fn published_check_values() {
        assert_eq!(crc32(b""), 0);
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(crc32(b"The quick brown fox jumps over the lazy dog"), 0x414F_A339);
    }
}
