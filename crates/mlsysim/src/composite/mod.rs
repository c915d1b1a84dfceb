//! Results that need more than one wall.

pub mod amdahl;
mod device;
pub mod iron_law;
pub mod moe_routing;
pub mod network_roofline;
pub mod roofline;
pub mod single_node;
mod traffic;
pub mod training_memory;
pub mod training_ops;
pub mod training_run;
pub mod training_state;
pub mod training_step;

pub use device::{DISPATCH_TIME, Device, HOST_LINK, IDLE_SHARE, LAYER_TIME, Settings, Tier};
