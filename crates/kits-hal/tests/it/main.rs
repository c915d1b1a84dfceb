//! Integration tests: whole models, from a `.tflite` file to outputs.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "test networks are small, and saturating casts of rounded numbers are meant"
)]

mod const_parse;
mod core_set;
mod damage;
mod format;
mod import;
mod lstm;
mod quantize;
mod random_models;
mod rare_operators;
mod real_models;
mod regions;
mod session;
mod single_round;
mod support;
mod versions;
mod wire;
mod work;
