//! Walls asked about records: a named model on a named machine, fleet or site.
//!
//! Walls take numbers and know no record; a resolver here reads the numbers out of the registry's records, calls the
//! walls, and gives the answer as one struct.

pub mod decode_bound;
pub mod decoder;
mod fidelity;
mod ingestion;
mod locality;
mod safety;
pub mod serving;

pub use fidelity::{
    Candidate, Compression, Constraint, Limits, Scheme, Sweep, candidate, compression, sweep,
};
pub use ingestion::ingestion;
pub use locality::locality;
pub use safety::responsible_training;
