//! Unpacking of DEFLATE data (RFC 1951) and of gzip files around it (RFC 1952).
//!
//! Packed data are a mix of plain bytes and of copies from what was unpacked before, both written with as many bits as they
//! are rare. Reading bit by bit is enough for data sets; nothing here packs.

use crate::{Error, Result};

/// Shortest copy and extra bits for the length symbols from 257 on.
#[rustfmt::skip]
const LENGTHS: [(u16, u8); 29] = [
    (3, 0), (4, 0), (5, 0), (6, 0), (7, 0), (8, 0), (9, 0), (10, 0), (11, 1), (13, 1), (15, 1), (17, 1), (19, 2), (23, 2),
    (27, 2), (31, 2), (35, 3), (43, 3), (51, 3), (59, 3), (67, 4), (83, 4), (99, 4), (115, 4), (131, 5), (163, 5), (195, 5),
    (227, 5), (258, 0),
];

/// Order in which the lengths of the length codes are stored.
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// Returns the unpacked data, at most `limit` bytes.
///
/// # Errors
///
/// [`Error::Format`] if the data end early, break a rule of the format, or unpack to more than `limit` bytes.
pub(crate) fn inflate(data: &[u8], limit: usize) -> Result<Vec<u8>> {
    unpack(data, limit).map(|(out, _)| out)
}

