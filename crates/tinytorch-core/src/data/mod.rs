//! From stored samples to the batches that training eats.
//!
//! A [`Dataset`] hands out samples by index. A [`DataLoader`] decides the order of an epoch, cuts it into
//! batches, and stacks the samples of each batch into tensors ([`Collate`]).

mod collate;
mod compose;
mod dataset;
mod loader;
pub mod transforms;
mod workers;

pub use collate::Collate;
pub use compose::{Concat, DatasetExt, Map, random_split};
pub use dataset::{Dataset, Subset, TensorDataset};
pub use loader::{Builder, DataLoader, Epoch};
