//! Hardware: drivers against scripted buses, byte for byte, and the contracts of the traits.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "indices and samples of the tests are small"
)]

mod conformance;
mod imu;
mod leds;
mod oled;
mod sources;
mod store;
mod window;
