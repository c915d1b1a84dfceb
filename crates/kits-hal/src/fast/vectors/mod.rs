//! The kernels on the vector loops of [`super::simd::mve`]: fewer, longer loops than those for cores without vectors.

mod conv;
mod dense;
mod depthwise;
mod outputs;

use crate::{model::OpCode, ops::Task};

/// Runs an operator if it has a form for vectors; `None` without having written anything if not.
pub(super) fn run(task: &mut Task<'_, '_>, code: OpCode) -> Option<()> {
    match code {
        OpCode::Conv2d => conv::run(task),
        OpCode::DepthwiseConv2d => depthwise::run(task),
        OpCode::FullyConnected => dense::run(task),
        _ => None,
    }
}
