//! Several named arrays in a file: the `.npz` format of NumPy, a zip archive of `.npy` files.
//!
//! Archives of `np.savez` (stored) and, with the feature `deflate`, of `np.savez_compressed` can be read; what is written here is stored.
//! Refused with a message: encrypted entries, other ways of packing, entries of 4 GiB and more (zip64), and archives in parts.

use std::{collections::BTreeMap, fs, path::Path};

use super::{
    inflate::{crc32, inflate},
    npy, replace,
};
use crate::{Error, Result, Tensor};

const LOCAL: [u8; 4] = *b"PK\x03\x04";
const CENTRAL: [u8; 4] = *b"PK\x01\x02";
const END: [u8; 4] = *b"PK\x05\x06";

/// Reads the arrays in a file, by name without `.npy`.
///
/// # Errors
///
/// [`Error::Io`] if the file cannot be read, otherwise as [`from_bytes`].
pub fn read(path: impl AsRef<Path>) -> Result<BTreeMap<String, Tensor>> {
    let path = path.as_ref();
    from_bytes(&fs::read(path).map_err(|e| Error::io("read", path, e))?)
}

/// Writes tensors to a file, in the order of their names.
///
/// # Errors
///
/// [`Error::Io`] if the file cannot be written, otherwise as [`to_bytes`].
pub fn write(path: impl AsRef<Path>, arrays: &BTreeMap<String, Tensor>) -> Result<()> {
    replace(path.as_ref(), &to_bytes(arrays)?)
}

/// Returns the arrays in the contents of a file, by name without `.npy`.
///
/// # Errors
///
/// [`Error::Format`] naming the entry if the archive or an array in it does not follow its format or uses what is listed above.
pub fn from_bytes(file: &[u8]) -> Result<BTreeMap<String, Tensor>> {
    let (count, mut at) = end_record(file)?;
    let mut arrays = BTreeMap::new();
    for _ in 0..count {
        let (entry, next) = Entry::parse(file, at)?;
        at = next;
        let named = |error: Error| {
            let text = error.to_string();
            bad(format!("entry {:?}: {}", entry.name, text.lines().next().unwrap_or_default()))
        };
        let name = entry
            .name
            .strip_suffix(".npy")
            .ok_or_else(|| named(bad("the name does not end in .npy")))?;
        let array =
            entry.contents(file).and_then(|bytes| npy::from_bytes(&bytes)).map_err(named)?;
        if arrays.insert(name.to_owned(), array).is_some() {
            return Err(named(bad("the name is there twice")));
        }
    }
    Ok(arrays)
}

/// Returns the contents of a file with these tensors.
///
/// # Errors
///
/// As [`npy::to_bytes`]; [`Error::InvalidArgument`] if a name is longer than 65,531 bytes, for more than 65,535 arrays, or if the
/// file would reach 4 GiB.
pub fn to_bytes(arrays: &BTreeMap<String, Tensor>) -> Result<Vec<u8>> {
    let too_large =
        |what: &'static str, got: usize, need: &str| Error::argument("npz", what, got, need);
    let n_arrays = u16::try_from(arrays.len())
        .map_err(|_| too_large("arrays", arrays.len(), "at most 65535 arrays"))?;
    let (mut out, mut central) = (Vec::new(), Vec::new());
    for (name, tensor) in arrays {
        let data = npy::to_bytes(tensor)?;
        let name = format!("{name}.npy");
        let name_len = u16::try_from(name.len())
            .map_err(|_| too_large("name", name.len(), "at most 65535 bytes with .npy"))?;
        let place = out.len() as u32; // the sum is checked at the end
        let size = (data.len() as u32).to_le_bytes();
        // Version 2.0, names in UTF-8, stored, midnight on 1 January 1980, checksum, packed and plain size, lengths of the
        // name and of nothing else.
        let mut common = vec![20, 0, 0, 8, 0, 0, 0, 0, 0x21, 0];
        common.extend(crc32(&data).to_le_bytes());
        common.extend([size, size].as_flattened());
        common.extend(name_len.to_le_bytes());
        common.extend([0, 0]);
        out.extend(LOCAL);
        out.extend(&common);
        out.extend(name.bytes());
        out.extend(data);
        central.extend(CENTRAL);
        central.extend([20, 0]);
        central.extend(common);
        central.extend([0; 10]);
        central.extend(place.to_le_bytes());
        central.extend(name.bytes());
    }
    let start = out.len();
    let total = start.saturating_add(central.len());
    if u32::try_from(total).is_err() {
        return Err(too_large(
            "arrays",
            total,
            "less than 4 GiB as a file: use several files, or safetensors",
        ));
    }
    let (size, count) = (central.len() as u32, n_arrays.to_le_bytes());
    out.extend(central);
    out.extend(END);
    out.extend([0; 4]);
    out.extend([count, count].as_flattened());
    out.extend(size.to_le_bytes());
    out.extend((start as u32).to_le_bytes());
    out.extend([0; 2]);
    Ok(out)
}

