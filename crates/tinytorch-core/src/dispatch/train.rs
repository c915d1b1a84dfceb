//! Module 08: passes over the data.

pub(crate) use crate::slots::train::{evaluate, train_epoch};
