//! What can go wrong on the device: loading a container and running it.
//!
//! Errors are `Copy`, hold integers only, and their texts name the thing, both amounts and the
//! difference.

use core::fmt;

use crate::dtype::DType;

/// A part of a `.kit` file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Section {
    /// The first 64 bytes.
    Header,
    /// The list of input and output tensors after the header.
    Index,
    /// Tensor records.
    Tensors,
    /// Operator records.
    Operators,
    /// Per-channel biases and multipliers.
    Parameters,
    /// Weights and tables.
    Weights,
    /// Tensor names and class labels.
    Names,
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Header => "header",
            Self::Index => "input and output list",
            Self::Tensors => "tensor records",
            Self::Operators => "operator records",
            Self::Parameters => "parameters",
            Self::Weights => "weights",
            Self::Names => "names",
        })
    }
}

/// Why a `.kit` container was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum LoadError {
    /// The slice ends before the container does.
    #[error("model truncated: needs {} B, has {} B: {} B missing", Spaced(*need), Spaced(*have), Short(*need, *have))]
    Truncated {
        /// Bytes the header announces, or the size of a header.
        need: u32,
        /// Bytes given.
        have: u32,
    },
    /// The first four bytes are not `KITM`.
    #[error("not a .kit model: the first four bytes are not KITM; convert the .tflite file first")]
    BadMagic,
    /// The format version is not one this build reads.
    #[error("format version {major}.{minor} is not supported: this build reads 1.0; convert the model again")]
    Version {
        /// Major version found.
        major: u16,
        /// Minor version found.
        minor: u16,
    },
    /// The stored checksum differs from the one computed over the bytes.
    #[error("checksum mismatch: stored {stored:08x}, computed {computed:08x}; the file is damaged")]
    Checksum {
        /// CRC-32 in the header.
        stored: u32,
        /// CRC-32 of the bytes.
        computed: u32,
    },
    /// A section is misplaced, misaligned or holds values outside its rules.
    #[error("{section}: invalid content at byte {at}")]
    BadSection {
        /// The part of the file.
        section: Section,
        /// Offset from the start of the file.
        at: u32,
    },
    /// An operator names a tensor or a parameter that does not exist.
    #[error("operator {op}: index {index} is out of range")]
    BadIndex {
        /// Operator record.
        op: u16,
        /// The index found.
        index: u16,
    },
    /// A tensor's dimensions, length or position are inconsistent.
    #[error("tensor {tensor}: dimensions, length and position do not fit together")]
    BadShape {
        /// Tensor record.
        tensor: u16,
    },
    /// The shapes of an operator's tensors do not fit each other.
    #[error("operator {op}: the shapes of its tensors do not fit")]
    ShapeMismatch {
        /// Operator record.
        op: u16,
    },
    /// A scale is not finite, or a zero point is outside the range of its type.
    #[error("tensor {tensor}: scale or zero point out of range")]
    BadQuantization {
        /// Tensor record.
        tensor: u16,
    },
    /// An option of an operator (stride, padding, clamp, flag) is out of range.
    #[error("operator {op}: option out of range")]
    BadOption {
        /// Operator record.
        op: u16,
    },
    /// An operator reads a tensor before it is written, or writes a constant.
    #[error("operator {op}: reads a tensor before it is written, or writes a constant")]
    BadOrder {
        /// Operator record.
        op: u16,
    },
    /// The operator code is not one this build runs.
    #[error("operator {op}: code {code} is not supported by this build")]
    UnsupportedOp {
        /// Operator record.
        op: u16,
        /// The code found.
        code: u8,
    },
    /// A tensor's element type is unknown or not the one its operator takes.
    #[error("tensor {tensor}: element type {ty} is not supported here")]
    UnsupportedType {
        /// Tensor record.
        tensor: u16,
        /// Type byte of the record.
        ty: u8,
    },
    /// A sum of products may leave the range of `i32`.
    #[error("operator {op}: a sum of products may exceed 2^31; reduce the weights or the bias")]
    AccumulatorOverflow {
        /// Operator record.
        op: u16,
    },
    /// The model is larger than the flash partition it is meant for.
    #[error("model too large: needs {} B of flash, partition has {} B: {} B short", Spaced(*need), Spaced(*have), Short(*need, *have))]
    ModelTooLarge {
        /// Bytes of the container.
        need: u32,
        /// Bytes of the partition.
        have: u32,
    },
}