/// Number of entries, and where the list of them begins.
fn end_record(file: &[u8]) -> Result<(usize, usize)> {
    // The record is 22 bytes long and ends with a comment of up to 65,535.
    let last =
        file.len().checked_sub(22).ok_or_else(|| bad("the file is too short for an archive"))?;
    let is_end = |&at: &usize| {
        file[at..].starts_with(&END) && u16_at(file, at + 20) == Some(file.len() - at - 22)
    };
    let at = (last.saturating_sub(65_535)..=last).rev().find(is_end);
    let at = at.ok_or_else(|| bad("no end of an archive found: the file is cut, or no archive"))?;
    match (u16_at(file, at + 4), u16_at(file, at + 8), u16_at(file, at + 10), u32_at(file, at + 16))
    {
        (Some(0), Some(here), Some(all), Some(start)) if here == all => Ok((all, start)),
        _ => Err(bad("the archive has several parts")),
    }
}

/// A line of the list of entries.
struct Entry {
    name: String,
    method: usize,
    flags: usize,
    crc: u32,
    packed: usize,
    size: usize,
    local: usize,
}

impl Entry {
    /// Reads the line at `at` and returns where the next begins.
    fn parse(file: &[u8], at: usize) -> Result<(Self, usize)> {
        let cut = || bad("the list of entries is cut");
        let line = file.get(at..).ok_or_else(cut)?;
        if !line.starts_with(&CENTRAL) {
            return Err(bad(format!("no entry at byte {at}, where the list of entries continues")));
        }
        let short = |offset| u16_at(line, offset).ok_or_else(cut);
        let long = |offset| u32_at(line, offset).ok_or_else(cut);
        let (name_len, extra_len, comment_len) = (short(28)?, short(30)?, short(32)?);
        let name = line.get(46..46 + name_len).ok_or_else(cut)?;
        let entry = Self {
            name: String::from_utf8_lossy(name).into_owned(),
            flags: short(8)?,
            method: short(10)?,
            crc: long(16)? as u32,
            packed: long(20)?,
            size: long(24)?,
            local: long(42)?,
        };
        Ok((entry, at + 46 + name_len + extra_len + comment_len))
    }

