//! Unpacking of DEFLATE data (RFC 1951) and of gzip files around it (RFC 1952), by the crate `flate2`.
//!
//! What is added here are limits: nothing unpacks to more than was announced, and data that end early are an error. Without the feature
//! `deflate` packed data are refused with a message that names it.

use crate::{Error, Result};

/// Returns the unpacked data, at most `limit` bytes.
///
/// # Errors
///
/// [`Error::Format`] if the data end early, break a rule of the format, or unpack to more than `limit` bytes.
#[cfg(feature = "deflate")]
pub(crate) fn inflate(data: &[u8], limit: usize) -> Result<Vec<u8>> {
    use flate2::{Decompress, FlushDecompress, Status};
    /// Bytes by which the output grows, so that a wrong announcement does not cost its memory.
    const STEP: usize = 1 << 16;

    let bad = |detail: String| Error::format("deflate", detail);
    let mut state = Decompress::new(false);
    let mut out = Vec::new();
    loop {
        let before = (state.total_in(), state.total_out());
        // One byte more than allowed, to notice data that go on.
        out.reserve(STEP.min((limit - out.len()).saturating_add(1)));
        let rest = &data[before.0 as usize..];
        let status = state
            .decompress_vec(rest, &mut out, FlushDecompress::None)
            .map_err(|e| bad(format!("{e} near byte {}", before.0)))?;
        if out.len() > limit {
            return Err(bad(format!("unpacks to more than the {limit} bytes that were announced")));
        }
        match status {
            Status::StreamEnd => return Ok(out),
            _ if before == (state.total_in(), state.total_out()) => {
                return Err(bad("the data end early".to_owned()));
            }
            _ => {}
        }
    }
}

/// Returns the contents of a gzip file with one member.
///
/// # Errors
///
/// [`Error::Format`] if it is no such file, is cut, or its checksum is wrong.
#[cfg(feature = "deflate")]
pub(crate) fn gunzip(file: &[u8]) -> Result<Vec<u8>> {
    use std::io::Read;

    let bad = |detail: String| Error::format("gzip", detail);
    let size = file.last_chunk::<4>().map_or(0, |n| u32::from_le_bytes(*n));
    let mut member = flate2::bufread::GzDecoder::new(file);
    let mut out = Vec::new();
    // Reading one byte more than announced reaches the end, where the checksum is compared.
    member
        .by_ref()
        .take(u64::from(size) + 1)
        .read_to_end(&mut out)
        .map_err(|e| bad(format!("the file is cut or damaged: {e}")))?;
    if out.len() != size as usize || !member.into_inner().is_empty() {
        return Err(bad("the file is cut, or more than one member is in it".to_owned()));
    }
    Ok(out)
}

/// Refuses packed data.
///
/// # Errors
///
/// [`Error::Format`] always.
#[cfg(not(feature = "deflate"))]
pub(crate) fn inflate(_: &[u8], _: usize) -> Result<Vec<u8>> {
    Err(Error::format("deflate", "packed data need the feature `deflate` of this crate"))
}

/// Refuses packed files.
///
/// # Errors
///
/// [`Error::Format`] always.
#[cfg(not(feature = "deflate"))]
pub(crate) fn gunzip(_: &[u8]) -> Result<Vec<u8>> {
    Err(Error::format("gzip", "packed files need the feature `deflate` of this crate"))
}

