//! One crate's results through another crate's traits.

mod kit_op;
mod kit_work;

pub use kit_op::KitOp;
pub use kit_work::KitWork;
