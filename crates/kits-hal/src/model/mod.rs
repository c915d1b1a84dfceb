//! The `.kit` container: a model as it lies in flash.
//!
//! [`Model::parse`] checks a container once, in one pass over its records; afterwards kernels use
//! the proven ranges. A [`Model`] is a view: it borrows the bytes, copies nothing and may be passed
//! by value.

mod bound;
mod check;
mod check_op;
mod check_rare;
mod geometry;
mod info;
mod names;
mod opcode;
pub(crate) mod record;

pub(crate) use geometry::GROUP;
pub use info::{Memory, OpInfo, Ops, TensorInfo};
pub use names::Names;
pub use opcode::OpCode;

use crate::{
    bytes,
    crc::crc32,
    error::{LoadError, Section},
};
use record::{OpRecord, TensorRecord};

/// How much of a container [`Model::parse`] reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Check {
    /// Header and records: every range, index, shape and option. Reads no weight.
    Header,
    /// As [`Check::Header`], then the CRC-32 of the file and the bound on every sum of products.
    Full,
}

/// A checked model, borrowed from the bytes of its container.
#[derive(Debug, Clone, Copy)]
pub struct Model<'a> {
    bytes: &'a [u8],
    tensors_at: u32,
    operators_at: u32,
    arena: u32,
    scratch: u32,
    n_tensors: u16,
    n_operators: u16,
    inputs: u8,
    outputs: u8,
    split: u16,
}

