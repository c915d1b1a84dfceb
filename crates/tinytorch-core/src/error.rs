//! One error type for the crate: what failed with its values, why the rule exists, what to do.

use alloc::borrow::Cow;
use core::{fmt::Display, panic::Location};
#[cfg(feature = "std")]
use std::{path::Path, sync::Arc};

use crate::nostd::prelude::*;
use crate::tensor::{DType, Shape};

/// Result of a fallible operation of this crate.
pub type Result<T, E = Error> = core::result::Result<T, E>;

/// Everything that can go wrong.
///
/// `Display` prints three lines: the operation with the offending values, the rule behind it, and a remedy.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Two shapes do not fit the operation.
    #[error("{op}: {lhs} with {rhs}: {detail}\n{rule}\n{remedy}")]
    ShapeMismatch {
        /// Public name of the operation.
        op: &'static str,
        /// Shape of the left (or the given) operand.
        lhs: Box<Shape>,
        /// Shape of the right (or the wanted) operand.
        rhs: Box<Shape>,
        /// The sizes that disagree.
        detail: Cow<'static, str>,
        /// The rule that is broken.
        rule: &'static str,
        /// What to try.
        remedy: &'static str,
    },
    /// An axis does not exist in the tensor.
    #[error(
        "{op}: axis {axis} of a tensor of rank {rank}\na tensor of rank {rank} has the axes -{rank} up to {rank}, the last excluded\nuse a smaller axis, or add one with unsqueeze"
    )]
    AxisOutOfRange {
        /// Public name of the operation.
        op: &'static str,
        /// The axis as given; negative ones count from the end.
        axis: isize,
        /// Number of axes of the tensor.
        rank: usize,
    },
    /// Two operands hold different element types.
    #[error(
        "{op}: {lhs} with {rhs}\noperands must have one element type; nothing is converted silently\nconvert one side with to_dtype({lhs}) or to_dtype({rhs})"
    )]
    DTypeMismatch {
        /// Public name of the operation.
        op: &'static str,
        /// Element type of the left operand.
        lhs: DType,
        /// Element type of the right operand.
        rhs: DType,
    },
    /// The operation is not defined for this element type.
    #[error(
        "{op}: not defined for {dtype}\n{op} needs elements of type {need}\nconvert the tensor with to_dtype first"
    )]
    DTypeUnsupported {
        /// Public name of the operation.
        op: &'static str,
        /// Element type that was given.
        dtype: DType,
        /// Element types that work.
        need: &'static str,
    },
    /// An index points outside its axis.
    #[error(
        "{op}: index {index} at position {position} for an axis of size {size}\nindices run from 0 to the size of the axis, excluded\ncheck the ids against the number of rows or classes"
    )]
    IndexOutOfRange {
        /// Public name of the operation.
        op: &'static str,
        /// The index as given.
        index: i64,
        /// Size of the indexed axis.
        size: usize,
        /// Where in the index tensor, counted in row-major order.
        position: usize,
    },
    /// An argument has a value the operation is not defined for.
    #[error(
        "{op}: {name} is {got}\n{op} is defined only when {name} is {need}\nchange {name} so that it is {need}"
    )]
    InvalidArgument {
        /// Public name of the operation.
        op: &'static str,
        /// Name of the argument.
        name: &'static str,
        /// The value that was given.
        got: String,
        /// The values that are accepted.
        need: String,
    },
    /// `backward` or `grad` was called on a tensor that nothing was recorded for.
    #[error(
        "{op}: the tensor has no graph\ngradients exist only where an input requires them and recording is on\nbuild the tensor from a Param or a tensor made with requiring_grad, outside no_grad"
    )]
    NoGraph {
        /// Public name of the operation.
        op: &'static str,
    },
    /// A second pass reached a part of the graph that the first one released.
    #[error(
        "backward: the graph of {op} was released by an earlier pass\na pass frees the saved tensors unless it is told to keep them\nset retain_graph on the first pass, or run the forward computation again"
    )]
    GraphReleased {
        /// Name of the operation whose saved tensors are gone.
        op: &'static str,
    },
    /// A parameter changed between the forward and the backward pass.
    #[error(
        "backward: a tensor saved by {op} was modified after the forward pass\nits gradient would belong to values that no longer exist\nrun backward before updating parameters, or run the forward computation again"
    )]
    SavedTensorModified {
        /// Name of the operation that saved the tensor.
        op: &'static str,
    },
    /// The operation has no derivative.
    #[error(
        "backward: {op} has no derivative\na gradient through it would be silently wrong\ndetach its input if no gradient is wanted, or use a differentiable operation"
    )]
    NotDifferentiable {
        /// Name of the operation.
        op: &'static str,
    },
    /// A rule made a gradient that is infinite or NaN, while [`detect_anomaly`](crate::autograd::detect_anomaly) looked.
    #[error(
        "backward: {op}, called at {location}, gives its input {input} the gradient {value} at element {element}\nthe gradient that reached {op} was finite, so the first value that is not comes from its rule\nkeep the input of {op} away from values without a finite slope, such as 0 for a root, a logarithm or a divisor"
    )]
    NonFiniteGradient {
        /// Name of the operation.
        op: &'static str,
        /// Index of the input that the gradient is for.
        input: usize,
        /// Element of that input, in row-major order.
        element: usize,
        /// The gradient there.
        value: f64,
        /// Where the operation was called.
        location: &'static Location<'static>,
    },
    /// A gradient was asked for an input that the outputs do not depend on.
    #[error(
        "grad: the outputs do not depend on input {position}\na gradient of an unused input is more often a mistake than a zero\nset allow_unused to receive None instead"
    )]
    UnusedInput {
        /// Index in the list of inputs.
        position: usize,
    },
    /// A gradient differs from the difference quotient.
    #[error(
        "gradcheck: input {input}, element {position}: gradient {analytic}, difference {numeric}\nthe gradient of a smooth function equals its central difference up to rounding\ncheck the backward rule: a missing factor, sign, transpose or sum over repeated axes"
    )]
    GradientMismatch {
        /// Index in the list of inputs.
        input: usize,
        /// Element of that input, in row-major order.
        position: usize,
        /// What the backward pass gave.
        analytic: f64,
        /// What the central difference gave.
        numeric: f64,
    },
    /// A state dictionary lacks a name that the module has.
    #[error(
        "load: parameter {name} is missing\nevery parameter of the module must be in the state that is loaded\ncheck the architecture, or load with strict = false"
    )]
    MissingParameter {
        /// Full dotted name.
        name: String,
    },
    /// A state dictionary holds a name that the module lacks.
    #[error(
        "load: parameter {name} is unknown to the module\nevery entry of the state must have a place in the module\ncheck the architecture, or load with strict = false"
    )]
    UnexpectedParameter {
        /// Full dotted name.
        name: String,
    },
    /// The operating system refused a file operation.
    #[cfg(feature = "std")]
    #[error(
        "{op}: {path}: {source}\nthe file could not be used\ncheck the path and the permissions"
    )]
    Io {
        /// What was being done, for example `read`.
        op: &'static str,
        /// The file.
        path: String,
        /// The cause.
        source: Arc<std::io::Error>,
    },
    /// A file or a text does not follow its format.
    #[error(
        "{format}: {detail}\nthe content does not follow the {format} format\ncheck that the file is complete and of this kind"
    )]
    Format {
        /// Name of the format, for example `safetensors`.
        format: &'static str,
        /// What is wrong, and where.
        detail: String,
    },
    /// Ranks that train together could not exchange their numbers.
    #[cfg(feature = "std")]
    #[error(
        "{op}: rank {rank}: {detail}\nall ranks take part in every exchange, in the same order and with the same sizes\nstart the run again from its last checkpoint, with the same model and data on every rank"
    )]
    Communication {
        /// The exchange, for example `all_reduce_sum`.
        op: &'static str,
        /// The rank that noticed.
        rank: usize,
        /// What happened.
        detail: String,
    },
    /// A slot of the course has not been written yet.
    #[cfg(feature = "course")]
    #[error(
        "{lesson}: not written yet\n{hint}\nwrite this method, or leave the module out of the course to use the reference"
    )]
    Unsolved {
        /// Module and name of the slot, for example `m01.matmul`.
        lesson: &'static str,
        /// First step.
        hint: &'static str,
    },
    /// A slot of the course asked the library for its own result.
    #[cfg(feature = "course")]
    #[error(
        "{lesson}: the slot calls itself through the library\na slot is what the library calls, so it cannot be built on its own result\nwrite it with loops over the elements, or with operations that need other slots"
    )]
    SelfCall {
        /// Module and name of the slot.
        lesson: &'static str,
    },
    /// A slot of the course returned something that the library cannot use.
    #[cfg(feature = "course")]
    #[error(
        "{lesson}: {detail}\nthe library goes on with the result of a slot, so its size and range must be right\ncompare it with the shapes in the documentation of the method, and run the checks of the module"
    )]
    SlotResult {
        /// Module and name of the slot.
        lesson: &'static str,
        /// What came back, and what is needed.
        detail: String,
    },
}

