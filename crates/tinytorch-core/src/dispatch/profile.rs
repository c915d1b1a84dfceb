//! Module 14: counts.

pub(crate) use crate::slots::profile::{Work, activation_bytes, count_flops, count_parameters};
