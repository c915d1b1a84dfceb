//! The seam towards whatever has work to do.
//!
//! A workload states demand: operations, traffic, memory.
//! It knows no machine; a machine knows no workload; walls meet the two.
//!
//! Implement [`Workload`] for a type that can count its own work, or fill in a [`WorkloadSpec`].

use crate::units::{Bytes, Flop};

/// One step of work: an inference, a decoding step, a training step, a single kernel.
///
/// All methods describe the same whole step, for all items in it.
/// Values are finite and not negative; [`crate::conformance::workload`] checks what an implementer promises.
pub trait Workload {
    /// Operations of one step. A multiply-accumulate counts two.
    fn ops(&self) -> Flop;

    /// Bytes that one step moves between memory and the arithmetic units: weights, inputs, outputs, caches.
    fn bytes_moved(&self) -> Bytes;

    /// Bytes of weights that stay in memory between steps.
    ///
    /// They are counted in [`Workload::bytes_moved`] as often as the step reads them.
    fn weight_bytes(&self) -> Bytes {
        Bytes::ZERO
    }

    /// Bytes that one step needs in memory besides the weights: activations, caches, buffers.
    fn working_bytes(&self) -> Bytes {
        Bytes::ZERO
    }

    /// Bytes that must be in memory at once.
    ///
    /// Weights and working bytes; less where other devices keep a share of the weights.
    fn footprint(&self) -> Bytes {
        self.weight_bytes() + self.working_bytes()
    }

    /// Operations that the result strictly needs, without repeated ones; at most [`Workload::ops`].
    fn useful_ops(&self) -> Flop {
        self.ops()
    }

    /// How many layers one step launches one after the other; each may cost a fixed time.
    fn layers(&self) -> u32 {
        1
    }

    /// How many results one step yields: images, sequences, tokens.
    fn items(&self) -> u32 {
        1
    }
}

impl<W: Workload + ?Sized> Workload for &W {
    fn ops(&self) -> Flop {
        W::ops(self)
    }

    fn bytes_moved(&self) -> Bytes {
        W::bytes_moved(self)
    }

    fn weight_bytes(&self) -> Bytes {
        W::weight_bytes(self)
    }

    fn working_bytes(&self) -> Bytes {
        W::working_bytes(self)
    }

    fn footprint(&self) -> Bytes {
        W::footprint(self)
    }

    fn useful_ops(&self) -> Flop {
        W::useful_ops(self)
    }

    fn layers(&self) -> u32 {
        W::layers(self)
    }

    fn items(&self) -> u32 {
        W::items(self)
    }
}

/// A step of work written down as numbers.
///
/// ```
/// use mlsysim::WorkloadSpec;
/// use mlsysim::units::{Bytes, Flop};
///
/// let step = WorkloadSpec { ops: Flop(2e6), bytes_moved: Bytes(1e6), ..WorkloadSpec::default() };
/// assert_eq!(step.layers, 1);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WorkloadSpec {
    /// Operations of one step. A multiply-accumulate counts two.
    pub ops: Flop,
    /// Bytes that one step moves.
    pub bytes_moved: Bytes,
    /// Bytes of weights that stay in memory.
    pub weight_bytes: Bytes,
    /// Bytes needed besides the weights.
    pub working_bytes: Bytes,
    /// Bytes that must be in memory at once; `None` for weights and working bytes.
    pub footprint: Option<Bytes>,
    /// Operations that the result strictly needs; `None` for all of them.
    pub useful_ops: Option<Flop>,
    /// Layers launched one after the other.
    pub layers: u32,
    /// Results of one step.
    pub items: u32,
}

impl Default for WorkloadSpec {
    /// No work, in one layer, for one result.
    fn default() -> Self {
        Self {
            ops: Flop::ZERO,
            bytes_moved: Bytes::ZERO,
            weight_bytes: Bytes::ZERO,
            working_bytes: Bytes::ZERO,
            footprint: None,
            useful_ops: None,
            layers: 1,
            items: 1,
        }
    }
}

impl Workload for WorkloadSpec {
    fn ops(&self) -> Flop {
        self.ops
    }

    fn bytes_moved(&self) -> Bytes {
        self.bytes_moved
    }

    fn weight_bytes(&self) -> Bytes {
        self.weight_bytes
    }

    fn working_bytes(&self) -> Bytes {
        self.working_bytes
    }

    fn footprint(&self) -> Bytes {
        self.footprint.unwrap_or(self.weight_bytes + self.working_bytes)
    }

    fn useful_ops(&self) -> Flop {
        self.useful_ops.unwrap_or(self.ops)
    }

    fn layers(&self) -> u32 {
        self.layers
    }

    fn items(&self) -> u32 {
        self.items
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workloads_may_be_lent_and_boxed() {
        let spec = WorkloadSpec { ops: Flop(6.0), layers: 3, ..WorkloadSpec::default() };
        let lent: &dyn Workload = &spec;
        assert_eq!((lent.ops(), (&lent).layers()), (Flop(6.0), 3));
    }
}
