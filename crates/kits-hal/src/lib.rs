#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]
#![deny(unsafe_code)]

// The device path: nothing here may panic, whatever bytes it is given.
macro_rules! device {
    ($($(#[$attr:meta])* $vis:vis mod $name:ident;)*) => {$(
        #[deny(
            clippy::unwrap_used,
            clippy::expect_used,
            clippy::panic,
            clippy::unreachable,
            clippy::indexing_slicing,
            clippy::arithmetic_side_effects
        )]
        $(#[$attr])*
        $vis mod $name;
    )*};
}

device! {
    #[cfg(feature = "bench-proto")]
    pub mod bench;
    mod bytes;
    mod crc;
    mod dtype;
    #[cfg(feature = "dsp")]
    pub mod dsp;
    mod error;
    mod exec;
    mod fast;
    #[cfg(feature = "hal")]
    pub mod hal;
    mod model;
    mod observe;
    mod ops;
    #[cfg(any(feature = "hal", feature = "pre"))]
    mod picture;
    #[cfg(feature = "post")]
    pub mod post;
    #[cfg(feature = "pre")]
    pub mod pre;
}

pub mod board;
#[cfg(feature = "convert")]
pub mod convert;
#[cfg(feature = "convert")]
pub mod plan;

pub use crc::crc32;
pub use dtype::{DType, Element};
pub use error::{LoadError, RunError, Section};
pub use exec::{Reals, Session, Step};
pub use model::{Check, Memory, Model, Names, OpCode, OpInfo, Ops, TensorInfo};
pub use observe::{Observer, Unobserved};
pub use ops::fixed;
