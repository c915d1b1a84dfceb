//! Walls asked about records: a named model on a named machine, fleet or site.
//!
//! Walls take numbers and know no record; a resolver here reads the numbers out of the registry's records, calls the
//! walls, and gives the answer as one struct.

pub mod decode_bound;
pub mod decoder;
pub mod distributed;
mod ingestion;
mod locality;
pub mod moe;
pub mod network_roofline;
pub mod serving;
pub mod training_memory;

pub use ingestion::ingestion;
pub use locality::locality;
