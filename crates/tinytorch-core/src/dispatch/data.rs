//! Module 05: samples, orders, batches.

pub(crate) use crate::slots::data::{batch_ranges, collate, epoch_order, tensor_dataset_get};
