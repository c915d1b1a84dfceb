//! A model, a machine and a batch as numbers, prepared for many layouts.

use crate::composite::{DISPATCH_TIME, IDLE_SHARE, LAYER_TIME};
use crate::convention::Convention;
use crate::error::{Error, Result};
use crate::ranges::Range;
use crate::units::{
    Bytes, BytesPerParam, BytesPerSecond, Flop, FlopPerSecond, Params, Quantity, Seconds, Unit,
    Watts,
};
use crate::walls::fleet::communication::straggler;

/// A transformer as its training step sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shape {
    /// Layers.
    pub layers: u32,
    /// Width of the hidden state.
    pub hidden: u32,
    /// Attention heads.
    pub heads: u32,
    /// Heads with keys and values of their own.
    pub kv_heads: u32,
    /// Width of one head.
    pub head_dim: u32,
    /// Parameters outside experts, input embedding and output layer.
    pub shared: Params,
    /// Parameters of all experts.
    pub routed: Params,
    /// Parameters of the input embedding, if counted apart: looked up, not multiplied.
    pub embedding: Params,
    /// Parameters of the output layer, if counted apart.
    pub head: Params,
    /// Words of the vocabulary; 0 leaves the logits out of the memory.
    pub vocab: u32,
    /// Experts per layer; 1 for a dense model.
    pub experts: u32,
    /// Experts that one token uses.
    pub chosen: u32,
    /// Layers that have experts; 0 for a dense model.
    pub expert_layers: u32,
    /// Whether a token sees only those before it.
    pub causal: bool,
}

impl Shape {
    /// A dense causal transformer of `parameters` that are not told apart.
    #[must_use]
    pub const fn dense(layers: u32, hidden: u32, heads: u32, parameters: Params) -> Self {
        Self {
            layers,
            hidden,
            heads,
            kv_heads: heads,
            head_dim: match hidden.checked_div(heads) {
                Some(width) => width,
                None => 0,
            },
            shared: parameters,
            routed: Params::ZERO,
            embedding: Params::ZERO,
            head: Params::ZERO,
            vocab: 0,
            experts: 1,
            chosen: 1,
            expert_layers: 0,
            causal: true,
        }
    }
}

/// Devices, their nodes and the network between them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cluster {
    /// All devices.
    pub devices: u32,
    /// Devices of one node.
    pub node_devices: u32,
    /// Rate of a device's arithmetic units in the number format used.
    pub peak: FlopPerSecond,
    /// Bandwidth of its memory.
    pub bandwidth: BytesPerSecond,
    /// Share of that bandwidth which streams sustain.
    pub memory_efficiency: f64,
    /// Size of its memory.
    pub capacity: Bytes,
    /// Bandwidth between devices of a node, one direction.
    pub intra_bandwidth: BytesPerSecond,
    /// Start-up time of a message inside a node.
    pub intra_latency: Seconds,
    /// Bandwidth of one device into the network, one direction.
    pub inter_bandwidth: BytesPerSecond,
    /// Start-up time of a message between nodes.
    pub inter_latency: Seconds,
    /// Fixed time per step.
    pub dispatch: Seconds,
    /// Fixed time per layer and pass.
    pub layer_time: Seconds,
    /// Rated power of a device, if known.
    pub power: Option<Watts>,
    /// Share of it drawn while waiting.
    pub idle_share: f64,
}

impl Cluster {
    /// Nodes of `node_devices` devices; fixed times, start-up times and idle share as where no record states them.
    #[must_use]
    pub const fn new(
        devices: u32,
        node_devices: u32,
        (peak, bandwidth, capacity): (FlopPerSecond, BytesPerSecond, Bytes),
        intra_bandwidth: BytesPerSecond,
        inter_bandwidth: BytesPerSecond,
    ) -> Self {
        Self {
            devices,
            node_devices,
            peak,
            bandwidth,
            memory_efficiency: 1.0,
            capacity,
            intra_bandwidth,
            intra_latency: Seconds(5e-7),
            inter_bandwidth,
            inter_latency: Seconds(5e-6),
            dispatch: DISPATCH_TIME,
            layer_time: LAYER_TIME,
            power: None,
            idle_share: IDLE_SHARE,
        }
    }
}