impl LoadError {
    /// Stops the build with a message, for models that are parsed in constant evaluation.
    ///
    /// ```
    /// # #[cfg(feature = "convert")] {
    /// use kits_hal::Model;
    /// # const KIT: &[u8] = include_bytes!("../tests/golden/data/small.kit");
    /// const SMALL: Model<'static> = match Model::parse_const(KIT) {
    ///     Ok(model) => model,
    ///     Err(error) => error.const_fail(),
    /// };
    /// static ARENA: [u8; SMALL.arena_len()] = [0; SMALL.arena_len()];
    /// assert_eq!(ARENA.len(), SMALL.memory().total());
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// Always; in constant evaluation that is a compile error. Do not call it at run time.
    #[expect(clippy::panic, reason = "a compile error is the purpose; nothing calls it at run time")]
    pub const fn const_fail(self) -> ! {
        match self {
            Self::Truncated { .. } => panic!("model truncated"),
            Self::BadMagic => panic!("not a .kit model: the first four bytes are not KITM"),
            Self::Version { .. } => panic!("unsupported .kit format version"),
            Self::Checksum { .. } => panic!("checksum mismatch"),
            Self::BadSection { .. } => panic!("invalid section in the .kit model"),
            Self::BadIndex { .. } => panic!("index out of range in the .kit model"),
            Self::BadShape { .. } => panic!("inconsistent tensor in the .kit model"),
            Self::ShapeMismatch { .. } => panic!("shapes of an operator do not fit"),
            Self::BadQuantization { .. } => panic!("bad scale or zero point in the .kit model"),
            Self::BadOption { .. } => panic!("operator option out of range"),
            Self::BadOrder { .. } => panic!("an operator reads a tensor before it is written"),
            Self::UnsupportedOp { .. } => panic!("operator not supported by this build"),
            Self::UnsupportedType { .. } => panic!("element type not supported"),
            Self::AccumulatorOverflow { .. } => panic!("a sum of products may exceed 2^31"),
            Self::ModelTooLarge { .. } => panic!("model larger than the flash partition"),
        }
    }
}

/// Why a session could not be made or a run did not finish.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum RunError {
    /// The buffer is smaller than the model's activations and scratch.
    #[error("arena too small: model needs {} B, buffer has {} B: {} B short", Spaced(*need), Spaced(*have), Short(*need, *have))]
    ArenaTooSmall {
        /// Bytes the model needs.
        need: u32,
        /// Bytes given.
        have: u32,
    },
    /// The second of two buffers is smaller than the part of the activations planned for it.
    #[error("slow memory too small: model needs {} B, buffer has {} B: {} B short", Spaced(*need), Spaced(*have), Short(*need, *have))]
    SlowTooSmall {
        /// Bytes the model needs there.
        need: u32,
        /// Bytes given.
        have: u32,
    },
    /// The model was not planned so that its inputs outlive a run.
    #[error("inputs are overwritten: convert the model with pinned inputs to keep them")]
    InputsNotKept,
    /// A typed view needs an alignment that the buffer does not have.
    #[error("arena misaligned: a view needs alignment {need}, the address has {have}; align the buffer to {need} bytes")]
    ArenaMisaligned {
        /// Alignment of the element type.
        need: u16,
        /// Alignment of the address.
        have: u16,
    },
    /// The data given is not as long as the input tensor.
    #[error("input {index}: takes {} elements, got {}: {} {}", Spaced(*need), Spaced(*have), Spaced(need.abs_diff(*have)), more_or_less(*need, *have))]
    InputLength {
        /// Which input.
        index: u8,
        /// Elements of the tensor.
        need: u32,
        /// Elements given.
        have: u32,
    },
    /// The buffer given is not as long as the output tensor.
    #[error("output {index}: has {} elements, buffer takes {}: {} {}", Spaced(*need), Spaced(*have), Spaced(need.abs_diff(*have)), more_or_less(*need, *have))]
    OutputLength {
        /// Which output.
        index: u8,
        /// Elements of the tensor.
        need: u32,
        /// Elements the buffer takes.
        have: u32,
    },
    /// A tensor was viewed as another element type than its own.
    #[error("tensor is {need}, asked for {have}")]
    ElementType {
        /// Type of the tensor.
        need: DType,
        /// Type asked for.
        have: DType,
    },
    /// The model has no such input, output or tensor.
    #[error("no tensor {index}: the model has fewer")]
    NoSuchTensor {
        /// The index asked for.
        index: u16,
    },
    /// The session was made for the core set, and the model has another operator.
    #[error("operator {op}: code {code} is outside the core set: make the session with Session::new")]
    UnsupportedOp {
        /// Operator record.
        op: u16,
        /// Its code.
        code: u8,
    },
    /// The observer stopped the run after this operator.
    #[error("run cancelled after operator {op}")]
    Cancelled {
        /// Operator record.
        op: u16,
    },
    /// The time budget was spent after this operator.
    #[error("deadline missed after operator {op}: spent {} us of {} us: {} us over", Spaced(*spent_us), Spaced(*budget_us), Short(*spent_us, *budget_us))]
    DeadlineMissed {
        /// Operator record.
        op: u16,
        /// Microseconds since the start of the run.
        spent_us: u32,
        /// Microseconds allowed.
        budget_us: u32,
    },
    /// An operator found less memory or parameters than the check of its model proved.
    ///
    /// Does not happen for a model that was parsed; it stands where other runtimes would read
    /// out of range.
    #[error("operator {op}: its record does not fit the memory it was checked against")]
    BrokenPlan {
        /// Operator record.
        op: u16,
    },
}

