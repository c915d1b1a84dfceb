//! A real model behind the protocol: pixels, raw bytes and floats give what the session alone gives.

use kits_hal::bench::{Answer, Benchmark, Network, Preparation};
use kits_hal::{Check, Model, RunError, Session};

const KIT: &[u8] = include_bytes!("../golden/data/small.kit");

fn collect(network: &Network<'_, '_>) -> Vec<f32> {
    let mut results = Vec::new();
    network.results(&mut |value| results.push(value));
    results
}

/// What the session alone says of an input.
fn alone(model: &Model<'_>, input: &[i8]) -> Vec<f32> {
    let mut arena = vec![0; model.arena_len()];
    let mut session = Session::new(model, &mut arena).expect("the model runs");
    session.set_input(0, input).expect("the model runs");
    session.run().expect("the model runs");
    session.output_f32(0).expect("the model runs").iter().collect()
}

#[test]
fn every_preparation_gives_the_same_inference() {
    let model = Model::parse(KIT, Check::Full).unwrap();
    let info = model.input(0).unwrap();
    let input: Vec<i8> = (0..info.len()).map(|i| ((i * 37) % 256) as u8 as i8).collect();
    let expected = alone(&model, &input);
    let raw: Vec<u8> = input.iter().map(|v| v.cast_unsigned()).collect();
    let pixels: Vec<u8> = input.iter().map(|v| (i16::from(*v) + 128) as u8).collect();
    let floats: Vec<u8> = input
        .iter()
        .flat_map(|v| (info.scale * (f32::from(*v) - f32::from(info.zero_point))).to_le_bytes())
        .collect();
    for (preparation, bytes) in
        [(Preparation::Raw, raw), (Preparation::Pixels, pixels), (Preparation::Floats, floats)]
    {
        let mut arena = vec![0; model.arena_len()];
        let session = Session::new(&model, &mut arena).unwrap();
        let mut network = Network::new(session, preparation);
        assert_eq!(network.input_bytes(), bytes.len());
        // The plan writes over the input, so the second run shows that it is written anew.
        for _ in 0..2 {
            network.infer(&bytes).unwrap();
            assert_eq!(collect(&network), expected, "{preparation:?}");
        }
        let (mut now, mut ops) = (0, Vec::new());
        let mut clock = || {
            now += 5;
            now
        };
        let timed = network.infer_by_operator(&bytes, &mut clock, &mut |op, name, us| {
            ops.push((op, String::from(name), us));
            core::ops::ControlFlow::Continue(())
        });
        assert_eq!(timed, Ok(Some(())));
        assert_eq!(collect(&network), expected);
        let names: Vec<_> = model.ops().map(|op| (op.index, String::from(op.name()), 5)).collect();
        assert_eq!(ops, names);
    }
}

#[test]
fn a_wrong_length_is_refused_with_both_and_the_next_inference_runs() {
    let model = Model::parse(KIT, Check::Full).unwrap();
    let mut arena = vec![0; model.arena_len()];
    let session = Session::new(&model, &mut arena).unwrap();
    let mut network = Network::new(session, Preparation::Raw);
    let need = network.input_bytes();
    for have in [0, need - 1, need + 1] {
        let error = network.infer(&vec![0; have]).unwrap_err();
        let expected = RunError::InputLength { index: 0, need: need as u32, have: have as u32 };
        assert_eq!(error, expected);
    }
    network.infer(&vec![0; need]).unwrap();
}

#[test]
fn the_squared_error_is_that_of_input_and_output() {
    let model = Model::parse(KIT, Check::Full).unwrap();
    let info = model.input(0).unwrap();
    let input: Vec<i8> = (0..info.len()).map(|i| ((i * 91) % 256) as u8 as i8).collect();
    let output = alone(&model, &input);
    let real = |v: &i8| f64::from(info.scale) * f64::from(i16::from(*v) - info.zero_point);
    let n = output.len().min(input.len());
    let expected = input
        .iter()
        .zip(&output)
        .map(|(x, y)| (real(x) - f64::from(*y)) * (real(x) - f64::from(*y)))
        .sum::<f64>()
        / n as f64;
    for (preparation, bytes) in [
        (Preparation::Raw, input.iter().map(|v| v.cast_unsigned()).collect::<Vec<u8>>()),
        (Preparation::Floats, input.iter().flat_map(|v| (real(v) as f32).to_le_bytes()).collect()),
    ] {
        let mut arena = vec![0; model.arena_len()];
        let session = Session::new(&model, &mut arena).unwrap();
        let mut network = Network::new(session, preparation).with_answer(Answer::SquaredError);
        network.infer(&bytes).unwrap();
        let [got] = collect(&network)[..] else { panic!("one number") };
        // Ten terms in f32, each with some 2⁻²³ of relative error.
        assert!((f64::from(got) - expected).abs() <= expected * 2e-6, "{got} {expected}");
    }
}

#[test]
fn memory_is_that_of_the_model_and_the_gauge() {
    let model = Model::parse(KIT, Check::Full).unwrap();
    let mut arena = vec![0; model.arena_len()];
    let session = Session::new(&model, &mut arena).unwrap();
    let deepest = core::cell::Cell::new(None);
    let gauge = || deepest.get();
    let network = Network::new(session, Preparation::Raw).with_stack(&gauge);
    // Bytes 20 to 27 of the container are the two sizes: docs/spec/kit-format.md.
    let size = |at: usize| u32::from_le_bytes([KIT[at], KIT[at + 1], KIT[at + 2], KIT[at + 3]]);
    let memory = network.memory();
    assert_eq!((memory.arena, memory.scratch, memory.stack), (size(20), size(24), None));
    deepest.set(Some(1392));
    assert_eq!(network.memory().stack, Some(1392));
}