/// How the model is trained.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tuning {
    /// Sequences in the step, all devices together.
    pub batch: u32,
    /// Tokens per sequence.
    pub seq_len: u32,
    /// Share of the peak that the code reaches.
    pub efficiency: f64,
    /// Bytes of one weight or activation.
    pub width: BytesPerParam,
    /// Bytes of one gradient.
    pub gradient_width: BytesPerParam,
    /// Bytes of optimizer state per parameter.
    pub optimizer_width: BytesPerParam,
    /// Share of the parameters that are trained.
    pub trained: f64,
    /// Share of the time in which messages can travel behind work.
    pub overlap: f64,
    /// Factor of congestion on every message.
    pub congestion: f64,
    /// Load of the fullest expert over the mean, where experts are divided.
    pub imbalance: f64,
    /// Standard deviation of a device's step time over its mean.
    pub spread: f64,
    /// Factor on the step beside that spread.
    pub slowdown: f64,
    /// Buffers of the communication library over the gradients.
    pub buffer_share: f64,
    /// Share of the memory that is lost to fragmentation.
    pub reserve: f64,
}

impl Default for Tuning {
    /// One sequence of 2 048 tokens in 16 bits with Adam at half of the peak, nothing overlapped.
    fn default() -> Self {
        Self {
            batch: 1,
            seq_len: 2048,
            efficiency: 0.5,
            width: BytesPerParam(2.0),
            gradient_width: BytesPerParam(2.0),
            optimizer_width: BytesPerParam(12.0),
            trained: 1.0,
            overlap: 0.0,
            congestion: 1.0,
            imbalance: 1.0,
            spread: 0.0,
            slowdown: 1.0,
            buffer_share: 0.05,
            reserve: 0.0,
        }
    }
}

/// A model, a machine and a batch, checked and prepared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plan {
    pub(super) shape: Shape,
    pub(super) cluster: Cluster,
    pub(super) tuning: Tuning,
    /// Forward operations per layer and sequence: products with weights outside experts.
    pub(super) shared_ops: f64,
    /// The same with experts, of which a token uses some.
    pub(super) routed_ops: f64,
    /// The same of attention.
    pub(super) attention_ops: f64,
    /// Forward operations per sequence of the output layer.
    pub(super) head_ops: f64,
    /// Rate that the code reaches.
    pub(super) rate: f64,
    /// Bandwidth that streams sustain.
    pub(super) stream: f64,
    /// Time of the slowest device over the mean.
    pub(super) slowdown: f64,
}

const ID: &str = "training_step.plan";

impl Plan {
    /// Checks and prepares.
    ///
    /// # Errors
    ///
    /// - [`Error::OutOfRange`] naming the number that is 0, negative, infinite or outside its range.
    /// - [`Error::Overflow`] if the operations of a step do not fit a 64-bit float.
    pub fn new(shape: Shape, cluster: Cluster, tuning: Tuning) -> Result<Self> {
        check(&shape, &cluster, &tuning)?;
        let (layers, seq_len) = (f64::from(shape.layers), f64::from(tuning.seq_len));
        let chosen = f64::from(shape.chosen) / f64::from(shape.experts);
        let pairs = seq_len * seq_len * if shape.causal { 0.5 } else { 1.0 };
        let plan = Self {
            shape,
            cluster,
            tuning,
            shared_ops: 2.0 * shape.shared.0 / layers * seq_len,
            routed_ops: 2.0 * shape.routed.0 * chosen / layers * seq_len,
            attention_ops: 4.0 * f64::from(shape.heads) * f64::from(shape.head_dim) * pairs,
            head_ops: 2.0 * shape.head.0 * seq_len,
            rate: cluster.peak.0 * tuning.efficiency,
            stream: cluster.bandwidth.0 * cluster.memory_efficiency,
            slowdown: straggler::slowdown(tuning.spread, f64::from(cluster.devices))?
                * tuning.slowdown,
        };
        let results = [("ops", plan.ops().into()), ("slowdown", plan.slowdown.into())];
        for (name, got) in results {
            let got: Quantity = got;
            if !got.value.is_finite() {
                return Err(Error::Overflow { op: ID, name, got });
            }
        }
        Ok(plan)
    }

    /// The model.
    #[must_use]
    pub const fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The machine.
    #[must_use]
    pub const fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// How the model is trained.
    #[must_use]
    pub const fn tuning(&self) -> &Tuning {
        &self.tuning
    }

