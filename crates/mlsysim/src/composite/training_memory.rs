//! Wall 2 while training on many devices: what the fullest device must hold.
//!
//! Weights, gradients and optimizer state follow from how parameters are divided: shared ones over tensor and pipeline
//! ranks, experts also over expert ranks, embeddings on the first and last stage only; sharding (stages 1 to 3) divides
//! further over the copies. Activations follow from the microbatches in flight, of which the first stage of a pipeline
//! holds the most.
//! Fragmentation, kernels' workspaces and the communication library's buffers enter as shares, not as models.

use crate::convention::Convention;
use crate::trace::{Recorder, Value};
use crate::units::{Bytes, BytesPerParam, Params, Tokens};
use crate::walls::equation::{Equation, EquationInfo, Record, labels, record};

labels! {
    /// Which activations a training step keeps for its backward pass.
    pub enum Checkpointing {
        /// All of them.
        None = "none",
        /// All but the attention scores.
        Selective = "selective",
        /// Only the input of each layer; the forward pass runs twice.
        Full = "full",
    }
}

record! {
    /// A model, its layout, and the memory of a device.
    pub struct MemoryIn {
        /// Parameters outside embeddings and experts.
        shared: Params, "N_s", NOT_NEGATIVE;
        /// Parameters of all experts.
        experts: Params, "N_x", NOT_NEGATIVE, default 0.0;
        /// Parameters of the input embedding, if counted apart.
        embedding: Params, "N_e", NOT_NEGATIVE, default 0.0;
        /// Parameters of the output layer, if counted apart.
        head: Params, "N_h", NOT_NEGATIVE, default 0.0;
        /// Bytes of one weight.
        width: BytesPerParam, "b", POSITIVE, default 2.0;
        /// Bytes of one gradient.
        gradient_width: BytesPerParam, "b_g", POSITIVE, default 2.0;
        /// Bytes of optimizer state per parameter.
        optimizer_width: BytesPerParam, "o", NOT_NEGATIVE, default 12.0;
        /// Share of the parameters that are trained.
        trained: f64, "φ", SHARE, default 1.0;
        /// Layers.
        n_layers: f64, "L", COUNT;
        /// Width of the hidden state.
        hidden: f64, "d", NOT_NEGATIVE;
        /// Attention heads.
        n_heads: f64, "H", NOT_NEGATIVE;
        /// Words of the vocabulary; 0 leaves the logits out.
        vocab: f64, "V", NOT_NEGATIVE, default 0.0;
        /// Tokens per sequence.
        seq_len: Tokens, "S", NOT_NEGATIVE, default 2048.0;
        /// Sequences of one microbatch.
        micro_batch: f64, "μ", COUNT, default 1.0;
        /// Microbatches per step.
        microbatches: f64, "m", COUNT, default 1.0;
        /// Activations that are kept.
        checkpointing: Checkpointing, "keep", ONE_OF_3, default 1.0;
        /// Devices that share a layer.
        tp: f64, "tp", COUNT, default 1.0;
        /// Whether they also share what lies between the shared products.
        sequence_parallel: bool, "sp", SHARE, default 1.0;
        /// Stages.
        pp: f64, "pp", COUNT, default 1.0;
        /// Parts of each stage that take turns.
        interleave: f64, "v", COUNT, default 1.0;
        /// Devices that share a sequence.
        cp: f64, "cp", COUNT, default 1.0;
        /// Devices among which the experts are divided.
        ep: f64, "ep", COUNT, default 1.0;
        /// Copies of the whole.
        dp: f64, "dp", COUNT, default 1.0;
        /// Stage of sharding over the copies.
        zero_stage: f64, "z", ZERO_STAGE, default 0.0;
        /// Buffers of the communication library over the gradients.
        buffer_share: f64, "β", SHARE, default 0.05;
        /// Memory of a device.
        capacity: Bytes, "M", POSITIVE;
        /// Share of the memory that is lost to fragmentation.
        reserve: f64, "ρ_r", SHARE, default 0.0;
    }
}

