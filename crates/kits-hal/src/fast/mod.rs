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
mod dot;
mod finish;
mod form;
mod rescale;
mod simd;

use crate::{
    model::{Model, OpCode},
    ops::{self, Mem, Task},
};

/// Runs operator `index` of a model of the core set; `None` if a record does not fit the memory.
pub(crate) fn run_core<'w>(
    model: &Model<'_>,
    index: u16,
    mem: &'w mut Mem<'w>,
    scratch: &'w mut [i8],
) -> Option<()> {
    let mut task = Task::new(model, index, mem, scratch)?;
    match OpCode::from_code(task.op.code)? {
        OpCode::Conv2d => conv::run(&mut task),
        OpCode::DepthwiseConv2d => depthwise::run(&mut task),
        OpCode::FullyConnected => dense::run(&mut task),
        code => ops::run_other_core(&mut task, code),
    }
}

/// Runs operator `index` of a model; `None` if a record does not fit the memory.
pub(crate) fn run<'w>(
    model: &Model<'_>,
    index: u16,
    mem: &'w mut Mem<'w>,
    scratch: &'w mut [i8],
) -> Option<()> {
    run_as::<form::Native>(model, index, mem, scratch)
}

/// As [`run`], in a given form.
fn run_as<F: form::Form>(
    model: &Model<'_>,
    index: u16,
    mem: &mut [i8],
    scratch: &mut [i8],
) -> Option<()> {
    let mut task = Task::new(model, index, mem, scratch)?;
    match OpCode::from_code(task.op.code)? {
        OpCode::Conv2d => conv::run::<F>(&mut task),
        OpCode::DepthwiseConv2d => depthwise::run::<F>(&mut task),
        OpCode::FullyConnected => dense::run::<F>(&mut task),
        code @ (OpCode::Add | OpCode::Sub) => add::run::<F>(&mut task, code == OpCode::Sub)
            .or_else(|| ops::run_other(&mut task, code)),
        code => ops::run_other(&mut task, code),
    }
}
