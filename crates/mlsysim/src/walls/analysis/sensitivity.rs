//! Wall 21, sensitivity: which lever moves the result, and how far until another one does.
//!
//! An elasticity says by how many percent the time changes for one percent of an input.
//! It is exact here: the roofline's formula runs over numbers that carry their derivatives.
//! Where two limits are equally long the time has a corner, and the elasticity on one side is not that on the other; both
//! are given.
//! Elasticities are local: the headroom says how far an input can go before another limit binds and they change.

mod device;

pub use device::{DeviceInput, DeviceSensitivity, Elasticity, device_sensitivity, device_time};

use crate::composite::roofline::StepIn;
use crate::convention::Convention;
use crate::dual::{Dual, Real};
use crate::error::Result;
use crate::trace::{Recorder, Value};
use crate::units::Seconds;
use crate::walls::equation::{Equation, EquationInfo, Record, labels, record, solve};

const SOURCE: &str = "Williams, Waterman & Patterson (2009), Roofline, CACM 52(4); Wengert (1964), A simple automatic \
derivative evaluation program, CACM 7(8)";

/// Returns the elasticities of a step's time to everything it depends on.
///
/// # Errors
///
/// As [`crate::walls::solve`] for a step.
///
/// # Source
///
/// Williams, Waterman & Patterson (2009), "Roofline", CACM 52(4).
///
/// # Examples
///
/// ```
/// use mlsysim::composite::roofline::StepIn;
/// use mlsysim::units::{Bytes, BytesPerSecond, Flop, FlopPerSecond, Seconds};
/// use mlsysim::walls::analysis::sensitivity::{Limit, elasticities};
///
/// // 3 s of arithmetic, 2 s of traffic hidden behind it, 1 s besides: 75 % of the time follows the peak.
/// let step = StepIn {
///     ops: Flop(3.0),
///     bytes_moved: Bytes(2.0),
///     peak: FlopPerSecond(1.0),
///     bandwidth: BytesPerSecond(1.0),
///     efficiency: 1.0,
///     memory_efficiency: 1.0,
///     overhead: Seconds(1.0),
///     overlap: 1.0,
/// };
/// let out = elasticities(&step)?;
/// assert_eq!((out.peak_up, out.bandwidth_up, out.overhead_up), (-0.75, 0.0, 0.25));
/// assert_eq!((out.binding, out.peak_headroom), (Limit::Compute, 1.5));
/// # Ok::<(), mlsysim::Error>(())
/// ```
pub fn elasticities(step: &StepIn) -> Result<ElasticitiesOut> {
    solve::<Elasticities>(step, Convention::Reference)
}

labels! {
    /// What a step's time is mostly made of.
    pub enum Limit {
        /// Arithmetic.
        Compute = "Compute",
        /// Memory traffic.
        Memory = "Memory",
        /// Fixed time.
        Overhead = "Overhead",
        /// Nothing: the step takes no time.
        Nothing = "Nothing",
    }
}

record! {
    /// Percent of time for a percent of each input, upwards and downwards.
    pub struct ElasticitiesOut {
        /// Time of one step.
        time: Seconds, "T", NOT_NEGATIVE;
        /// Whether arithmetic and traffic take equally long, so that the two sides differ.
        tie: bool, "tie", SHARE;
        /// What binds.
        binding: Limit, "bound", ONE_OF_4;
        /// Elasticity to more operations.
        ops_up: f64, "e_OPs⁺", ANY;
        /// Elasticity to fewer operations.
        ops_down: f64, "e_OPs⁻", ANY;
        /// Elasticity to more bytes.
        bytes_up: f64, "e_V⁺", ANY;
        /// Elasticity to fewer bytes.
        bytes_down: f64, "e_V⁻", ANY;
        /// Elasticity to a higher peak.
        peak_up: f64, "e_Peak⁺", ANY;
        /// Elasticity to a lower peak.
        peak_down: f64, "e_Peak⁻", ANY;
        /// Elasticity to more bandwidth.
        bandwidth_up: f64, "e_BW⁺", ANY;
        /// Elasticity to less bandwidth.
        bandwidth_down: f64, "e_BW⁻", ANY;
        /// Elasticity to a higher efficiency of arithmetic.
        efficiency_up: f64, "e_η⁺", ANY;
        /// Elasticity to a lower efficiency of arithmetic.
        efficiency_down: f64, "e_η⁻", ANY;
        /// Elasticity to a higher efficiency of memory.
        memory_efficiency_up: f64, "e_ηm⁺", ANY;
        /// Elasticity to a lower efficiency of memory.
        memory_efficiency_down: f64, "e_ηm⁻", ANY;
        /// Elasticity to more fixed time.
        overhead_up: f64, "e_To⁺", ANY;
        /// Elasticity to less fixed time.
        overhead_down: f64, "e_To⁻", ANY;
        /// Elasticity to more overlap.
        overlap_up: f64, "e_ω⁺", ANY;
        /// Elasticity to less overlap.
        overlap_down: f64, "e_ω⁻", ANY;
        /// Factor on the peak at which arithmetic stops or starts to bind.
        peak_headroom: f64, "h_Peak", UNBOUNDED;
        /// Factor on the bandwidth at which traffic stops or starts to bind.
        bandwidth_headroom: f64, "h_BW", UNBOUNDED;
        /// Factor on the fixed time at which it stops or starts to bind.
        overhead_headroom: f64, "h_To", UNBOUNDED;
    }
}

