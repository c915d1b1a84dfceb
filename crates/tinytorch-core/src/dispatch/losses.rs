//! Module 04: class losses.

pub(crate) use crate::kernels::classes::{
    Targets, gradient as cross_entropy_backward, losses as cross_entropy,
};
