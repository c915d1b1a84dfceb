//! Where the Python package 0.3.0 differs from the literature, by number: which walls it concerns, and how.

/// A known difference.
pub(crate) struct Defect {
    /// Number in the register, such as `D-03`.
    pub(crate) id: &'static str,
    /// Walls whose equations it concerns; none for what concerns a step on one machine.
    pub(crate) walls: &'static [u8],
    /// What the Python package does.
    pub(crate) upstream: &'static str,
    /// What the literature asks for.
    pub(crate) reference: &'static str,
}

const fn defect(
    id: &'static str,
    walls: &'static [u8],
    upstream: &'static str,
    reference: &'static str,
) -> Defect {
    Defect { id, walls, upstream, reference }
}

#[rustfmt::skip] // a table
pub(crate) static DEFECTS: &[Defect] = &[
    defect("D-01", &[], "a language model's step does one token's operations per sequence, whatever its context", "operations of every token, with attention over the context"),
    defect("D-02", &[], "traffic is the weights and a tenth of them per item", "activations of the model, and its key-value cache"),
    defect("D-03", &[4], "memory runs at the data sheet's bandwidth", "a sustained share of it"),
    defect("D-04", &[], "one byte over the capacity sends all traffic over the host link", "only what does not fit"),
    defect("D-05", &[], "a format without a rate runs at the half-precision peak", "a wider recorded format, or a refusal"),
    defect("D-06", &[3], "losses that do not add up to what is lost, for any model", "a product of shares"),
    defect("D-07", &[4, 5, 6], "a sparse model works with all its parameters", "active parameters, and the experts that a batch reaches"),
    defect("D-08", &[4, 5], "decoding has no limit by arithmetic", "the longer of arithmetic and traffic"),
    defect("D-09", &[4], "each new token looks at the whole final context", "the causal sum, half of it"),
    defect("D-10", &[4], "the draft model keeps no cache and checking is free", "both are counted"),
    defect("D-11", &[6], "attention counts key-value heads, and none while decoding", "every head, in both phases"),
    defect("D-12", &[7], "an unstable queue shows a utilization of 1", "the utilization itself, and an endless wait"),
    defect("D-13", &[7], "the quantile of the wait plus the mean service", "the quantile of the whole stay"),
    defect("D-14", &[8], "no data path described counts as stalled", "unknown"),
    defect("D-15", &[10], "half the cut of a ring or torus", "the cut, at most all links"),
    defect("D-16", &[10], "a misspelt wiring is a full fat tree", "a refusal"),
    defect("D-17", &[11], "the prefix of a unit is dropped", "the amount in base units"),
    defect("D-18", &[12], "the cache stays at the prompt's length; energy at full power", "a sum over tokens"),
    defect("D-19", &[13], "accuracy and speed of compressed models by fixed steps", "bits with group overhead, and measured losses"),
    defect("D-20", &[14], "full sharding communicates like plain data parallelism", "half as much again"),
    defect("D-21", &[14], "one exchange of experts a step", "four for each expert layer"),
    defect("D-22", &[14], "accumulation divides the one exchange of gradients", "no division"),
    defect("D-23", &[14], "adapters exchange a hundredth of the gradients", "their trainable share"),
    defect("D-24", &[14], "nothing crosses the borders of pipeline stages", "two transfers per micro-batch and border"),
    defect("D-25", &[14, 2], "expert parallelism shards dense weights", "only the experts"),
    defect("D-26", &[15], "goodput without the work done twice", "half an interval lost per failure"),
    defect("D-27", &[2], "a state-space model keeps half its inner width", "twice the width, and the convolution's window"),
    defect("D-28", &[], "a model given by its size keeps it in every format", "the size scales with the format"),
    defect("D-29", &[], "a peak recorded in another format serves as the half-precision peak", "one rate per format"),
    defect("D-32", &[17], "an unknown price is 0", "unknown"),
    defect("D-33", &[17, 18], "water follows the energy of the whole facility", "the energy of the equipment"),
    defect("D-34", &[19], "the blocked share may exceed 1", "t / (τ + t)"),
    defect("D-35", &[20], "privacy costs a fixed share over ε", "an accountant, and the cost of clipping"),
    defect("D-36", &[21], "a step of fixed times is said to wait for bandwidth", "elasticities that include fixed times"),
    defect("D-37", &[14], "one sample per step and fleet, one link as the cut", "per device"),
    defect("D-39", &[2], "one micro-batch in flight with pipeline stages", "as many as there are stages"),
    defect("D-54", &[14], "the start-up time of the node's own link is ignored", "it is passed on"),
    defect("D-59", &[19], "one optimizer counted as another", "one table of optimizers"),
];

/// The defect of that number.
pub(crate) fn find(id: &str) -> Option<&'static Defect> {
    DEFECTS.iter().find(|defect| defect.id == id)
}
