//! Maps and sets whose order does not matter.
//!
//! `alloc` has no hashed ones: without `std` they are trees, with the methods that this crate uses.

#[cfg(feature = "std")]
pub(crate) use std::collections::{HashMap, HashSet};

#[cfg(not(feature = "std"))]
pub(crate) use alloc::collections::{BTreeMap as HashMap, BTreeSet as HashSet};
