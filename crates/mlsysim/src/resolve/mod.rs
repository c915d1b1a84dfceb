//! Walls asked about records: a named model on a named machine, fleet or site.
//!
//! Walls take numbers and know no record; a resolver here reads the numbers out of the registry's records, calls the
//! walls, and gives the answer as one struct.

pub mod batching;
pub mod checkpoint;
pub mod cost;
pub mod decode_bound;
pub mod decoder;
pub mod distributed;
mod fidelity;
pub mod footprint;
pub mod fragility;
mod ingestion;
mod locality;
pub mod moe;
pub mod multi_tenant;
pub mod network_roofline;
pub mod reasoning;
mod safety;
mod sensitivity;
pub mod serving;
pub mod serving_capacity;
pub mod software;
pub mod streaming;
mod synthesis;
pub mod training_memory;
pub mod training_run;

pub use fidelity::{
    Candidate, Compression, Constraint, Limits, Scheme, Sweep, candidate, compression, sweep,
};
pub use ingestion::ingestion;
pub use locality::locality;
pub use safety::responsible_training;
pub use sensitivity::{Lever, Perturbation, perturbation, sensitivity};
pub use synthesis::{Answer, Offers, cheapest_part, required_machine};
