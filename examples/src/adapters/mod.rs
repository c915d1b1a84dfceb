//! One crate's results through another crate's traits.

mod kit_work;

pub use kit_work::KitWork;
