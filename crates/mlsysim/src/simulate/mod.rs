//! Event simulation: a second opinion on the closed forms.
//!
//! Closed forms assume (exponential gaps, one law of service, independent failures); a simulation plays the events out
//! one by one and assumes less.
//! The two are tested against each other where both apply, and the simulation goes on where no closed form is known:
//! continuous batching with paged caches under any list of requests, failures of any law.
//!
//! Every run takes a seed, reads no clock, and gives equal bits for equal inputs on every target.
//! Its numbers are *simulated*: they carry the sampling error that [`Summary::standard_error`] states.

mod engine;
mod job;
mod queue;
mod random;
mod requests;
mod summary;

pub use engine::{Cost, Engine, LinearCost, Served, StepWork, serve};
pub use job::{Job, JobRun, run_job};
pub use queue::{Queue, QueueRun, run_queue};
pub use random::{Law, Random};
pub use requests::{Arrivals, Request, Traffic, requests};
pub use summary::Summary;
