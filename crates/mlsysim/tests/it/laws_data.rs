//! Physics of walls 8 to 13 and 20 on random inputs.

use mlsysim::optimize::pareto::{Sense, dominates, front};
use mlsysim::units::{Bytes, BytesPerSecond, Flop, Hertz, Params, Seconds, Tokens};
use mlsysim::walls::algorithm::complexity::{
    Allocate, AllocateIn, Fit, Lifetime, LifetimeIn, Train, TrainIn,
};
use mlsysim::walls::algorithm::fidelity::{CompressIn, Method, Pattern, compress};
use mlsysim::walls::data::ingestion::{Balance, BalanceIn, Feed, Stall, StallIn};
use mlsysim::walls::data::locality::{Fabric, FabricIn, FabricOut, Topology};
use mlsysim::walls::data::transformation::{WorkersIn, workers};
use mlsysim::walls::operations::safety::{DpSgd, DpSgdIn, Subgroup, SubgroupIn, noise_multiplier};
use mlsysim::{Convention, walls};
use proptest::prelude::*;

/// Roundings of a few operations, each half an ulp.
const ROUNDING: f64 = 1e-12;

fn magnitude(low: i32, high: i32) -> impl Strategy<Value = f64> {
    (1.0_f64..10.0, low..high).prop_map(|(m, e)| m * libm::pow(10.0, f64::from(e)))
}

fn fit() -> impl Strategy<Value = Fit> {
    prop_oneof![Just(Fit::Hoffmann2022), Just(Fit::Besiroglu2024)]
}

