//! Inference on a microcontroller: cycles per multiply-accumulate.
//!
//! `t = MACs · c / f`, `c = c_core · q_kernels · q_layers · r^years`: `c_core` is what good kernels need on a core for
//! a standard convolution, plain kernels need more, and so do layers with little reuse: depthwise convolutions and
//! fully connected layers, most of all where one instruction multiplies many numbers. Kernels get better every year.
//!
//! Sources: Lai et al. 2018 (CMSIS-NN: kernels and what limits them); Banbury et al. 2021 (MLPerf Tiny).

use super::{Calibration, Label, finished, not_negative, positive};
use crate::error::Result;
use libm::{exp, log, pow};

/// What most layers of a network are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Layers {
    /// Standard convolutions.
    Convolution,
    /// Depthwise convolutions on few channels of small pictures.
    SmallDepthwise,
    /// Depthwise convolutions on pictures.
    Depthwise,
    /// Fully connected layers: every weight is used once.
    Connected,
}

/// The kernels of a microcontroller's software.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kernels {
    /// Written for the core by its vendor or a specialist.
    Tuned,
    /// An interpreter or compiler with a library of kernels.
    Plain,
}

const OP: &str = "tiny";

/// Cycles per int8 multiply-accumulate of a core class.
///
/// `macs_per_cycle` is the most that the core finishes per cycle, on which classes that were not measured stand;
/// `years` counts from the first round of results. The label tells whether the class was measured.
///
/// # Errors
///
/// As [`Calibration::constant`].
pub fn cycles_per_mac(
    calibration: &Calibration,
    core: Option<&str>,
    macs_per_cycle: f64,
    kernels: Kernels,
    layers: Layers,
    years: f64,
) -> Result<(f64, Label)> {
    positive(OP, "macs_per_cycle", macs_per_cycle)?;
    not_negative(OP, "years", years)?;
    let of = |name: &str| calibration.constant("tiny", name);
    let own = core.and_then(|core| calibration.constant("core", core).ok());
    let (base, label) = match own {
        Some(cycles) => (cycles, Label::Calibrated),
        None => (of("cycles_at_peak")? / macs_per_cycle.max(0.1), Label::Spec),
    };
    let reuse = match layers {
        Layers::Convolution => 1.0,
        Layers::SmallDepthwise => of("small_depthwise")?,
        Layers::Depthwise => of("depthwise")?,
        Layers::Connected => of("connected")?,
    };
    // Wide cores lose more: their arithmetic waits for the same loads.
    let wide = if macs_per_cycle > 4.5 { of("wide")? } else { 1.0 };
    let reuse = exp(log(reuse) * wide);
    let kernels = match kernels {
        Kernels::Plain => of("plain")?,
        Kernels::Tuned => {
            let all = pow(of("yearly")?, years);
            if layers == Layers::Depthwise {
                all * pow(of("yearly_depthwise")?, years)
            } else {
                all
            }
        }
    };
    Ok((finished(OP, "cycles_per_mac", base * reuse * kernels)?, label))
}
