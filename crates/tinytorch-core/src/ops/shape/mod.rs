//! Rearranging axes and elements. Where the layout allows it, the result is a view of the same memory.

mod join;
mod repeat;
mod slice;
mod views;

pub use views::{Permute, Reshape, Transpose};
