//! Hand values and laws of the single-node step.

use super::*;
use crate::composite::Tier;
use crate::trace::{NoTrace, Trace};
use crate::units::{Flop, Watts};
use crate::workload::WorkloadSpec;

const MACHINE: Device = Device::new(FlopPerSecond(100e9), BytesPerSecond(20e9), Bytes(8e9));

fn work(ops: f64, bytes: f64) -> WorkloadSpec {
    WorkloadSpec { ops: Flop(ops), bytes_moved: Bytes(bytes), ..WorkloadSpec::default() }
}

#[track_caller]
fn run(work: &WorkloadSpec, device: &Device) -> Profile {
    evaluate(work, device, &Settings::default(), Convention::Reference, &mut NoTrace).unwrap()
}

#[track_caller]
fn close(got: f64, expected: f64) {
    assert!((got - expected).abs() <= 1e-12 * expected.abs(), "got {got}, expected {expected}");
}

#[test]
fn weights_in_flash_are_read_at_its_rate() {
    let flash = Tier { capacity: Bytes(1e6), bandwidth: Some(BytesPerSecond(50e6)) };
    let board = Device {
        weight_store: Some(flash),
        ..Device::new(FlopPerSecond(256e6), BytesPerSecond(256e6), Bytes(256e3))
    };
    let step =
        WorkloadSpec { weight_bytes: Bytes(100e3), working_bytes: Bytes(20e3), ..work(1e6, 164e3) };
    let profile = run(&step, &board);
    // 100 kB at 50 MB/s are 2 ms; the other 64 kB at 256 MB/s are 0.25 ms.
    close(profile.memory_time.0, 0.00225);
    close(profile.effective_bandwidth.0, 164e3 / 0.00225);
    assert!(profile.feasible());
    assert_eq!(profile.weights.map(|fit| fit.have), Some(Bytes(1e6)));
    assert_eq!(profile.memory.need, Bytes(20e3), "weights do not count towards RAM");
}

#[test]
fn weights_that_fit_a_cache_come_from_it() {
    let cache = Tier { capacity: Bytes(32e6), bandwidth: Some(BytesPerSecond(200e9)) };
    let device = Device { cache: Some(cache), ..MACHINE };
    let small = WorkloadSpec { weight_bytes: Bytes(20e6), ..work(0.0, 20e6) };
    close(run(&small, &device).memory_time.0, 1e-4);
    let large = WorkloadSpec { weight_bytes: Bytes(40e6), ..work(0.0, 40e6) };
    close(run(&large, &device).memory_time.0, 2e-3);
}

#[test]
fn only_what_spills_crosses_the_host_link() {
    let device = Device { host_link: Some(BytesPerSecond(2e9)), ..MACHINE };
    let step = WorkloadSpec { weight_bytes: Bytes(10e9), ..work(0.0, 10e9) };
    let profile = run(&step, &device);
    // 8 of 10 GB at 20 GB/s and 2 GB at 2 GB/s.
    close(profile.memory_time.0, 0.4 + 1.0);
    assert_eq!(profile.memory.short_by, Bytes(2e9));
    let refused = profile.require_fit();
    assert_eq!(
        refused.map_err(|error| alloc::string::ToString::to_string(&error)),
        Err("out of memory: needs 10 GB, has 8 GB, short by 2 GB".into())
    );
}

#[test]
fn energy_follows_utilization() {
    let device = Device { power: Some(Watts(100.0)), idle_share: 0.4, ..MACHINE };
    let profile = run(&work(1e9, 1e9), &device);
    // 50 ms at a fifth of the peak: 100 W × (0.4 + 0.6 × 0.2).
    close(profile.hfu, 0.2);
    close(profile.energy.unwrap().0, 100.0 * 0.52 * 0.05);
    assert_eq!(run(&work(1e9, 1e9), &MACHINE).energy, None);
}

#[test]
fn a_traced_run_gives_the_same_numbers() {
    let device = Device { power: Some(Watts(15.0)), layer_time: Seconds(1e-5), ..MACHINE };
    let step = WorkloadSpec { weight_bytes: Bytes(3e8), layers: 7, items: 4, ..work(3e9, 5e8) };
    let mut trace = Trace::new();
    for convention in [Convention::Reference, Convention::Upstream030] {
        let silent =
            evaluate(&step, &device, &Settings::default(), convention, &mut NoTrace).unwrap();
        trace = Trace::new();
        let traced =
            evaluate(&step, &device, &Settings::default(), convention, &mut trace).unwrap();
        assert_eq!(silent, traced);
        assert_eq!(trace.quantity("time"), Some(traced.time.into()));
    }
    // Every node that a formula reads stands before it.
    for (index, node) in trace.nodes().iter().enumerate() {
        for read in node.reads {
            assert!(
                trace.nodes()[..index].iter().any(|n| n.name == *read),
                "{} reads {read}",
                node.name
            );
        }
    }
}

#[test]
fn bad_devices_and_demands_are_named() {
    let broken = [
        (Device { capacity: Bytes(0.0), ..MACHINE }, "capacity"),
        (Device { bandwidth: BytesPerSecond(f64::NAN), ..MACHINE }, "bandwidth"),
        (Device { peak: FlopPerSecond(0.0), ..MACHINE }, "peak"),
        (Device { idle_share: 1.5, ..MACHINE }, "idle_share"),
        (Device { power: Some(Watts(f64::INFINITY)), ..MACHINE }, "power"),
    ];
    for (device, field) in broken {
        let error = evaluate(
            &work(1.0, 1.0),
            &device,
            &Settings::default(),
            Convention::Reference,
            &mut NoTrace,
        );
        assert!(
            matches!(&error, Err(Error::OutOfRange { name, .. }) if *name == field),
            "{field}: {error:?}"
        );
    }
    let negative = WorkloadSpec { working_bytes: Bytes(-1.0), ..work(1.0, 1.0) };
    let error =
        evaluate(&negative, &MACHINE, &Settings::default(), Convention::Reference, &mut NoTrace);
    assert!(matches!(error, Err(Error::OutOfRange { name: "working_bytes", .. })));
}
