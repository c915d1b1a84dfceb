//! Answers over several walls at once: a teaching lab of constraints, scorecards, scenarios, searches, pipelines, training.

pub mod explorer;
pub mod pipeline;
pub mod scenario;
pub mod scorecard;
pub mod search;
pub mod training;
