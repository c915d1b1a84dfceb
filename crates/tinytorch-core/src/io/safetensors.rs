//! The safetensors format: named arrays in one file, without code and without surprises.
//!
//! Layout: the length of the header (8 bytes, little-endian), the header (JSON: name, element type, shape, and place of
//! each array, and a map of texts), then the elements, row-major and little-endian.

#[cfg(feature = "std")]
mod on_disk;

use alloc::collections::BTreeMap;
#[cfg(feature = "std")]
use std::{fs, path::Path};

use half::{bf16, f16};
use serde_json::{Map, Value, json};

use crate::nostd::prelude::*;
use crate::{DType, Error, Result, Shape, Tensor, tensor::Element};

#[cfg(feature = "std")]
pub use on_disk::SafeTensorsFile;

const FORMAT: &str = "safetensors";
/// Larger headers are refused: no real file comes near.
const MAX_HEADER: u64 = 100 << 20;
/// Name under which the header keeps the texts.
const METADATA: &str = "__metadata__";

/// Named tensors with a map of texts, as one file holds them.
#[derive(Debug, Clone, Default)]
pub struct SafeTensors {
    /// The tensors by name.
    pub tensors: BTreeMap<String, Tensor>,
    /// Free texts, such as the version of the program that wrote the file.
    pub metadata: BTreeMap<String, String>,
}

impl SafeTensors {
    /// Returns the content of a file.
    ///
    /// Element types that this crate lacks are widened: `U16` and `I16` to `i32`, `U32` and `U64` to `i64`.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the file cannot be read; [`Error::Format`] as [`Self::from_bytes`].
    #[cfg(feature = "std")]
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        Self::from_bytes(&fs::read(path).map_err(|e| Error::io("read", path, e))?)
    }

    /// Returns the content of a file that is in memory.
    ///
    /// # Errors
    ///
    /// [`Error::Format`] naming the tensor for anything that does not follow the format.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let (header, data) = split(bytes)?;
        let (entries, metadata) = index(&header, data.len() as u64)?;
        let mut out = Self { metadata, ..Self::default() };
        for (name, entry) in entries {
            let part = data.get(entry.start..entry.end).unwrap_or_default(); // `index` holds them to the length
            out.tensors.insert(name.clone(), entry.tensor(&name, part)?);
        }
        Ok(out)
    }

    /// Returns the tensor of this name.
    ///
    /// # Errors
    ///
    /// [`Error::MissingParameter`] if there is none.
    pub fn get(&self, name: &str) -> Result<&Tensor> {
        self.tensors.get(name).ok_or_else(|| Error::MissingParameter { name: name.to_owned() })
    }

    /// Returns the bytes of the file.
    ///
    /// The widest element types come first, so that every array is aligned to its elements.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut order: Vec<(&String, &Tensor)> = self.tensors.iter().collect();
        order.sort_by_key(|(_, t)| core::cmp::Reverse(t.dtype().size()));
        let mut header = Map::new();
        if !self.metadata.is_empty() {
            header.insert(METADATA.to_owned(), json!(self.metadata));
        }
        let mut data = Vec::new();
        for (name, tensor) in order {
            let start = data.len();
            encode(tensor, &mut data);
            let entry = json!({
                "dtype": name_of(tensor.dtype()),
                "shape": tensor.dims(),
                "data_offsets": [start, data.len()],
            });
            header.insert(name.clone(), entry);
        }
        let mut head = Value::Object(header).to_string().into_bytes();
        head.resize(head.len().next_multiple_of(8), b' ');
        [&(head.len() as u64).to_le_bytes()[..], &head, &data].concat()
    }

    /// Writes the file: first under a temporary name beside it, then renamed, so that a crash leaves either the old
    /// file or the new one.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if a step fails; the file of that name is then as it was.
    #[cfg(feature = "std")]
    pub fn write(&self, path: impl AsRef<Path>) -> Result<()> {
        super::replace(path.as_ref(), &self.to_bytes())
    }
}

/// Splits a file into header and data.
fn split(bytes: &[u8]) -> Result<(Map<String, Value>, &[u8])> {
    let short =
        || Error::format(FORMAT, format!("{} bytes are too few for the header", bytes.len()));
    let (length, rest) = bytes.split_first_chunk::<8>().ok_or_else(short)?;
    let length = u64::from_le_bytes(*length);
    within_limit(length)?;
    let (header, data) = rest.split_at_checked(length as usize).ok_or_else(short)?;
    Ok((parse(header)?, data))
}

