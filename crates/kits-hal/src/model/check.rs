//! One pass over a container: header, sections, index list, tensors, operators.
//!
//! Everything here is a `const fn`, so that the same rules hold at run time and at compile time.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "sums of u8, u16 and u32 fields in wider integers; counters stop at a u16 count"
)]

use super::{Model, bad_section, check_op, geometry, record};
use crate::{
    bytes,
    dtype::DType,
    error::{LoadError, Section},
};

/// Takes the value out of an `Option`, or returns the error (`?` is not available in `const fn`).
macro_rules! some {
    ($value:expr, $error:expr) => {
        match $value {
            Some(value) => value,
            None => return Err($error),
        }
    };
}

/// Takes the value out of a `Result`, or returns its error.
macro_rules! ok {
    ($value:expr) => {
        match $value {
            Ok(value) => value,
            Err(error) => return Err(error),
        }
    };
}

pub(super) use {ok, some};

/// The fields of the header that the rest of the check needs.
pub(super) struct Header {
    pub(super) arena: u32,
    pub(super) scratch: u32,
    pub(super) n_tensors: u16,
    pub(super) n_operators: u16,
    pub(super) inputs: u8,
    pub(super) outputs: u8,
    /// Blocks of the first memory; 0 for a single one.
    pub(super) split: u16,
    /// Tensors, operators, parameters, weights, names (0 = none).
    pub(super) offsets: [u32; 5],
    macs: u64,
    /// End of the weights section.
    weights_end: u32,
}

impl Header {
    /// Returns `true` if `at..at + len` lies inside the weights section.
    pub(super) const fn in_weights(&self, at: u32, len: u64) -> bool {
        at >= self.offsets[3] && (at as u64).saturating_add(len) <= self.weights_end as u64
    }

    /// Returns `true` if `at..at + len` lies inside the parameters section, 4-byte aligned.
    pub(super) const fn in_params(&self, at: u32, len: u64) -> bool {
        at >= self.offsets[2]
            && at & 3 == 0
            && (at as u64).saturating_add(len) <= self.offsets[3] as u64
    }
}

/// Checks a container without reading its weights; `CORE` refuses operators outside the core set.
pub(super) const fn parse<const CORE: bool>(file: &[u8]) -> Result<Model<'_>, LoadError> {
    let header = ok!(header(file));
    let total = some!(bytes::u32_at(file, 8), LoadError::BadMagic);
    let body = some!(
        bytes::slice(file, 0, total as usize),
        LoadError::Truncated { need: total, have: clip(file.len()) }
    );
    let model = Model::from_header(body, &header);
    ok!(index_list(&model));
    ok!(tensors(&model, &header));
    ok!(operators::<CORE>(&model, &header));
    ok!(names(body, header.offsets[4]));
    Ok(model)
}

/// Returns scratch bytes and multiply-accumulates of a file under construction.
#[cfg(feature = "convert")]
pub(super) fn measure(file: &[u8]) -> Result<(u32, u64), LoadError> {
    let header = header(file)?;
    let model = Model::from_header(file, &header);
    let (mut scratch, mut macs) = (0, 0_u64);
    for i in 0..model.n_operators {
        let op = some!(model.op_record(i), LoadError::BadIndex { op: i, index: i });
        scratch = scratch.max(geometry::scratch_bytes(&model, &op).unwrap_or(0));
        macs = macs.saturating_add(geometry::macs(&model, &op));
    }
    Ok((u32::try_from(scratch).unwrap_or(u32::MAX), macs))
}