record! {
    /// What the fullest device holds.
    pub struct MemoryOut {
        /// Weights.
        weights: Bytes, "W", NOT_NEGATIVE;
        /// Gradients.
        gradients: Bytes, "G", NOT_NEGATIVE;
        /// Optimizer state.
        optimizer: Bytes, "O", NOT_NEGATIVE;
        /// Activations of the microbatches in flight.
        activations: Bytes, "A", NOT_NEGATIVE;
        /// Logits and what the communication needs.
        buffers: Bytes, "C", NOT_NEGATIVE;
        /// Everything.
        total: Bytes, "Q", NOT_NEGATIVE;
        /// What a device of the first stage holds.
        first_stage: Bytes, "Q_1", NOT_NEGATIVE;
        /// What a device of the last stage holds.
        last_stage: Bytes, "Q_p", NOT_NEGATIVE;
        /// Memory without the reserve.
        available: Bytes, "M_av", NOT_NEGATIVE;
        /// Need over memory.
        utilization: f64, "u", NOT_NEGATIVE;
        /// Whether it fits.
        fits: bool, "fits", SHARE;
    }
}

/// The equation `training_memory.device`.
///
/// - [`Convention::Reference`]: as the module says; `min(pp, m)` microbatches are in flight on the first stage, with
///   interleaving `(v·pp + pp − 1)/v`.
/// - [`Convention::Upstream030`]: every parameter divided by `tp·pp·ep`, one microbatch in flight.
#[derive(Debug, Clone, Copy)]
pub struct DeviceMemory;

const ZERO: &str = "Rajbhandari et al. (2020), ZeRO, section 3";
const KORTHIKANTI: &str = "Korthikanti et al. (2022), Reducing Activation Recomputation in Large Transformer Models, table 2 and section 4.2";
const COUNTING: &str = "counting";

/// What one device of one stage holds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stage {
    /// Layers of the stage.
    pub(crate) layers: f64,
    /// Shared and embedding parameters on one device, before sharding over copies.
    pub(crate) dense: f64,
    /// Expert parameters on one device, before sharding over copies.
    pub(crate) experts: f64,
    pub(crate) weights: f64,
    pub(crate) gradients: f64,
    pub(crate) optimizer: f64,
    /// Activations of one microbatch.
    pub(crate) one_microbatch: f64,
    pub(crate) activations: f64,
    pub(crate) buffers: f64,
}

impl Stage {
    #[inline]
    pub(crate) fn total(&self) -> f64 {
        self.weights + self.gradients + self.optimizer + self.activations + self.buffers
    }
}

/// Layers of the first and of the last of `pp` stages, whose `v` parts are dealt out in turns.
#[inline]
pub(crate) fn stage_layers(layers: f64, pp: f64, v: f64) -> (f64, f64) {
    let parts = pp * v;
    let each = libm::floor(layers / parts);
    // The first parts take one of the layers that are left over.
    let left = layers - each * parts;
    (each * v + libm::ceil(left / pp), each * v + libm::floor(left / pp))
}

/// Bytes of activations per layer, token and unit of width, at 16 bits, and those of the attention scores.
#[inline]
fn kept(x: &MemoryIn, checkpointing: Checkpointing) -> f64 {
    let scores = if x.hidden > 0.0 { 5.0 * x.n_heads * x.seq_len.0 / x.hidden } else { 0.0 };
    let (whole, divided) = match checkpointing {
        Checkpointing::Full => return if x.sequence_parallel { 2.0 / x.tp } else { 2.0 },
        Checkpointing::Selective => (10.0, 24.0),
        Checkpointing::None => (10.0, 24.0 + scores),
    };
    if x.sequence_parallel { (whole + divided) / x.tp } else { whole + divided / x.tp }
}

/// Bytes of the activations at one layer's boundary on one device, times the bytes [`kept`] counts in.
#[inline]
fn slab(x: &MemoryIn) -> f64 {
    x.seq_len.0 / x.cp * x.micro_batch * x.hidden * (x.width.0 / 2.0)
}