    /// Operations that the result of one step needs, nothing run twice: `6·N_act·B·S` and attention.
    ///
    /// Frozen weights need no gradients of their own: `4 + 2φ` in place of 6. An input embedding that is counted apart
    /// is looked up and needs none.
    #[must_use]
    pub fn ops(&self) -> Flop {
        let products =
            (self.shared_ops + self.routed_ops) * f64::from(self.shape.layers) + self.head_ops;
        let attention = self.attention_ops * f64::from(self.shape.layers);
        let passes = 2.0 + self.tuning.trained;
        Flop((products * passes + attention * 3.0) * f64::from(self.tuning.batch))
    }

    /// The least time that any layout can take: all operations at the rate the code reaches on all devices.
    #[must_use]
    pub fn least_time(&self) -> Seconds {
        Seconds(self.ops().0 / (self.rate * f64::from(self.cluster.devices)))
    }

    /// The convention that this module follows.
    pub const CONVENTION: Convention = Convention::Reference;
}

fn check(shape: &Shape, cluster: &Cluster, tuning: &Tuning) -> Result<()> {
    let counts = [
        ("layers", shape.layers),
        ("hidden", shape.hidden),
        ("heads", shape.heads),
        ("kv_heads", shape.kv_heads),
        ("head_dim", shape.head_dim),
        ("experts", shape.experts),
        ("chosen", shape.chosen),
        ("devices", cluster.devices),
        ("node_devices", cluster.node_devices),
        ("batch", tuning.batch),
        ("seq_len", tuning.seq_len),
    ];
    for (name, count) in counts {
        amount(name, f64::from(count), Range::COUNT_U32)?;
    }
    // No token uses more experts than there are, no more layers have experts than there are layers.
    amount("chosen", f64::from(shape.chosen), Range::COUNT_U32.up_to(f64::from(shape.experts)))?;
    let layers = Range::NOT_NEGATIVE.up_to(f64::from(shape.layers));
    amount("expert_layers", f64::from(shape.expert_layers), layers)?;
    amount("shared", shape.shared, Range::NOT_NEGATIVE)?;
    amount("routed", shape.routed, Range::NOT_NEGATIVE)?;
    amount("embedding", shape.embedding, Range::NOT_NEGATIVE)?;
    amount("head", shape.head, Range::NOT_NEGATIVE)?;
    amount("peak", cluster.peak, Range::POSITIVE)?;
    amount("bandwidth", cluster.bandwidth, Range::POSITIVE)?;
    amount("memory_efficiency", cluster.memory_efficiency, Range::EFFICIENCY)?;
    amount("capacity", cluster.capacity, Range::POSITIVE)?;
    amount("intra_bandwidth", cluster.intra_bandwidth, Range::POSITIVE)?;
    amount("intra_latency", cluster.intra_latency, Range::NOT_NEGATIVE)?;
    amount("inter_bandwidth", cluster.inter_bandwidth, Range::POSITIVE)?;
    amount("inter_latency", cluster.inter_latency, Range::NOT_NEGATIVE)?;
    amount("dispatch", cluster.dispatch, Range::NOT_NEGATIVE)?;
    amount("layer_time", cluster.layer_time, Range::NOT_NEGATIVE)?;
    amount("power", cluster.power.unwrap_or(Watts::ZERO), Range::NOT_NEGATIVE)?;
    amount("idle_share", cluster.idle_share, Range::SHARE)?;
    amount("efficiency", tuning.efficiency, Range::EFFICIENCY)?;
    amount("width", tuning.width, Range::POSITIVE)?;
    amount("gradient_width", tuning.gradient_width, Range::POSITIVE)?;
    amount("optimizer_width", tuning.optimizer_width, Range::NOT_NEGATIVE)?;
    amount("trained", tuning.trained, Range::SHARE)?;
    amount("overlap", tuning.overlap, Range::SHARE)?;
    amount("congestion", tuning.congestion, Range::NOT_NEGATIVE)?;
    amount("imbalance", tuning.imbalance, Range::AT_LEAST_ONE)?;
    amount("spread", tuning.spread, Range::NOT_NEGATIVE)?;
    amount("slowdown", tuning.slowdown, Range::AT_LEAST_ONE)?;
    amount("buffer_share", tuning.buffer_share, Range::SHARE)?;
    amount("reserve", tuning.reserve, Range::SHARE)
}

fn amount<T: Unit>(name: &'static str, value: T, range: Range) -> Result<()> {
    if range.contains(value.base()) {
        return Ok(());
    }
    Err(Error::OutOfRange { op: ID, name, range, got: Quantity::new(value.base(), T::DIMENSION) })
}