const fn header(file: &[u8]) -> Result<Header, LoadError> {
    let have = clip(file.len());
    let short = LoadError::Truncated { need: record::HEADER, have };
    let b = match file.first_chunk::<64>() {
        Some(b) => b,
        None => {
            // A wrong file is named before a short one.
            return match file.first_chunk::<4>() {
                Some(b"KITM") | None => Err(short),
                Some(_) => Err(LoadError::BadMagic),
            };
        }
    };
    if !matches!([b[0], b[1], b[2], b[3]], [b'K', b'I', b'T', b'M']) {
        return Err(LoadError::BadMagic);
    }
    let major = u16::from_le_bytes([b[4], b[5]]);
    let minor = u16::from_le_bytes([b[6], b[7]]);
    if major != 1 || minor != 0 {
        return Err(LoadError::Version { major, minor });
    }
    let total = u32::from_le_bytes([b[8], b[9], b[10], b[11]]);
    if total > have {
        return Err(LoadError::Truncated { need: total, have });
    }
    if total < record::HEADER {
        return Err(bad_section(Section::Header, 8));
    }
    let flags = u32::from_le_bytes([b[16], b[17], b[18], b[19]]);
    let once = if cfg!(feature = "single-round") { record::MODEL_ONCE } else { 0 };
    let known = once | record::MODEL_OVERLAP | record::MODEL_REGIONS | record::MODEL_PINNED;
    if flags & !known != 0 {
        // Packed weights, and without its feature one-step rounding, need kernels that this build does not have.
        return Err(bad_section(Section::Header, 16));
    }
    let split = u16::from_le_bytes([b[34], b[35]]);
    if (split != 0) != (flags & record::MODEL_REGIONS != 0) {
        return Err(bad_section(Section::Header, 34));
    }
    let offsets = [
        u32::from_le_bytes([b[36], b[37], b[38], b[39]]),
        u32::from_le_bytes([b[40], b[41], b[42], b[43]]),
        u32::from_le_bytes([b[44], b[45], b[46], b[47]]),
        u32::from_le_bytes([b[48], b[49], b[50], b[51]]),
        u32::from_le_bytes([b[52], b[53], b[54], b[55]]),
    ];
    let h = Header {
        arena: u32::from_le_bytes([b[20], b[21], b[22], b[23]]),
        scratch: u32::from_le_bytes([b[24], b[25], b[26], b[27]]),
        n_tensors: u16::from_le_bytes([b[28], b[29]]),
        n_operators: u16::from_le_bytes([b[30], b[31]]),
        inputs: b[32],
        outputs: b[33],
        split,
        offsets,
        macs: u64::from_le_bytes([b[56], b[57], b[58], b[59], b[60], b[61], b[62], b[63]]),
        weights_end: if offsets[4] == 0 { total } else { offsets[4] },
    };
    if split as u32 * record::REGION_BLOCK > h.arena {
        return Err(bad_section(Section::Header, 34));
    }
    // Activations and scratch are lent as one buffer, so their sum must be a length.
    if h.arena as u64 + h.scratch as u64 > i32::MAX as u64 {
        return Err(bad_section(Section::Header, 20));
    }
    match section_order(&h, total) {
        Ok(()) => Ok(h),
        Err(error) => Err(error),
    }
}

/// Checks that the sections follow each other, aligned, and hold the announced records.
const fn section_order(h: &Header, total: u32) -> Result<(), LoadError> {
    let entries = h.inputs as u64 + h.outputs as u64;
    let index_end = record::HEADER as u64 + 2 * entries;
    let tensors_end = h.offsets[0] as u64 + record::TENSOR as u64 * h.n_tensors as u64;
    let operators_end = h.offsets[1] as u64 + record::OPERATOR as u64 * h.n_operators as u64;
    let aligned = record::ALIGN - 1;
    if (h.offsets[0] as u64) < index_end || h.offsets[0] & aligned != 0 {
        return Err(bad_section(Section::Tensors, 36));
    }
    if (h.offsets[1] as u64) < tensors_end || h.offsets[1] & aligned != 0 {
        return Err(bad_section(Section::Operators, 40));
    }
    if (h.offsets[2] as u64) < operators_end || h.offsets[2] & aligned != 0 {
        return Err(bad_section(Section::Parameters, 44));
    }
    if h.offsets[3] < h.offsets[2] || h.offsets[3] & aligned != 0 || h.offsets[3] > total {
        return Err(bad_section(Section::Weights, 48));
    }
    if h.offsets[4] != 0
        && (h.offsets[4] < h.offsets[3] || h.offsets[4] & aligned != 0 || h.offsets[4] > total)
    {
        return Err(bad_section(Section::Names, 52));
    }
    Ok(())
}

/// Checks that the listed tensors exist and carry the flag of their role.
const fn index_list(model: &Model<'_>) -> Result<(), LoadError> {
    let n = model.inputs as u16 + model.outputs as u16;
    let mut i = 0;
    while i < n {
        let at = record::HEADER + 2 * i as u32;
        let index = some!(model.index_entry(i), bad_section(Section::Index, at));
        let tensor = some!(model.tensor_record(index), bad_section(Section::Index, at));
        let role =
            if i < model.inputs as u16 { record::TENSOR_INPUT } else { record::TENSOR_OUTPUT };
        if !tensor.has(role) {
            return Err(bad_section(Section::Index, at));
        }
        i += 1;
    }
    Ok(())
}

const fn tensors(model: &Model<'_>, h: &Header) -> Result<(), LoadError> {
    let mut before: Option<record::TensorRecord> = None;
    let mut i = 0;
    while i < model.n_tensors {
        let t = some!(model.tensor_record(i), LoadError::BadShape { tensor: i });
        let dtype = some!(
            DType::from_code(t.ty),
            LoadError::UnsupportedType { tensor: i, ty: t.ty }
        );
        let len = t.elements().saturating_mul(dtype.bytes() as u64);
        if len == 0 || len != t.len as u64 || t.flags > 31 {
            return Err(LoadError::BadShape { tensor: i });
        }
        let inside = if t.has(record::TENSOR_CONSTANT) {
            h.in_weights(t.at, len) && !t.has(record::TENSOR_INPUT)
        } else {
            // Where there are two memories, a tensor lies in one of them.
            let split = h.split as u64 * record::REGION_BLOCK as u64;
            t.at as u64 + len <= h.arena as u64
                && t.at & (dtype.bytes() - 1) == 0
                && (t.at as u64 >= split || t.at as u64 + len <= split || split == 0)
        };
        if !inside {
            return Err(LoadError::BadShape { tensor: i });
        }
        // A state is nothing else besides: whoever runs the model must not write into it.
        if t.has(record::TENSOR_VARIABLE) && t.flags != record::TENSOR_VARIABLE {
            return Err(LoadError::BadShape { tensor: i });
        }
        if t.has(record::TENSOR_ALIAS) {
            let same = match before {
                Some(b) => {
                    b.at == t.at
                        && b.len == t.len
                        && b.ty == t.ty
                        && b.has(record::TENSOR_CONSTANT) == t.has(record::TENSOR_CONSTANT)
                }
                None => false,
            };
            if !same {
                return Err(LoadError::BadShape { tensor: i });
            }
        }
        let (low, high) = dtype.zero_point_range();
        let zero = t.zero as i32;
        if !t.scale.is_finite() || t.scale.is_sign_negative() || zero < low || zero > high {
            return Err(LoadError::BadQuantization { tensor: i });
        }
        before = Some(t);
        i += 1;
    }
    Ok(())
}