fn within_limit(length: u64) -> Result<()> {
    if length > MAX_HEADER {
        let detail = format!("a header of {length} bytes; the limit is {MAX_HEADER}");
        return Err(Error::format(FORMAT, detail));
    }
    Ok(())
}

fn parse(header: &[u8]) -> Result<Map<String, Value>> {
    match serde_json::from_slice(header) {
        Ok(Value::Object(header)) => Ok(header),
        Ok(_) => Err(Error::format(FORMAT, "the header is not a JSON object".to_owned())),
        Err(e) => Err(Error::format(FORMAT, format!("the header is not JSON: {e}"))),
    }
}

/// The arrays and texts of a header, after checking that the arrays fill `n_bytes` of data without overlap or gap.
fn index(
    header: &Map<String, Value>,
    n_bytes: u64,
) -> Result<(BTreeMap<String, Entry>, BTreeMap<String, String>)> {
    let (mut entries, mut metadata) = (BTreeMap::new(), BTreeMap::new());
    let mut covered = Vec::with_capacity(header.len());
    for (name, value) in header {
        if name == METADATA {
            metadata = texts(value)?;
            continue;
        }
        let entry = Entry::parse(name, value)?;
        if entry.end as u64 > n_bytes {
            let detail = format!("{name} ends at byte {}, the data at {n_bytes}", entry.end);
            return Err(Error::format(FORMAT, detail));
        }
        covered.push((entry.start, entry.end));
        entries.insert(name.clone(), entry);
    }
    covered.sort_unstable();
    let end = covered.iter().try_fold(0, |at, &(start, end)| (start == at).then_some(end));
    if end.map(|end| end as u64) != Some(n_bytes) {
        return Err(Error::format(FORMAT, "the arrays overlap or leave gaps".to_owned()));
    }
    Ok((entries, metadata))
}

fn texts(value: &Value) -> Result<BTreeMap<String, String>> {
    let text = |(k, v): (&String, &Value)| v.as_str().map(|v| (k.clone(), v.to_owned()));
    value
        .as_object()
        .and_then(|map| map.iter().map(text).collect())
        .ok_or_else(|| Error::format(FORMAT, "the metadata is not a map of texts".to_owned()))
}

/// One array as the header describes it.
#[derive(Debug)]
struct Entry {
    stored: Stored,
    shape: Shape,
    start: usize,
    end: usize,
}

/// Element types of the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stored {
    Same(DType),
    U16,
    I16,
    U32,
    U64,
}

impl Stored {
    fn parse(name: &str) -> Option<Self> {
        DType::ALL.into_iter().find(|&d| name_of(d) == name).map(Self::Same).or(match name {
            "U16" => Some(Self::U16),
            "I16" => Some(Self::I16),
            "U32" => Some(Self::U32),
            "U64" => Some(Self::U64),
            _ => None,
        })
    }

    fn size(self) -> usize {
        match self {
            Self::Same(d) => d.size(),
            Self::U16 | Self::I16 => 2,
            Self::U32 => 4,
            Self::U64 => 8,
        }
    }
}

fn name_of(dtype: DType) -> &'static str {
    match dtype {
        DType::F32 => "F32",
        DType::F64 => "F64",
        DType::F16 => "F16",
        DType::BF16 => "BF16",
        DType::I64 => "I64",
        DType::I32 => "I32",
        DType::U8 => "U8",
        DType::I8 => "I8",
        DType::Bool => "BOOL",
    }
}

