//! One operator of a compiled board model as work for the walls.

use kits_hal::OpInfo;
use mlsysim::Workload;
use mlsysim::units::{Bytes, Flop};

/// Presents one operator of a `.kit` model as [`Workload`]: its weights and activations are moved once.
///
/// The operators of a model add up to [`KitWork`](super::KitWork); priced one by one they show which of them wait for
/// memory and which for arithmetic.
#[derive(Debug, Clone, Copy)]
pub struct KitOp(pub OpInfo);

impl Workload for KitOp {
    fn ops(&self) -> Flop {
        Flop(2.0 * self.0.macs as f64)
    }

    fn bytes_moved(&self) -> Bytes {
        Bytes(self.0.bytes() as f64)
    }

    fn weight_bytes(&self) -> Bytes {
        Bytes((u64::from(self.0.weight_bytes) + u64::from(self.0.param_bytes)) as f64)
    }

    fn working_bytes(&self) -> Bytes {
        Bytes((u64::from(self.0.input_bytes) + u64::from(self.0.output_bytes)) as f64)
    }
}
