//! The same files in `tract`, as its documentation has it: loaded, optimized, made runnable, run.
//!
//! Version 0.23.9 gives the output of a SOFTMAX the scale of its input, and answers other int8 files differently from
//! their definition too; such a contestant is timed, and the report says by how much it differs.

use anyhow::{Context as _, Result, ensure};
use tract_tflite::internal::{Framework as _, tract_itertools::Itertools as _};
use tract_tflite::prelude::{IntoRunnable as _, TValue, Tensor, tvec};

use super::codes;
use crate::subject::{Subject, repeated};

/// Returns a contestant that runs `file` on the codes of `input`.
///
/// # Errors
///
/// If tract cannot load, optimize or run the file.
pub(super) fn subject(file: &[u8], input: &[i8]) -> Result<Box<dyn Subject>> {
    let mut bytes = file;
    let model = tract_tflite::tflite().model_for_read(&mut bytes)?.into_optimized()?;
    let fact = model.input_fact(0)?;
    let shape = fact.shape.as_concrete().context("a shape known before it runs")?;
    let mut tensor = Tensor::zero_dt(fact.datum_type, shape)?;
    let mut view = tensor.try_as_plain_ram_mut()?;
    let values = view.as_slice_mut::<i8>()?;
    ensure!(values.len() == input.len(), "the input has {} values", values.len());
    values.copy_from_slice(input);
    let x: TValue = tensor.into();
    let run = model.into_runnable()?;
    Ok(repeated(
        move || run.run(tvec!(x.clone())),
        |outputs| {
            let mut all = Vec::new();
            for output in &outputs {
                all.extend(codes(output.try_as_plain_ram()?.as_slice::<i8>()?));
            }
            Ok(all)
        },
    ))
}

/// Returns a refusal in one line: what tract was translating, and the last cause.
pub(super) fn reason(error: &anyhow::Error) -> String {
    let chain = error.chain().map(ToString::to_string).join(" ");
    let options = chain.split_once("builtin_options_type: ").map(|(_, rest)| rest);
    let op = options.and_then(|rest| rest.split_once("Options")).map(|(op, _)| op);
    let cause = error.root_cause().to_string();
    let cause = cause.split_whitespace().join(" ");
    let short: String = cause.chars().take(110).collect();
    let dots = if short.len() < cause.len() { "…" } else { "" };
    format!("refuses the file: {}{short}{dots}", op.map(|op| format!("{op}: ")).unwrap_or_default())
}
