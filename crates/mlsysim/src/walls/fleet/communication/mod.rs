//! Wall 14, communication: machines that share work must tell each other what they found.
//!
//! Training on many devices splits the work in several ways at once, and each way sends its own messages:
//! copies of the model add up their gradients ([`gradient_sync`]), devices that share a layer exchange its sums
//! ([`tensor`]), experts receive their tokens ([`experts`]), stages hand activations on ([`pipeline`]), and devices
//! that share a sequence pass keys and values around ([`context`]).
//! All rest on the cost `α + M/β` of one message and on the schedule of a collective operation ([`all_reduce`]);
//! congestion beyond a constant factor is not modeled.
//! The parts meet in [`step`], and the slowest of many devices sets the pace ([`straggler`]).

pub mod all_reduce;
pub(crate) mod collectives;
pub mod context;
pub mod experts;
pub mod gradient_sync;
pub mod pipeline;
pub mod step;
pub mod straggler;
pub mod tensor;

/// The sources that several files of this folder name.
pub(crate) mod source {
    pub(crate) const RING: &str =
        "Patarasuk & Yuan (2009), Bandwidth optimal all-reduce algorithms, JPDC 69(2)";
    pub(crate) const THAKUR: &str =
        "Thakur, Rabenseifner & Gropp (2005), Optimization of Collective Communication in MPICH";
    pub(crate) const ZERO: &str = "Rajbhandari et al. (2020), ZeRO, section 7";
    pub(crate) const MEGATRON: &str = "Shoeybi et al. (2019), Megatron-LM, section 3";
    pub(crate) const INTERLEAVED: &str =
        "Narayanan et al. (2021), Efficient Large-Scale Language Model Training, section 2.2";
    pub(crate) const GSHARD: &str = "Lepikhin et al. (2020), GShard, section 3.2";
    pub(crate) const RING_ATTENTION: &str = "Liu et al. (2023), Ring Attention, section 3";
    pub(crate) const COUNTING: &str = "counting";
}
