//! The price of one layout.

use super::layout::Layout;
use super::plan::Plan;
use super::ways::Ways;
use super::work::Work;
use crate::composite::training_memory::Checkpointing;
use crate::error::{Error, Result};
use crate::trace::Recorder;
use crate::units::{Bytes, Joules, Seconds, TokensPerSecond};
use crate::walls::fleet::communication::collectives::{self, Path};

/// What a step spends its time on; the parts add up to it.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Breakdown {
    /// Arithmetic that the result needs, at the pace of the stage with the most work.
    pub compute: Seconds,
    /// Arithmetic run a second time.
    pub recompute: Seconds,
    /// Waiting for memory beyond the arithmetic.
    pub memory_stall: Seconds,
    /// Launching layers.
    pub launch: Seconds,
    /// Sums of shared layers.
    pub tensor: Seconds,
    /// Keys and values that arrive late.
    pub context: Seconds,
    /// Exchange of routed tokens.
    pub expert: Seconds,
    /// Waiting for the ends of the pipeline.
    pub bubble: Seconds,
    /// Transfers between stages that nothing hides.
    pub transfer: Seconds,
    /// Sums of gradients and gatherings of weights that nothing hides.
    pub sync: Seconds,
    /// The optimizer's pass over its state.
    pub update: Seconds,
    /// Fixed time of the step.
    pub dispatch: Seconds,
    /// Waiting for the slowest device.
    pub straggler: Seconds,
}

impl Breakdown {
    /// The parts with their names, in the order in which [`Breakdown::total`] adds them.
    #[must_use]
    pub const fn parts(&self) -> [(&'static str, Seconds); 13] {
        [
            ("compute", self.compute),
            ("recompute", self.recompute),
            ("memory_stall", self.memory_stall),
            ("launch", self.launch),
            ("tensor", self.tensor),
            ("context", self.context),
            ("expert", self.expert),
            ("bubble", self.bubble),
            ("transfer", self.transfer),
            ("sync", self.sync),
            ("update", self.update),
            ("dispatch", self.dispatch),
            ("straggler", self.straggler),
        ]
    }

    /// The sum of the parts.
    #[must_use]
    #[inline]
    pub fn total(&self) -> Seconds {
        self.parts().into_iter().map(|(_, time)| time).sum()
    }
}

/// A training step on many devices.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct StepEstimate {
    /// Time of one step.
    pub step_time: Seconds,
    /// What it is spent on.
    pub breakdown: Breakdown,
    /// Microbatches per device.
    pub microbatches: u32,
    /// Share of the pipeline's time in which a stage waits.
    pub bubble_fraction: f64,
    /// Time of all sums of gradients and gatherings of weights, hidden or not.
    pub sync_time: Seconds,
    /// Time of the traffic to and from memory.
    pub traffic_time: Seconds,
    /// What the fullest device holds.
    pub memory: Bytes,
    /// Whether that fits.
    pub fits: bool,
    /// Useful operations per second as a share of the peak (model utilization).
    pub mfu: f64,
    /// All operations per second as a share of the peak (hardware utilization).
    pub hfu: f64,
    /// Tokens per second of all devices.
    pub throughput: TokensPerSecond,
    /// Energy of one step on all devices; `None` if their power is not known.
    pub energy: Option<Joules>,
}

/// Returns what one step of `plan` costs when it is divided as `layout` says.
///
/// `T = (m·t + t·(pp−1)/v + T_pp + T_dp + T_update + T_o) × σ` with the time `t` of one microbatch on the stage with
/// the most work: the longer of arithmetic and traffic, launches, sums of shared layers, exchanges of tokens.
/// A layout that does not fit is priced all the same, and [`StepEstimate::fits`] says no.
///
/// # Cost
///
/// Some two hundred floating-point operations; with [`crate::trace::NoTrace`] no allocation.
///
/// # Errors
///
/// - As [`Layout::microbatches`].
/// - [`Error::Overflow`] if the time or the memory does not fit a 64-bit float.
///
/// # Source
///
/// Narayanan et al. (2021), Efficient Large-Scale Language Model Training on GPU Clusters Using Megatron-LM; Rajbhandari
/// et al. (2020), ZeRO; Korthikanti et al. (2022), Reducing Activation Recomputation in Large Transformer Models.
///
/// # Examples
///
/// ```
/// use mlsysim::composite::training_step::{Cluster, Layout, Plan, Shape, Tuning, step_estimate};
/// use mlsysim::trace::NoTrace;
/// use mlsysim::units::{Bytes, BytesPerSecond, FlopPerSecond, Params, Seconds};
///
/// // 1e9 parameters, two devices of 1e15 operations per second of which half are reached, memory and links not limiting.
/// let shape = Shape::dense(10, 1000, 10, Params(1e9));
/// let fast = BytesPerSecond(1e30);
/// let device = (FlopPerSecond(1e15), fast, Bytes(1e12));
/// let mut cluster = Cluster::new(2, 2, device, fast, fast);
/// (cluster.dispatch, cluster.layer_time, cluster.intra_latency) = (Seconds(0.0), Seconds(0.0), Seconds(0.0));
/// let plan = Plan::new(shape, cluster, Tuning { batch: 4, seq_len: 1000, ..Tuning::default() })?;
/// let step = step_estimate(&plan, &Layout::copies(2), &mut NoTrace)?;
/// // 6·1e9·4000 and causal attention 6·10·1000·1000·4000, over 2 × 5e14.
/// assert!((step.step_time.0 - (2.4e13 + 2.4e11) / 1e15).abs() < 1e-12);
/// assert!((step.mfu - 0.5).abs() < 1e-9);
/// # Ok::<(), mlsysim::Error>(())
/// ```
#[inline]
pub fn step_estimate<R: Recorder>(
    plan: &Plan,
    layout: &Layout,
    trace: &mut R,
) -> Result<StepEstimate> {
    let microbatches = layout.microbatches(plan)?;
    let work = Work::new(plan, layout, microbatches);
    price(plan, layout, microbatches, &work, trace)
}