/// The first or the last stage of the layout by the formulas of the literature.
#[inline]
pub(crate) fn stage(x: &MemoryIn, is_first: bool) -> Stage {
    let (first, last) = stage_layers(x.n_layers, x.pp, x.interleave);
    let alone = x.pp <= 1.0;
    let is_last = alone || !is_first;
    let layers = if is_first { first } else { last };
    let body = layers / x.n_layers;
    let ends = if is_first { x.embedding.0 } else { 0.0 } + if is_last { x.head.0 } else { 0.0 };
    let dense = (x.shared.0 * body + ends) / x.tp;
    let experts = x.experts.0 * body / (x.tp * x.ep);
    // Shared parameters have a copy on every data, expert and context rank, experts none on other expert ranks.
    let expert_copies = x.dp * x.cp;
    let dense_copies = expert_copies * x.ep;
    let held = |from_stage: f64, width: f64| {
        if x.zero_stage >= from_stage {
            (dense / dense_copies + experts / expert_copies) * width
        } else {
            (dense + experts) * width
        }
    };
    let gradients = held(2.0, x.gradient_width.0) * x.trained;
    let slab = slab(x);
    let keep = kept(x, x.checkpointing);
    let one_microbatch = layers * keep * slab;
    let in_flight = if x.interleave > 1.0 {
        let parts = if is_first {
            x.interleave * x.pp + x.pp - 1.0
        } else {
            (x.interleave - 1.0) * x.pp + 1.0
        };
        parts.min(x.interleave * x.microbatches) / x.interleave
    } else if is_first {
        x.pp.min(x.microbatches)
    } else {
        1.0
    };
    // The layer that is recomputed is there in full while its backward pass runs.
    let recomputed = (kept(x, Checkpointing::None) - keep) * slab;
    let logits =
        if is_last { 4.0 * x.micro_batch * x.seq_len.0 / x.cp * x.vocab / x.tp } else { 0.0 };
    let boundary =
        if alone { 0.0 } else { 4.0 * slab / if x.sequence_parallel { x.tp } else { 1.0 } };
    // A sharded layer is whole while it works.
    let gathered =
        if x.zero_stage > 2.5 { (dense + experts) / layers.max(1.0) * x.width.0 } else { 0.0 };
    Stage {
        layers,
        dense,
        experts,
        weights: held(3.0, x.width.0),
        gradients,
        optimizer: held(1.0, x.optimizer_width.0) * x.trained,
        one_microbatch,
        activations: one_microbatch * in_flight,
        buffers: x.buffer_share * gradients + recomputed + logits + boundary + gathered,
    }
}

/// The device of the Python package: everything divided evenly, one microbatch in flight.
fn upstream(x: &MemoryIn) -> Stage {
    let parameters = x.shared.0 + x.experts.0 + x.embedding.0 + x.head.0;
    let own = parameters / (x.tp * x.pp * x.ep);
    let sharded = |from_stage: f64| if x.zero_stage >= from_stage { x.dp } else { 1.0 };
    let layers = libm::ceil(x.n_layers / x.pp);
    let tokens = x.seq_len.0 * x.micro_batch;
    let linear = tokens * x.hidden;
    let per_layer = match x.checkpointing {
        Checkpointing::Full => 2.0 * linear,
        Checkpointing::Selective => 34.0 * linear,
        Checkpointing::None => 34.0 * linear + 5.0 * x.n_heads * x.seq_len.0 * tokens,
    };
    let divided = if x.sequence_parallel { x.tp } else { 1.0 };
    let activations = layers * per_layer * (x.width.0 / 2.0) / divided;
    let gradients = x.trained * own * x.gradient_width.0 / sharded(2.0);
    let boundary = if x.pp > 1.0 { 2.0 * linear * x.width.0 } else { 0.0 };
    Stage {
        layers,
        dense: own,
        experts: 0.0,
        weights: own * x.width.0 / sharded(3.0),
        gradients,
        optimizer: x.trained * own * x.optimizer_width.0 / sharded(1.0),
        one_microbatch: activations,
        activations,
        buffers: x.buffer_share * gradients + boundary,
    }
}

