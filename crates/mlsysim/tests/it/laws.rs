//! Physics of the single-node step on random machines and random work.

use mlsysim::composite::single_node::{Profile, evaluate};
use mlsysim::composite::{Device, Settings, Tier};
use mlsysim::trace::NoTrace;
use mlsysim::units::{Bytes, BytesPerSecond, Flop, FlopPerSecond, Seconds, Watts};
use mlsysim::{Convention, WorkloadSpec, conformance};
use proptest::prelude::*;

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
    fn device()(
        peak in magnitude(6, 16),
        bandwidth in magnitude(6, 13),
        memory_efficiency in 0.1_f64..=1.0,
        capacity in magnitude(3, 12),
        cache in tier(),
        weight_store in tier(),
        host_link in prop::option::of(magnitude(8, 12)),
        dispatch in 0.0_f64..1e-3,
        layer_time in 0.0_f64..1e-4,
        power in prop::option::of(magnitude(-3, 4)),
        idle_share in 0.0_f64..=1.0,
    ) -> Device {
        Device {
            memory_efficiency,
            cache,
            weight_store,
            host_link: host_link.map(BytesPerSecond),
            dispatch: Seconds(dispatch),
            layer_time: Seconds(layer_time),
            power: power.map(Watts),
            idle_share,
            ..Device::new(FlopPerSecond(peak), BytesPerSecond(bandwidth), Bytes(capacity))
        }
    }
}

prop_compose! {
    fn work()(
        ops in prop_oneof![Just(0.0), magnitude(3, 18)],
        bytes in prop_oneof![Just(0.0), magnitude(3, 13)],
        weights in prop_oneof![Just(0.0), magnitude(3, 12)],
        working in prop_oneof![Just(0.0), magnitude(3, 12)],
        useful in 0.1_f64..=1.0,
        layers in 1_u32..200,
        items in 1_u32..5000,
    ) -> WorkloadSpec {
        WorkloadSpec {
            ops: Flop(ops),
            bytes_moved: Bytes(bytes),
            weight_bytes: Bytes(weights),
            working_bytes: Bytes(working),
            useful_ops: Some(Flop(ops * useful)),
            layers,
            items,
            ..WorkloadSpec::default()
        }
    }
}

fn settings() -> impl Strategy<Value = Settings> {
    (0.01_f64..=1.0, 0.0_f64..=1.0)
        .prop_map(|(efficiency, overlap)| Settings { efficiency, overlap })
}

fn convention() -> impl Strategy<Value = Convention> {
    prop_oneof![Just(Convention::Reference), Just(Convention::Upstream030)]
}

fn run(
    work: &WorkloadSpec,
    device: &Device,
    settings: &Settings,
    convention: Convention,
) -> Profile {
    evaluate(work, device, settings, convention, &mut NoTrace).expect("inputs in range")
}

/// Roundings of a few operations, each half an ulp.
const ROUNDING: f64 = 1e-12;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn never_below_the_roofline_and_the_parts_add_up(
        work in work(), device in device(), settings in settings(), convention in convention(),
    ) {
        let p = run(&work, &device, &settings, convention);
        // The bound with nothing but the data sheet's best rates.
        let best = [Some(device.bandwidth), device.cache.and_then(|t| t.bandwidth), device.weight_store.and_then(|t| t.bandwidth), device.host_link];
        let best = best.into_iter().flatten().map(|b| b.0).fold(6.4e10, f64::max);
        let bound = (work.ops.0 / device.peak.0).max(work.bytes_moved.0 / best);
        prop_assert!(p.time.0 >= bound * (1.0 - ROUNDING));
        let overlap = if convention == Convention::Reference { settings.overlap } else { 1.0 };
        let (c, m) = (p.compute_time.0, p.memory_time.0);
        let sum = c.max(m) + (1.0 - overlap) * c.min(m) + p.overhead.0;
        prop_assert!((p.time.0 - sum).abs() <= ROUNDING * sum);
        prop_assert!(p.mfu <= 1.0 && p.hfu <= 1.0 && p.mfu <= p.hfu * (1.0 + ROUNDING));
        prop_assert_eq!(p.bottleneck.key() == "Memory", m > c && (convention == Convention::Reference || m >= 1e-18));
    }

    #[test]
    fn better_machines_are_never_slower(
        work in work(), device in device(), settings in settings(), factor in 1.0_f64..100.0,
    ) {
        let before = run(&work, &device, &settings, Convention::Reference);
        let better = [
            Device { peak: device.peak * factor, ..device },
            Device { bandwidth: device.bandwidth * factor, ..device },
            Device { dispatch: device.dispatch / factor, ..device },
            Device { layer_time: device.layer_time / factor, ..device },
        ];
        for machine in better {
            let after = run(&work, &machine, &settings, Convention::Reference);
            prop_assert!(after.time.0 <= before.time.0 * (1.0 + ROUNDING), "{machine:?}");
        }
        let more_memory = Device { capacity: device.capacity * factor, ..device };
        let after = run(&work, &more_memory, &settings, Convention::Reference);
        prop_assert!(!before.feasible() || after.feasible());
    }

    #[test]
    fn energy_lies_between_idle_and_rated_power(work in work(), device in device(), settings in settings()) {
        let p = run(&work, &device, &settings, Convention::Reference);
        match (device.power, p.energy) {
            (Some(power), Some(energy)) => {
                let rated = power.0 * p.time.0;
                prop_assert!(energy.0 <= rated * (1.0 + ROUNDING));
                prop_assert!(energy.0 >= rated * device.idle_share * (1.0 - ROUNDING));
            }
            (None, None) => {}
            other => prop_assert!(false, "{other:?}"),
        }
    }

    #[test]
    fn what_is_missing_and_what_fits_are_told_apart(work in work(), device in device(), settings in settings()) {
        let p = run(&work, &device, &settings, Convention::Reference);
        for fit in [Some(p.memory), p.weights].into_iter().flatten() {
            prop_assert_eq!(fit.fits, fit.short_by == Bytes::ZERO);
            prop_assert_eq!(fit.short_by, (fit.need - fit.have).max(Bytes::ZERO));
        }
        prop_assert_eq!(p.require_fit().is_ok(), p.feasible());
    }

    #[test]
    fn specs_keep_the_promises_of_a_workload(work in work()) {
        prop_assert!(conformance::workload(&work).is_empty());
        prop_assert!(conformance::workload(&&work).is_empty());
    }
}
