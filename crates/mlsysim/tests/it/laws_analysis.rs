//! Physics of walls 21 and 22 on random inputs.

use mlsysim::composite::roofline::{Step, StepIn};
use mlsysim::composite::{Device, Settings, Tier, amdahl, single_node};
use mlsysim::trace::NoTrace;
use mlsysim::units::{Bytes, BytesPerSecond, Flop, FlopPerSecond, Seconds};
use mlsysim::walls::analysis::sensitivity::{
    DeviceInput, Limit, device_sensitivity, device_time, elasticities,
};
use mlsysim::walls::analysis::synthesis::{
    Devices, DevicesIn, Outcome, RequirementsIn, requirements,
};
use mlsysim::{Convention, WorkloadSpec, walls};
use proptest::prelude::*;

/// Roundings of a few operations, each half an ulp.
const ROUNDING: f64 = 1e-12;

fn magnitude(low: i32, high: i32) -> impl Strategy<Value = f64> {
    (1.0_f64..10.0, low..high).prop_map(|(m, e)| m * libm::pow(10.0, f64::from(e)))
}

fn tier() -> impl Strategy<Value = Option<Tier>> {
    prop::option::of((magnitude(4, 9), prop::option::of(magnitude(7, 13))).prop_map(
        |(capacity, bandwidth)| Tier {
            capacity: Bytes(capacity),
            bandwidth: bandwidth.map(BytesPerSecond),
        },
    ))
}

prop_compose! {
    fn step()(
        ops in magnitude(6, 15), bytes in magnitude(6, 12), peak in magnitude(9, 15),
        bandwidth in magnitude(9, 13), efficiency in 0.1_f64..=1.0, memory_efficiency in 0.1_f64..=1.0,
        overhead in magnitude(-6, -1), overlap in 0.0_f64..=1.0,
    ) -> StepIn {
        StepIn {
            ops: Flop(ops),
            bytes_moved: Bytes(bytes),
            peak: FlopPerSecond(peak),
            bandwidth: BytesPerSecond(bandwidth),
            efficiency,
            memory_efficiency,
            overhead: Seconds(overhead),
            overlap,
        }
    }
}

prop_compose! {
    fn machine()(
        peak in magnitude(6, 16), bandwidth in magnitude(6, 13), memory_efficiency in 0.1_f64..=1.0,
        capacity in magnitude(3, 12), cache in tier(), weight_store in tier(),
        host_link in prop::option::of(magnitude(8, 12)), dispatch in 0.0_f64..1e-3, layer_time in 0.0_f64..1e-4,
    ) -> Device {
        Device {
            memory_efficiency,
            cache,
            weight_store,
            host_link: host_link.map(BytesPerSecond),
            dispatch: Seconds(dispatch),
            layer_time: Seconds(layer_time),
            ..Device::new(FlopPerSecond(peak), BytesPerSecond(bandwidth), Bytes(capacity))
        }
    }
}

prop_compose! {
    fn work()(
        ops in prop_oneof![Just(0.0), magnitude(3, 18)], bytes in prop_oneof![Just(0.0), magnitude(3, 13)],
        weights in prop_oneof![Just(0.0), magnitude(3, 12)], working in prop_oneof![Just(0.0), magnitude(3, 12)],
        layers in 1_u32..200,
    ) -> WorkloadSpec {
        WorkloadSpec {
            ops: Flop(ops),
            bytes_moved: Bytes(bytes),
            weight_bytes: Bytes(weights),
            working_bytes: Bytes(working),
            layers,
            ..WorkloadSpec::default()
        }
    }
}

