//! Pure functions of the literature that several walls share.
//!
//! Each checks that its arguments lie where the formula means something, and its result too: the answer is never
//! NaN. [`all`] lists them with their sources, for programs that look one up by name.
//!
//! ```
//! use mlsysim::formulas::{self, communication};
//! use mlsysim::units::{Bytes, BytesPerSecond, Seconds};
//!
//! let time = communication::ring_allreduce(Bytes(8e9), 4.0, BytesPerSecond(1e9), Seconds(0.5))?;
//! assert_eq!(time, Seconds(15.0));
//! let same = formulas::find("communication.ring_allreduce").expect("listed");
//! assert_eq!(same.evaluate(&[8e9, 4.0, 1e9, 0.5])?, time.into());
//! # Ok::<(), mlsysim::Error>(())
//! ```

pub mod cache;
pub mod communication;
mod define;
pub mod economics;
pub mod memory;
pub mod network;
pub mod numerics;
pub mod performance;
pub mod privacy;
pub mod queueing;
pub mod reliability;
pub mod scaling;
pub mod statistics;
pub mod transformer;

use define::formulas;
pub use define::{Argument, Formula};

/// Every formula that takes numbers and gives a number, by module.
pub fn all() -> impl Iterator<Item = &'static Formula> {
    [
        cache::LIST,
        communication::LIST,
        economics::LIST,
        memory::LIST,
        network::LIST,
        numerics::LIST,
        performance::LIST,
        privacy::LIST,
        queueing::LIST,
        reliability::LIST,
        scaling::LIST,
        statistics::LIST,
        transformer::LIST,
    ]
    .into_iter()
    .flatten()
}

/// The formula of that identifier.
#[must_use]
pub fn find(id: &str) -> Option<&'static Formula> {
    all().find(|formula| formula.id == id)
}
