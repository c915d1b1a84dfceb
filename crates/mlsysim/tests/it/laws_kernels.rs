//! Physics of kernels, collectives and training steps on machines of every family, whatever their constants.

use mlsysim::Precision;
use mlsysim::machine::collective::{self, Collective};
use mlsysim::machine::transformer::{Plan, Recompute, Shape, Sharding};
use mlsysim::machine::{Calibration, Machine, gemm, training, training_memory};
use mlsysim::registry::{Hardware, Registry};
use mlsysim::units::{BytesPerSecond, FlopPerSecond};
use proptest::prelude::*;
use std::sync::LazyLock;

/// The records and constants, read once.
static WORLD: LazyLock<(Registry, Calibration)> =
    LazyLock::new(|| (Registry::shipped(), Calibration::shipped()));

/// One machine of each calibrated family, and one that is known by its data sheet.
const MACHINES: [&str; 5] = ["a100", "h100", "b200", "l40s", "mi300x"];

fn hardware() -> impl Strategy<Value = Hardware> {
    prop::sample::select(MACHINES.to_vec())
        .prop_map(|name| WORLD.0.hardware(name).expect("a shipped name").clone())
}

fn product() -> impl Strategy<Value = gemm::Product> {
    (1_u32..20_000, 1_u32..20_000, 1_u32..20_000).prop_map(|(m, n, k)| gemm::Product {
        m: f64::from(m),
        n: f64::from(n),
        k: f64::from(k),
        precision: Precision::Bf16,
    })
}

fn of(hardware: &Hardware) -> Machine<'_> {
    Machine::new(hardware, &WORLD.1).expect("the calibration has `spec`")
}

fn gemm_time(hardware: &Hardware, product: &gemm::Product) -> f64 {
    let constants = gemm::Constants::read(&WORLD.1).expect("shipped");
    gemm::time(&of(hardware), product, &constants).expect("in range").total
}

prop_compose! {
    fn shape()(
        layers in 1_u32..100,
        heads in 1_u32..100,
        gated in any::<bool>(),
        vocab in 1000_u32..200_000,
    ) -> Shape {
        let hidden = 128.0 * f64::from(heads);
        Shape {
            layers: f64::from(layers),
            hidden,
            heads: f64::from(heads),
            kv_heads: f64::from(heads),
            head_dim: 128.0,
            ffn_hidden: 4.0 * hidden,
            gated,
            vocab: f64::from(vocab),
        }
    }
}

prop_compose! {
    fn plan()(
        tensor in prop::sample::select(vec![1.0, 2.0, 4.0, 8.0]),
        pipeline in prop::sample::select(vec![1.0, 2.0, 8.0]),
        data in 1_u32..200,
        micro in 1_u32..9,
        micro_batches in 1_u32..64,
        recompute in prop::sample::select(vec![Recompute::Nothing, Recompute::Scores, Recompute::Layers]),
        sharding in prop::sample::select(vec![Sharding::Whole, Sharding::Optimizer, Sharding::Gradients, Sharding::Weights]),
        fused_attention in any::<bool>(),
    ) -> Plan {
        Plan {
            tensor,
            pipeline,
            data: f64::from(data),
            micro_batches: f64::from(micro_batches),
            recompute,
            sharding,
            fused_attention,
            ..Plan::single(f64::from(micro), 2048.0)
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn a_product_takes_at_least_its_operations_at_the_peak(hardware in hardware(), product in product()) {
        let ops = 2.0 * product.m * product.n * product.k;
        let peak = of(&hardware).peak(Precision::Bf16).expect("has a rate");
        // Equality up to rounding would be allowed.
        prop_assert!(gemm_time(&hardware, &product) >= ops / peak * (1.0 - 1e-12));
    }

    #[test]
    fn a_faster_machine_never_takes_longer(hardware in hardware(), product in product(), factor in 1.0_f64..4.0) {
        let slow = gemm_time(&hardware, &product);
        let mut better = hardware.clone();
        better.bandwidth = BytesPerSecond(hardware.bandwidth.0 * factor);
        prop_assert!(gemm_time(&better, &product) <= slow * (1.0 + 1e-12));
        let mut better = hardware.clone();
        for (_, rate) in &mut better.rates {
            *rate = FlopPerSecond(rate.0 * factor);
        }
        prop_assert!(gemm_time(&better, &product) <= slow * (1.0 + 1e-12));
    }

    #[test]
    fn one_member_communicates_nothing_and_more_bytes_take_longer(
        hardware in hardware(),
        members in 2_u32..9,
        bytes in 1.0_f64..1e9,
        which in prop::sample::select(vec![
            Collective::AllReduce, Collective::AllGather, Collective::ReduceScatter, Collective::AllToAll,
        ]),
    ) {
        let constants = collective::Constants::read(&WORLD.1).expect("shipped");
        let machine = of(&hardware);
        prop_assume!(machine.link().is_some());
        let time = |members: f64, bytes: f64| {
            collective::time(&machine, which, members, bytes, &constants).expect("in range")
        };
        prop_assert!(time(1.0, bytes).abs() < f64::MIN_POSITIVE);
        let members = f64::from(members);
        prop_assert!(time(members, bytes) <= time(members, 2.0 * bytes));
        // What each member must send cannot be faster than the link; a switch that adds sends the least.
        let least = (members - 1.0) / members * bytes / machine.link().expect("assumed");
        prop_assert!(time(members, bytes) >= least);
    }

    #[test]
    fn a_step_uses_at_most_the_peak(hardware in hardware(), shape in shape(), plan in plan()) {
        let constants = training::Constants::read(&WORLD.1).expect("shipped");
        let machine = of(&hardware);
        let step = training::step(&machine, &shape, &plan, &constants).expect("in range");
        // Matrix products alone: scores of causal attention are counted in half by kernels that skip them.
        let ops = 6.0 * shape.layers * shape.layer_weights() * plan.tokens();
        let peak = machine.peak(Precision::Bf16).expect("has a rate") * plan.devices();
        prop_assert!(step.total.is_finite() && step.total > 0.0);
        prop_assert!(ops / (step.total * peak) <= 1.0, "{step:?}");
        let parts = step.products + step.attention + step.traffic + step.head + step.tensor
            + step.pipeline + step.data + step.optimizer;
        // Parts overlap only where a layer is bound by the time of issuing it, and stages add up; none is negative.
        prop_assert!(parts > 0.0 && step.data >= 0.0 && step.pipeline >= 0.0);
    }

    #[test]
    fn sharing_never_takes_more_memory(shape in shape(), plan in plan()) {
        let bytes = |plan: &Plan| training_memory::memory(&shape, plan).expect("in range").total(plan);
        let more = Plan { sharding: Sharding::Weights, ..plan };
        prop_assert!(bytes(&more) <= bytes(&plan) * (1.0 + 1e-12));
        let less = Plan { recompute: Recompute::Layers, ..plan };
        prop_assert!(bytes(&less) <= bytes(&plan) * (1.0 + 1e-12));
    }
}