/// Returns the checksum used by gzip and zip: CRC-32 with the reflected polynomial 0xEDB88320.
pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = {
        let mut table = [0; 256];
        let mut n = 0;
        while n < 256 {
            let mut c = n as u32;
            let mut bit = 0;
            while bit < 8 {
                c = if c & 1 == 1 { 0xEDB8_8320 ^ (c >> 1) } else { c >> 1 };
                bit += 1;
            }
            table[n] = c;
            n += 1;
        }
        table
    };
    !bytes.iter().fold(!0, |crc, &b| TABLE[usize::from(crc as u8 ^ b)] ^ (crc >> 8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "deflate")]
    fn hex(text: &str) -> Vec<u8> {
        text.as_bytes()
            .chunks(2)
            .map(|c| u8::from_str_radix(core::str::from_utf8(c).unwrap(), 16).unwrap())
            .collect()
    }

    /// Made with zlib: stored, fixed and own codes, the last with long distances.
    #[cfg(feature = "deflate")]
    const STORED: &str = "010500faff68656c6c6f";
    #[cfg(feature = "deflate")]
    const FIXED: &str = "4b4c4aa42a0400";
    #[cfg(feature = "deflate")]
    const OWN: &str = "\
        edd2418a03211445d1add412caaf7e955e4f028190deffac51b4797f9605dce1a3acf2529cf7ebf3b8eeebf779dd3fd77b8e\
        3447daa3cc617b8c39f239e67395bdacce55f7caeb999f6facf7da5ebe3ed9f7eaebb671de5b579f105b27d37f4a5bf3c434\
        d368d3e89cb4da4db347d5ec9c35bbdd9a9d4cb36bd6ece19a5d4ae81e2976e7d03d8a76d75bc37be8aeda6d4dbb7bd7ee5a\
        b4db42771fdaedf177d7d09d6277f7d0edaedd88410c62108318c420063188410c62108318c420063188410c62108318c420\
        063188410c62108318c420063188410c62108318c420063188410c62108318c420063188410c62108318c420063188410c62\
        108318c420e64b317f";

    #[cfg(feature = "deflate")]
    fn long_text() -> Vec<u8> {
        let line = |i: u32| format!("line {} of {}; ", i * i % 97, i % 13);
        (0..40).map(line).collect::<String>().repeat(30).into_bytes()
    }

    #[test]
    #[cfg(feature = "deflate")]
    fn each_kind_of_block() {
        assert_eq!(inflate(&hex(STORED), 5).unwrap(), b"hello");
        assert_eq!(inflate(&hex(FIXED), 1000).unwrap(), b"ab".repeat(40));
        assert_eq!(inflate(&hex(OWN), 1 << 20).unwrap(), long_text());
    }

    #[test]
    #[cfg(feature = "deflate")]
    fn announced_sizes_bind() {
        assert!(inflate(&hex(STORED), 4).is_err());
        assert!(inflate(&hex(FIXED), 79).is_err());
    }

    #[test]
    #[cfg(feature = "deflate")]
    fn cut_and_damaged_data_are_refused_or_read() {
        for text in [STORED, FIXED, OWN] {
            let data = hex(text);
            for end in 0..data.len() {
                assert!(
                    matches!(inflate(&data[..end], 1 << 20), Err(Error::Format { .. })),
                    "{end} of {text}"
                );
            }
            for at in 0..data.len() * 8 {
                let mut data = data.clone();
                data[at / 8] ^= 1 << (at % 8);
                if let Ok(out) = inflate(&data, 1 << 16) {
                    assert!(out.len() <= 1 << 16);
                }
            }
        }
        assert!(inflate(&[0b111], 9).is_err());
        assert!(matches!(inflate(&[], 9), Err(Error::Format { .. })));
    }

    /// The check value of CRC-32 is that of the nine digits.
    #[test]
    fn crc_of_the_digits() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(crc32(b""), 0);
    }

    #[test]
    #[cfg(feature = "deflate")]
    fn gzip_files() {
        let body = hex(FIXED);
        let trailer = [crc32(&b"ab".repeat(40)).to_le_bytes(), 80_u32.to_le_bytes()].concat();
        let file = |flags: u8, extra: &[u8]| {
            [&[0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 3][..], extra, &body, &trailer].concat()
        };
        let mut all = file(4 | 8 | 16 | 2, b"\x02\0xxname\0note\0cc");
        let end = 10 + 14; // the last two bytes of the header are its own checksum
        let sum = crc32(&all[..end]).to_le_bytes();
        all[end..end + 2].copy_from_slice(&sum[..2]);
        for good in [file(0, &[]), file(8, b"name\0"), all] {
            assert_eq!(gunzip(&good).unwrap(), b"ab".repeat(40));
            for end in 0..good.len() {
                assert!(matches!(gunzip(&good[..end]), Err(Error::Format { .. })), "{end}");
            }
        }
        assert!(gunzip(&[file(0, &[]), file(0, &[])].concat()).is_err(), "two members");
        let mut wrong = file(0, &[]);
        let n = wrong.len();
        wrong[n - 6] ^= 1;
        assert!(gunzip(&wrong).unwrap_err().to_string().contains("checksum"));
    }
}