// Small enough to be passed in registers or copied without a thought.
const _: () = assert!(size_of::<Model<'static>>() <= 40);

impl<'a> Model<'a> {
    /// Checks a container and returns a view of it.
    ///
    /// Bytes after the announced length are ignored, so that a whole flash partition may be given.
    ///
    /// # Cost
    ///
    /// Time linear in the length of the file, no memory.
    ///
    /// # Errors
    ///
    /// A [`LoadError`] that names the first record or section that breaks a rule of the format.
    pub fn parse(bytes: &'a [u8], check: Check) -> Result<Self, LoadError> {
        Self::parse_const(bytes)?.checked(check)
    }

    /// As [`Model::parse`], for the operators of the core set only: see [`OpCode::is_core`].
    ///
    /// A program that makes all its models with it, and all its sessions with
    /// [`Session::core`](crate::Session::core), is linked without the rules and kernels of the other
    /// operators: about half the flash.
    ///
    /// # Errors
    ///
    /// [`LoadError::UnsupportedOp`] for another operator; then those of [`Model::parse`].
    pub fn parse_core(bytes: &'a [u8], check: Check) -> Result<Self, LoadError> {
        check::parse::<true>(bytes)?.checked(check)
    }

    /// Looks at what [`Check::Full`] asks for.
    fn checked(self, check: Check) -> Result<Self, LoadError> {
        if check == Check::Full {
            let stored = bytes::u32_at(self.bytes, 12).unwrap_or(0);
            let computed = crc32(self.bytes.get(16..).unwrap_or(&[]));
            if stored != computed {
                return Err(LoadError::Checksum { stored, computed });
            }
            bound::check(&self)?;
        }
        Ok(self)
    }

    /// As [`Model::parse`], but first refuses a container larger than `flash` bytes.
    ///
    /// # Errors
    ///
    /// [`LoadError::ModelTooLarge`] with the announced length and `flash`, before anything else is
    /// looked at; then those of [`Model::parse`].
    pub fn parse_within(bytes: &'a [u8], check: Check, flash: u32) -> Result<Self, LoadError> {
        let announced = bytes::u32_at(bytes, 8);
        if let (Some(b"KITM"), Some(need)) = (bytes.first_chunk::<4>(), announced)
            && need > flash
        {
            return Err(LoadError::ModelTooLarge { need, have: flash });
        }
        Self::parse(bytes, check)
    }

    /// Checks header and records in constant evaluation, so that a damaged model fails the build.
    ///
    /// The checksum and the weights are left to a conversion tool or to [`Model::parse`].
    ///
    /// # Errors
    ///
    /// Those of [`Model::parse`] with [`Check::Header`]; see [`LoadError::const_fail`].
    pub const fn parse_const(bytes: &'a [u8]) -> Result<Self, LoadError> {
        check::parse::<false>(bytes)
    }

    /// Returns scratch bytes and multiply-accumulates of a container under construction.
    #[cfg(feature = "convert")]
    pub(crate) fn measure(file: &[u8]) -> Result<(u32, u64), LoadError> {
        check::measure(file)
    }

    /// Returns the bytes a [`Session`](crate::Session) needs: activations and scratch.
    #[must_use]
    pub const fn arena_len(&self) -> usize {
        (self.arena as usize).saturating_add(self.scratch as usize)
    }

    /// Returns the length of the container in bytes.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Returns `false`: a checked container has at least a header.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Refuses the model if its container is larger than a flash partition.
    ///
    /// # Errors
    ///
    /// [`LoadError::ModelTooLarge`] with both sizes.
    #[expect(clippy::cast_possible_truncation, reason = "the header's length field has 32 bits")]
    pub const fn check_flash(&self, have: u32) -> Result<(), LoadError> {
        let need = self.bytes.len() as u32;
        if need > have { Err(LoadError::ModelTooLarge { need, have }) } else { Ok(()) }
    }

    /// Returns `true` if the plan lets an output run into an input that dies at the same operator.
    #[must_use]
    pub const fn overlaps(&self) -> bool {
        match bytes::u32_at(self.bytes, 16) {
            Some(flags) => flags & record::MODEL_OVERLAP != 0,
            None => false,
        }
    }

    /// Returns `true` if the model was made for requantization in one step; only builds with the feature
    /// `single-round` load such a model.
    #[must_use]
    pub const fn rounds_once(&self) -> bool {
        match bytes::u32_at(self.bytes, 16) {
            Some(flags) => flags & record::MODEL_ONCE != 0,
            None => false,
        }
    }

    /// Returns `true` if the inputs keep their bytes through a run.
    #[must_use]
    pub const fn keeps_inputs(&self) -> bool {
        match bytes::u32_at(self.bytes, 16) {
            Some(flags) => flags & record::MODEL_PINNED != 0,
            None => false,
        }
    }

    /// Returns the bytes of the activations in the first memory: all of them, unless the model was
    /// planned for two.
    pub(crate) const fn first_bytes(&self) -> u32 {
        if self.split == 0 {
            self.arena
        } else {
            (self.split as u32).saturating_mul(record::REGION_BLOCK)
        }
    }

    pub(crate) const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    pub(crate) const fn arena_bytes(&self) -> u32 {
        self.arena
    }

    pub(crate) const fn n_tensors(&self) -> u16 {
        self.n_tensors
    }

    pub(crate) const fn n_operators(&self) -> u16 {
        self.n_operators
    }

    /// Returns a tensor record, or `None` past the last one.
    pub(crate) const fn tensor_record(&self, index: u16) -> Option<TensorRecord> {
        if index >= self.n_tensors {
            return None;
        }
        let at = (self.tensors_at as usize)
            .wrapping_add((index as usize).wrapping_mul(record::TENSOR as usize));
        match bytes::chunk(self.bytes, at) {
            Some(b) => Some(TensorRecord::decode(b)),
            None => None,
        }
    }

    /// Returns an operator record, or `None` past the last one.
    pub(crate) const fn op_record(&self, index: u16) -> Option<OpRecord> {
        if index >= self.n_operators {
            return None;
        }
        let at = (self.operators_at as usize)
            .wrapping_add((index as usize).wrapping_mul(record::OPERATOR as usize));
        match bytes::chunk(self.bytes, at) {
            Some(b) => Some(OpRecord::decode(b)),
            None => None,
        }
    }

    /// Returns entry `i` of the list of inputs, then outputs.
    const fn index_entry(&self, i: u16) -> Option<u16> {
        bytes::u16_at(self.bytes, (record::HEADER as usize).wrapping_add((i as usize).wrapping_mul(2)))
    }

    /// Returns the tensor number of input `i`.
    pub(crate) const fn input_tensor(&self, i: u16) -> Option<u16> {
        if i < self.inputs as u16 { self.index_entry(i) } else { None }
    }

    /// Returns the tensor number of output `i`.
    pub(crate) const fn output_tensor(&self, i: u16) -> Option<u16> {
        if i < self.outputs as u16 {
            self.index_entry(i.wrapping_add(self.inputs as u16))
        } else {
            None
        }
    }

    /// Builds a view from checked header fields.
    const fn from_header(bytes: &'a [u8], h: &check::Header) -> Self {
        Self {
            bytes,
            tensors_at: h.offsets[0],
            operators_at: h.offsets[1],
            arena: h.arena,
            scratch: h.scratch,
            n_tensors: h.n_tensors,
            n_operators: h.n_operators,
            inputs: h.inputs,
            outputs: h.outputs,
            split: h.split,
        }
    }

    /// Returns the class labels stored with the model, in class order; none if they were stripped.
    #[must_use]
    pub fn labels(&self) -> Names<'a> {
        names::labels(self)
    }

    /// Returns the names of the tensors in record order; none if they were stripped.
    #[must_use]
    pub fn tensor_names(&self) -> Names<'a> {
        names::tensors(self)
    }

    /// Returns the position of the names section, 0 if there is none.
    fn names_at(&self) -> usize {
        bytes::u32_at(self.bytes, 52).unwrap_or(0) as usize
    }
}

/// Shorthand for a misplaced or malformed part of the file.
const fn bad_section(section: Section, at: u32) -> LoadError {
    LoadError::BadSection { section, at }
}
