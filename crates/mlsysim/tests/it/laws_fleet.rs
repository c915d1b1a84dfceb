//! Physics of wall 14 and training layouts on random inputs.

use mlsysim::composite::training_memory::{Checkpointing, DeviceMemory, MemoryIn};
use mlsysim::composite::training_step::{
    Cluster, Layout, Plan, Shape, StepEstimate, Tuning, step_estimate,
};
use mlsysim::optimize::layout::{Named, Reason, Space, search, search_named};
use mlsysim::trace::{NoTrace, Trace};
use mlsysim::units::{
    Bytes, BytesPerParam, BytesPerSecond, FlopPerSecond, Params, Quantity, Seconds, Tokens,
};
use mlsysim::walls::fleet::communication::all_reduce::{AllReduce, AllReduceIn};
use mlsysim::walls::fleet::communication::pipeline::{Pipeline, PipelineIn};
use mlsysim::{Convention, walls};
use proptest::prelude::*;

/// Sums of a dozen terms in another order; each rounds to 2⁻⁵³ of itself.
const ROUNDING: f64 = 1e-12;
const KEEP: [Checkpointing; 3] =
    [Checkpointing::None, Checkpointing::Selective, Checkpointing::Full];

fn magnitude(low: i32, high: i32) -> impl Strategy<Value = f64> {
    (1.0_f64..10.0, low..high).prop_map(|(m, e)| m * libm::pow(10.0, f64::from(e)))
}

prop_compose! {
    fn shape()(
        layers in 1_u32..13,
        head_dim in 1_u32..65,
        heads in prop_oneof![Just(4_u32), Just(6), Just(12)],
        shared in magnitude(5, 10),
        routed in prop_oneof![Just(0.0), magnitude(5, 10)],
        ends in prop_oneof![Just(0.0), magnitude(4, 8)],
        vocab in 0_u32..1000,
        experts in prop_oneof![Just(2_u32), Just(4)],
        causal in any::<bool>(),
    ) -> Shape {
        let sparse = routed > 0.0;
        Shape {
            routed: Params(routed),
            embedding: Params(ends),
            head: Params(ends),
            vocab,
            experts: if sparse { experts } else { 1 },
            expert_layers: if sparse { layers } else { 0 },
            causal,
            ..Shape::dense(layers, heads * head_dim, heads, Params(shared))
        }
    }
}

prop_compose! {
    fn cluster()(
        devices in prop_oneof![Just(1_u32), Just(2), Just(4), Just(6), Just(8), Just(12)],
        node_devices in 1_u32..9,
        peak in magnitude(11, 15),
        bandwidth in magnitude(9, 13),
        capacity in magnitude(8, 12),
        intra in magnitude(9, 12),
        inter in magnitude(8, 11),
        latency in 0.0_f64..1e-4,
        layer_time in 0.0_f64..1e-4,
    ) -> Cluster {
        Cluster {
            intra_latency: Seconds(latency / 10.0),
            inter_latency: Seconds(latency),
            layer_time: Seconds(layer_time),
            ..Cluster::new(
                devices,
                node_devices,
                (FlopPerSecond(peak), BytesPerSecond(bandwidth), Bytes(capacity)),
                BytesPerSecond(intra),
                BytesPerSecond(inter),
            )
        }
    }
}

prop_compose! {
    fn tuning()(
        batch in prop_oneof![Just(8_u32), Just(12), Just(24), Just(16)],
        seq_len in prop_oneof![Just(12_u32), Just(128), Just(96)],
        efficiency in 0.1_f64..=1.0,
        overlap in 0.0_f64..=1.0,
        congestion in 1.0_f64..3.0,
        imbalance in 1.0_f64..2.0,
        spread in 0.0_f64..0.2,
        trained in 0.0_f64..=1.0,
    ) -> Tuning {
        Tuning { batch, seq_len, efficiency, overlap, congestion, imbalance, spread, trained, ..Tuning::default() }
    }
}

fn plan() -> impl Strategy<Value = Plan> {
    (shape(), cluster(), tuning()).prop_map(|(shape, cluster, tuning)| {
        Plan::new(shape, cluster, tuning).expect("every number is in range")
    })
}

