//! Physics of walls 15 to 19 on random inputs.

use mlsysim::Convention::{Reference, Upstream030};
use mlsysim::formulas::{communication, economics, queueing, reliability, statistics};
use mlsysim::units::{
    Bytes, BytesPerParam, BytesPerSecond, CubicMetersPerJoule, Hertz, Joules, KgCo2, KgCo2PerJoule,
    Params, Seconds, Usd, Watts,
};
use mlsysim::walls::fleet::fragility::{FleetMtbf, FleetMtbfIn, Goodput, GoodputIn};
use mlsysim::walls::fleet::multi_tenant::{Wait, WaitIn};
use mlsysim::walls::operations::capital::{CostIn, TotalCost};
use mlsysim::walls::operations::checkpoint::{CheckpointIn, Write};
use mlsysim::walls::operations::sustainability::{Footprint, FootprintIn};
use mlsysim::walls::solve;
use proptest::prelude::*;

/// A dozen roundings.
const ROUNDING: f64 = 1e-12;

fn magnitude(low: i32, high: i32) -> impl Strategy<Value = f64> {
    (1.0_f64..10.0, low..high).prop_map(|(m, e)| m * libm::pow(10.0, f64::from(e)))
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= ROUNDING * a.abs().max(b.abs())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn failures_only_cost(
        mtbf in magnitude(2, 8), write in magnitude(-1, 4), restart in magnitude(0, 4), duration in magnitude(0, 8),
        factor in 1.01_f64..10.0,
    ) {
        let x = GoodputIn {
            fleet_mtbf: Seconds(mtbf),
            duration: Seconds(duration),
            checkpoint_time: Seconds(write),
            recovery_time: Seconds(restart),
        };
        let run = |x: GoodputIn| solve::<Goodput>(&x, Reference).unwrap();
        let before = run(x);
        // Safer fleets, faster writes and faster restarts never hurt.
        for better in [
            GoodputIn { fleet_mtbf: x.fleet_mtbf * factor, ..x },
            GoodputIn { checkpoint_time: x.checkpoint_time / factor, ..x },
            GoodputIn { recovery_time: x.recovery_time / factor, ..x },
        ] {
            let after = run(better);
            prop_assert!(after.goodput >= before.goodput * (1.0 - ROUNDING));
            prop_assert!(after.first_order_goodput >= before.first_order_goodput - ROUNDING);
        }
        // The package counts two of the three losses.
        let package = solve::<Goodput>(&x, Upstream030).unwrap();
        prop_assert!(package.goodput >= before.first_order_goodput - ROUNDING);
        // No other interval does better than the best, and the best is never longer than the fleet lives.
        let best = before.optimal_interval;
        prop_assert!(best.0 <= mtbf);
        for other in [best * factor, best / factor, before.young_interval] {
            let g = reliability::exact_goodput(x.checkpoint_time, other, x.fleet_mtbf, x.recovery_time).unwrap();
            prop_assert!(g <= before.goodput * (1.0 + ROUNDING), "{g} at {other}");
        }
        let probability = before.failure_probability;
        prop_assert!(probability <= before.expected_failures * (1.0 + ROUNDING));
    }

    #[test]
    fn fleets_fail_in_proportion(
        accelerators in 1_u32..16, nics in 0_u32..16, psus in 0_u32..8, nodes in 1_u32..10_000,
    ) {
        let x = FleetMtbfIn {
            accelerators: f64::from(accelerators),
            nics: f64::from(nics),
            psus: f64::from(psus),
            nodes: f64::from(nodes),
            accelerator_mtbf: Seconds(1.8e8),
            nic_mtbf: Seconds(5.4e8),
            psu_mtbf: Seconds(3.6e8),
        };
        let all = solve::<FleetMtbf>(&x, Reference).unwrap();
        let one = solve::<FleetMtbf>(&FleetMtbfIn { nodes: 1.0, ..x }, Reference).unwrap();
        prop_assert!(near(all.fleet_mtbf.0 * x.nodes, one.fleet_mtbf.0));
        // More parts never make it safer.
        let more = FleetMtbfIn { nics: x.nics + 1.0, ..x };
        prop_assert!(solve::<FleetMtbf>(&more, Reference).unwrap().fleet_mtbf < all.fleet_mtbf);
    }

    #[test]
    fn queues_grow_with_load_and_shrink_with_servers(
        load in 0.01_f64..0.99, duration in magnitude(1, 6), gangs in 1_u32..64, width in 1_u32..16, spread in 0.0_f64..4.0,
        factor in 0.1_f64..0.99,
    ) {
        let gangs = f64::from(gangs);
        let x = WaitIn {
            arrivals: Hertz(load * gangs / duration),
            duration: Seconds(duration),
            accelerators: gangs * f64::from(width),
            width: f64::from(width),
            variation: spread,
            stranded: 0.0,
        };
        let out = solve::<Wait>(&x, Reference).unwrap();
        prop_assert!(out.stable && near(out.utilization, load) && out.gangs.to_bits() == gangs.to_bits());
        // Little's law.
        prop_assert!(near(out.queue_length, out.wait.0 * x.arrivals.0));
        let quieter = solve::<Wait>(&WaitIn { arrivals: x.arrivals * factor, ..x }, Reference).unwrap();
        prop_assert!(quieter.wait.0 <= out.wait.0 * (1.0 + ROUNDING));
        let larger = solve::<Wait>(&WaitIn { accelerators: x.accelerators + x.width, ..x }, Reference).unwrap();
        prop_assert!(larger.wait.0 <= out.wait.0 * (1.0 + ROUNDING));
        // One gang is Pollaczek and Khinchine's queue.
        if gangs < 2.0 {
            let ratio = queueing::general_service_wait(load, spread).unwrap();
            // 1 − ρ is computed in another order and may be near 0.01.
            prop_assert!((out.wait.0 - ratio * duration).abs() <= 1e-10 * out.wait.0);
        }
        let over = WaitIn { arrivals: x.arrivals * (1.01 / load), ..x };
        let over = solve::<Wait>(&over, Reference).unwrap();
        prop_assert!(!over.stable && over.wait.0.is_infinite() && over.waiting_probability >= 1.0);
    }

    #[test]
    fn costs_add_up_and_interest_costs(
        unit in magnitude(0, 6), devices in 1_u32..10_000, duration in magnitude(3, 8), energy in magnitude(6, 15),
        rate in 0.001_f64..0.5, salvage in 0.0_f64..=1.0,
    ) {
        let x = CostIn::new(Usd(unit), f64::from(devices), Seconds(duration), Joules(energy));
        let out = solve::<TotalCost>(&x, Reference).unwrap();
        let sum = out.capital.0 + out.energy.0 + out.maintenance.0 + out.staff.0;
        prop_assert!(near(out.total.0, sum) && near(out.operation.0 + out.capital.0, sum));
        // Without interest and salvage both conventions agree.
        prop_assert_eq!(solve::<TotalCost>(&x, Upstream030).unwrap(), out);
        let lent = solve::<TotalCost>(&CostIn { discount: rate, ..x }, Reference).unwrap();
        prop_assert!(lent.capital.0 >= out.capital.0 * (1.0 - ROUNDING));
        let sold = solve::<TotalCost>(&CostIn { salvage, ..x }, Reference).unwrap();
        prop_assert!(sold.capital.0 <= out.capital.0 * (1.0 + ROUNDING));
        // Twice as long costs twice as much, whatever it is.
        let twice = CostIn { duration: x.duration * 2.0, energy_used: x.energy_used * 2.0, ..x };
        prop_assert!(near(solve::<TotalCost>(&twice, Reference).unwrap().total.0, 2.0 * out.total.0));
    }

    #[test]
    fn yearly_payments_are_worth_the_price(
        price in magnitude(0, 9), salvage in 0.0_f64..=1.0, rate in 1e-6_f64..1.0, years in 1_u32..30,
    ) {
        let payment =
            economics::annual_capital_cost(Usd(price), Usd(price * salvage), rate, f64::from(years)).unwrap();
        // The value today of all payments and of the sale, summed year by year.
        let mut worth = 0.0;
        let mut discount = 1.0;
        for _ in 0..years {
            discount /= 1.0 + rate;
            worth += payment.0 * discount;
        }
        let due = price - price * salvage * discount;
        // Interest of 1e-6 leaves ten digits of 1 − (1+r)^−n in this sum's terms.
        prop_assert!((worth - due).abs() <= 1e-9 * price, "{worth} {due}");
    }

    #[test]
    fn footprints_are_linear_and_shared(
        power in magnitude(0, 4), devices in 1_u32..10_000, duration in magnitude(1, 8), utilization in 0.0_f64..=1.0,
        pue in 1.0_f64..3.0, intensity in magnitude(-9, -6), embodied in magnitude(0, 4),
    ) {
        let x = FootprintIn {
            power: Watts(power),
            devices: f64::from(devices),
            duration: Seconds(duration),
            utilization,
            idle_share: 0.3,
            other_power: Watts(0.0),
            pue,
            carbon_intensity: KgCo2PerJoule(intensity),
            wue: CubicMetersPerJoule(5e-10),
            generation_water: CubicMetersPerJoule(1e-9),
            embodied_each: KgCo2(embodied),
            service_life: Seconds(1e8),
        };
        let out = solve::<Footprint>(&x, Reference).unwrap();
        prop_assert!(near(out.carbon.0, out.operational_carbon.0 + out.embodied_carbon.0));
        prop_assert!(near(out.water.0, out.site_water.0 + out.grid_water.0));
        let rated = power * x.devices * duration;
        prop_assert!(out.it_energy.0 <= rated * (1.0 + ROUNDING) && out.it_energy.0 >= 0.3 * rated * (1.0 - ROUNDING));
        prop_assert!(out.facility_energy >= out.it_energy);
        // Cooling water does not depend on the PUE.
        let leaky = solve::<Footprint>(&FootprintIn { pue: pue + 1.0, ..x }, Reference).unwrap();
        prop_assert_eq!(leaky.site_water, out.site_water);
        prop_assert!(leaky.carbon > out.carbon);
        // A service life in two parts makes the machines once.
        let life = |share: f64| {
            let part = FootprintIn { duration: x.service_life * share, ..x };
            solve::<Footprint>(&part, Reference).unwrap().embodied_carbon.0
        };
        prop_assert!(near(life(0.25) + life(0.75), embodied * x.devices));
    }

    #[test]
    fn checkpoints_block_a_share(
        parameters in magnitude(6, 12), bandwidth in magnitude(8, 11), writers in 1_u32..1000, interval in magnitude(0, 5),
        overlap in 0.0_f64..=1.0,
    ) {
        let x = CheckpointIn {
            parameters: Params(parameters),
            state_width: BytesPerParam(14.0),
            stored_share: 1.0,
            writer_bandwidth: BytesPerSecond(bandwidth),
            writers: f64::from(writers),
            limit: BytesPerSecond(1e12),
            interval: Seconds(interval),
            overlap: 0.0,
            snapshot_time: Seconds(0.0),
        };
        let out = solve::<Write>(&x, Reference).unwrap();
        prop_assert!(out.blocked_share <= 1.0 && out.write_bandwidth <= x.limit);
        prop_assert!(near(out.blocked_share, out.write_time.0 / (interval + out.write_time.0)));
        prop_assert!(solve::<Write>(&x, Upstream030).unwrap().blocked_share >= out.blocked_share);
        // Faster storage, rarer checkpoints and overlap never block more.
        for better in [
            CheckpointIn { writer_bandwidth: x.writer_bandwidth * 2.0, ..x },
            CheckpointIn { interval: x.interval * 2.0, ..x },
            CheckpointIn { overlap, ..x },
            CheckpointIn { stored_share: 0.5, ..x },
        ] {
            let after = solve::<Write>(&better, Reference).unwrap();
            prop_assert!(after.blocked_share <= out.blocked_share * (1.0 + ROUNDING));
        }
    }

    #[test]
    fn collectives_obey_their_bounds(
        message in magnitude(0, 12), ranks in 1_u32..5000, bandwidth in magnitude(8, 12), start_up in magnitude(-8, -3),
    ) {
        let n = f64::from(ranks);
        let (m, b, a) = (Bytes(message), BytesPerSecond(bandwidth), Seconds(start_up));
        let all = [
            communication::ring_allreduce(m, n, b, a),
            communication::tree_allreduce(m, n, b, a),
            communication::double_tree_allreduce(m, n, b, a),
            communication::recursive_doubling_allreduce(m, n, b, a),
            communication::halving_doubling_allreduce(m, n, b, a),
        ];
        // Every rank must send and receive (n−1)/n of the message at least once; one rank sends nothing.
        let least = message * (n - 1.0) / n / bandwidth;
        for time in all {
            let time = time.unwrap();
            prop_assert!(time.0 >= least * (1.0 - ROUNDING));
            prop_assert_eq!(time.0 > 0.0, ranks > 1);
        }
        // A hierarchy of one level is the ring.
        let ring = communication::ring_allreduce(m, n, b, a).unwrap();
        let flat = communication::hierarchical_allreduce(m, 1.0, n, b, b, a, a).unwrap();
        let spread = communication::hierarchical_allreduce(m, n, 1.0, b, b, a, a).unwrap();
        prop_assert_eq!((flat, spread), (ring, ring));
        // At the crossover both take equally long.
        let size = communication::ring_tree_crossover(n, a, b).unwrap();
        let (r, t) = (communication::ring_allreduce(size, n, b, a).unwrap(), communication::tree_allreduce(size, n, b, a).unwrap());
        prop_assert!(near(r.0, t.0), "{r} {t}");
    }

    #[test]
    fn the_greatest_of_more_is_greater(n in 1_u32..100_000) {
        let n = f64::from(n);
        let mean = |n: f64| statistics::expected_max_normal(n).unwrap();
        prop_assert!(mean(n + 1.0) > mean(n));
        // Bounded by √(2·ln n), for any distribution of that tail.
        prop_assert!(mean(n) <= libm::sqrt(2.0 * libm::log(n)));
    }
}