/// The price of a layout whose work is known.
#[inline]
pub(crate) fn price<R: Recorder>(
    plan: &Plan,
    layout: &Layout,
    microbatches: u32,
    work: &Work,
    trace: &mut R,
) -> Result<StepEstimate> {
    let (shape, cluster, tuning) = (&plan.shape, &plan.cluster, &plan.tuning);
    let ways = Ways::of(plan);
    let [tp, pp, cp, ep, dp] =
        [layout.tp, layout.pp, layout.cp, layout.ep, layout.dp].map(f64::from);
    let [tp_u, pp_u, cp_u, ep_u, dp_u] =
        [layout.tp, layout.pp, layout.cp, layout.ep, layout.dp].map(u64::from);
    let (m, v) = (f64::from(microbatches), f64::from(layout.interleave));
    let twice = layout.checkpointing == Checkpointing::Full;
    let congestion = tuning.congestion;

    // One microbatch on the slowest stage.
    let stall = (work.traffic - work.useful - work.repeated).max(0.0);
    let launches = if twice { 4.0 } else { 3.0 };
    let launch = launches * work.layers * cluster.layer_time.0;
    let tokens = f64::from(layout.micro_batch) * f64::from(tuning.seq_len) / cp;
    let slab = tokens * f64::from(shape.hidden) * tuning.width.0;
    // Two sums forward, two backward, two more where the forward pass runs twice; so also for experts.
    let exchanges = if twice { 6.0 } else { 4.0 };
    let tensor = exchanges * work.layers * ways.all_reduce(slab, 1, tp_u, tp) * congestion;
    let chunks = if layout.cp > 1 {
        Chunks::new(plan, layout, work, ways.spanning(tp_u, cp_u, cp), tokens)
    } else {
        Chunks::default()
    };
    let context = chunks.late;
    let divided = if layout.sequence_parallel { tp } else { 1.0 };
    let expert = if layout.ep > 1 && shape.experts > 1 {
        let routed = slab * f64::from(shape.chosen) * tuning.imbalance / divided;
        let path = ways.spanning(tp_u * cp_u, ep_u, ep);
        let share = f64::from(shape.expert_layers) / f64::from(shape.layers);
        exchanges * work.layers * share * collectives::all_to_all(routed, ep, path) * congestion
    } else {
        0.0
    };
    let one = work.useful + work.repeated + stall + launch + tensor + context + expert;

    // The pipeline.
    let bubble = one * (pp - 1.0) / v;
    let transfer = if layout.pp > 1 {
        let path = ways.spanning(u64::from(cluster.devices) / pp_u, pp_u, pp);
        let crossing = 2.0 * v * (path.latency + slab / tp / path.bandwidth) * congestion;
        crossing * (pp - 1.0 + m * (1.0 - tuning.overlap))
    } else {
        0.0
    };

    // Copies.
    let dense = work.first.dense.max(work.last.dense);
    let experts = work.first.experts.max(work.last.experts);
    let gradient = tuning.trained * tuning.gradient_width.0;
    let reduce = |width: f64| {
        ways.all_reduce(dense * width, tp_u, cp_u * ep_u * dp_u, cp * ep * dp)
            + if experts > 0.0 {
                ways.all_reduce(experts * width, tp_u * ep_u, cp_u * dp_u, cp * dp)
            } else {
                0.0
            }
    };
    let gradients = reduce(gradient) * congestion;
    // While chunks arrive behind the attention of a backward pass, no gradients travel: one time hides one exchange.
    let free = (work.backward - chunks.behind_backward).max(0.0);
    // Sharded gradients cannot wait for each other: each microbatch scatters its own.
    let (sync, window) = match layout.zero_stage {
        0 | 1 => (gradients, free),
        2 => (gradients * 0.5 * (m + 1.0), free * m),
        // Weights are gathered for each forward and each backward pass.
        _ => {
            let gathered = reduce(tuning.width.0) * congestion;
            (gradients * 0.5 * m + gathered * m, free * m)
        }
    };
    let exposed_sync = (sync - tuning.overlap * window).max(0.0);
    let owned = if layout.zero_stage > 0 {
        dense / (cp * ep * dp) + experts / (cp * dp)
    } else {
        dense + experts
    };
    let state = 2.0 * tuning.width.0 + tuning.gradient_width.0 + 2.0 * tuning.optimizer_width.0;
    let update = tuning.trained * owned * state / plan.stream;

    let mut breakdown = Breakdown {
        compute: Seconds(work.useful * m),
        recompute: Seconds(work.repeated * m),
        memory_stall: Seconds(stall * m),
        launch: Seconds(launch * m),
        tensor: Seconds(tensor * m),
        context: Seconds(context * m),
        expert: Seconds(expert * m),
        bubble: Seconds(bubble),
        transfer: Seconds(transfer),
        sync: Seconds(exposed_sync),
        update: Seconds(update),
        dispatch: cluster.dispatch,
        straggler: Seconds::ZERO,
    };
    let mean = breakdown.total();
    breakdown.straggler = mean * (plan.slowdown - 1.0);
    let step_time = breakdown.total();
    let memory = work.memory();
    if !(step_time.0.is_finite() && memory.0.is_finite() && step_time.0 > 0.0) {
        return Err(overflow(step_time, memory));
    }

    let useful = plan.ops().0;
    let all = cluster.peak.0 * f64::from(cluster.devices) * step_time.0;
    let mfu = (useful / all).min(1.0);
    let again = match layout.checkpointing {
        Checkpointing::None => 0.0,
        Checkpointing::Selective => plan.attention_ops,
        Checkpointing::Full => plan.attention_ops + plan.shared_ops + plan.routed_ops,
    };
    let again = again * f64::from(shape.layers) * f64::from(tuning.batch);
    let hfu = ((useful + again) / all).min(1.0);
    let idle = cluster.idle_share;
    let energy = cluster.power.map(|power| {
        Joules(power.0 * f64::from(cluster.devices) * (idle + (1.0 - idle) * hfu) * step_time.0)
    });
    let estimate = StepEstimate {
        step_time,
        breakdown,
        microbatches,
        bubble_fraction: (pp - 1.0) / (v * m + pp - 1.0),
        sync_time: Seconds(sync),
        traffic_time: Seconds(work.traffic * m),
        memory,
        fits: memory <= cluster.capacity * (1.0 - tuning.reserve),
        mfu,
        hfu,
        throughput: TokensPerSecond(
            f64::from(tuning.batch) * f64::from(tuning.seq_len) / step_time.0,
        ),
        energy,
    };
    if R::ACTIVE {
        super::record::record(plan, layout, &estimate, trace);
    }
    Ok(estimate)
}

