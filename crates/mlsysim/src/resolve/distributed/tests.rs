//! Where the two conventions part, each difference by hand.

use super::*;
use crate::provenance::{Basis, Origins, Provenance};
use crate::registry::{Fabric, Family, Hardware, Node};
use crate::resolve::training_memory;
use crate::trace::{NoTrace, Trace};
use crate::units::{Bytes, Flop, FlopPerSecond, Params};
use alloc::string::ToString;

const CONVENTIONS: [Convention; 2] = [Convention::Reference, Convention::Upstream030];

fn origin() -> Provenance {
    Provenance::new(Basis::Estimate, "test")
}

/// Eight devices in nodes of `accelerators`.
fn fleet(accelerators: u32) -> Fleet {
    let rate = FlopPerSecond(1e15);
    let mut device = Hardware::new("d", rate, BytesPerSecond(1e13), Bytes(1e13), origin());
    device.rates.push((Precision::Fp16, rate));
    device.dispatch = Some(Seconds::ZERO);
    device.layer_time = Some(Seconds::ZERO);
    Fleet {
        id: "f".into(),
        name: "f".into(),
        node: Node {
            id: "n".into(),
            name: "n".into(),
            accelerator: device,
            accelerators,
            intra_bandwidth: BytesPerSecond(4e11),
            nics: accelerators,
            psus: 1,
            psu_redundancy: 0,
            max_power: None,
            facts: alloc::vec::Vec::new(),
            upstream: alloc::vec::Vec::new(),
            origins: Origins::new(origin()),
        },
        nodes: 8 / accelerators,
        fabric: Fabric::new("x", BytesPerSecond(5e10), origin()),
        grid: None,
        site: None,
        mtbf: None,
        origins: Origins::new(origin()),
    }
}

fn dense() -> Model {
    Model {
        parameters: Some(Params(8e9)),
        layers: Some(8),
        hidden: Some(1024),
        heads: Some(8),
        ..Model::new("dense", Family::Decoder, origin())
    }
}

/// Four experts of which a token uses one: 4e9 shared and 4e9 routed parameters.
fn sparse() -> Model {
    Model {
        active_parameters: Some(Params(5e9)),
        experts: Some(4),
        experts_per_token: Some(1),
        family: Family::SparseDecoder,
        ..dense()
    }
}

fn request() -> Request {
    Request { batch: 64, seq_len: 128, ..Request::default() }
}

fn run(model: &Model, fleet: &Fleet, request: &Request, convention: Convention) -> Distributed {
    solve(model, fleet, request, convention, &mut NoTrace).unwrap()
}

fn near(time: Seconds, by_hand: f64) {
    // A dozen operations round.
    assert!((time.0 - by_hand).abs() <= 1e-12 * by_hand, "{} instead of {by_hand}", time.0);
}

#[test]
fn gradients_are_summed_once_however_many_passes_add_up() {
    // 2 × 7/8 × 16 GB over 400 GB/s, and 14 messages of 0.5 µs.
    let whole = 1.75 * 16e9 / 4e11 + 14.0 * 5e-7;
    for accumulation in [1, 8] {
        let request = Request { accumulation, ..request() };
        let time = |convention| run(&dense(), &fleet(8), &request, convention).sync_time;
        near(time(Convention::Reference), whole);
        near(time(Convention::Upstream030), whole / f64::from(accumulation));
    }
}

#[test]
fn adapters_sum_their_share_of_the_gradients() {
    let request = Request { lora_rank: Some(16), ..request() };
    let trained = 2.0 * 16.0 * 1024.0 * 4.0 * 8.0 / 8e9;
    let time = |share: f64| 1.75 * 16e9 * share / 4e11 + 14.0 * 5e-7;
    near(run(&dense(), &fleet(8), &request, Convention::Reference).sync_time, time(trained));
    near(run(&dense(), &fleet(8), &request, Convention::Upstream030).sync_time, time(0.01));
}

#[test]
fn sharded_weights_are_gathered_twice() {
    let request = Request { zero_stage: 3, ..request() };
    let time = |convention| run(&dense(), &fleet(8), &request, convention).sync_time;
    near(time(Convention::Reference), 1.5 * time(Convention::Upstream030).0);
}

#[test]
fn tokens_travel_four_times_per_layer_over_the_link_of_their_group() {
    let request = Request { ep: 2, ..request() };
    // 64 sequences over 4 copies × 2 expert ranks: 8 × 128 tokens × 1024 wide × 2 bytes, half of which leave.
    let half = 0.5 * 1024.0 * 1024.0 * 2.0;
    let inside = run(&sparse(), &fleet(8), &request, Convention::Reference);
    near(inside.expert_time, 4.0 * 8.0 * (half / 4e11 + 5e-7));
    let between = run(&sparse(), &fleet(1), &request, Convention::Reference);
    near(between.expert_time, 4.0 * 8.0 * (half / 5e10 + 5e-6));
    // The package: once, all 16 sequences of a copy, over the network.
    let upstream = run(&sparse(), &fleet(8), &request, Convention::Upstream030);
    near(upstream.expert_time, 2.0 * half / 5e10 + 5e-6);
}