/// Returns the contents of a gzip file with one member.
///
/// # Errors
///
/// [`Error::Format`] if it is no such file, is cut, or its checksum is wrong.
pub(crate) fn gunzip(file: &[u8]) -> Result<Vec<u8>> {
    let bad = |detail: &str| Error::format("gzip", detail);
    let [0x1f, 0x8b, 8, flags, _, _, _, _, _, _, rest @ ..] = file else {
        return Err(bad("the header is not that of a gzip file"));
    };
    let mut rest = rest;
    let cut = || bad("the file ends within the header");
    if flags & 4 != 0 {
        let (len, tail) = rest.split_first_chunk::<2>().ok_or_else(cut)?;
        rest = tail.get(usize::from(u16::from_le_bytes(*len))..).ok_or_else(cut)?;
    }
    for text in [8, 16] {
        if flags & text != 0 {
            let end = rest.iter().position(|&b| b == 0).ok_or_else(cut)?;
            rest = &rest[end + 1..];
        }
    }
    if flags & 2 != 0 {
        rest = rest.get(2..).ok_or_else(cut)?;
    }
    let size = rest.last_chunk::<4>().map_or(0, |n| u32::from_le_bytes(*n));
    let (out, used) = unpack(rest, size as usize)?;
    let Ok([crc @ .., _, _, _, _]) = <[u8; 8]>::try_from(&rest[used..]) else {
        return Err(bad("the file is cut, or more than one member is in it"));
    };
    if out.len() != size as usize || crc32(&out) != u32::from_le_bytes(crc) {
        return Err(bad("the checksum does not fit the content"));
    }
    Ok(out)
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

/// The unpacked data, and how many bytes of `data` they took.
fn unpack(data: &[u8], limit: usize) -> Result<(Vec<u8>, usize)> {
    let mut bits = Bits { data, at: 0, held: 0, n: 0 };
    let mut out = Vec::new();
    loop {
        let last = bits.take(1)? == 1;
        match bits.take(2)? {
            0 => stored(&mut bits, &mut out, limit)?,
            1 => {
                let lengths: Vec<u8> = (0..288)
                    .map(|s| {
                        if s < 144 {
                            8
                        } else if s < 256 {
                            9
                        } else if s < 280 {
                            7
                        } else {
                            8
                        }
                    })
                    .collect();
                block(&mut bits, &mut out, limit, &Codes::new(&lengths)?, &Codes::new(&[5; 30])?)?;
            }
            2 => {
                let (symbols, distances) = code_lengths(&mut bits)?;
                block(&mut bits, &mut out, limit, &symbols, &distances)?;
            }
            _ => return Err(bad("a block is of the unused kind 3")),
        }
        if last {
            return Ok((out, bits.at));
        }
    }
}

fn stored(bits: &mut Bits<'_>, out: &mut Vec<u8>, limit: usize) -> Result<()> {
    bits.held = 0; // the rest of a byte is not used
    bits.n = 0;
    let rest = &bits.data[bits.at..];
    let Some((&[a, b, c, d], rest)) = rest.split_first_chunk::<4>() else { return Err(cut()) };
    let len = u16::from_le_bytes([a, b]);
    if u16::from_le_bytes([c, d]) != !len {
        return Err(bad("the length of a stored block and its complement differ"));
    }
    let bytes = rest.get(..usize::from(len)).ok_or_else(cut)?;
    room(out, bytes.len(), limit)?;
    out.extend_from_slice(bytes);
    bits.at += 4 + bytes.len();
    Ok(())
}

fn block(
    bits: &mut Bits<'_>,
    out: &mut Vec<u8>,
    limit: usize,
    symbols: &Codes,
    distances: &Codes,
) -> Result<()> {
    loop {
        match symbols.read(bits)? {
            byte @ 0..256 => {
                room(out, 1, limit)?;
                out.push(byte as u8);
            }
            256 => return Ok(()),
            symbol => {
                let &(base, extra) = LENGTHS
                    .get(usize::from(symbol) - 257)
                    .ok_or_else(|| bad("a length symbol is not in use"))?;
                let len = usize::from(base) + bits.take(u32::from(extra))? as usize;
                let symbol = u32::from(distances.read(bits)?);
                // Symbols 0 to 3 are the distances 1 to 4; from there on two symbols share each number of extra bits.
                let distance = match symbol {
                    0..4 => symbol + 1,
                    4..30 => {
                        let extra = symbol / 2 - 1;
                        ((2 + symbol % 2) << extra) + 1 + bits.take(extra)?
                    }
                    _ => return Err(bad("a distance symbol is not in use")),
                };
                let start = out.len().checked_sub(distance as usize);
                let start =
                    start.ok_or_else(|| bad("a copy begins before the start of the data"))?;
                room(out, len, limit)?;
                for i in start..start + len {
                    out.push(out[i]); // a copy may overlap what it makes
                }
            }
        }
    }
}

/// The codes of a block that brings its own.
fn code_lengths(bits: &mut Bits<'_>) -> Result<(Codes, Codes)> {
    let n_symbols = 257 + bits.take(5)? as usize;
    let n_distances = 1 + bits.take(5)? as usize;
    let n_lengths = 4 + bits.take(4)? as usize;
    let mut lengths = [0; 19];
    for &place in &ORDER[..n_lengths] {
        lengths[place] = bits.take(3)? as u8;
    }
    let codes = Codes::new(&lengths)?;
    let mut all = Vec::new();
    while all.len() < n_symbols + n_distances {
        let (value, times) = match codes.read(bits)? {
            16 => {
                let last = *all
                    .last()
                    .ok_or_else(|| bad("the first code length repeats one before it"))?;
                (last, 3 + bits.take(2)?)
            }
            17 => (0, 3 + bits.take(3)?),
            18 => (0, 11 + bits.take(7)?),
            length => (length as u8, 1),
        };
        all.extend((0..times).map(|_| value));
    }
    if all.len() > n_symbols + n_distances || all[256] == 0 {
        return Err(bad("the code lengths of a block are not valid"));
    }
    Ok((Codes::new(&all[..n_symbols])?, Codes::new(&all[n_symbols..])?))
}

/// A canonical prefix code: symbols by length of their code and then by value.
struct Codes {
    count: [u16; 16],
    symbols: Vec<u16>,
}

impl Codes {
    /// Builds the code in which symbol `s` has `lengths[s]` bits; 0 means that it does not occur.
    fn new(lengths: &[u8]) -> Result<Self> {
        let mut count = [0_u16; 16];
        lengths.iter().filter(|&&l| l > 0).for_each(|&l| count[usize::from(l)] += 1);
        let mut left = 1_i32; // codes not yet given away
        for &n in &count[1..] {
            left = 2 * left - i32::from(n);
            if left < 0 {
                return Err(bad("a code has more symbols than its lengths allow"));
            }
        }
        let mut symbols: Vec<u16> =
            (0..lengths.len() as u16).filter(|&s| lengths[usize::from(s)] > 0).collect();
        symbols.sort_by_key(|&s| lengths[usize::from(s)]);
        Ok(Self { count, symbols })
    }

    /// Reads one symbol.
    fn read(&self, bits: &mut Bits<'_>) -> Result<u16> {
        let (mut code, mut first, mut place) = (0_usize, 0_usize, 0_usize);
        for &n in &self.count[1..] {
            let n = usize::from(n);
            code += bits.take(1)? as usize;
            if code < first + n {
                return Ok(self.symbols[place + code - first]);
            }
            place += n;
            first = 2 * (first + n);
            code *= 2;
        }
        Err(bad("a code is not in use"))
    }
}

/// Bits of the data, the lowest of each byte first.
struct Bits<'a> {
    data: &'a [u8],
    at: usize,
    held: u32,
    n: u32,
}

