//! Results that need more than one wall.

mod device;
pub mod iron_law;
pub mod roofline;
pub mod single_node;
mod traffic;
pub mod training_run;
pub mod training_state;

pub use device::{DISPATCH_TIME, Device, HOST_LINK, IDLE_SHARE, LAYER_TIME, Settings, Tier};
