#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod bank;
pub mod check;
pub mod error;
pub mod export;
pub mod expr;
pub mod grade;
pub mod log;
pub mod model;
pub mod oracle;
pub mod problem;
pub mod quantity;
pub mod sched;
pub mod session;
pub mod state;
pub mod text;
pub mod variant;

mod read;

pub use bank::Bank;
pub use error::{Error, Result};