/// Checks every operator, the order of definitions, and the sums announced in the header.
///
/// Tensor records come in the order of their definition, so one cursor proves that everything
/// read was written before, without a set of written tensors.
const fn operators<const CORE: bool>(model: &Model<'_>, h: &Header) -> Result<(), LoadError> {
    let mut defined = 0; // tensors below it hold data, constants and aliases included
    let mut macs = 0_u64;
    let mut i = 0;
    while i < model.n_operators {
        let op = some!(model.op_record(i), LoadError::BadIndex { op: i, index: i });
        let continues =
            op.has(record::OP_PARTIAL) && defined == op.output.wrapping_add(1) && defined > 0;
        if !continues {
            while defined < op.output {
                let t = some!(
                    model.tensor_record(defined),
                    LoadError::BadIndex { op: i, index: op.output }
                );
                if !given(&t) {
                    return Err(LoadError::BadOrder { op: i });
                }
                defined += 1;
            }
            if defined != op.output {
                return Err(LoadError::BadOrder { op: i });
            }
        }
        let out =
            some!(model.tensor_record(op.output), LoadError::BadIndex { op: i, index: op.output });
        if given(&out) {
            return Err(LoadError::BadOrder { op: i });
        }
        let mut k = 0;
        while k < 3 {
            #[expect(clippy::indexing_slicing, reason = "three inputs, k < 3")]
            let index = op.inputs[k];
            if index != record::NONE {
                if index >= model.n_tensors {
                    return Err(LoadError::BadIndex { op: i, index });
                }
                let read = some!(model.tensor_record(index), LoadError::BadIndex { op: i, index });
                if index >= op.output && !read.has(record::TENSOR_CONSTANT) {
                    return Err(LoadError::BadOrder { op: i });
                }
            }
            k += 1;
        }
        ok!(check_op::check::<CORE>(model, h, i, &op));
        match geometry::scratch_bytes(model, &op) {
            Some(need) if need <= h.scratch as u64 => {}
            _ => return Err(bad_section(Section::Header, 24)),
        }
        macs = macs.saturating_add(geometry::macs(model, &op));
        defined = op.output.saturating_add(1);
        i += 1;
    }
    // What no operator wrote must have been given, or an output would show stale memory.
    while defined < model.n_tensors {
        let t = some!(model.tensor_record(defined), LoadError::BadShape { tensor: defined });
        if !given(&t) {
            return Err(LoadError::BadShape { tensor: defined });
        }
        defined += 1;
    }
    if macs != h.macs {
        return Err(bad_section(Section::Header, 56));
    }
    Ok(())
}

/// Returns `true` for a tensor that no operator has to write.
const fn given(t: &record::TensorRecord) -> bool {
    let flags = record::TENSOR_CONSTANT
        | record::TENSOR_INPUT
        | record::TENSOR_ALIAS
        | record::TENSOR_VARIABLE;
    t.flags & flags != 0
}

/// Checks that the names section is a chain of length-prefixed texts up to the end of the file.
const fn names(body: &[u8], at: u32) -> Result<(), LoadError> {
    if at == 0 {
        return Ok(());
    }
    let mut cursor = at as usize;
    if bytes::u16_at(body, cursor).is_none() {
        return Err(bad_section(Section::Names, at));
    }
    cursor += 2;
    while cursor < body.len() {
        let len = some!(bytes::u8_at(body, cursor), bad_section(Section::Names, at));
        let text = some!(
            bytes::slice(body, cursor + 1, len as usize),
            bad_section(Section::Names, clip(cursor))
        );
        if core::str::from_utf8(text).is_err() {
            return Err(bad_section(Section::Names, clip(cursor)));
        }
        cursor += 1 + len as usize;
    }
    Ok(())
}

/// Returns a length as the `u32` of the format, saturating on hosts with larger slices.
#[expect(clippy::cast_possible_truncation, reason = "compared with the largest u32 before")]
const fn clip(n: usize) -> u32 {
    if n > u32::MAX as usize { u32::MAX } else { n as u32 }
}