    /// The unpacked bytes.
    fn contents(&self, file: &[u8]) -> Result<Vec<u8>> {
        if self.flags & 1 != 0 {
            return Err(bad("the entry is encrypted"));
        }
        let zip64 = u32::MAX as usize;
        if [self.packed, self.size, self.local].contains(&zip64) {
            return Err(bad("the entry has 4 GiB or more (zip64)"));
        }
        let cut = || bad("the data are cut");
        let local = file.get(self.local..).ok_or_else(cut)?;
        if !local.starts_with(&LOCAL) {
            return Err(bad(format!("no data at byte {}, where they should begin", self.local)));
        }
        let start = 30 + u16_at(local, 26).ok_or_else(cut)? + u16_at(local, 28).ok_or_else(cut)?;
        let packed = local.get(start..).and_then(|rest| rest.get(..self.packed)).ok_or_else(cut)?;
        let bytes = match self.method {
            0 => packed.to_vec(),
            8 => inflate(packed, self.size)?,
            other => {
                return Err(bad(format!(
                    "packed by method {other}, need 0 (stored) or 8 (deflated)"
                )));
            }
        };
        if bytes.len() != self.size || crc32(&bytes) != self.crc {
            return Err(bad("the checksum does not fit the content"));
        }
        Ok(bytes)
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<usize> {
    let two = bytes.get(at..)?.first_chunk::<2>()?;
    Some(usize::from(u16::from_le_bytes(*two)))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<usize> {
    let four = bytes.get(at..)?.first_chunk::<4>()?;
    Some(u32::from_le_bytes(*four) as usize)
}

#[cold]
fn bad(detail: impl Into<String>) -> Error {
    Error::format("npz", detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DType, Rng};

    /// `np.savez_compressed` of `a = np.arange(200, dtype=np.int32).reshape(2, 100)` and `b = np.float64(0.5)`, by NumPy 2.4.
    const COMPRESSED: &[u8] = include_bytes!("../../tests/data/compressed.npz");
    /// The same two by `np.savez`.
    const STORED: &[u8] = include_bytes!("../../tests/data/stored.npz");

    /// What can be read with the features of this build.
    const READABLE: &[&[u8]] =
        if cfg!(feature = "deflate") { &[COMPRESSED, STORED] } else { &[STORED] };

    #[test]
    #[cfg(not(feature = "deflate"))]
    fn the_missing_feature_is_named() {
        let error = from_bytes(COMPRESSED).unwrap_err().to_string();
        assert!(error.contains("feature `deflate`"), "{error}");
    }

    #[test]
    fn archives_of_numpy() {
        for &file in READABLE {
            let arrays = from_bytes(file).unwrap();
            assert_eq!(arrays.keys().collect::<Vec<_>>(), ["a", "b"]);
            assert_eq!((arrays["a"].dims(), arrays["b"].dims()), (&[2, 100][..], &[][..]));
            assert_eq!(arrays["a"].to_vec::<i32>().unwrap(), (0..200).collect::<Vec<_>>());
            assert_eq!(arrays["b"].item::<f64>().unwrap(), 0.5);
        }
    }

    #[test]
    fn archives_come_back() {
        let mut rng = Rng::seed(1);
        let mut arrays = BTreeMap::new();
        for (name, dtype) in [("w", DType::F32), ("layer/bias", DType::F16), ("µ", DType::F64)] {
            arrays.insert(name.to_owned(), Tensor::randn([3, 5], dtype, &mut rng).unwrap());
        }
        let again = from_bytes(&to_bytes(&arrays).unwrap()).unwrap();
        assert!(again.keys().eq(arrays.keys()));
        for (name, x) in &arrays {
            assert_eq!(again[name].to_vec_as::<f64>(), x.to_vec_as::<f64>());
        }
        assert!(from_bytes(&to_bytes(&BTreeMap::new()).unwrap()).unwrap().is_empty());
    }

    #[test]
    fn every_cut_and_every_damaged_byte() {
        for &file in READABLE {
            for end in 0..file.len() {
                assert!(matches!(from_bytes(&file[..end]), Err(Error::Format { .. })), "{end}");
            }
            for at in 0..file.len() {
                let mut bytes = file.to_vec();
                bytes[at] ^= 0xff;
                // Dates, versions and the like may change; the arrays may not.
                if let Ok(arrays) = from_bytes(&bytes) {
                    let sum: i32 =
                        arrays.values().filter_map(|a| a.to_vec::<i32>().ok()).flatten().sum();
                    assert_eq!((arrays.len(), sum), (2, 19_900), "{at}");
                }
            }
        }
    }

    #[track_caller]
    fn check_bad(change: impl Fn(&mut Vec<u8>, usize), expected: &str) {
        let mut bytes = STORED.to_vec();
        let central = end_record(&bytes).unwrap().1;
        change(&mut bytes, central);
        let error = from_bytes(&bytes).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }

    #[test]
    fn what_is_refused_is_named() {
        check_bad(|b, at| b[at + 8] |= 1, "\"a.npy\": npz: the entry is encrypted");
        check_bad(|b, at| b[at + 10] = 12, "packed by method 12");
        check_bad(|b, at| b[at + 24..at + 28].fill(0xff), "4 GiB");
        check_bad(|b, at| b[at + 16] ^= 1, "checksum");
        check_bad(|b, at| b[at + 46] = b'b', "twice");
        check_bad(|b, at| b[at + 50] = b'z', "does not end in .npy");
        check_bad(|b, at| b[at] = 0, "no entry at byte");
        check_bad(|b, _| b.truncate(5), "too short");
        let error = read("/no/such/file.npz").unwrap_err();
        assert!(matches!(&error, Error::Io { op: "read", .. }), "{error}");
    }
}