impl Error {
    #[cold]
    pub(crate) fn shapes(
        op: &'static str,
        (lhs, rhs): (&[usize], &[usize]),
        detail: impl Into<Cow<'static, str>>,
        rule: &'static str,
        remedy: &'static str,
    ) -> Self {
        Self::ShapeMismatch {
            op,
            lhs: Box::new(Shape::clipped(lhs)),
            rhs: Box::new(Shape::clipped(rhs)),
            detail: detail.into(),
            rule,
            remedy,
        }
    }

    #[cold]
    pub(crate) fn argument(
        op: &'static str,
        name: &'static str,
        got: impl Display,
        need: impl Into<String>,
    ) -> Self {
        Self::InvalidArgument { op, name, got: got.to_string(), need: need.into() }
    }

    #[cold]
    pub(crate) fn dtype(op: &'static str, dtype: DType, need: &'static str) -> Self {
        Self::DTypeUnsupported { op, dtype, need }
    }

    #[cold]
    pub(crate) fn format(format: &'static str, detail: impl Into<String>) -> Self {
        Self::Format { format, detail: detail.into() }
    }

    #[cfg(feature = "std")]
    #[cold]
    pub(crate) fn io(op: &'static str, path: &Path, source: std::io::Error) -> Self {
        Self::Io { op, path: path.display().to_string(), source: Arc::new(source) }
    }
}
