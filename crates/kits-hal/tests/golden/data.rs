//! Reading the data folder, and running a model on bytes.

use std::path::{Path, PathBuf};

use kits_hal::{
    Check, Model, Session,
    convert::{Options, Planner, import},
};
use serde_json::Value;

use crate::report::Compared;

/// Files of a folder with an extension, sorted; none if there is no such folder.
pub(crate) fn files(dir: &Path, extension: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(dir) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries
        .filter_map(|e| e.ok().map(|e| e.path()))
        .filter(|p| p.extension().is_some_and(|e| e == extension))
        .collect();
    files.sort();
    files
}

pub(crate) fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

pub(crate) fn json(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

pub(crate) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The bytes of `{"hex"}`, `{"ints"}` or `{"f32_bits"}` in the order of memory; `width` is that of
/// an integer element.
pub(crate) fn bytes(value: &Value, width: usize) -> Vec<u8> {
    if let Some(hex) = value["hex"].as_str() {
        return (0..hex.len() / 2)
            .map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).expect("hex digits"))
            .collect();
    }
    if let Some(bits) = value["f32_bits"].as_array() {
        let word = |b: &Value| u32::try_from(b.as_u64().expect("bits")).expect("32 bits");
        return bits.iter().flat_map(|b| word(b).to_le_bytes()).collect();
    }
    list(&value["ints"])
        .iter()
        .flat_map(|v| v.as_i64().expect("an integer").to_le_bytes()[..width].to_vec())
        .collect()
}

/// A converted model and memory to run it in.
pub(crate) struct Runner {
    pub(crate) kit: Vec<u8>,
    /// Words, so that typed views are aligned.
    arena: Vec<u64>,
    /// Runs the plain kernels instead of the fast ones.
    plain: bool,
}

impl Runner {
    /// Converts with one of the planners; `int8_io` strips float borders.
    pub(crate) fn new(file: &[u8], planner: Planner, int8_io: bool) -> Result<Self, String> {
        let options = Options { planner, int8_io, ..Options::default() };
        let kit = import(file, &options).map_err(|e| e.to_string())?.kit;
        let model = Model::parse(&kit, Check::Full).map_err(|e| e.to_string())?;
        let arena = vec![0x5a5a_5a5a_5a5a_5a5a_u64; model.arena_len().div_ceil(8)];
        Ok(Self { kit, arena, plain: false })
    }

    pub(crate) fn session(&mut self) -> Session<'_, '_> {
        let model = Model::parse(&self.kit, Check::Header).expect("checked before");
        let arena: &mut [u8] = bytemuck::cast_slice_mut(&mut self.arena);
        let session = if self.plain { Session::plain } else { Session::new };
        session(&model, arena).expect("the arena has the announced length")
    }

    /// Fills all memory with a byte, and chooses the kernels.
    pub(crate) fn poisoned(&mut self, fill: u8, plain: bool) -> &mut Self {
        self.arena.fill(u64::from_ne_bytes([fill; 8]));
        self.plain = plain;
        self
    }

    /// Returns the bytes of every input.
    pub(crate) fn input_lengths(&self) -> Vec<usize> {
        let model = Model::parse(&self.kit, Check::Header).expect("checked before");
        (0..model.n_inputs())
            .filter_map(|i| model.input(i))
            .map(|info| info.bytes as usize)
            .collect()
    }

    /// Writes the inputs, runs, and returns all outputs one after the other.
    pub(crate) fn run(&mut self, inputs: &[Vec<u8>]) -> Result<Vec<u8>, String> {
        let mut session = self.session();
        fill(&mut session, inputs)?;
        session.run().map_err(|e| e.to_string())?;
        outputs(&session)
    }
}

/// Writes raw bytes into the inputs of a session.
pub(crate) fn fill(session: &mut Session<'_, '_>, inputs: &[Vec<u8>]) -> Result<(), String> {
    for (i, data) in (0..).zip(inputs) {
        let info = session.model().input(i).ok_or("more inputs than the model has")?;
        if data.len() != info.bytes as usize {
            return Err(format!("input {i} has {} bytes, not {}", info.bytes, data.len()));
        }
        match info.dtype {
            kits_hal::DType::I8 => session.set_input::<i8>(i, bytemuck::cast_slice(data)),
            kits_hal::DType::U8 => session.set_input::<u8>(i, data),
            kits_hal::DType::I16 => session.set_input::<i16>(i, &collect(data)),
            kits_hal::DType::I32 => session.set_input::<i32>(i, &collect(data)),
            _ => session.set_input::<f32>(i, &collect(data)),
        }
        .map_err(|e| e.to_string())?;
    }
    Ok(())
}

/// The elements of unaligned bytes.
fn collect<T: kits_hal::Element>(data: &[u8]) -> Vec<T> {
    data.chunks_exact(size_of::<T>()).map(bytemuck::pod_read_unaligned).collect()
}

/// The bytes of all outputs, one after the other.
pub(crate) fn outputs(session: &Session<'_, '_>) -> Result<Vec<u8>, String> {
    let mut all = Vec::new();
    for i in 0..session.model().n_outputs() {
        let info = session.model().output(i).ok_or("an output is missing")?;
        let bytes: &[u8] = match info.dtype {
            kits_hal::DType::I8 => session.output::<i8>(i).map(bytemuck::cast_slice),
            kits_hal::DType::U8 => session.output::<u8>(i),
            kits_hal::DType::I16 => session.output::<i16>(i).map(bytemuck::cast_slice),
            kits_hal::DType::I32 => session.output::<i32>(i).map(bytemuck::cast_slice),
            _ => session.output::<f32>(i).map(bytemuck::cast_slice),
        }
        .map_err(|e| e.to_string())?;
        all.extend_from_slice(bytes);
    }
    Ok(all)
}

/// Compares results of elements of `width` bytes; the first difference is named.
pub(crate) fn compare(found: &[u8], expected: &[u8], width: usize) -> Compared {
    let elements = expected.len() / width.max(1);
    if found.len() != expected.len() {
        let first = Some(format!("{} bytes instead of {}", found.len(), expected.len()));
        return Compared { elements, differing: elements, first };
    }
    let pairs = || found.chunks(width.max(1)).zip(expected.chunks(width.max(1)));
    let differing = pairs().filter(|(a, b)| a != b).count();
    let first = pairs().position(|(a, b)| a != b).map(|i| {
        let at = i * width.max(1);
        format!(
            "element {i} starts with {}, expected {} ({differing} of {elements} differ)",
            found[at].cast_signed(),
            expected[at].cast_signed(),
        )
    });
    Compared { elements, differing, first }
}

/// The random inputs of the vector files: SplitMix64, little endian.
pub(crate) fn splitmix(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed;
    let mut bytes = Vec::with_capacity(len + 8);
    while bytes.len() < len {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bytes.extend_from_slice(&(z ^ (z >> 31)).to_le_bytes());
    }
    bytes.truncate(len);
    bytes
}
