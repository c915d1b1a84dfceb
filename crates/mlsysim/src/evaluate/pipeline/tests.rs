//! What is missing, what flows from stage to stage, and a pipeline by hand.

use super::*;
use crate::provenance::{Basis, Provenance};
use crate::registry::Family;
use crate::units::{Bytes, BytesPerSecond, FlopPerSecond, Params};
use alloc::string::ToString;

#[test]
fn what_is_missing_is_told_for_all_stages_at_once() {
    let pipeline = Pipeline::new([Stage::Serving, Stage::TailLatency, Stage::Capital]).unwrap();
    let message = pipeline.check(&Inputs::default()).unwrap_err().to_string();
    // A service time comes from the stage before; five other things come from nowhere.
    assert_eq!(message.lines().count(), 5, "{message}");
    assert!(message.contains("stage tail_latency needs `arrival_rate`"), "{message}");
    assert!(!message.contains("service_time"), "{message}");
    assert!(Pipeline::new([]).is_err());
}

#[test]
fn a_service_time_flows_from_serving_to_its_queue() {
    let origin = || Provenance::new(Basis::Estimate, "test");
    let mut model = Model::new("lm", Family::Decoder, origin());
    model.parameters = Some(Params(1e9));
    (model.layers, model.hidden, model.heads) = (Some(16), Some(2048), Some(16));
    let (peak, bandwidth) = (FlopPerSecond(1e15), BytesPerSecond(2e12));
    let mut machine = Hardware::new("m", peak, bandwidth, Bytes(80e9), origin());
    machine.rates = alloc::vec![(Precision::Fp16, peak)];
    let inputs = Inputs {
        model: Some(&model),
        hardware: Some(&machine),
        arrival_rate: Some(Hertz(1.0)),
        output_tokens: 11,
        seq_len: 64,
        ..Inputs::default()
    };
    let pipeline = Pipeline::new([Stage::Serving, Stage::TailLatency]).unwrap();
    let findings = pipeline.run(&inputs, Convention::Reference).unwrap();
    let [(_, Finding::Serving(serving)), (_, Finding::TailLatency(queue))] = &findings[..] else {
        panic!("{findings:?}")
    };
    // One request a second: the load is the time of one request.
    let request = serving.ttft.0 + 10.0 * serving.itl.0;
    assert!((queue.utilization - request).abs() < 1e-12, "{queue:?}");
}

#[test]
fn a_budget_becomes_a_model_a_run_and_its_price() {
    let origin = || Provenance::new(Basis::Estimate, "test");
    let (peak, bandwidth) = (FlopPerSecond(1e15), BytesPerSecond(3e12));
    let mut machine = Hardware::new("m", peak, bandwidth, Bytes(80e9), origin());
    machine.rates = alloc::vec![(Precision::Fp16, peak)];
    machine.power = Some(crate::units::Watts(700.0));
    let grid = crate::registry::Grid::new("g", crate::units::KgCo2PerJoule(1e-7), origin());
    let fleet = fleet_of(machine, grid);
    let mut training = distributed::Request { batch: 64, ..distributed::Request::default() };
    (training.tp, training.recompute) = (8, crate::registry::Recompute::Selective);
    training.microbatches = 8;
    let inputs =
        Inputs { budget: Some(Flop(1.2e21)), fleet: Some(&fleet), training, ..Inputs::default() };
    let stages = [Stage::Scaling, Stage::Distributed, Stage::Sustainability, Stage::Fragility];
    let pipeline = Pipeline::new(stages).unwrap();
    let findings = pipeline.run(&inputs, Convention::Reference).unwrap();
    let [
        (_, Finding::Scaling(scaled)),
        (_, Finding::Distributed(step)),
        (_, Finding::Sustainability(used)),
        (_, Finding::Fragility(failures)),
    ] = &findings[..]
    else {
        panic!("{findings:?}")
    };
    // The budget is spent: 6·N·D; and the step's operations are those of that model: 6·N·64·2048 and attention.
    let spent = 6.0 * scaled.parameters.0 * scaled.tokens.0;
    assert!((spent / 1.2e21 - 1.0).abs() < 1e-12, "products and powers of the same numbers");
    let model = scaled.model.as_ref().unwrap();
    let alone = Inputs { model: Some(model), tokens: None, ..inputs };
    let again = Pipeline::new([Stage::Distributed]).unwrap();
    let again = again.run(&alone, Convention::Reference).unwrap();
    assert_eq!(again[0].1, Finding::Distributed(*step));
    // The run: whole steps of 64 × 2048 tokens; 16 devices' energy is the mean power times its time.
    let time = libm::ceil(scaled.tokens.0 / 131_072.0) * step.step_time.0;
    let used_share = step.replica.mfu * step.scaling_efficiency;
    let watts = 700.0 * (0.3 + 0.7 * used_share) * 16.0;
    let energy = used.footprint.it_energy.0;
    assert!((energy / (watts * time) - 1.0).abs() < 1e-12, "{energy} against {watts} × {time}");
    let expected = time / failures.fleet_mtbf.0;
    assert!((failures.job.expected_failures / expected - 1.0).abs() < 1e-12, "a division");
    // What the model is given for is not made up.
    let given = Pipeline::new([Stage::Scaling]).unwrap();
    let given = given.run(&alone, Convention::Reference).unwrap();
    let Finding::Scaling(given) = &given[0].1 else { panic!("{given:?}") };
    assert!(given.model.is_none() && (given.tokens / scaled.tokens - 1.0).abs() < 1e-12);
    // The Python package raises; and without a budget the stage says what it lacks.
    assert!(pipeline.run(&inputs, Convention::Upstream030).is_err());
    let message = pipeline.check(&Inputs { budget: None, ..inputs }).unwrap_err().to_string();
    assert!(message.starts_with("stage scaling needs `budget`"), "{message}");
}

/// Two nodes of eight.
fn fleet_of(machine: Hardware, grid: crate::registry::Grid) -> Fleet {
    let origin = || Provenance::new(Basis::Estimate, "test");
    let link = BytesPerSecond(450e9);
    Fleet {
        id: "f".into(),
        name: "f".into(),
        node: crate::registry::Node {
            id: "n".into(),
            name: "n".into(),
            accelerator: machine,
            accelerators: 8,
            intra_bandwidth: link,
            nics: 8,
            psus: 2,
            psu_redundancy: 0,
            max_power: None,
            facts: Vec::new(),
            upstream: Vec::new(),
            origins: crate::provenance::Origins::new(origin()),
        },
        nodes: 2,
        fabric: crate::registry::Fabric::new("e", BytesPerSecond(50e9), origin()),
        grid: Some(grid),
        site: None,
        mtbf: None,
        origins: crate::provenance::Origins::new(origin()),
    }
}