const fn more_or_less(need: u32, have: u32) -> &'static str {
    if have > need { "too many" } else { "too few" }
}

/// Prints an integer in groups of three digits: `36 864`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spaced(pub(crate) u32);

impl fmt::Display for Spaced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        spaced(u64::from(self.0), f)
    }
}

/// Prints `need − have` in groups of three digits, 0 if there is enough.
#[derive(Debug, Clone, Copy)]
struct Short(u32, u32);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Spaced(self.0.saturating_sub(self.1)).fmt(f)
    }
}

/// Writes `n` with a space before every group of three digits.
pub(crate) fn spaced(n: u64, f: &mut impl fmt::Write) -> fmt::Result {
    let mut divisor = 1_u64;
    while n.checked_div(divisor).is_some_and(|q| q >= 1000) {
        divisor = divisor.saturating_mul(1000);
    }
    let mut first = true;
    loop {
        let group = n.checked_div(divisor).unwrap_or(0).checked_rem(1000).unwrap_or(0);
        if first {
            write!(f, "{group}")?;
        } else {
            write!(f, " {group:03}")?;
        }
        first = false;
        if divisor == 1 {
            return Ok(());
        }
        divisor = divisor.checked_div(1000).unwrap_or(1);
    }
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;

    #[test]
    fn texts_name_both_numbers_and_the_difference() {
        assert_eq!(
            RunError::ArenaTooSmall { need: 36_864, have: 32_768 }.to_string(),
            "arena too small: model needs 36 864 B, buffer has 32 768 B: 4 096 B short"
        );
        assert_eq!(
            LoadError::ModelTooLarge { need: 1_300_568, have: 262_144 }.to_string(),
            "model too large: needs 1 300 568 B of flash, partition has 262 144 B: 1 038 424 B short"
        );
        assert_eq!(
            RunError::InputLength { index: 0, need: 490, have: 500 }.to_string(),
            "input 0: takes 490 elements, got 500: 10 too many"
        );
    }

    #[test]
    fn groups_of_three_digits() {
        for (n, text) in [
            (0, "0"),
            (7, "7"),
            (999, "999"),
            (1000, "1 000"),
            (1_002_003, "1 002 003"),
            (u64::MAX, "18 446 744 073 709 551 615"),
        ] {
            let mut out = String::new();
            spaced(n, &mut out).unwrap();
            assert_eq!(out, text);
        }
    }
}
