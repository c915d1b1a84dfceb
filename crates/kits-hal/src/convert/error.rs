//! Why a `.tflite` file cannot become a container: the complete list of reasons.

use core::fmt;

use super::builtin::{FileType, OpName};
use crate::error::{LoadError, spaced};

/// One reason to refuse a `.tflite` file.
///
/// `tensor` and `op` count from 0 in the order of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The file identifier is not `TFL3`.
    #[error("not a .tflite file: bytes 4 to 7 are not TFL3")]
    NotTflite,
    /// The schema version is not 3.
    #[error("schema version {found} is not supported: only version 3 is")]
    SchemaVersion {
        /// Version found.
        found: u32,
    },
    /// An offset or a vector leaves the file.
    #[error("truncated: an offset or a vector leaves the file")]
    Truncated,
    /// The file has no or several subgraphs.
    #[error("{found} subgraphs: exactly one is supported")]
    Subgraphs {
        /// Number found.
        found: u32,
    },
    /// More tensors, operators, inputs or outputs than the container can number.
    #[error("{what}: {} are too many, the container holds {}", Spaced(*found), Spaced(*limit))]
    TooMany {
        /// What was counted.
        what: &'static str,
        /// Number found.
        found: u64,
        /// Largest number.
        limit: u64,
    },
    /// An operator that no kernel runs, or a version of one whose meaning is not known here.
    #[error("unsupported operator {index}: {name} (subgraph 0)")]
    UnsupportedOp {
        /// Operator.
        index: u32,
        /// Its name; for a version, also the one found and those known.
        name: OpName,
    },
    /// An element type that the operator using the tensor does not take.
    #[error(
        "tensor {tensor} is {ty}: only int8 graphs are accepted here; quantize the model to int8"
    )]
    UnsupportedType {
        /// Tensor.
        tensor: u32,
        /// Its type.
        ty: FileType,
    },
    /// A tensor of an arithmetic operator without scale and zero point.
    #[error("tensor {tensor} has no scale: quantize the model with a calibration set")]
    MissingQuantization {
        /// Tensor.
        tensor: u32,
    },
    /// A scale or zero point out of range, or quantizations that an operator requires to be equal.
    #[error("tensor {tensor}: scale or zero point is out of range or does not suit its operator")]
    BadQuantization {
        /// Tensor.
        tensor: u32,
    },
    /// A dimension that is only known at run time.
    #[error("tensor {tensor} has a dynamic shape: export the model with fixed dimensions")]
    DynamicShape {
        /// Tensor.
        tensor: u32,
    },
    /// Weights, biases or shape arguments that are computed instead of stored.
    #[error("tensor {tensor} must be constant: computed weights and shapes are not supported")]
    NonConstantWeights {
        /// Tensor.
        tensor: u32,
    },
    /// The data of a constant is shorter or longer than its shape says.
    #[error("tensor {tensor}: its shape needs {} B, its buffer has {} B: {} B {}", Spaced(*need), Spaced(*have), Spaced(need.abs_diff(*have)), if need > have { "short" } else { "too many" })]
    BufferSize {
        /// Tensor.
        tensor: u32,
        /// Bytes of the shape.
        need: u64,
        /// Bytes of the buffer.
        have: u64,
    },
    /// A number of a tensor, buffer or operator code that does not exist.
    #[error("index {index} is out of range: the file has fewer")]
    BadIndex {
        /// The number found.
        index: i64,
    },
    /// A negative, zero, too large or too high-dimensional shape.
    #[error("tensor {tensor}: a shape of at most four dimensions from 1 to 65 535 is needed")]
    BadShape {
        /// Tensor.
        tensor: u32,
    },
    /// The shapes of an operator's tensors contradict each other.
    #[error("operator {op}: the shapes of its tensors do not fit")]
    ShapeMismatch {
        /// Operator.
        op: u32,
    },
    /// A stride, dilation, padding, axis or fused function out of range.
    #[error("operator {op}: an option is out of range or not supported")]
    BadOption {
        /// Operator.
        op: u32,
    },
    /// An operator reads a tensor before it is written, or writes a constant.
    #[error("operator {op}: reads a tensor before it is written, or writes one that is given")]
    BadOrder {
        /// Operator.
        op: u32,
    },
    /// A sum of products may exceed 32 bits.
    #[error("operator {op}: a sum of products may exceed 2^31")]
    AccumulatorOverflow {
        /// Operator.
        op: u32,
    },
    /// One of two memories cannot hold what must lie there.
    #[error("{memory} memory too small: needs {} B, has {} B: {} B short", Spaced((*need).into()), Spaced((*have).into()), Spaced(need.saturating_sub(*have).into()))]
    RegionTooSmall {
        /// Which one: `fast` or `slow`.
        memory: &'static str,
        /// Bytes needed.
        need: u32,
        /// Bytes it has.
        have: u32,
    },
    /// The activations or the container exceed what 31 bits address.
    #[error("{what}: {} B exceed 2 147 483 647 B", Spaced(*need))]
    TooLarge {
        /// What was measured.
        what: &'static str,
        /// Its size.
        need: u64,
    },
    /// The graph has nothing to read or nothing to give.
    #[error("the graph has no {what}")]
    Empty {
        /// `inputs` or `outputs`.
        what: &'static str,
    },
    /// An operator whose data is constant: its result could be stored instead.
    #[error("tensor {tensor} is constant where computed data is expected; fold it in the exporter")]
    ConstantInput {
        /// Tensor.
        tensor: u32,
    },
    /// The container that was written fails its own check.
    #[error("the converted model fails its own check: {0}")]
    Rejected(LoadError),
}

