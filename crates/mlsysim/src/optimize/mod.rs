//! Searching: which of many choices are worth a look, and which input reaches a target.

pub mod pareto;
