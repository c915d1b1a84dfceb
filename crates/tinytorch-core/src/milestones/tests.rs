//! Gates that must be able to fail: each milestone with a part broken, or with the answer of another network.

use super::{plane::Descent, *};
use crate::{
    Rng, Tensor,
    datasets::{ALMANAC, points},
    milestones::digits::{Recipe, train},
    nn::{Init, Linear, Module, Relu, Sequential},
};

const QUICK: Opts = Opts { seed: 1, quick: true, text: ALMANAC, progress: |_| Box::new(()) };

fn report(id: Id, findings: Findings) -> Report {
    Report::new(id, &QUICK, findings)
}

/// The names of the gates that are not passed.
fn failed(report: &Report) -> Vec<&'static str> {
    assert!(!report.passed());
    report.gates.iter().filter(|g| !g.passed()).map(|g| g.name).collect()
}

/// Two layers on exclusive or, with `activation` between them: corners right.
fn two_layers(activation: fn(&Tensor) -> Result<Tensor>) -> usize {
    let mut rng = Rng::seed(2);
    let points = points::xor(40, 0.1, &mut rng);
    let layer =
        |n_in, n_out, rng: &mut Rng| Linear::with_init(n_in, n_out, Init::TorchDefault, rng);
    let model = Sequential::new()
        .push(layer(2, 8, &mut rng).unwrap())
        .push_fn("activation", activation)
        .push(layer(8, 1, &mut rng).unwrap());
    let how = Descent { lr: 0.5, epochs: 500, batch: 40 };
    plane::train(&model, &points, how, &mut rng, &mut ()).unwrap();
    plane::corners(&model, |_, xor| xor).unwrap()
}

#[test]
fn a_rule_that_never_looks_at_the_points_fails() {
    let mut findings = perceptron::run(&QUICK).unwrap();
    findings.rule = perceptron::rosenblatt(&findings.points, 0);
    assert_eq!(
        failed(&report(Id::Perceptron, Findings::Perceptron(findings))),
        ["right after Rosenblatt's rule"]
    );
}

/// A hidden layer is what the crisis is without; with one, the milestone must not pass.
#[test]
fn a_neuron_that_solves_exclusive_or_fails_the_crisis() {
    let mut findings = xor_crisis::run(&QUICK).unwrap();
    findings.xor.corners = two_layers(Tensor::tanh);
    assert_eq!(
        failed(&report(Id::XorCrisis, Findings::XorCrisis(findings))),
        ["corners right after training, as a share"]
    );
}

/// Two linear layers are one.
#[test]
fn a_hidden_layer_without_activation_fails() {
    let mut findings = xor_solved::run(&QUICK).unwrap();
    findings.tanh.corners = two_layers(|x| Ok(x.clone()));
    assert_eq!(failed(&report(Id::XorSolved, Findings::XorSolved(findings))).len(), 1);
}

#[test]
fn a_network_that_was_not_trained_fails() {
    let (train_set, test_set) = mlp::data().unwrap();
    let recipe = Recipe { epochs: 0, ..mlp::recipe(&QUICK) };
    let untrained = train(&recipe, &train_set, &test_set, true, &mut ()).unwrap();
    let run = mlp::Run::of(&untrained);
    assert!(run.accuracy < 0.3, "{}", run.accuracy); // a tenth by chance
    let findings = mlp::Findings { parameters: 2_410, fast: run.clone(), slow: run };
    assert_eq!(failed(&report(Id::Digits, Findings::Digits(findings))).len(), 1);
}

/// The perceptron in the place of the convolutional network is too large and takes a shift worse.
#[test]
fn exchanged_networks_fail() {
    let cnn::Findings { cnn, mlp } = cnn::run(&QUICK).unwrap();
    assert_eq!((cnn.parameters, mlp.parameters), (810, 2_410));
    let exchanged = cnn::Findings { cnn: mlp, mlp: cnn };
    assert_eq!(failed(&report(Id::Cnn, Findings::Cnn(exchanged))).len(), 2);
}

#[test]
fn exchanged_transformers_fail() {
    let mut findings = transformer::run(&QUICK).unwrap();
    core::mem::swap(&mut findings.reverse, &mut findings.without_attention);
    core::mem::swap(&mut findings.mixed, &mut findings.without_positions);
    assert_eq!(
        failed(&report(Id::Transformer, Findings::Transformer(Box::new(findings)))).len(),
        4
    );
}

/// The rectifier as the identity, which a broken activation would be, does not solve exclusive or either; the true one
/// does from this start.
#[test]
fn the_rectifier_matters() {
    assert!(two_layers(|x| Relu.forward(x)) == 4 && two_layers(|x| Ok(x.clone())) < 4);
}

/// Each way to a smaller network with an answer that is not its own: what it would be if it did not work.
#[test]
fn smaller_networks_that_forget_fail() {
    let right = mlperf::run(&QUICK).unwrap();
    assert!(report(Id::Mlperf, Findings::Mlperf(Box::new(right.clone()))).passed());
    let fails = |change: fn(&mut mlperf::Findings)| {
        let mut findings = right.clone();
        change(&mut findings);
        failed(&report(Id::Mlperf, Findings::Mlperf(Box::new(findings))))
    };
    assert_eq!(fails(|f| f.bytes[1] = f.bytes[0]), ["bytes of int8, as a share of f32's"]);
    assert_eq!(fails(|f| f.int8 -= 0.02), ["accuracy lost in int8"]);
    assert_eq!(fails(|f| f.pruned.zeros = 0.1), ["weights set to zero"]);
    assert_eq!(fails(|f| f.pruned.accuracy = 0.1), ["accuracy lost by pruning"]);
    assert_eq!(fails(|f| f.pruned.tuned = 0.1), ["accuracy lost after fine-tuning"]);
    assert_eq!(fails(|f| f.student.1 = 0.1), ["accuracy the student lacks"]);
}

#[test]
fn a_cache_that_changes_the_text_or_takes_longer_fails() {
    let mut findings = kv_cache::run(&QUICK).unwrap();
    findings.sampled -= 1;
    findings.difference = f64::NAN;
    findings.times.as_mut().unwrap().speed_up.median = 1.0;
    assert_eq!(
        failed(&report(Id::KvCache, Findings::KvCache(Box::new(findings)))),
        [
            "drawn tokens that are the same",
            "largest difference of a score",
            "times as fast with a cache"
        ]
    );
}

#[test]
fn a_language_model_that_was_not_trained_or_not_resumed_fails() {
    let right = language::run(&QUICK).unwrap();
    let fails = |change: fn(&mut language::Findings)| {
        let mut findings = right.clone();
        change(&mut findings);
        failed(&report(Id::Language, Findings::Language(Box::new(findings))))
    };
    // One bit of one epoch is enough.
    let one_bit = fails(|f| f.resumed[1][0] = f.resumed[1][0].next_up());
    assert_eq!(one_bit, ["epochs that a resumed run repeats to the bit"]);
    let untrained = fails(|f| {
        let even = (f.vocab as f64).ln(); // all letters equally probable
        *f.losses.last_mut().unwrap() = even;
        *f.held_out.last_mut().unwrap() = even;
    });
    assert_eq!(untrained.len(), 3);
}

#[test]
fn texts_that_are_too_short_are_refused() {
    let opts = Opts { text: "a short text", ..QUICK };
    for id in [Id::KvCache, Id::Language] {
        assert!(matches!(run(id, &opts), Err(crate::Error::InvalidArgument { .. })), "{id}");
    }
}