impl Equation for DeviceMemory {
    type In = MemoryIn;
    type Out = MemoryOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "training_memory.device",
        wall: 2,
        also: &[14],
        question: "What must the fullest device hold while it trains its part of a model?",
        formula: "Q = W + G + O + A × min(pp, m) + C, with N_s/(tp·pp) + N_x/(tp·pp·ep) parameters per device",
        source: KORTHIKANTI,
        inputs: MemoryIn::FIELDS,
        outputs: MemoryOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &MemoryIn, convention: Convention, trace: &mut R) -> MemoryOut {
        let (first, last) = match convention {
            Convention::Reference => (stage(x, true), stage(x, false)),
            Convention::Upstream030 => (upstream(x), upstream(x)),
        };
        // Of a single stage the first is also the last.
        let last = if x.pp > 1.0 { last } else { first };
        let fullest = if last.total() > first.total() { last } else { first };
        let first_stage = Bytes(first.total());
        trace.computed(
            "first_stage",
            "Q_1",
            first_stage,
            "W_1 + G_1 + O_1 + A_1 + C_1",
            ALL,
            COUNTING,
        );
        let last_stage = Bytes(last.total());
        trace.computed(
            "last_stage",
            "Q_p",
            last_stage,
            "W_p + G_p + O_p + A_p + C_p",
            ALL,
            COUNTING,
        );
        let weights = Bytes(fullest.weights);
        trace.computed(
            "weights",
            "W",
            weights,
            "n × b, over the copies if z ≥ 3",
            PARAMETERS,
            ZERO,
        );
        let gradients = Bytes(fullest.gradients);
        trace.computed(
            "gradients",
            "G",
            gradients,
            "φ × n × b_g, over the copies if z ≥ 2",
            PARAMETERS,
            ZERO,
        );
        let optimizer = Bytes(fullest.optimizer);
        trace.computed(
            "optimizer",
            "O",
            optimizer,
            "φ × n × o, over the copies if z ≥ 1",
            PARAMETERS,
            ZERO,
        );
        let activations = Bytes(fullest.activations);
        trace.computed(
            "activations",
            "A",
            activations,
            "l × S·μ·d/(tp·cp) × {2, 34, 34 + 5·H·S/d} × in flight",
            ALL,
            KORTHIKANTI,
        );
        let buffers = Bytes(fullest.buffers);
        trace.computed(
            "buffers",
            "C",
            buffers,
            "β × G + logits + boundaries + the layer at work",
            ALL,
            COUNTING,
        );
        let total = Bytes(fullest.total());
        let parts: &'static [&'static str] =
            &["weights", "gradients", "optimizer", "activations", "buffers"];
        trace.computed("total", "Q", total, "W + G + O + A + C", parts, COUNTING);
        let available = x.capacity * (1.0 - x.reserve);
        trace.computed(
            "available",
            "M_av",
            available,
            "M × (1 − ρ_r)",
            &["capacity", "reserve"],
            COUNTING,
        );
        let utilization = total / x.capacity;
        trace.computed("utilization", "u", utilization, "Q / M", &["total", "capacity"], COUNTING);
        let fits = total <= available;
        trace.computed(
            "fits",
            "fits",
            Value::Flag(fits),
            "Q ≤ M_av",
            &["total", "available"],
            COUNTING,
        );
        MemoryOut {
            weights,
            gradients,
            optimizer,
            activations,
            buffers,
            total,
            first_stage,
            last_stage,
            available,
            utilization,
            fits,
        }
    }
}