impl Entry {
    fn parse(name: &str, value: &Value) -> Result<Self> {
        let bad = |what: &str| Error::format(FORMAT, format!("{name}: {what}"));
        let numbers = |key: &str| -> Option<Vec<usize>> {
            value
                .get(key)?
                .as_array()?
                .iter()
                .map(|v| v.as_u64().and_then(|v| usize::try_from(v).ok()))
                .collect()
        };
        let dtype = value.get("dtype").and_then(Value::as_str).ok_or_else(|| bad("no dtype"))?;
        let stored =
            Stored::parse(dtype).ok_or_else(|| bad(&format!("unknown element type {dtype}")))?;
        let dims = numbers("shape").ok_or_else(|| bad("no list of sizes"))?;
        let shape = Shape::new(&dims).map_err(|_| bad(&format!("shape {dims:?} is too large")))?;
        let Some(&[start, end]) = numbers("data_offsets").as_deref() else {
            return Err(bad("no pair of offsets"));
        };
        let need = shape.numel() * stored.size();
        if end.checked_sub(start) != Some(need) {
            return Err(bad(&format!("offsets {start} to {end} for {need} bytes")));
        }
        Ok(Self { stored, shape, start, end })
    }

    fn tensor(&self, name: &str, bytes: &[u8]) -> Result<Tensor> {
        fn read<const N: usize, T: Element>(
            bytes: &[u8],
            shape: Shape,
            f: impl Fn([u8; N]) -> T,
        ) -> Tensor {
            Tensor::own(bytes.as_chunks::<N>().0.iter().map(|&b| f(b)).collect(), shape)
        }
        let s = self.shape;
        Ok(match self.stored {
            Stored::Same(DType::F32) => read(bytes, s, f32::from_le_bytes),
            Stored::Same(DType::F64) => read(bytes, s, f64::from_le_bytes),
            Stored::Same(DType::F16) => read(bytes, s, f16::from_le_bytes),
            Stored::Same(DType::BF16) => read(bytes, s, bf16::from_le_bytes),
            Stored::Same(DType::I64) => read(bytes, s, i64::from_le_bytes),
            Stored::Same(DType::I32) => read(bytes, s, i32::from_le_bytes),
            Stored::Same(DType::U8) => read(bytes, s, |[b]: [u8; 1]| b),
            Stored::Same(DType::I8) => read(bytes, s, i8::from_le_bytes),
            Stored::Same(DType::Bool) => read(bytes, s, |[b]: [u8; 1]| b != 0),
            Stored::U16 => read(bytes, s, |b| i32::from(u16::from_le_bytes(b))),
            Stored::I16 => read(bytes, s, |b| i32::from(i16::from_le_bytes(b))),
            Stored::U32 => read(bytes, s, |b| i64::from(u32::from_le_bytes(b))),
            Stored::U64 => {
                let values =
                    bytes.as_chunks::<8>().0.iter().map(|&b| i64::try_from(u64::from_le_bytes(b)));
                let values = values.collect::<Result<Vec<i64>, _>>();
                Tensor::own(
                    values.map_err(|_| {
                        Error::format(FORMAT, format!("{name}: a value above 2^63"))
                    })?,
                    s,
                )
            }
        })
    }
}