#[test]
fn expert_ranks_divide_experts_and_nothing_else() {
    let memory = |model: &Model, ep, convention| {
        let request = training_memory::Request { ep, ..training_memory::Request::default() };
        let device = &fleet(8).node.accelerator;
        training_memory::solve(model, device, &request, convention, &mut NoTrace).unwrap().weights
    };
    assert_eq!(memory(&dense(), 4, Convention::Reference), Bytes(16e9));
    assert_eq!(memory(&dense(), 4, Convention::Upstream030), Bytes(4e9));
    assert_eq!(memory(&sparse(), 4, Convention::Reference), Bytes(2.0 * (4e9 + 1e9)));
}

#[test]
fn stages_hand_activations_on() {
    let request = Request { pp: 2, microbatches: 4, ..request() };
    let upstream = run(&dense(), &fleet(1), &request, Convention::Upstream030);
    assert_eq!(upstream.transfer_time, Seconds::ZERO);
    // 64 sequences over 4 copies and 4 microbatches: 4 × 128 × 1024 × 2 bytes both ways, for 1 + 4 microbatches.
    let bytes = 4.0 * 128.0 * 1024.0 * 2.0;
    let reference = run(&dense(), &fleet(1), &request, Convention::Reference);
    near(reference.transfer_time, 5.0 * 2.0 * (bytes / 5e10 + 5e-6));
    assert!((reference.bubble_fraction - 0.2).abs() < 1e-15, "one of five slots");
}

#[test]
fn the_backward_pass_hides_no_more_than_its_time() {
    let slow = Fleet { fabric: Fabric::new("x", BytesPerSecond(1e9), origin()), ..fleet(1) };
    let request = Request { overlap: Some(1.0), ..request() };
    let hidden = run(&dense(), &slow, &request, Convention::Reference);
    // Backward: 4·8e9·1024 and causal attention 4·8·1024·128·1024 operations at 5e14/s.
    let backward = (4.0 * 8e9 * 1024.0 + 4.0 * 8.0 * 1024.0 * 128.0 * 1024.0) / 5e14;
    near(hidden.exposed_sync_time, hidden.sync_time.0 - backward);
    let upstream = run(&dense(), &slow, &request, Convention::Upstream030);
    assert_eq!(upstream.exposed_sync_time, Seconds::ZERO, "28 s hide behind a tenth of a second");
}

#[test]
fn a_network_without_attention_exchanges_no_activations_of_it() {
    let images = Model {
        parameters: Some(Params(25e6)),
        ops: Some(Flop(8e9)),
        layers: Some(50),
        ..Model::new("images", Family::Convolutional, origin())
    };
    let request = Request { tp: 2, ..request() };
    let reference = run(&images, &fleet(8), &request, Convention::Reference);
    assert_eq!(reference.tensor_time, Seconds::ZERO);
    assert!(run(&images, &fleet(8), &request, Convention::Upstream030).tensor_time > Seconds::ZERO);
}

#[test]
fn the_trace_and_the_parts_tell_the_step() {
    let mut trace = Trace::new();
    let request = Request { tp: 2, pp: 2, microbatches: 4, ..request() };
    let step = solve(&dense(), &fleet(8), &request, Convention::Reference, &mut trace).unwrap();
    let estimate = step.estimate.unwrap();
    assert_eq!(estimate.breakdown.total(), step.step_time);
    assert_eq!(trace.quantity("step_time"), Some(step.step_time.into()));
    assert!(step.scaling_efficiency <= 1.0 && step.replica.feasible());
    near(64.0 / step.throughput, step.step_time.0);
}

#[test]
fn contradictory_degrees_are_refused_with_all_numbers() {
    let message = |request: &Request, convention| {
        solve(&dense(), &fleet(8), request, convention, &mut NoTrace).unwrap_err().to_string()
    };
    for convention in CONVENTIONS {
        assert_eq!(
            message(&Request { tp: 2, dp: Some(3), ..request() }, convention),
            "layout: tp 2 × pp 1 × cp 1 × ep 1 × dp 3 makes 6 devices, but there are 8"
        );
        assert_eq!(
            message(&Request { tp: 3, ..request() }, convention),
            "layout: tp 3 × pp 1 × cp 1 × ep 1 makes 3 devices, which do not divide the 8 there are"
        );
    }
    assert_eq!(
        message(&Request { batch: 12, ..request() }, Convention::Reference),
        "layout: a batch of 12 sequences does not split over dp 8 × ep 1 devices into whole microbatches of 1"
    );
}