const PARAMETERS: &[&str] = &[
    "shared",
    "experts",
    "embedding",
    "head",
    "width",
    "gradient_width",
    "optimizer_width",
    "trained",
    "tp",
    "pp",
    "cp",
    "ep",
    "dp",
    "zero_stage",
];
const ALL: &[&str] = &[
    "shared",
    "experts",
    "embedding",
    "head",
    "width",
    "gradient_width",
    "optimizer_width",
    "trained",
    "n_layers",
    "hidden",
    "n_heads",
    "vocab",
    "seq_len",
    "micro_batch",
    "microbatches",
    "checkpointing",
    "tp",
    "sequence_parallel",
    "pp",
    "interleave",
    "cp",
    "ep",
    "dp",
    "zero_stage",
    "buffer_share",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::walls::solve;

    fn small() -> MemoryIn {
        MemoryIn {
            shared: Params(800.0),
            experts: Params(0.0),
            embedding: Params(0.0),
            head: Params(0.0),
            width: BytesPerParam(2.0),
            gradient_width: BytesPerParam(2.0),
            optimizer_width: BytesPerParam(12.0),
            trained: 1.0,
            n_layers: 8.0,
            hidden: 10.0,
            n_heads: 2.0,
            vocab: 0.0,
            seq_len: Tokens(20.0),
            micro_batch: 1.0,
            microbatches: 6.0,
            checkpointing: Checkpointing::Selective,
            tp: 1.0,
            sequence_parallel: true,
            pp: 4.0,
            interleave: 1.0,
            cp: 1.0,
            ep: 1.0,
            dp: 1.0,
            zero_stage: 0.0,
            buffer_share: 0.0,
            capacity: Bytes(1e6),
            reserve: 0.0,
        }
    }

    fn memory(x: MemoryIn) -> MemoryOut {
        solve::<DeviceMemory>(&x, Convention::Reference).unwrap()
    }

    #[test]
    fn four_microbatches_are_in_flight_on_the_first_of_four_stages() {
        let out = memory(small());
        assert_eq!(
            (out.weights, out.gradients, out.optimizer),
            (Bytes(400.0), Bytes(400.0), Bytes(2400.0))
        );
        // 2 layers × 34 × 20 tokens × 10 wide, four times.
        assert_eq!(out.activations, Bytes(4.0 * 13_600.0));
        let two = memory(MemoryIn { microbatches: 2.0, ..small() });
        assert_eq!(two.activations, Bytes(2.0 * 13_600.0));
        let upstream = solve::<DeviceMemory>(&small(), Convention::Upstream030).unwrap();
        assert_eq!(upstream.activations, Bytes(13_600.0));
        // Two turns per stage: 2·4 + 4 − 1 parts of half a stage.
        let turns = memory(MemoryIn { interleave: 2.0, ..small() });
        assert_eq!(turns.activations, Bytes(5.5 * 13_600.0));
    }

    #[test]
    fn experts_divide_over_expert_ranks_and_the_rest_does_not() {
        let x = MemoryIn { pp: 1.0, experts: Params(1600.0), ep: 4.0, tp: 2.0, ..small() };
        // 800/2 + 1600/(2·4) parameters.
        assert_eq!(memory(x).weights, Bytes(2.0 * 600.0));
        let upstream = solve::<DeviceMemory>(&x, Convention::Upstream030).unwrap();
        assert_eq!(upstream.weights, Bytes(2.0 * 300.0));
        // Optimizer state: shared over 2·4 ranks with a copy, experts over 2.
        let sharded = memory(MemoryIn { dp: 2.0, zero_stage: 1.0, ..x });
        assert_eq!(sharded.optimizer, Bytes(12.0 * (400.0 / 8.0 + 200.0 / 2.0)));
    }

    #[test]
    fn embeddings_stand_at_the_ends() {
        let x = MemoryIn {
            embedding: Params(1000.0),
            head: Params(3000.0),
            vocab: 100.0,
            microbatches: 1.0,
            ..small()
        };
        let out = memory(x);
        // First 200 + 1000 parameters, last 200 + 3000 and 4 × 20 × 100 bytes of logits, at 16 bytes each.
        assert_eq!(out.last_stage - out.first_stage, Bytes(2000.0 * 16.0 + 8000.0));
        assert_eq!(out.total, out.last_stage);
    }

    #[test]
    fn without_sequence_parallelism_a_part_of_the_activations_is_not_divided() {
        let x = MemoryIn { pp: 1.0, tp: 2.0, microbatches: 1.0, ..small() };
        assert_eq!(memory(x).activations, Bytes(8.0 * 17.0 * 200.0));
        let not = MemoryIn { sequence_parallel: false, ..x };
        assert_eq!(memory(not).activations, Bytes(8.0 * (10.0 + 12.0) * 200.0));
    }

    #[test]
    fn stages_share_out_all_layers() {
        for (layers, pp, v) in [
            (96.0, 64.0, 1.0),
            (96.0, 8.0, 3.0),
            (61.0, 16.0, 1.0),
            (61.0, 4.0, 4.0),
            (5.0, 4.0, 1.0),
        ] {
            let (first, last) = stage_layers(layers, pp, v);
            // Deal the layers part by part and count those of the two stages.
            let (mut dealt_first, mut dealt_last) = (0.0, 0.0);
            let parts = pp * v;
            let each = libm::floor(layers / parts);
            let left = layers - each * parts;
            let mut part = 0.0;
            while part < parts {
                let size = each + if part < left { 1.0 } else { 0.0 };
                let stage = part % pp;
                dealt_first += if stage < 0.5 { size } else { 0.0 };
                dealt_last += if (stage - (pp - 1.0)).abs() < 0.5 { size } else { 0.0 };
                part += 1.0;
            }
            assert_eq!((first, last), (dealt_first, dealt_last), "{layers} {pp} {v}");
        }
    }
}
