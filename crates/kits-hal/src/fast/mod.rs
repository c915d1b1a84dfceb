//! Kernels that give the same numbers as those in [`crate::ops`], in fewer instructions.
//!
//! Three operators do nearly all the work of a network: CONV_2D, DEPTHWISE_CONV_2D and
//! FULLY_CONNECTED. Their kernels here compute several channels at a time, so that an input is read
//! once for all of them. The order of a sum differs from the plain kernels; the bound that is checked
//! when a model is loaded makes every order exact.

mod add;
mod conv;
mod dense;
mod depthwise;
#[cfg_attr(not(test), allow(dead_code, reason = "each build uses one form of several"))]
mod dot;
mod finish;
#[cfg_attr(not(test), allow(dead_code, reason = "each build uses one form of several"))]
mod form;
#[cfg_attr(not(test), allow(dead_code, reason = "each build uses one form of several"))]
mod lists;
#[cfg_attr(not(test), allow(dead_code, reason = "each build uses one form of several"))]
mod rescale;
mod scalar;
#[cfg_attr(not(test), allow(dead_code, reason = "each build uses one form of several"))]
mod simd;
#[cfg_attr(not(test), allow(dead_code, reason = "each build uses one form of several"))]
mod vectors;

use crate::{
    model::{Model, OpCode},
    ops::{self, Mem, Task},
};

/// Runs an operator without a faster form.
type Other = fn(&mut Task<'_, '_>, OpCode) -> Option<()>;

/// Runs operator `index` of a model of the core set; `None` if a record does not fit the memory.
pub(crate) fn run_core<'w>(
    model: &Model<'_>,
    index: u16,
    mem: &'w mut Mem<'w>,
    scratch: &'w mut [i8],
) -> Option<()> {
    let mut task = Task::new(model, index, mem, scratch)?;
    run_as::<form::Native>(&mut task, ops::run_other_core)
}

/// Runs operator `index` of a model; `None` if a record does not fit the memory.
pub(crate) fn run<'w>(
    model: &Model<'_>,
    index: u16,
    mem: &'w mut Mem<'w>,
    scratch: &'w mut [i8],
) -> Option<()> {
    let mut task = Task::new(model, index, mem, scratch)?;
    run_as::<form::Native>(&mut task, ops::run_other)
}

/// Runs an operator in a given form.
#[inline(always)]
fn run_as<F: form::Form>(task: &mut Task<'_, '_>, other: Other) -> Option<()> {
    let code = OpCode::from_code(task.op.code)?;
    if F::VECTORS && vectors::run(task, code).is_some() {
        return Some(());
    }
    if F::LISTS && code == OpCode::Conv2d && lists::run::<F>(task).is_some() {
        return Some(());
    }
    match code {
        OpCode::Conv2d => conv::run::<F>(task),
        OpCode::DepthwiseConv2d => depthwise::run::<F>(task),
        OpCode::FullyConnected => dense::run::<F>(task),
        code @ (OpCode::Add | OpCode::Sub) => {
            add::run::<F>(task, code == OpCode::Sub).or_else(|| other(task, code))
        }
        code => other(task, code),
    }
}

#[cfg(test)]
mod tests;