/// The equation `sensitivity.elasticities`.
#[derive(Debug, Clone, Copy)]
pub struct Elasticities;

/// Which of two equally long times counts as the longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tie {
    /// Arithmetic.
    Compute,
    /// Traffic.
    Memory,
}

/// `max(c, m) + (1 − ω)·min(c, m) + o`, over any numbers.
pub(crate) fn combine<T: Real>(compute: T, memory: T, overhead: T, overlap: T, tie: Tie) -> T {
    let compute_is_longer = match tie {
        Tie::Compute => compute.value() >= memory.value(),
        Tie::Memory => compute.value() > memory.value(),
    };
    let (longer, shorter) = if compute_is_longer { (compute, memory) } else { (memory, compute) };
    longer + shorter * (T::constant(1.0) - overlap) + overhead
}

/// The parts and the whole of `roofline.step`, over any numbers; inputs in the order of [`StepIn`].
pub(crate) fn step<T: Real>(x: [T; 8], tie: Tie) -> [T; 3] {
    let [ops, bytes, peak, bandwidth, efficiency, memory_efficiency, overhead, overlap] = x;
    let compute = ops / (peak * efficiency);
    let memory = bytes / (bandwidth * memory_efficiency);
    [compute, memory, combine(compute, memory, overhead, overlap, tie)]
}

/// The term over the largest of the others; infinite if nothing else takes time.
pub(crate) fn headroom(term: f64, others: [f64; 2]) -> f64 {
    let largest = others[0].max(others[1]);
    if largest > 0.0 { term / largest } else { f64::INFINITY }
}

/// What binds: the longest of the three.
pub(crate) fn binding(compute: f64, memory: f64, overhead: f64) -> Limit {
    if compute.max(memory).max(overhead) <= 0.0 {
        Limit::Nothing
    } else if overhead > compute.max(memory) {
        Limit::Overhead
    } else if compute >= memory {
        Limit::Compute
    } else {
        Limit::Memory
    }
}

const STEP: &[&str] = &[
    "ops",
    "bytes_moved",
    "peak",
    "bandwidth",
    "efficiency",
    "memory_efficiency",
    "overhead",
    "overlap",
];