/// The step's time with one of its inputs multiplied.
fn scaled(x: &StepIn, input: usize, factor: f64) -> f64 {
    let mut y = *x;
    match input {
        0 => y.ops = y.ops * factor,
        1 => y.bytes_moved = y.bytes_moved * factor,
        2 => y.peak = y.peak * factor,
        3 => y.bandwidth = y.bandwidth * factor,
        4 => y.efficiency *= factor,
        5 => y.memory_efficiency *= factor,
        6 => y.overhead = y.overhead * factor,
        _ => y.overlap *= factor,
    }
    walls::solve::<Step>(&y, Convention::Reference).expect("in range").time.0
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn elasticities_by_differences_and_in_closed_form(
        x in step(), shrink in 0.2_f64..0.9,
    ) {
        // Shares are kept off 1, so that they can be increased.
        let x = StepIn {
            efficiency: x.efficiency * shrink,
            memory_efficiency: x.memory_efficiency * shrink,
            overlap: x.overlap * shrink,
            ..x
        };
        let out = elasticities(&x).expect("in range");
        let base = walls::solve::<Step>(&x, Convention::Reference).expect("in range");
        prop_assert_eq!(out.time.0.to_bits(), base.time.0.to_bits());
        let (c, m, o, t) = (base.compute_time.0, base.memory_time.0, x.overhead.0, base.time.0);

        // Closed form: weight 1 for the longer, 1 − ω for the shorter.
        let (wc, wm) = if c >= m { (1.0, 1.0 - x.overlap) } else { (1.0 - x.overlap, 1.0) };
        for (got, expected) in [
            (out.peak_up, -wc * c / t),
            (out.bandwidth_up, -wm * m / t),
            (out.overhead_up, o / t),
            (out.ops_up, wc * c / t),
            (out.overlap_up, -x.overlap * c.min(m) / t),
        ] {
            prop_assert!((got - expected).abs() <= ROUNDING, "{got} {expected}");
        }
        let sum = out.peak_up.abs() + out.bandwidth_up.abs() + out.overhead_up.abs();
        prop_assert!((sum - 1.0).abs() <= ROUNDING);

        // Central differences, away from the corner: a step of h = 1e-5 errs by h²/6 of third derivatives of size 6, and
        // by two roundings of the time over 2·h.
        let h = 1e-5;
        if (c / m - 1.0).abs() > 10.0 * h {
            let exact = [
                out.ops_up, out.bytes_up, out.peak_up, out.bandwidth_up, out.efficiency_up,
                out.memory_efficiency_up, out.overhead_up, out.overlap_up,
            ];
            for (input, exact) in exact.into_iter().enumerate() {
                let difference = (scaled(&x, input, 1.0 + h) - scaled(&x, input, 1.0 - h)) / (2.0 * h) / t;
                prop_assert!((difference - exact).abs() < 1e-9, "{input}: {difference} {exact}");
            }
        }
    }

    #[test]
    fn the_headroom_is_where_the_binding_limit_changes(x in step()) {
        let out = elasticities(&x).expect("in range");
        let with = |peak: f64, bandwidth: f64, overhead: f64| {
            let y = StepIn {
                peak: x.peak * peak,
                bandwidth: x.bandwidth * bandwidth,
                overhead: x.overhead * overhead,
                ..x
            };
            elasticities(&y).expect("in range").binding
        };
        let (before, after) = (1.0 - 1e-9, 1.0 + 1e-9);
        let h = out.peak_headroom;
        prop_assert_eq!(with(h * before, 1.0, 1.0), Limit::Compute);
        prop_assert_ne!(with(h * after, 1.0, 1.0), Limit::Compute);
        let h = out.bandwidth_headroom;
        prop_assert_eq!(with(1.0, h * before, 1.0), Limit::Memory);
        prop_assert_ne!(with(1.0, h * after, 1.0), Limit::Memory);
        let h = out.overhead_headroom;
        prop_assert_ne!(with(1.0, 1.0, h * before), Limit::Overhead);
        prop_assert_eq!(with(1.0, 1.0, h * after), Limit::Overhead);
    }

    #[test]
    fn the_formula_that_is_differentiated_gives_the_same_bits(
        work in work(), device in machine(), efficiency in 0.01_f64..=1.0, overlap in 0.0_f64..=1.0,
    ) {
        let settings = Settings { efficiency, overlap };
        let profile = single_node::evaluate(&work, &device, &settings, Convention::Reference, &mut NoTrace)
            .expect("in range");
        prop_assert_eq!(device_time(&work, &device, &settings).0.to_bits(), profile.time.0.to_bits());
        let out = device_sensitivity(&work, &device, &settings, &mut NoTrace).expect("in range");
        prop_assert_eq!(out.time.0.to_bits(), profile.time.0.to_bits());
        // The time is homogeneous: twice the rates and half the fixed times halve it.
        let rates = [
            DeviceInput::Peak, DeviceInput::Bandwidth, DeviceInput::CacheBandwidth,
            DeviceInput::StoreBandwidth, DeviceInput::HostLink,
        ];
        let fixed = [DeviceInput::Dispatch, DeviceInput::LayerTime];
        if profile.time.0 > 0.0 && profile.compute_time != profile.memory_time {
            let sum = fixed.iter().map(|i| out.of(*i).up).sum::<f64>() - rates.iter().map(|i| out.of(*i).up).sum::<f64>();
            prop_assert!((sum - 1.0).abs() <= 1e-9, "{sum}");
        }
        for input in DeviceInput::ALL {
            prop_assert!(out.of(input).up >= out.of(input).down);
        }
        // More memory is never slower, where memory is no slower than the host's.
        let link = device.host_link.map_or(6.4e10, |link| link.0);
        if link <= device.bandwidth.0 * device.memory_efficiency {
            prop_assert!(out.of(DeviceInput::Capacity).up <= 0.0);
        }
    }

    #[test]
    fn the_spilled_share_is_differentiated_too(
        work in work(), device in machine(), efficiency in 0.01_f64..=1.0,
    ) {
        let device = Device { cache: None, weight_store: None, ..device };
        let settings = Settings { efficiency, overlap: 0.5 };
        let out = device_sensitivity(&work, &device, &settings, &mut NoTrace).expect("in range");
        let h = 1e-6;
        let at = |factor: f64| {
            device_time(&work, &Device { capacity: device.capacity * factor, ..device }, &settings).0
        };
        let (c, m) = (work.ops.0 / (device.peak.0 * efficiency), at(1.0));
        let near_a_corner = (out.capacity_headroom - 1.0).abs() < 10.0 * h
            || (c - m).abs() < 1e-3 * m
            || (at(1.0 + 2.0 * h) - 2.0 * at(1.0) + at(1.0 - 2.0 * h)).abs() > 1e-9 * m;
        if !near_a_corner && m > 0.0 {
            let difference = (at(1.0 + h) - at(1.0 - h)) / (2.0 * h) / m;
            // Rounding of the time over 2·h, and that of the resident share, an ulp of 1, times all bytes from memory.
            let all = work.bytes_moved.0 / (device.bandwidth.0 * device.memory_efficiency);
            let tolerance = 1e-8 * (1.0 + difference.abs()) + f64::EPSILON * all / m / h;
            prop_assert!((difference - out.of(DeviceInput::Capacity).up).abs() < tolerance);
        }
    }

    #[test]
    fn the_machine_asked_for_takes_exactly_the_target(
        x in step(), target in magnitude(-3, 3), memory in magnitude(6, 12),
    ) {
        let asked = RequirementsIn {
            ops: x.ops,
            bytes_moved: x.bytes_moved,
            memory: Bytes(memory),
            target: Seconds(target),
            overhead: x.overhead,
            efficiency: x.efficiency,
        };
        let out = requirements(&asked).expect("in range");
        prop_assert_eq!(out.outcome == Outcome::Reachable, target > x.overhead.0);
        if out.outcome == Outcome::Reachable {
            let y = StepIn { peak: out.peak, bandwidth: out.bandwidth, memory_efficiency: 1.0, overlap: 1.0, ..x };
            let time = walls::solve::<Step>(&y, Convention::Reference).expect("in range").time.0;
            prop_assert!((time / target - 1.0).abs() <= ROUNDING);
            // Any less is too slow.
            for less in [StepIn { peak: y.peak * 0.99, ..y }, StepIn { bandwidth: y.bandwidth * 0.99, ..y }] {
                let time = walls::solve::<Step>(&less, Convention::Reference).expect("in range").time.0;
                prop_assert!(time > target);
            }
        }
    }

    #[test]
    fn devices_are_enough_and_one_less_is_not(
        needed in (magnitude(9, 18), magnitude(6, 15), magnitude(6, 14)),
        part in (magnitude(9, 15), magnitude(9, 13), magnitude(9, 12)),
    ) {
        let x = DevicesIn {
            needed_peak: FlopPerSecond(needed.0),
            needed_bandwidth: BytesPerSecond(needed.1),
            needed_capacity: Bytes(needed.2),
            peak: FlopPerSecond(part.0),
            bandwidth: BytesPerSecond(part.1),
            capacity: Bytes(part.2),
        };
        let n = walls::solve::<Devices>(&x, Convention::Reference).expect("in range").devices;
        let enough = |n: f64| n * part.0 >= needed.0 && n * part.1 >= needed.1 && n * part.2 >= needed.2;
        prop_assert!(enough(n * (1.0 + ROUNDING)));
        prop_assert!(n < 2.0 || !enough(n - 1.0));
    }

    #[test]
    fn a_faster_stage_never_pays_more_than_its_share(
        first in magnitude(-6, 3), second in magnitude(-6, 3), third in magnitude(-6, 3), speedup in 1.0_f64..1e6,
    ) {
        let chain = [("a", Seconds(first)), ("b", Seconds(second)), ("c", Seconds(third))];
        let out = amdahl::upgrade(&chain, "b", speedup).expect("in range");
        prop_assert!(out.overall_speedup <= out.speedup_bound * (1.0 + ROUNDING));
        prop_assert!(out.overall_speedup <= speedup * (1.0 + ROUNDING));
        let sum = out.total_time.0 / out.upgraded_total_time.0;
        prop_assert!((sum / out.overall_speedup - 1.0).abs() <= 1e-9);
    }
}
