//! A zip archive without compression: what a content package needs and no more.
//!
//! # Source
//!
//! PKWARE, "APPNOTE.TXT: .ZIP File Format Specification", sections 4.3.7, 4.3.12 and 4.3.16.

use crate::log::crc::Crc;

/// The first day the format knows, 1980-01-01: archives of equal files are equal.
const DATE: u16 = (1 << 5) | 1;
/// Names are UTF-8.
const UTF8: u16 = 1 << 11;

/// Returns the files as an archive; files beyond what the format can count are left out.
pub(super) fn stored(files: &[(String, String)]) -> Vec<u8> {
    let (mut out, mut directory, mut n): (Vec<u8>, Vec<u8>, u16) = (Vec::new(), Vec::new(), 0);
    for (name, text) in files {
        let (Ok(size), Ok(name_len), Ok(offset)) =
            (u32::try_from(text.len()), u16::try_from(name.len()), u32::try_from(out.len()))
        else {
            break;
        };
        if n == u16::MAX {
            break;
        }
        let crc = Crc::new().update(text.as_bytes()).value();
        let mut common = Vec::new();
        for short in [20, UTF8, 0, 0, DATE] {
            common.extend(short.to_le_bytes()); // version, flags, method, time, date
        }
        for long in [crc, size, size] {
            common.extend(long.to_le_bytes());
        }
        common.extend(name_len.to_le_bytes());
        common.extend(0_u16.to_le_bytes()); // no extra field
        out.extend(b"PK\x03\x04");
        out.extend(&common);
        out.extend(name.as_bytes());
        out.extend(text.as_bytes());
        directory.extend(b"PK\x01\x02");
        directory.extend(20_u16.to_le_bytes());
        directory.extend(&common);
        directory.extend([0; 10]); // comment, disk, attributes
        directory.extend(offset.to_le_bytes());
        directory.extend(name.as_bytes());
        n += 1;
    }
    let (start, size) = (out.len(), directory.len());
    out.extend(directory);
    out.extend(b"PK\x05\x06");
    out.extend([0; 4]);
    out.extend(n.to_le_bytes());
    out.extend(n.to_le_bytes());
    out.extend(u32::try_from(size).unwrap_or(u32::MAX).to_le_bytes());
    out.extend(u32::try_from(start).unwrap_or(u32::MAX).to_le_bytes());
    out.extend([0; 2]);
    out
}
