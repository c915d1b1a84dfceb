#![doc = include_str!("../README.md")]

pub mod rng;

pub use rng::Rng;
