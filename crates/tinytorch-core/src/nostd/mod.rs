//! What the crate uses where the standard library is not there.
//!
//! With the feature `std` these are the standard library's own items. Without it they come from `alloc`, `libm` and
//! `spin`, so that the rest of the crate is written once. A file that uses `Vec`, `Box` or `String` imports
//! [`prelude`]; one that calls functions of
//! floats imports [`Float`] when `std` is off.

pub(crate) mod collections;
mod float;
#[cfg(not(feature = "std"))]
pub(crate) mod local;
pub(crate) mod sync;

pub(crate) use float::Float;

/// Names that the standard library brings into every file.
pub(crate) mod prelude {
    pub(crate) use alloc::{
        borrow::ToOwned,
        boxed::Box,
        string::{String, ToString},
        vec::Vec,
    };
}
