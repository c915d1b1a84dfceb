//! Power of an accelerator by what it is busy with.
//!
//! `P = TDP · min(1, s·(1 − m + m·u_memory) + a·u_gemm)`: `s` is the family's share of the rated power under memory
//! traffic, `m` how much of that goes away without traffic, `a` what full arithmetic adds. The sum stops at the rated
//! power, where the machine lowers its clock. Source: the shape follows Hong and Kim 2010 (an integrated GPU power and
//! performance model); the constants are fitted.

use super::{Calibration, Machine, not_negative};
use crate::error::Result;

/// Power of one accelerator, W, whose memory and arithmetic units are busy for the given shares of the time; `None`
/// where no rated power is known.
///
/// # Errors
///
/// [`crate::Error::OutOfRange`] for a negative share, and as [`Calibration::constant`].
pub fn power(
    machine: &Machine<'_>,
    calibration: &Calibration,
    memory_share: f64,
    gemm_share: f64,
) -> Result<Option<f64>> {
    let traffic = calibration.constant("power", "traffic")?;
    let arithmetic = calibration.constant("power", "arithmetic")?;
    let memory = not_negative("power", "memory_share", memory_share)?.min(1.0);
    let gemm = not_negative("power", "gemm_share", gemm_share)?.min(1.0);
    let base = machine.generation.power_share * (1.0 - traffic + traffic * memory);
    let share = (base + arithmetic * gemm).min(1.0);
    Ok(machine.hardware.power.map(|rated| rated.0 * share))
}
