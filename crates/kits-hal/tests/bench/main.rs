//! The benchmark protocol: scripted dialogues, arbitrary bytes, and the host's side against the device's.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "values of the tests are small, or wrap on purpose"
)]

mod arbitrary;
mod dialogue;
mod energy;
mod host;
mod network;
mod support;
