//! Wall 3 asked about a machine: what good kernels reach on it, and what one matrix product loses.

use crate::convention::Convention;
use crate::error::Result;
use crate::precision::Precision;
use crate::registry::Hardware;
use crate::trace::Recorder;
use crate::units::Bytes;
use crate::walls::node::software::{
    Kind, KindEfficiency, KindIn, KindOut, Matmul, MatmulIn, MatmulOut,
};
use crate::walls::solve_traced;

/// Returns which share of its peak `machine` reaches at one kind of work.
///
/// `flash` says whether attention is fused, `efficiency` how good the stack is as a whole; 0.5 is usual.
///
/// # Errors
///
/// - [`crate::Error::OutOfRange`] unless `efficiency` is from 1e-9 to 1.
/// - [`crate::Error::RateMissing`] if the machine has no rate for the number format.
pub fn kind_efficiency<R: Recorder>(
    machine: &Hardware,
    kind: Kind,
    flash: bool,
    efficiency: f64,
    precision: Precision,
    convention: Convention,
    trace: &mut R,
) -> Result<KindOut> {
    let (peak, _) = machine.rate(precision, convention)?;
    solve_traced::<KindEfficiency, _>(&KindIn { kind, flash, efficiency, peak }, convention, trace)
}

/// Returns what one product `[m, k] × [k, n]` loses on `machine`, in tiles of 128 by 128 by 32.
///
/// # Errors
///
/// - [`crate::Error::OutOfRange`] for an axis of 0.
/// - [`crate::Error::RateMissing`] if the machine has no rate for the number format.
pub fn matmul<R: Recorder>(
    machine: &Hardware,
    mkn: [u32; 3],
    precision: Precision,
    convention: Convention,
    trace: &mut R,
) -> Result<MatmulOut> {
    let device = machine.device(precision, convention)?;
    let x = MatmulIn {
        compute_units: f64::from(machine.compute_units.unwrap_or(1)),
        element: Bytes(precision.width().0),
        launch: device.layer_time,
        ..MatmulIn::new(
            mkn.map(f64::from),
            device.peak,
            device.bandwidth * device.memory_efficiency,
        )
    };
    solve_traced::<Matmul, _>(&x, convention, trace)
}