/// Appends the elements, row-major and little-endian.
fn encode(tensor: &Tensor, out: &mut Vec<u8>) {
    fn put<const N: usize, T: Element>(
        tensor: &Tensor,
        out: &mut Vec<u8>,
        f: impl Fn(T) -> [u8; N],
    ) {
        out.extend(tensor.typed::<T>().to_contiguous().iter().flat_map(|&v| f(v)));
    }
    match tensor.dtype() {
        DType::F32 => put(tensor, out, f32::to_le_bytes),
        DType::F64 => put(tensor, out, f64::to_le_bytes),
        DType::F16 => put(tensor, out, f16::to_le_bytes),
        DType::BF16 => put(tensor, out, bf16::to_le_bytes),
        DType::I64 => put(tensor, out, i64::to_le_bytes),
        DType::I32 => put(tensor, out, i32::to_le_bytes),
        DType::U8 => put(tensor, out, |v: u8| [v]),
        DType::I8 => put(tensor, out, i8::to_le_bytes),
        DType::Bool => put(tensor, out, |v: bool| [u8::from(v)]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rng;

    fn sample() -> SafeTensors {
        let mut file = SafeTensors::default();
        for (i, dtype) in DType::ALL.into_iter().enumerate() {
            let t = Tensor::arange(0.0, 6.0, 1.0, dtype).unwrap().reshape([2, 3]).unwrap();
            file.tensors.insert(format!("layer.{i}"), t.transpose(0, 1).unwrap());
        }
        file.tensors.insert("empty".into(), Tensor::zeros([0, 4], DType::F32).unwrap());
        file.tensors.insert("scalar".into(), Tensor::scalar(0.5f64));
        file.metadata.insert("format".into(), "pt".into());
        file
    }

    #[test]
    fn what_is_written_is_read() {
        let file = sample();
        let back = SafeTensors::from_bytes(&file.to_bytes()).unwrap();
        assert_eq!(back.metadata, file.metadata);
        assert_eq!(back.tensors.len(), file.tensors.len());
        for (name, t) in &file.tensors {
            assert!(back.get(name).unwrap().same_values(t), "{name}");
        }
        assert!(matches!(back.get("other"), Err(Error::MissingParameter { .. })));
    }

    #[test]
    fn a_file_by_hand() {
        let header = br#"{"a":{"dtype":"U16","shape":[2],"data_offsets":[0,4]}}"#;
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend_from_slice(header);
        bytes.extend_from_slice(&[1, 0, 0xff, 0xff]);
        let file = SafeTensors::from_bytes(&bytes).unwrap();
        assert_eq!(file.get("a").unwrap().to_vec::<i32>().unwrap(), [1, 65_535]);
    }

    #[test]
    fn arrays_are_aligned() {
        let bytes = sample().to_bytes();
        let header: Value = serde_json::from_slice(split_header(&bytes)).unwrap();
        for (name, entry) in header.as_object().unwrap().iter().filter(|(n, _)| *n != METADATA) {
            let start = entry["data_offsets"][0].as_u64().unwrap() as usize;
            let size = Stored::parse(entry["dtype"].as_str().unwrap()).unwrap().size();
            assert_eq!(start % size, 0, "{name}");
        }
    }

    fn split_header(bytes: &[u8]) -> &[u8] {
        let n = u64::from_le_bytes(*bytes.first_chunk().unwrap()) as usize;
        assert_eq!(n % 8, 0, "the data starts on a multiple of 8");
        &bytes[8..8 + n]
    }

    #[test]
    fn every_truncation_is_refused() {
        let bytes = sample().to_bytes();
        for n in 0..bytes.len() {
            assert!(
                matches!(SafeTensors::from_bytes(&bytes[..n]), Err(Error::Format { .. })),
                "{n} bytes"
            );
        }
    }

    #[test]
    fn changed_files_never_panic() {
        let (bytes, mut rng) = (sample().to_bytes(), Rng::seed(7));
        for _ in 0..4000 {
            let mut changed = bytes.clone();
            for _ in 0..=rng.below(3) {
                let at = rng.below(changed.len());
                changed[at] = rng.next_u64() as u8;
            }
            // Either outcome is fine; what counts is that there is one.
            let _ = SafeTensors::from_bytes(&changed);
        }
    }

    #[test]
    fn overlaps_gaps_and_lies_are_refused() {
        for entries in [
            r#"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}"#,
            r#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}}"#,
            r#"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,3]}}"#,
            r#"{"a":{"dtype":"U8","shape":[3],"data_offsets":[3,0]}}"#,
            r#"{"a":{"dtype":"Q4","shape":[3],"data_offsets":[0,3]}}"#,
            r#"{"a":{"dtype":"F64","shape":[4611686018427387904,4],"data_offsets":[0,3]}}"#,
            r#"{"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,3]}}"#,
            r#"[1]"#,
        ] {
            let mut bytes = (entries.len() as u64).to_le_bytes().to_vec();
            bytes.extend_from_slice(entries.as_bytes());
            bytes.extend_from_slice(&[0; 3]);
            assert!(
                matches!(SafeTensors::from_bytes(&bytes), Err(Error::Format { .. })),
                "{entries}"
            );
        }
    }

    #[test]
    fn a_failed_write_leaves_the_old_file() {
        let dir =
            std::env::temp_dir().join(format!("tinytorch-safetensors-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        let path = dir.join("weights.safetensors");
        sample().write(&path).unwrap();
        assert_eq!(SafeTensors::read(&path).unwrap().tensors.len(), 11);
        let missing = dir.join("no such folder").join("weights.safetensors");
        assert!(matches!(sample().write(&missing), Err(Error::Io { op: "write", .. })));
        assert!(matches!(SafeTensors::read(&missing), Err(Error::Io { op: "read", .. })));
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 1, "no temporary file is left");
        fs::remove_dir_all(&dir).unwrap();
    }
}
