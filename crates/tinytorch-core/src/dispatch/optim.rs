//! Module 07: parameter updates.

pub(crate) use crate::slots::optim::{
    AdamSettings, SgdSettings, adam_moments, adam_update, adamw_decay, sgd_update,
};