impl Equation for Elasticities {
    type In = StepIn;
    type Out = ElasticitiesOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "sensitivity.elasticities",
        wall: 21,
        also: &[1, 2],
        question: "By how many percent does a step's time change for one percent of each input?",
        formula: "e_x = ∂ln T / ∂ln x; e_Peak = −T_c / T if arithmetic binds, e_BW = −T_m / T if traffic does, e_To = T_o / T",
        source: SOURCE,
        inputs: StepIn::FIELDS,
        outputs: ElasticitiesOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &StepIn, _: Convention, trace: &mut R) -> ElasticitiesOut {
        let values = [
            x.ops.0,
            x.bytes_moved.0,
            x.peak.0,
            x.bandwidth.0,
            x.efficiency,
            x.memory_efficiency,
            x.overhead.0,
            x.overlap,
        ];
        let mut inputs = [Dual::<8>::constant(0.0); 8];
        for (direction, (input, value)) in inputs.iter_mut().zip(values).enumerate() {
            *input = Dual::logarithmic(value, direction);
        }
        let [compute, memory, time] = step(inputs, Tie::Compute);
        let tie = compute.value.to_bits() == memory.value.to_bits() && compute.value > 0.0;
        let other = if tie { step(inputs, Tie::Memory)[2] } else { time };
        // The time is the larger of two smooth functions plus a share of the smaller: upwards the steeper of the two
        // slopes holds, downwards the flatter.
        let (mut up, mut down) = ([0.0; 8], [0.0; 8]);
        if time.value > 0.0 {
            for direction in 0..8 {
                let (a, b) =
                    (time.slopes[direction] / time.value, other.slopes[direction] / time.value);
                (up[direction], down[direction]) = if a >= b { (a, b) } else { (b, a) };
            }
        }
        let (c, m, o) = (compute.value, memory.value, x.overhead.0);
        let out = ElasticitiesOut {
            time: Seconds(time.value),
            tie,
            binding: binding(c, m, o),
            ops_up: up[0],
            ops_down: down[0],
            bytes_up: up[1],
            bytes_down: down[1],
            peak_up: up[2],
            peak_down: down[2],
            bandwidth_up: up[3],
            bandwidth_down: down[3],
            efficiency_up: up[4],
            efficiency_down: down[4],
            memory_efficiency_up: up[5],
            memory_efficiency_down: down[5],
            overhead_up: up[6],
            overhead_down: down[6],
            overlap_up: up[7],
            overlap_down: down[7],
            peak_headroom: headroom(c, [m, o]),
            bandwidth_headroom: headroom(m, [c, o]),
            overhead_headroom: if o > 0.0 { c.max(m) / o } else { f64::INFINITY },
        };
        record_all(&out, trace);
        out
    }
}

fn record_all<R: Recorder>(out: &ElasticitiesOut, trace: &mut R) {
    if !R::ACTIVE {
        return;
    }
    let mut numbers = [0.0; crate::walls::equation::MAX_FIELDS];
    out.write(&mut numbers);
    for (field, number) in ElasticitiesOut::FIELDS.iter().zip(numbers) {
        let formula = match field.name {
            "time" => "max(T_c, T_m) + (1 − ω) × min(T_c, T_m) + T_o",
            "tie" => "T_c = T_m",
            "binding" => "the longest of T_c, T_m, T_o",
            "peak_headroom" => "T_c / max(T_m, T_o)",
            "bandwidth_headroom" => "T_m / max(T_c, T_o)",
            "overhead_headroom" => "max(T_c, T_m) / T_o",
            _ => "∂ln T / ∂ln x",
        };
        let value: Value = field.value(number);
        trace.computed(field.name, field.symbol, value, formula, STEP, SOURCE);
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "small whole numbers and their quotients are exact")]
mod tests {
    use super::*;
    use crate::units::{Bytes, BytesPerSecond, Flop, FlopPerSecond};

    fn run(ops: f64, bytes: f64, overhead: f64, overlap: f64) -> ElasticitiesOut {
        let x = StepIn {
            ops: Flop(ops),
            bytes_moved: Bytes(bytes),
            peak: FlopPerSecond(1.0),
            bandwidth: BytesPerSecond(1.0),
            efficiency: 1.0,
            memory_efficiency: 1.0,
            overhead: Seconds(overhead),
            overlap,
        };
        elasticities(&x).unwrap()
    }

    #[test]
    fn a_corner_has_two_sides() {
        // 2 s of each, 1 s besides: a lower peak or bandwidth costs 2/3, a higher one gives nothing.
        let out = run(2.0, 2.0, 1.0, 1.0);
        assert!(out.tie);
        assert_eq!((out.peak_up, out.peak_down), (0.0, -2.0 / 3.0));
        assert_eq!((out.bandwidth_up, out.bandwidth_down), (0.0, -2.0 / 3.0));
        assert_eq!((out.ops_up, out.ops_down), (2.0 / 3.0, 0.0));
        // Without overlap there is no corner: 2/5 on both sides.
        let out = run(2.0, 2.0, 1.0, 0.0);
        assert_eq!((out.peak_up, out.peak_down), (-0.4, -0.4));
    }

    #[test]
    fn a_step_of_overhead_names_the_overhead() {
        let out = run(1.0, 2.0, 10.0, 1.0);
        assert_eq!((out.binding, out.overhead_headroom), (Limit::Overhead, 0.2));
        // Traffic binds once the bandwidth is a fifth.
        assert_eq!(out.bandwidth_headroom, 0.2);
    }

    #[test]
    fn no_work_follows_nothing() {
        let out = run(0.0, 0.0, 0.0, 1.0);
        assert_eq!((out.binding, out.peak_up, out.tie), (Limit::Nothing, 0.0, false));
    }
}
