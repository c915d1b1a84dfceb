//! Module 12: attention.

pub(crate) use crate::slots::attention::{apply_mask, attention, attention_scores, scale_scores};
