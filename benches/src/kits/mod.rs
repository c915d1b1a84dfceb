//! `kits-hal`: one inference of an int8 network, beside plain loops and beside the engine of `tinytorch-core`.
//!
//! The network is written as a `.tflite` file by one crate and read by the other, so that all three run the same
//! bytes, and all three must give the same codes.
//! With `KITS_DATA_DIR` there is one more case for each public model of that folder.
//!
//! The peer is `tract`, with the feature of that name: where it reads the file. Its answers are compared with ours, and
//! the report says how far they differ.

mod network;
mod plain;
mod public;
#[cfg(feature = "tract")]
mod tract;

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
/// The other engine in Rust that reads `.tflite` files.
#[cfg(feature = "tract")]
const TRACT: &str = "tract";

/// Returns the cases.
#[must_use]
pub fn plans() -> Vec<Plan> {
    let what = format!(
        "one image through an int8 network of {:.1} M multiply-adds",
        network::multiply_adds() / 1e6
    );
    let mut plans = vec![Plan::new(PACKAGE, "int8-cnn", what, |_| inference())];
    plans.extend(public::plans());
    plans
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
    let model: &'static Model<'static> = leaked(Model::parse(leaked(kit), Parse::Full)?);
    let case = Case::new(check, session(model, input.clone())?)
        .with(ENGINE, repeated(move || Ok(engine.run(&on_engine)?), |y| Ok(codes(&y))))
        .with(NAIVE, repeated(move || Ok(plain::run(&graph, &by_hand)), |y| Ok(codes(&y))));
    beside_tract(case, &file, &input)
}

fn codes(values: &[i8]) -> Vec<f32> {
    values.iter().map(|v| f32::from(*v)).collect()
}

/// Container and arena live as long as the program, as on a board.
fn leaked<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

/// Sets the input, runs, and reads the outputs, with memory lent once.
fn session(model: &'static Model<'static>, input: Vec<i8>) -> Result<Box<dyn Subject>> {
    let arena: &'static mut [u8] = vec![0; model.memory().total()].leak();
    let mut session = Session::new(model, arena)?;
    Ok(repeated(
        move || {
            session.set_input::<i8>(0, &input)?;
            session.run()?;
            let mut y = Vec::new();
            for i in 0..model.n_outputs() {
                y.extend_from_slice(session.output::<i8>(i)?);
            }
            Ok(y)
        },
        |y| Ok(codes(&y)),
    ))
}

/// Adds tract, or why it refuses the file; both contestants must be in `case` before.
#[cfg(feature = "tract")]
fn beside_tract(mut case: Case, file: &[u8], input: &[i8]) -> Result<Case> {
    let entered = crate::measure::guarded(|| {
        let mut subject = tract::subject(file, input)?;
        let answer = subject.answer()?;
        Ok((subject, answer))
    });
    let case = match entered {
        Ok((subject, answer)) => {
            let ours = case.subjects[0].1.answer()?;
            match different(&answer, &ours) {
                None => case.with(TRACT, subject),
                Some(how) => case.with_different(TRACT, subject, how),
            }
        }
        Err(error) => case.remark(TRACT, tract::reason(&error)),
    };
    Ok(case.goal(TRACT, 1.0))
}

#[cfg(not(feature = "tract"))]
fn beside_tract(case: Case, _: &[u8], _: &[i8]) -> Result<Case> {
    Ok(case)
}

/// Returns how two answers differ, if they do.
#[cfg(feature = "tract")]
fn different(theirs: &[f32], ours: &[f32]) -> Option<String> {
    if theirs.len() != ours.len() {
        return Some(format!("answers {} codes instead of {}", theirs.len(), ours.len()));
    }
    let gaps = || theirs.iter().zip(ours).map(|(a, b)| (a - b).abs());
    let (count, largest) = (gaps().filter(|gap| *gap > 0.0).count(), gaps().fold(0.0, f32::max));
    (count > 0).then(|| {
        format!("{count} of {} codes of its answer differ, by at most {largest}", ours.len())
    })
}

#[cfg(all(test, feature = "tract"))]
mod tests {
    #[test]
    fn differences_are_counted_and_measured() {
        use super::different;
        assert_eq!(different(&[1.0, 2.0], &[1.0, 2.0]), None);
        assert_eq!(different(&[1.0], &[]).as_deref(), Some("answers 1 codes instead of 0"));
        let how = different(&[1.0, -7.0, 3.0], &[1.0, 2.0, 4.0]);
        assert_eq!(how.as_deref(), Some("2 of 3 codes of its answer differ, by at most 9"));
    }
}
