//! Signal processing in front of a model: from samples to features.
//!
//! Everything works in memory that you lend: nothing is allocated, nothing panics, and a buffer of the wrong
//! length is an error that names both lengths.
//! Tables of fixed size are computed by the compiler and lie in flash.
//!
//! | step | here |
//! | --- | --- |
//! | cut a stream into overlapping windows | [`frames`], [`Sliding`] |
//! | fade a frame in and out | [`window`] |
//! | frequencies | [`rfft`], [`Rfft`], and in integers [`rfft_q15`] |
//! | speech, in integers | [`MicroFront`] |
//! | speech, in floats | [`KwsMfcc`], [`SwwLfbe`], [`Mfcc`], [`Mfe`] |
//! | sounds of machines | [`AdLogMel`] |
//! | motion | [`Butterworth`], [`Spectral`] |
//!
//! Float blocks compute in `f32` only; their results differ from a calculation in double precision by less than
//! 1e-4 of the value, or by less than 1e-3 after a logarithm.
//! The integer blocks give the same integers on every machine.

mod ad;
mod butterworth;
mod compiled;
mod dct;
mod error;
mod fft;
mod fft_q15;
mod frame;
mod kws;
mod mel;
mod micro;
mod micro_tables;
mod moments;
mod sample;
mod spectral;
mod studio;
mod sww;
mod turn;
pub mod window;

pub use ad::AdLogMel;
pub use butterworth::{Band, Biquad, Butterworth};
pub use error::{Buffer, DspError, Parameter};
pub use fft::{Bins, Rfft, rfft};
pub use fft_q15::rfft_q15;
pub use frame::{Sliding, frames};
pub use kws::KwsMfcc;
pub use micro::{MicroFront, Stage};
pub use moments::Moments;
pub use sample::Sample;
pub use spectral::{Spectral, SpectralConfig};
pub use studio::{MelConfig, Mfcc, Mfe};
pub use sww::SwwLfbe;