/// All reasons why a file was refused, in the order of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportErrors {
    errors: Vec<ImportError>,
    /// Names of the tensors, to say which one is meant.
    names: Vec<String>,
}

impl ImportErrors {
    pub(super) fn new(errors: Vec<ImportError>, names: Vec<String>) -> Self {
        let mut once: Vec<ImportError> = Vec::new();
        for error in errors {
            if !once.contains(&error) {
                once.push(error);
            }
        }
        Self { errors: once, names }
    }

    /// Returns the reasons; there is at least one.
    #[must_use]
    pub fn reasons(&self) -> &[ImportError] {
        &self.errors
    }
}

impl From<ImportError> for ImportErrors {
    fn from(error: ImportError) -> Self {
        Self::new(vec![error], Vec::new())
    }
}

impl fmt::Display for ImportErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.errors.len() {
            1 => f.write_str("the model cannot be imported: ")?,
            n => writeln!(f, "the model cannot be imported, for {n} reasons:")?,
        }
        for (i, error) in self.errors.iter().enumerate() {
            if i > 0 {
                writeln!(f)?;
            }
            if self.errors.len() > 1 {
                f.write_str("  ")?;
            }
            write!(f, "{error}")?;
            if let Some(name) = error.tensor().and_then(|t| self.names.get(t as usize))
                && !name.is_empty()
            {
                write!(f, " ({name})")?;
            }
        }
        Ok(())
    }
}

impl core::error::Error for ImportErrors {}

impl ImportError {
    /// Returns the tensor a reason is about.
    #[must_use]
    pub const fn tensor(&self) -> Option<u32> {
        match *self {
            Self::UnsupportedType { tensor, .. }
            | Self::MissingQuantization { tensor }
            | Self::BadQuantization { tensor }
            | Self::DynamicShape { tensor }
            | Self::NonConstantWeights { tensor }
            | Self::BufferSize { tensor, .. }
            | Self::ConstantInput { tensor }
            | Self::BadShape { tensor } => Some(tensor),
            _ => None,
        }
    }
}

/// Prints an integer in groups of three digits.
struct Spaced(u64);

impl fmt::Display for Spaced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        spaced(self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_printed_once_with_the_tensor_it_is_about() {
        let errors = ImportErrors::new(
            vec![
                ImportError::UnsupportedType { tensor: 1, ty: FileType::F32 },
                ImportError::UnsupportedOp { index: 12, name: OpName::new("WHILE") },
                ImportError::UnsupportedType { tensor: 1, ty: FileType::F32 },
            ],
            vec!["image".to_owned(), "dense/kernel".to_owned()],
        );
        assert_eq!(
            errors.to_string(),
            "the model cannot be imported, for 2 reasons:\n  \
             tensor 1 is FLOAT32: only int8 graphs are accepted here; quantize the model to int8 \
             (dense/kernel)\n  \
             unsupported operator 12: WHILE (subgraph 0)"
        );
        let short = ImportError::BufferSize { tensor: 0, need: 1036, have: 35 };
        assert_eq!(
            short.to_string(),
            "tensor 0: its shape needs 1 036 B, its buffer has 35 B: 1 001 B short"
        );
    }
}