/// Keys and values of other chunks of a sequence, in seconds per microbatch.
#[derive(Debug, Clone, Copy, Default)]
struct Chunks {
    /// Waiting for them.
    late: f64,
    /// What of their arrival the attention of the backward pass hides, the forward pass that it repeats included.
    behind_backward: f64,
}

impl Chunks {
    #[inline]
    fn new(plan: &Plan, layout: &Layout, work: &Work, path: Path, tokens: f64) -> Self {
        let (shape, tuning) = (&plan.shape, &plan.tuning);
        let cp = f64::from(layout.cp);
        let chunk =
            2.0 * tokens * f64::from(shape.kv_heads) * f64::from(shape.head_dim) * tuning.width.0
                / f64::from(layout.tp);
        // A device attends to one chunk while the next arrives; backward both take twice as long.
        let attend = work.attention / cp;
        let arrive = |bytes: f64| (path.latency + bytes / path.bandwidth) * tuning.congestion;
        let (once, back) = (arrive(chunk), arrive(2.0 * chunk));
        let forward = (once - attend).max(0.0);
        let backward = (back - 2.0 * attend).max(0.0);
        let repeats = match layout.checkpointing {
            Checkpointing::None => 0.0,
            Checkpointing::Selective | Checkpointing::Full => 1.0,
        };
        let all = work.layers * (cp - 1.0);
        Self {
            late: all * (forward * (1.0 + repeats) + backward),
            behind_backward: all * (once.min(attend) * repeats + back.min(2.0 * attend)),
        }
    }
}

#[cold]
fn overflow(step_time: Seconds, memory: Bytes) -> Error {
    let op = "training_step.estimate";
    if memory.0.is_finite() {
        Error::Overflow { op, name: "step_time", got: step_time.into() }
    } else {
        Error::Overflow { op, name: "memory", got: memory.into() }
    }
}
