//! Module 08: step sizes.

pub(crate) use crate::slots::schedule::cosine_lr;
