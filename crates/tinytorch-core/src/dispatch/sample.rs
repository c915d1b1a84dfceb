//! Module 13: the choice of the next token.

pub(crate) use crate::slots::sample::sample_next;