fn network(topology: Topology, nodes: f64, link: f64, oversubscription: f64) -> FabricOut {
    let link = BytesPerSecond(link);
    let x = FabricIn { link, topology, nodes, oversubscription, tiers: 3.0 };
    walls::solve::<Fabric>(&x, Convention::Reference).expect("inputs in range")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn more_supply_never_stalls_more(
        demand in magnitude(3, 12), storage in magnitude(3, 12), link in magnitude(3, 12),
        hit_rate in 0.0_f64..=1.0, cache in magnitude(3, 13), amplification in 1.0_f64..10.0,
        factor in 1.0_f64..100.0,
    ) {
        let solve = |x: &BalanceIn| walls::solve::<Balance>(x, Convention::Reference).expect("in range");
        let x = BalanceIn {
            demand: BytesPerSecond(demand),
            storage: BytesPerSecond(storage),
            link: BytesPerSecond(link),
            hit_rate,
            cache: BytesPerSecond(cache),
            amplification,
        };
        let before = solve(&x);
        prop_assert!(before.supply <= x.link && before.supply <= before.storage_supply);
        // A harmonic mean lies between its parts.
        let (slow, fast) = ((storage / amplification).min(cache), (storage / amplification).max(cache));
        prop_assert!(before.storage_supply.0 >= slow * (1.0 - ROUNDING));
        prop_assert!(before.storage_supply.0 <= fast * (1.0 + ROUNDING));
        prop_assert_eq!(before.feed == Feed::Stalled, before.supply < x.demand);
        for better in [
            BalanceIn { storage: x.storage * factor, ..x },
            BalanceIn { link: x.link * factor, ..x },
            BalanceIn { cache: x.cache * factor, ..x },
            BalanceIn { demand: x.demand / factor, ..x },
        ] {
            prop_assert!(solve(&better).utilization <= before.utilization * (1.0 + ROUNDING));
        }
    }

    #[test]
    fn a_step_is_work_and_wait(
        compute in magnitude(-6, 3), read in magnitude(-6, 3), overlap in 0.0_f64..=1.0,
    ) {
        let x = StallIn { compute_time: Seconds(compute), read_time: Seconds(read), overlap };
        let out = walls::solve::<Stall>(&x, Convention::Reference).expect("in range");
        prop_assert!((out.stall_time.0 + compute - out.time.0).abs() <= ROUNDING * out.time.0);
        prop_assert!(out.time.0 >= compute.max(read) && out.time.0 <= (compute + read) * (1.0 + ROUNDING));
        if overlap >= 1.0 {
            prop_assert!((out.stall_share - (1.0 - compute / read).max(0.0)).abs() <= ROUNDING);
        }
    }

    #[test]
    fn the_workers_asked_for_are_enough_and_one_less_is_not(
        batch in 1_u32..5000, rate in magnitude(0, 5), serial in 0.0_f64..0.5, step in magnitude(-4, 3),
    ) {
        let run = |count: f64| {
            let x = WorkersIn {
                batch: f64::from(batch),
                workers: count,
                cores: 1e15,
                worker_rate: Hertz(rate),
                serial_share: serial,
                step_time: Seconds(step),
            };
            workers(&x).expect("in range")
        };
        let needed = run(1.0).workers_needed;
        // Beyond a billion workers a single one is below the rounding of the serial part.
        if needed < 1e9 {
            prop_assert!(run(needed).transform_time.0 <= step * (1.0 + 1e-9));
            prop_assert!(needed < 2.0 || run(needed - 1.0).transform_time.0 >= step * (1.0 - 1e-9));
        } else if needed.is_infinite() {
            prop_assert!(f64::from(batch) / rate * serial >= step * (1.0 - ROUNDING));
        }
    }

    #[test]
    fn no_network_carries_more_than_its_ports(
        which in 0_usize..6, nodes in 1_u32..1_000_000, link in magnitude(6, 13), over in 1.0_f64..16.0,
    ) {
        let topology = Topology::ALL[which];
        let n = f64::from(nodes);
        let out = network(topology, n, link, over);
        prop_assert!(out.bisection_fraction > 0.0 && out.bisection_fraction <= 1.0);
        prop_assert!(out.effective_bandwidth.0 <= link && out.bisection_bandwidth.0 <= link * n / 2.0);
        prop_assert!(out.mean_hops >= 0.0 && out.mean_hops <= n);
        let wider = network(topology, n, 2.0 * link, over);
        prop_assert!((wider.bisection_bandwidth.0 - 2.0 * out.bisection_bandwidth.0).abs() <= ROUNDING * wider.bisection_bandwidth.0);
        // A ring is the narrowest and the longest of all.
        let ring = network(Topology::Ring, n, link, over);
        prop_assert!(ring.bisection_fraction <= out.bisection_fraction * (1.0 + ROUNDING));
        prop_assert!(n < 64.0 || ring.mean_hops * (1.0 + ROUNDING) >= out.mean_hops);
    }

    #[test]
    fn budgets_are_spent_whole_and_more_is_better(
        budget in magnitude(15, 28), fit in fit(), factor in 1.01_f64..100.0, size in 0.01_f64..100.0,
    ) {
        let best = |c: f64| {
            walls::solve::<Allocate>(&AllocateIn { budget: Flop(c), fit }, Convention::Reference).expect("in range")
        };
        let (now, later) = (best(budget), best(budget * factor));
        prop_assert!((6.0 * now.parameters.0 * now.tokens.0 / budget - 1.0).abs() <= ROUNDING);
        prop_assert!(later.loss < now.loss && later.loss > fit.law().irreducible);
        prop_assert!(later.parameters > now.parameters && later.tokens > now.tokens);
        let x = TrainIn { budget: Flop(budget), parameters: Params(now.parameters.0 * size), fit };
        let other = walls::solve::<Train>(&x, Convention::Reference).expect("in range");
        prop_assert!(other.loss >= now.loss - ROUNDING);
        prop_assert!((other.overtraining * size - 1.0).abs() <= ROUNDING * 10.0);
    }

    #[test]
    fn a_model_that_is_asked_more_is_never_larger(
        budget in magnitude(18, 26), fit in fit(), asked in magnitude(6, 16), factor in 1.0_f64..1000.0,
    ) {
        let life = |d: f64| {
            let x = LifetimeIn { budget: Flop(budget), answer_tokens: Tokens(d), fit };
            walls::solve::<Lifetime>(&x, Convention::Reference).expect("in range")
        };
        let (few, many) = (life(asked), life(asked * factor));
        prop_assert!(many.size_ratio <= few.size_ratio * (1.0 + ROUNDING) && few.size_ratio <= 1.0 + ROUNDING);
        prop_assert!(many.cost_ratio <= few.cost_ratio * (1.0 + 1e-9) && few.cost_ratio <= 1.0 + ROUNDING);
        let law = fit.law();
        prop_assert!((law.loss(few.parameters, few.tokens) - few.loss).abs() <= 1e-9);
    }
}

#[test]
fn nothing_asked_for_never_stalls() {
    let x = BalanceIn {
        demand: BytesPerSecond(0.0),
        storage: BytesPerSecond(1.0),
        link: BytesPerSecond(0.0),
        hit_rate: 0.0,
        cache: BytesPerSecond(0.0),
        amplification: 1.0,
    };
    let out = walls::solve::<Balance>(&x, Convention::Reference).expect("in range");
    assert_eq!((out.feed, out.utilization), (Feed::Flowing, 0.0));
}