impl Bits<'_> {
    /// Returns the next `n` bits, at most 13, as a number.
    fn take(&mut self, n: u32) -> Result<u32> {
        while self.n < n {
            let &byte = self.data.get(self.at).ok_or_else(cut)?;
            self.at += 1;
            self.held |= u32::from(byte) << self.n;
            self.n += 8;
        }
        let value = self.held & ((1 << n) - 1);
        self.held >>= n;
        self.n -= n;
        Ok(value)
    }
}

fn room(out: &[u8], n: usize, limit: usize) -> Result<()> {
    if out.len() + n > limit {
        return Err(bad(format!("unpacks to more than the {limit} bytes that were announced")));
    }
    Ok(())
}

#[cold]
fn cut() -> Error {
    bad("the data end early")
}

#[cold]
fn bad(detail: impl Into<String>) -> Error {
    Error::format("deflate", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        text.as_bytes()
            .chunks(2)
            .map(|c| u8::from_str_radix(core::str::from_utf8(c).unwrap(), 16).unwrap())
            .collect()
    }

    /// Made with zlib: stored, fixed and own codes, the last with long distances.
    const STORED: &str = "010500faff68656c6c6f";
    const FIXED: &str = "4b4c4aa42a0400";
    const OWN: &str = "\
        edd2418a03211445d1add412caaf7e955e4f028190deffac51b4797f9605dce1a3acf2529cf7ebf3b8eeebf779dd3fd77b8e\
        3447daa3cc617b8c39f239e67395bdacce55f7caeb999f6facf7da5ebe3ed9f7eaebb671de5b579f105b27d37f4a5bf3c434\
        d368d3e89cb4da4db347d5ec9c35bbdd9a9d4cb36bd6ece19a5d4ae81e2976e7d03d8a76d75bc37be8aeda6d4dbb7bd7ee5a\
        b4db42771fdaedf177d7d09d6277f7d0edaedd88410c62108318c420063188410c62108318c420063188410c62108318c420\
        063188410c62108318c420063188410c62108318c420063188410c62108318c420063188410c62108318c420063188410c62\
        108318c420e64b317f";

    fn long_text() -> Vec<u8> {
        let line = |i: u32| format!("line {} of {}; ", i * i % 97, i % 13);
        (0..40).map(line).collect::<String>().repeat(30).into_bytes()
    }

    #[test]
    fn each_kind_of_block() {
        assert_eq!(inflate(&hex(STORED), 5).unwrap(), b"hello");
        assert_eq!(inflate(&hex(FIXED), 1000).unwrap(), b"ab".repeat(40));
        assert_eq!(inflate(&hex(OWN), 1 << 20).unwrap(), long_text());
    }

    #[test]
    fn announced_sizes_bind() {
        assert!(inflate(&hex(STORED), 4).is_err());
        assert!(inflate(&hex(FIXED), 79).is_err());
    }

    #[test]
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
    }

    /// The check value of CRC-32 is that of the nine digits.
    #[test]
    fn crc_of_the_digits() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(crc32(b""), 0);
    }

    #[test]
    fn gzip_files() {
        let body = hex(FIXED);
        let trailer = [crc32(&b"ab".repeat(40)).to_le_bytes(), 80_u32.to_le_bytes()].concat();
        let file = |flags: u8, extra: &[u8]| {
            [&[0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 3][..], extra, &body, &trailer].concat()
        };
        for good in
            [file(0, &[]), file(8, b"name\0"), file(4 | 8 | 16 | 2, b"\x02\0xxname\0note\0cc")]
        {
            assert_eq!(gunzip(&good).unwrap(), b"ab".repeat(40));
            for end in 0..good.len() {
                assert!(matches!(gunzip(&good[..end]), Err(Error::Format { .. })), "{end}");
            }
        }
        let mut wrong = file(0, &[]);
        let n = wrong.len();
        wrong[n - 6] ^= 1;
        assert!(gunzip(&wrong).unwrap_err().to_string().contains("checksum"));
    }
}
