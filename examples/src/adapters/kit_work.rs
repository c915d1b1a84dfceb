//! A compiled board model as work for the walls.

use kits_hal::Model;
use mlsysim::Workload;
use mlsysim::units::{Bytes, Flop};

/// Presents one inference of a `.kit` model as [`Workload`]: every operator reads its weights and activations once.
#[derive(Debug, Clone, Copy)]
pub struct KitWork<'a>(pub Model<'a>);

impl Workload for KitWork<'_> {
    fn ops(&self) -> Flop {
        Flop(2.0 * self.0.macs() as f64)
    }

    fn bytes_moved(&self) -> Bytes {
        Bytes(self.0.ops().map(|op| op.bytes()).sum::<u64>() as f64)
    }

    fn weight_bytes(&self) -> Bytes {
        Bytes(
            self.0
                .ops()
                .map(|op| u64::from(op.weight_bytes) + u64::from(op.param_bytes))
                .sum::<u64>() as f64,
        )
    }

    fn working_bytes(&self) -> Bytes {
        Bytes(self.0.memory().total() as f64)
    }

    fn layers(&self) -> u32 {
        u32::try_from(self.0.ops().len()).unwrap_or(u32::MAX)
    }
}