fn pattern() -> impl Strategy<Value = Pattern> {
    prop_oneof![
        Just(Pattern::Unstructured),
        Just(Pattern::Structured),
        Just(Pattern::SemiStructured)
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn harder_compression_is_never_larger_and_never_better(
        parameters in magnitude(6, 13), bits in 1.0_f64..16.0, fewer in 0.0_f64..4.0,
        sparsity in 0.0_f64..0.99, more in 0.0_f64..0.5, pattern in pattern(),
    ) {
        let plain = CompressIn::new(Bytes(2.0 * parameters), Params(parameters));
        let quantized = |bits: f64| {
            compress(&CompressIn { method: Method::Quantization, bits, ..plain }).expect("in range")
        };
        let pruned = |sparsity: f64| {
            compress(&CompressIn { method: Method::Pruning, sparsity, pattern, ..plain }).expect("in range")
        };
        for (soft, hard) in [
            (quantized(bits), quantized((bits - fewer).max(0.5))),
            (pruned(sparsity), pruned((sparsity + more).min(1.0))),
        ] {
            prop_assert!(hard.compressed_size.0 <= soft.compressed_size.0 * (1.0 + ROUNDING));
            prop_assert!(hard.quality_change <= soft.quality_change + ROUNDING);
            prop_assert!(soft.quality_change <= 0.0 && hard.quality_change >= -1.0);
            prop_assert!((soft.savings - (1.0 - 1.0 / soft.ratio)).abs() <= ROUNDING);
        }
    }

    #[test]
    fn larger_groups_are_asked_for_more_rarely(
        p in 1e-4_f64..1.0, m in 1_u32..500, miss in 1e-6_f64..0.9, factor in 1.0_f64..10.0,
    ) {
        let ask = |p: f64, m: u32, miss: f64| {
            let x = SubgroupIn { prevalence: p, minimum_count: f64::from(m), miss_probability: miss };
            walls::solve::<Subgroup>(&x, Convention::Reference).expect("in range")
        };
        let out = ask(p, m, miss);
        prop_assert!(out.probability >= 1.0 - miss - ROUNDING && out.samples >= f64::from(m));
        prop_assert!(ask((p * factor).min(1.0), m, miss).samples <= out.samples);
        prop_assert!(ask(p, m, (miss * factor).min(1.0)).samples <= out.samples);
        prop_assert!(ask(p, m + 1, miss).samples > out.samples);
    }
}

proptest! {
    // Each case is some twenty moments of up to 256 terms.
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn noise_buys_privacy_and_steps_spend_it(
        q in 1e-5_f64..=1.0, sigma in 0.3_f64..20.0, steps in 1_u32..100_000, delta in 1e-9_f64..0.1,
        factor in 1.0_f64..4.0,
    ) {
        let spend = |q: f64, sigma: f64, steps: f64| {
            let x = DpSgdIn { sampling_rate: q, noise_multiplier: sigma, steps, delta };
            walls::solve::<DpSgd>(&x, Convention::Reference).expect("in range").epsilon
        };
        let steps = f64::from(steps);
        let spent = spend(q, sigma, steps);
        let slack = spent * 1e-9;
        prop_assert!(spend(q, sigma * factor, steps) <= spent + slack);
        prop_assert!(spend(q, sigma, libm::floor(steps * factor)) >= spent - slack);
        prop_assert!(spend((q * factor).min(1.0), sigma, steps) >= spent - slack);
        // Sampling never costs privacy: at q = 1 the bound is that of the plain mechanism.
        let whole = |alpha: f64| steps * alpha / (2.0 * sigma * sigma) - libm::log(delta) / (alpha - 1.0);
        let plain = (2..=256_u32).map(|order| whole(f64::from(order))).fold(f64::INFINITY, f64::min);
        prop_assert!(spend(1.0, sigma, steps) >= plain - slack.max(1e-9));
    }

    #[test]
    fn the_noise_asked_for_keeps_the_promise(
        q in 1e-4_f64..0.5, steps in 1_u32..10_000, epsilon in 0.5_f64..10.0,
    ) {
        let sigma = noise_multiplier(q, f64::from(steps), 1e-5, epsilon).expect("reachable");
        let x = DpSgdIn { sampling_rate: q, noise_multiplier: sigma, steps: f64::from(steps), delta: 1e-5 };
        let spent = walls::solve::<DpSgd>(&x, Convention::Reference).expect("in range").epsilon;
        prop_assert!(spent <= epsilon && spent >= epsilon * (1.0 - 1e-6));
    }

    #[test]
    fn fronts_by_comparing_every_pair(
        objectives in 1_usize..6, flips in 0_u32..64,
        numbers in prop::collection::vec(prop_oneof![0_u32..6, 0_u32..1000], 0..300),
    ) {
        let senses: Vec<Sense> = (0..objectives)
            .map(|i| if flips >> i & 1 == 1 { Sense::Maximize } else { Sense::Minimize })
            .collect();
        let points: Vec<Vec<f64>> = numbers
            .chunks_exact(objectives)
            .map(|point| point.iter().map(|n| f64::from(*n)).collect())
            .collect();
        let found = front(&points, &senses).expect("numbers");
        for (point, on) in points.iter().zip(&found) {
            let beaten = points.iter().any(|other| dominates(other, point, &senses));
            prop_assert_eq!(*on, !beaten);
        }
    }
}
