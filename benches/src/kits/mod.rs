//! `kits-hal`: one inference of an int8 network, beside plain loops and beside the engine of `tinytorch-core`.
//!
//! The network is written as a `.tflite` file by one crate and read by the other, so that all three run the same
//! bytes, and all three must give the same codes.

mod network;
mod plain;

use anyhow::Result;
use kits_hal::{Check as Parse, Model, Session, convert};
use tinytorch_core::export::tflite;
use tinytorch_core::quant::Engine;

use crate::case::{Case, NAIVE, Plan};
use crate::check::Check;
use crate::subject::{Subject, repeated};
use crate::values::whole;

const PACKAGE: &str = "kits-hal";
/// The engine that `tinytorch-core` checks its quantized models with.
const ENGINE: &str = "tinytorch";

/// Returns the cases.
#[must_use]
pub fn plans() -> Vec<Plan> {
    let what = format!(
        "one image through an int8 network of {:.1} M multiply-adds",
        network::multiply_adds() / 1e6
    );
    vec![Plan::new(PACKAGE, "int8-cnn", what, |_| inference())]
}

fn inference() -> Result<Case> {
    let graph = network::graph();
    let input: Vec<i8> = whole(1, graph.tensors[graph.input].numel(), 256)
        .into_iter()
        .map(|v| (v as i32 - 128) as i8)
        .collect();
    let file = tflite::to_bytes(&graph, "a network for measurements")?;
    let kit = convert::import(&file, &convert::Options::default())?.kit;
    let engine = Engine::new(graph.clone())?;
    // Integer arithmetic: every right answer is equal.
    let check = Check::against(codes(&plain::run(&graph, &input)), 0.0);
    let on_engine = input.clone();
    let by_hand = input.clone();
    Ok(Case::new(check, session(&kit, input)?)
        .with(ENGINE, repeated(move || Ok(engine.run(&on_engine)?), |y| Ok(codes(&y))))
        .with(NAIVE, repeated(move || Ok(plain::run(&graph, &by_hand)), |y| Ok(codes(&y)))))
}

fn codes(values: &[i8]) -> Vec<f32> {
    values.iter().map(|v| f32::from(*v)).collect()
}

/// Sets the input, runs, and reads the output, with memory lent once.
///
/// Container and arena live as long as the program, as on a board.
fn session(kit: &[u8], input: Vec<i8>) -> Result<Box<dyn Subject>> {
    let kit: &'static [u8] = kit.to_vec().leak();
    let model: &'static Model<'static> = Box::leak(Box::new(Model::parse(kit, Parse::Full)?));
    let arena: &'static mut [u8] = vec![0; model.memory().total()].leak();
    let mut session = Session::new(model, arena)?;
    Ok(repeated(
        move || {
            session.set_input::<i8>(0, &input)?;
            session.run()?;
            Ok(session.output::<i8>(0)?.to_vec())
        },
        |y| Ok(codes(&y)),
    ))
}
