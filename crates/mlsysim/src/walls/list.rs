//! The list of every equation. A new one is a line in [`register`] below.

use super::algorithm::{complexity, fidelity, reasoning};
use super::analysis::{sensitivity, synthesis};
use super::batch::{self, Column, Table};
use super::by_name::{self, Evaluation};
use super::data::{ingestion, locality, transformation};
use super::equation::{Equation, EquationInfo, MAX_FIELDS};
use super::fleet::communication::{
    all_reduce, context, experts, gradient_sync, pipeline, step, straggler, tensor,
};
use super::fleet::{fragility, multi_tenant, recovery};
use super::node::{batching, compute, memory, serving, software, streaming, tail_latency};
use super::operations::{capital, checkpoint, safety, sustainability};
use super::prepared;
use crate::composite::{
    amdahl, iron_law, moe_routing, network_roofline, roofline, training_memory, training_ops,
    training_run, training_state,
};
use crate::convention::Convention;
use crate::error::Result;
use crate::trace::Trace;
use crate::units::Quantity;

type ByName = fn(&[(&str, Quantity)], Trace, Convention) -> Result<Evaluation>;
type Row = fn(&[f64; MAX_FIELDS], Convention, &mut [f64; MAX_FIELDS]) -> Result<()>;
type Batch = fn(&[(&str, &Column)], &[(&str, Quantity)], Convention) -> Result<Table>;

/// One equation and the calls derived from it.
pub(super) struct Entry {
    pub(super) info: &'static EquationInfo,
    pub(super) by_name: ByName,
    pub(super) batch: Batch,
    pub(super) row: Row,
}

macro_rules! register {
    ($($equation:ty,)*) => {
        const COUNT: usize = [$(stringify!($equation)),*].len();

        /// Every equation in words.
        pub(super) static INFOS: [EquationInfo; COUNT] = [$(*<$equation as Equation>::INFO),*];

        /// Every equation with its calls, in the order of [`INFOS`].
        pub(super) static ENTRIES: [Entry; COUNT] = [$(Entry {
            info: <$equation as Equation>::INFO,
            by_name: by_name::run::<$equation>,
            batch: batch::run::<$equation>,
            row: prepared::row::<$equation>,
        }),*];
    };
}

register! {
    // Node: walls 1 to 7, and the roofline over them.
    compute::StepTime,
    memory::StepTime,
    memory::Capacity,
    memory::WeightBytes,
    memory::KvCache,
    roofline::ArithmeticIntensity,
    roofline::RidgePoint,
    roofline::Attainable,
    roofline::Combine,
    roofline::Step,
    iron_law::IronLaw,
    amdahl::Upgrade,
    software::KindEfficiency,
    software::Matmul,
    serving::Prefill,
    serving::Decode,
    serving::Speculative,
    serving::DistinctExperts,
    serving::DecodeBound,
    serving::Replicas,
    batching::Admission,
    batching::Continuous,
    streaming::Stream,
    tail_latency::Queue,
    tail_latency::Quantile,
    tail_latency::MeanWaits,
    tail_latency::FanOut,
    tail_latency::Hedge,
    training_run::RunTime,
    training_state::StateBytes,
    training_memory::DeviceMemory,
    training_ops::TrainingOps,
    // Data: walls 8 to 10.
    ingestion::Balance,
    ingestion::Demand,
    ingestion::Stall,
    transformation::Batch,
    transformation::Workers,
    locality::Fabric,
    locality::Torus,
    locality::Mesh,
    locality::Hypercube,
    // Algorithm: walls 11 to 13.
    complexity::Allocate,
    complexity::Train,
    complexity::Budget,
    complexity::Lifetime,
    reasoning::Generation,
    reasoning::Chain,
    reasoning::Samples,
    fidelity::Compress,
    fidelity::Speedup,
    fidelity::EffectiveBits,
    fidelity::SemiStructured,
    fidelity::Csr,
    // Fleet: walls 14 to 16.
    fragility::FleetMtbf,
    fragility::Goodput,
    recovery::Recovery,
    recovery::Preemption,
    recovery::RuntimeGoodput,
    multi_tenant::Wait,
    all_reduce::AllReduce,
    gradient_sync::GradientSync,
    tensor::TensorParallel,
    experts::ExpertParallel,
    pipeline::Pipeline,
    context::RingAttention,
    straggler::Straggler,
    step::Step,
    moe_routing::Routing,
    network_roofline::NetworkRoofline,
    // Operations: walls 17 to 20.
    capital::TotalCost,
    sustainability::Footprint,
    sustainability::WaterUse,
    checkpoint::Write,
    safety::GaussianNoise,
    safety::DpSgd,
    safety::GradientNoise,
    safety::PrivateTraining,
    safety::Subgroup,
    // Analysis: walls 21 and 22.
    sensitivity::Elasticities,
    synthesis::Requirements,
    synthesis::Devices,
}
