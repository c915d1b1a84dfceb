//! Flash of images that run models, in bytes: written by `cargo xtask firmware size --write`.

/// The core set with the plain kernels.
pub(super) const CORE_PLAIN: u32 = 19_680;

/// The core set with the fast kernels.
pub(super) const CORE: u32 = 29_032;

/// Every operator with the fast kernels.
pub(super) const ALL: u32 = 50_408;
