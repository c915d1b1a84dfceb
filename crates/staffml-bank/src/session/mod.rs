//! What to ask: sets of templates for an occasion.

mod daily;

pub use daily::{Candidate, Pick, daily};