/// A search that finds the divisors by trial, looks at everything and leaves nothing unpriced.
fn everything(plan: &Plan, space: &Space) -> (u64, Vec<(Layout, StepEstimate)>) {
    let (devices, batch) = (plan.cluster().devices, plan.tuning().batch);
    let layers = plan.shape().layers;
    let (mut count, mut all) = (0, Vec::new());
    let up_to = |cap: u32| 1..=devices.min(cap);
    for tp in up_to(space.max_tp) {
        for pp in up_to(space.max_pp) {
            for cp in up_to(space.max_cp) {
                for ep in up_to(space.max_ep) {
                    for dp in up_to(u32::MAX) {
                        if tp * pp * cp * ep * dp != devices {
                            continue;
                        }
                        for micro_batch in 1..=batch {
                            for interleave in 1..=layers {
                                if pp > layers || !(layers / pp).is_multiple_of(interleave) {
                                    continue;
                                }
                                for checkpointing in KEEP {
                                    for zero_stage in 0..=3 {
                                        let layout = Layout {
                                            tp,
                                            pp,
                                            cp,
                                            ep,
                                            micro_batch,
                                            interleave,
                                            checkpointing,
                                            zero_stage,
                                            ..Layout::copies(dp)
                                        };
                                        let Ok(m) = layout.microbatches(plan) else { continue };
                                        count += 1;
                                        if interleave > 1 && !m.is_multiple_of(pp) {
                                            continue;
                                        }
                                        let step = step_estimate(plan, &layout, &mut NoTrace)
                                            .expect("every number is in range");
                                        if step.fits {
                                            all.push((layout, step));
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
    (count, all)
}

/// Attention during the backward pass hides chunks of the sequence or gradients, not both at once. When both hid behind the
/// same seconds, a faster device made this step longer: it lost 3 seconds of attention for each 1.5 of chunks and 2ω of
/// gradients that came out from behind it.
#[test]
fn one_second_of_attention_hides_one_exchange() {
    let device = (FlopPerSecond(1e13), BytesPerSecond(1e11), Bytes(1e8));
    let (inside, across) = (BytesPerSecond(1e9), BytesPerSecond(1e8));
    let mut cluster = Cluster::new(2, 1, device, inside, across);
    (cluster.layer_time, cluster.intra_latency) = (Seconds(0.0), Seconds(0.0));
    cluster.inter_latency = Seconds(0.0);
    let tuning =
        Tuning { batch: 8, seq_len: 128, efficiency: 0.1, overlap: 0.93, ..Tuning::default() };
    // Hardly any weights, so that nearly all arithmetic is attention; one microbatch.
    let shape = Shape { causal: false, ..Shape::dense(9, 348, 12, Params(1e5)) };
    let layout = Layout { cp: 2, micro_batch: 8, ..Layout::copies(1) };
    let time = |peak: f64| {
        let cluster = Cluster { peak: FlopPerSecond(peak), ..cluster };
        let plan = Plan::new(shape, cluster, tuning).expect("in range");
        step_estimate(&plan, &layout, &mut NoTrace).expect("in range").step_time.0
    };
    let (mut last, mut peak) = (f64::INFINITY, 1e12);
    while peak < 5e15 {
        let now = time(peak);
        assert!(now <= last * (1.0 + ROUNDING), "{peak} FLOP/s: {now} s after {last} s");
        (last, peak) = (now, peak * 1.15);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn the_search_finds_what_looking_at_everything_finds(plan in plan()) {
        let space = Space { max_cp: 2, ..Space::of(&plan) };
        let found = search(&plan, &space).expect("every number is in range");
        let (count, all) = everything(&plan, &space);
        prop_assert_eq!(found.layouts, count, "the same layouts are looked at");
        let left_out: u64 = found.pruned.iter().sum();
        prop_assert_eq!(found.priced + left_out, found.layouts, "each is priced or has a reason");

        let fastest = all.iter().map(|(_, step)| step.step_time.0).fold(f64::INFINITY, f64::min);
        let best = found.best().map_or(f64::INFINITY, |best| best.estimate.step_time.0);
        prop_assert_eq!(best.to_bits(), fastest.to_bits());

        // Time and memory of the layouts that no other beats.
        let mut front: Vec<(u64, u64)> = all
            .iter()
            .filter(|(_, a)| {
                !all.iter().any(|(_, b)| {
                    b.step_time <= a.step_time
                        && b.memory <= a.memory
                        && (b.step_time < a.step_time || b.memory < a.memory)
                })
            })
            .map(|(_, step)| (step.step_time.0.to_bits(), step.memory.0.to_bits()))
            .collect();
        front.sort_unstable();
        front.dedup();
        let searched: Vec<(u64, u64)> = found
            .front
            .iter()
            .map(|p| (p.estimate.step_time.0.to_bits(), p.estimate.memory.0.to_bits()))
            .collect();
        prop_assert_eq!(searched, front);
        for priced in &found.front {
            let again = step_estimate(&plan, &priced.layout, &mut NoTrace);
            prop_assert_eq!(again, Ok(priced.estimate));
        }
    }

    #[test]
    fn what_is_named_is_kept_and_the_rest_is_still_the_best(
        plan in plan(), pick in any::<prop::sample::Index>(), mask in 0_u32..512,
    ) {
        let (_, all) = everything(&plan, &Space { max_cp: 2, ..Space::of(&plan) });
        prop_assume!(!all.is_empty());
        let layout = pick.get(&all).0;
        let if_named = |bit: u32, part: u32| (mask & (1 << bit) != 0).then_some(part);
        let named = Named {
            tp: if_named(0, layout.tp),
            pp: if_named(1, layout.pp),
            // Sequences are only divided where that is named.
            cp: Some(layout.cp),
            ep: if_named(2, layout.ep),
            dp: if_named(3, layout.dp),
            micro_batch: if_named(4, layout.micro_batch),
            interleave: if_named(5, layout.interleave),
            zero_stage: if_named(6, 1).map(|_| layout.zero_stage),
            checkpointing: if_named(7, 1).map(|_| layout.checkpointing),
        };
        let found = search_named(&plan, &Space::of(&plan), &named).expect("in range");
        let agrees = |other: &Layout| {
            let same = |named: Option<u32>, other: u32| named.is_none_or(|named| named == other);
            same(named.tp, other.tp)
                && same(named.pp, other.pp)
                && same(named.cp, other.cp)
                && same(named.ep, other.ep)
                && same(named.dp, other.dp)
                && same(named.micro_batch, other.micro_batch)
                && same(named.interleave, other.interleave)
                && named.zero_stage.is_none_or(|stage| stage == other.zero_stage)
                && named.checkpointing.is_none_or(|keep| keep == other.checkpointing)
        };
        let times = all.iter().filter(|(other, _)| agrees(other)).map(|(_, step)| step.step_time.0);
        let fastest = times.fold(f64::INFINITY, f64::min);
        let best = found.best().expect("the layout that was picked fits");
        prop_assert!(agrees(&best.layout));
        prop_assert_eq!(best.estimate.step_time.0.to_bits(), fastest.to_bits());
        let left_out: u64 = found.pruned.iter().sum();
        prop_assert_eq!(found.priced + left_out, found.layouts, "each is priced or has a reason");
    }

    #[test]
    fn parts_add_up_and_no_step_beats_its_arithmetic(plan in plan(), pick in any::<prop::sample::Index>()) {
        let (_, all) = everything(&plan, &Space { max_cp: 2, ..Space::of(&plan) });
        prop_assume!(!all.is_empty());
        let (layout, step) = pick.get(&all);
        let parts = step.breakdown.parts();
        let sum: f64 = parts.iter().rev().map(|(_, time)| time.0).sum();
        prop_assert!((sum - step.step_time.0).abs() <= ROUNDING * step.step_time.0);
        for (name, time) in parts {
            prop_assert!(time.0 >= 0.0, "{} = {}", name, time);
        }
        prop_assert!(step.step_time.0 >= plan.least_time().0 * (1.0 - ROUNDING));
        prop_assert!(step.mfu <= plan.tuning().efficiency * (1.0 + ROUNDING) && step.hfu <= 1.0);
        prop_assert!(step.mfu <= step.hfu * (1.0 + ROUNDING));
        if plan.cluster().devices == 1 {
            let b = step.breakdown;
            let sent = [b.tensor, b.context, b.expert, b.bubble, b.transfer, b.sync, b.straggler];
            prop_assert_eq!(sent, [Seconds::ZERO; 7], "one device communicates nothing");
        }
        // The trace tells the same numbers.
        let mut trace = Trace::new();
        let traced = step_estimate(&plan, layout, &mut trace);
        prop_assert_eq!(traced, Ok(*step));
        prop_assert_eq!(trace.quantity("step_time"), Some(Quantity::from(step.step_time)));
        for (name, time) in step.breakdown.parts() {
            prop_assert_eq!(trace.quantity(name), Some(Quantity::from(time)), "{}", name);
        }
        for (index, node) in trace.nodes().iter().enumerate() {
            for read in node.reads {
                prop_assert!(trace.nodes()[..index].iter().any(|n| n.name == *read), "{} reads {}", node.name, read);
            }
        }
    }

    #[test]
    fn better_machines_are_never_slower(
        plan in plan(), pick in any::<prop::sample::Index>(), factor in 1.0_f64..100.0,
    ) {
        let (_, all) = everything(&plan, &Space { max_cp: 2, ..Space::of(&plan) });
        prop_assume!(!all.is_empty());
        let (layout, before) = pick.get(&all);
        let c = *plan.cluster();
        let better = [
            Cluster { peak: c.peak * factor, ..c },
            Cluster { bandwidth: c.bandwidth * factor, ..c },
            Cluster { intra_bandwidth: c.intra_bandwidth * factor, ..c },
            Cluster { inter_bandwidth: c.inter_bandwidth * factor, ..c },
            Cluster { intra_latency: c.intra_latency / factor, ..c },
            Cluster { inter_latency: c.inter_latency / factor, ..c },
            Cluster { layer_time: c.layer_time / factor, ..c },
        ];
        for cluster in better {
            let after = Plan::new(*plan.shape(), cluster, *plan.tuning()).expect("in range");
            let after = step_estimate(&after, layout, &mut NoTrace).expect("in range");
            prop_assert!(after.step_time.0 <= before.step_time.0 * (1.0 + ROUNDING), "{:?}", cluster);
        }
        let tuning = Tuning { overlap: 1.0, ..*plan.tuning() };
        let hidden = Plan::new(*plan.shape(), c, tuning).expect("in range");
        let hidden = step_estimate(&hidden, layout, &mut NoTrace).expect("in range");
        prop_assert!(hidden.step_time.0 <= before.step_time.0 * (1.0 + ROUNDING));
    }

    #[test]
    fn an_all_reduce_sends_at_least_what_each_rank_must_send(
        message in magnitude(0, 12), ranks in 1_u32..5000, bandwidth in magnitude(6, 12), latency in 0.0_f64..1e-3,
    ) {
        let x = AllReduceIn {
            message: Bytes(message),
            ranks: f64::from(ranks),
            bandwidth: BytesPerSecond(bandwidth),
            latency: Seconds(latency),
        };
        let out = walls::solve::<AllReduce>(&x, Convention::Reference).expect("in range");
        let n = f64::from(ranks);
        let least = 2.0 * (n - 1.0) / n * message / bandwidth;
        for time in [out.ring_time, out.halving_time, out.tree_time] {
            prop_assert!(time.0 >= least * (1.0 - ROUNDING));
        }
        prop_assert!(out.halving_time.0 <= out.ring_time.0 * (1.0 + ROUNDING), "fewer rounds, equal bytes");
        if ranks == 1 {
            prop_assert_eq!((out.ring_time, out.tree_time, out.doubling_time, out.halving_time), (Seconds::ZERO, Seconds::ZERO, Seconds::ZERO, Seconds::ZERO));
        }
    }

    #[test]
    fn more_microbatches_and_turns_shrink_the_bubble(
        pp in 1_u32..65, m in 1_u32..1000, v in 1_u32..20, work in magnitude(-3, 3),
    ) {
        let bubble = |m: u32, v: u32| {
            let x = PipelineIn {
                pp: f64::from(pp),
                microbatches: f64::from(m),
                interleave: f64::from(v),
                stage_time: Seconds(work),
                boundary_bytes: Bytes(0.0),
                pp_bandwidth: BytesPerSecond(1e9),
                pp_latency: Seconds(0.0),
                overlap: 0.0,
                congestion: 1.0,
            };
            walls::solve::<Pipeline>(&x, Convention::Reference).expect("in range")
        };
        let here = bubble(m, v);
        prop_assert!(bubble(m + 1, v).bubble_time <= here.bubble_time);
        prop_assert!(bubble(m, v + 1).bubble_time <= here.bubble_time);
        // The fraction is that of the whole: f = T_bubble / (T_s + T_bubble).
        let whole = work + here.bubble_time.0;
        prop_assert!((here.bubble_time.0 / whole - here.bubble_fraction).abs() <= ROUNDING);
    }

    #[test]
    fn memory_parts_add_up_and_sharding_never_needs_more(
        shape in shape(), tp in 1_u32..9, pp in 1_u32..9, dp in 1_u32..65, m in 1_u32..20, keep in 0_usize..3,
    ) {
        let x = MemoryIn {
            shared: shape.shared,
            experts: shape.routed,
            embedding: shape.embedding,
            head: shape.head,
            width: BytesPerParam(2.0),
            gradient_width: BytesPerParam(4.0),
            optimizer_width: BytesPerParam(12.0),
            trained: 1.0,
            n_layers: f64::from(shape.layers * pp),
            hidden: f64::from(shape.hidden),
            n_heads: f64::from(shape.heads),
            vocab: f64::from(shape.vocab),
            seq_len: Tokens(128.0),
            micro_batch: 2.0,
            microbatches: f64::from(m),
            checkpointing: KEEP[keep],
            tp: f64::from(tp),
            sequence_parallel: true,
            pp: f64::from(pp),
            interleave: 1.0,
            cp: 1.0,
            ep: 1.0,
            dp: f64::from(dp),
            zero_stage: 0.0,
            buffer_share: 0.05,
            capacity: Bytes(80e9),
            reserve: 0.0,
        };
        for convention in [Convention::Reference, Convention::Upstream030] {
            let solve = |x: &MemoryIn| walls::solve::<DeviceMemory>(x, convention).expect("in range");
            let plain = solve(&x);
            let sum = plain.buffers + plain.activations + plain.optimizer + plain.gradients + plain.weights;
            prop_assert!((sum.0 - plain.total.0).abs() <= ROUNDING * sum.0);
            prop_assert!(plain.total.0 + 1e-9 >= plain.first_stage.max(plain.last_stage).0);
            let stages = [1.0, 2.0].map(|zero_stage| solve(&MemoryIn { zero_stage, ..x }).total);
            prop_assert!(stages[0] <= plain.total && stages[1] <= stages[0]);
            let wider = solve(&MemoryIn { tp: f64::from(tp * 2), ..x });
            prop_assert!(wider.total <= plain.total);
            let kept: Vec<Bytes> = KEEP
                .iter()
                .map(|checkpointing| solve(&MemoryIn { checkpointing: *checkpointing, ..x }).activations)
                .collect();
            prop_assert!(kept[0] >= kept[1] && kept[1] >= kept[2]);
        }
    }
}

/// 8 devices in nodes of 2: tensor pairs, 2 stages, 2 copies; round numbers to follow by hand.
fn eight_devices() -> Plan {
    let shape = Shape::dense(4, 10, 2, Params(4000.0));
    let cluster = Cluster {
        intra_latency: Seconds(0.0),
        inter_latency: Seconds(0.5),
        dispatch: Seconds(1.0),
        layer_time: Seconds(0.25),
        ..Cluster::new(
            8,
            2,
            (FlopPerSecond(2000.0), BytesPerSecond(1e12), Bytes(1e6)),
            BytesPerSecond(200.0),
            BytesPerSecond(100.0),
        )
    };
    let tuning =
        Tuning { batch: 8, seq_len: 10, overlap: 0.5, buffer_share: 0.0, ..Tuning::default() };
    Plan::new(shape, cluster, tuning).expect("in range")
}

#[test]
fn a_step_by_hand() {
    let layout = Layout { tp: 2, pp: 2, ..Layout::copies(2) };
    let step = step_estimate(&eight_devices(), &layout, &mut NoTrace).expect("in range");
    let near = |time: Seconds, by_hand: f64| {
        assert!((time.0 - by_hand).abs() < 1e-6 * by_hand.max(1.0), "{time} instead of {by_hand}");
    };
    let b = step.breakdown;
    // 4 microbatches of 1 sequence. A layer forward: products 2·1000·10, attention 4·10·10²/2. Three times both for
    // 2 layers on a pair of devices at 1000/s: 66 s.
    assert_eq!(step.microbatches, 4);
    near(b.compute, 4.0 * 66.0);
    // 3 passes × 2 layers × 0.25 s.
    near(b.launch, 4.0 * 1.5);
    // 4 sums per layer of 10·10·2 = 200 bytes between 2 devices of a node: 1 s each.
    near(b.tensor, 4.0 * 8.0);
    // One of two stages waits for one microbatch of 66 + 1.5 + 8 s.
    near(b.bubble, 75.5);
    // A crossing both ways takes 2 × (0.5 + 100/100) = 3 s; 1 + 4/2 of them are waited for.
    near(b.transfer, 9.0);
    // 1000 parameters × 2 bytes between 2 copies in two nodes: 20 s and 2 × 0.5 s. Half of the last backward pass of
    // 44 s hides 22 s, more than there is.
    near(step.sync_time, 21.0);
    assert_eq!(b.sync, Seconds::ZERO);
    near(b.dispatch, 1.0);
    near(step.step_time, 264.0 + 6.0 + 32.0 + 75.5 + 9.0 + 1.0);
    // 6·4000·80 + 6·4·10·10·80 operations on 8 × 2000/s.
    let useful = 1_920_000.0 + 192_000.0;
    assert!((step.mfu - useful / (16_000.0 * step.step_time.0)).abs() < 1e-12, "rounding");
}

#[test]
fn sharded_weights_move_half_as_much_again() {
    let plan = eight_devices();
    let copies = |zero_stage| Layout { zero_stage, ..Layout::copies(8) };
    let sync = |zero_stage| {
        step_estimate(&plan, &copies(zero_stage), &mut NoTrace).expect("in range").sync_time
    };
    assert_eq!(sync(0), sync(2));
    assert!(
        (sync(3).0 / sync(0).0 - 1.5).abs() < 1e-12,
        "one microbatch: a scatter and two gathers"
    );
}

#[test]
fn contradictory_layouts_are_told_with_all_numbers() {
    let plan = eight_devices();
    let message = |layout: Layout| {
        step_estimate(&plan, &layout, &mut NoTrace).expect_err("refused").to_string()
    };
    assert_eq!(
        message(Layout { tp: 2, pp: 2, ..Layout::copies(3) }),
        "layout: tp 2 × pp 2 × cp 1 × ep 1 × dp 3 makes 12 devices, but there are 8"
    );
    assert_eq!(
        message(Layout { micro_batch: 3, ..Layout::copies(8) }),
        "layout: a batch of 8 sequences does not split over dp 8 × ep 1 devices into whole microbatches of 3"
    );
    assert_eq!(
        message(Layout { tp: 8, ..Layout::copies(1) }),
        "layout: tp 8 does not fit heads 2; it must divide them"
    );
    assert_eq!(
        message(Layout { pp: 8, ..Layout::copies(1) }),
        "layout: pp × interleave 8 does not fit layers 4; each part needs one"
    );
    assert_eq!(
        message(Layout { tp: 0, ..Layout::copies(8) }),
        "training_step.layout: tp must be a whole number and from 1 to 4294967295, got 0"
    );
    let huge = Layout {
        tp: u32::MAX,
        pp: u32::MAX,
        cp: u32::MAX,
        ep: u32::MAX,
        ..Layout::copies(u32::MAX)
    };
    assert!(message(huge).contains("but there are 8"));
}

#[test]
fn every_dropped_division_has_its_reason() {
    let plan = eight_devices();
    let found = search(&plan, &Space::of(&plan)).expect("in range");
    // 8 = 2³ spread over five degrees: C(7, 4) ways.
    assert_eq!(found.divisions, 35);
    let dropped = |tp, pp, dp| {
        let same = |d: &&mlsysim::optimize::layout::Dropped| {
            (d.tp, d.pp, d.dp, d.cp, d.ep) == (tp, pp, dp, 1, 1)
        };
        found.dropped.iter().find(same).map(|d| d.reason)
    };
    assert_eq!(dropped(4, 1, 2), Some(Reason::Cap), "a node has two devices");
    assert_eq!(dropped(1, 8, 1), Some(Reason::Cap), "the model has four layers");
    assert_eq!(dropped(2, 2, 2), None);
}
