//! The roofline: a step takes the longer of its arithmetic and its traffic.
//!
//! Dividing operations by bytes gives the arithmetic intensity of the work; dividing peak by bandwidth gives the
//! ridge point of the machine. Work left of the ridge waits for memory, work right of it for arithmetic.

use crate::convention::Convention;
use crate::trace::Recorder;
use crate::units::{Bytes, BytesPerSecond, Flop, FlopPerByte, FlopPerSecond, Hertz, Seconds};
use crate::walls::equation::{Equation, EquationInfo, Record, labels, record};
use crate::walls::node::compute::{self, ComputeIn, ComputeOut};
use crate::walls::node::memory::{self, TrafficIn, TrafficOut};

/// The source of every equation of this file.
pub(crate) const SOURCE: &str = "Williams, Waterman & Patterson (2009), Roofline, CACM 52(4)";

labels! {
    /// What limits a step.
    pub enum Bottleneck {
        /// Arithmetic.
        Compute = "Compute",
        /// Memory traffic.
        Memory = "Memory",
    }
}

record! {
    /// Work as operations and traffic.
    pub struct IntensityIn {
        /// Operations of one step.
        ops: Flop, "OPs", NOT_NEGATIVE;
        /// Bytes that one step reads and writes.
        bytes_moved: Bytes, "V", NOT_NEGATIVE;
    }
}

record! {
    /// The intensity of work.
    pub struct IntensityOut {
        /// Operations per byte; infinite without traffic.
        arithmetic_intensity: FlopPerByte, "I", UNBOUNDED;
    }
}

/// The equation `roofline.arithmetic_intensity`.
#[derive(Debug, Clone, Copy)]
pub struct ArithmeticIntensity;

impl Equation for ArithmeticIntensity {
    type In = IntensityIn;
    type Out = IntensityOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "roofline.arithmetic_intensity",
        wall: 2,
        also: &[1],
        question: "How many operations does the work do per byte it moves?",
        formula: "I = OPs / V",
        source: SOURCE,
        inputs: IntensityIn::FIELDS,
        outputs: IntensityOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &IntensityIn, _: Convention, trace: &mut R) -> IntensityOut {
        let arithmetic_intensity = intensity(x.ops, x.bytes_moved);
        trace.computed(
            "arithmetic_intensity",
            "I",
            arithmetic_intensity,
            "OPs / V",
            &["ops", "bytes_moved"],
            SOURCE,
        );
        IntensityOut { arithmetic_intensity }
    }
}

/// Operations per byte: 0 without operations, infinite without traffic.
#[must_use]
#[inline]
pub fn intensity(ops: Flop, bytes_moved: Bytes) -> FlopPerByte {
    if ops.0 > 0.0 { ops / bytes_moved } else { FlopPerByte::ZERO }
}

record! {
    /// A machine as two rates.
    pub struct RidgeIn {
        /// Rate of the machine's arithmetic units in the number format used.
        peak: FlopPerSecond, "Peak", POSITIVE;
        /// Bandwidth of its memory.
        bandwidth: BytesPerSecond, "BW", POSITIVE;
    }
}

record! {
    /// Where a machine's roof bends.
    pub struct RidgeOut {
        /// Intensity at which arithmetic and traffic take equally long.
        ridge_point: FlopPerByte, "I*", NOT_NEGATIVE;
    }
}

/// The equation `roofline.ridge_point`.
#[derive(Debug, Clone, Copy)]
pub struct RidgePoint;

impl Equation for RidgePoint {
    type In = RidgeIn;
    type Out = RidgeOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "roofline.ridge_point",
        wall: 2,
        also: &[1],
        question: "From which intensity on does arithmetic limit this machine?",
        formula: "I* = Peak / BW",
        source: SOURCE,
        inputs: RidgeIn::FIELDS,
        outputs: RidgeOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &RidgeIn, _: Convention, trace: &mut R) -> RidgeOut {
        let ridge_point = x.peak / x.bandwidth;
        trace.computed(
            "ridge_point",
            "I*",
            ridge_point,
            "Peak / BW",
            &["peak", "bandwidth"],
            SOURCE,
        );
        RidgeOut { ridge_point }
    }
}

record! {
    /// Work by its intensity, a machine by two rates.
    pub struct AttainableIn {
        /// Operations per byte of the work.
        arithmetic_intensity: FlopPerByte, "I", NOT_NEGATIVE;
        /// Rate of the machine's arithmetic units in the number format used.
        peak: FlopPerSecond, "Peak", POSITIVE;
        /// Bandwidth of its memory.
        bandwidth: BytesPerSecond, "BW", POSITIVE;
    }
}

record! {
    /// The height of the roof.
    pub struct AttainableOut {
        /// Highest rate the work can reach.
        attainable: FlopPerSecond, "P", NOT_NEGATIVE;
        /// Attainable rate as a share of the peak.
        peak_fraction: f64, "P/Peak", SHARE;
        /// What sets the rate.
        bottleneck: Bottleneck, "bound", SHARE;
    }
}

/// The equation `roofline.attainable`.
#[derive(Debug, Clone, Copy)]
pub struct Attainable;

impl Equation for Attainable {
    type In = AttainableIn;
    type Out = AttainableOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "roofline.attainable",
        wall: 2,
        also: &[1],
        question: "What rate can work of this intensity reach on this machine?",
        formula: "P = min(Peak, BW × I)",
        source: SOURCE,
        inputs: AttainableIn::FIELDS,
        outputs: AttainableOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &AttainableIn, _: Convention, trace: &mut R) -> AttainableOut {
        let slope = x.bandwidth * x.arithmetic_intensity;
        let attainable = slope.min(x.peak);
        trace.computed("attainable", "P", attainable, "min(Peak, BW × I)", ALL_THREE, SOURCE);
        let peak_fraction = attainable / x.peak;
        trace.computed(
            "peak_fraction",
            "P/Peak",
            peak_fraction,
            "P / Peak",
            &["attainable", "peak"],
            SOURCE,
        );
        let bottleneck = if slope < x.peak { Bottleneck::Memory } else { Bottleneck::Compute };
        trace.computed(
            "bottleneck",
            "bound",
            bottleneck,
            "Memory if BW × I < Peak",
            ALL_THREE,
            SOURCE,
        );
        AttainableOut { attainable, peak_fraction, bottleneck }
    }
}

const ALL_THREE: &[&str] = &["arithmetic_intensity", "peak", "bandwidth"];

record! {
    /// The parts of a step's time.
    pub struct CombineIn {
        /// Time that arithmetic takes.
        compute_time: Seconds, "T_c", NOT_NEGATIVE;
        /// Time that memory traffic takes.
        memory_time: Seconds, "T_m", NOT_NEGATIVE;
        /// Time per step that neither arithmetic nor traffic explains.
        overhead: Seconds, "T_o", NOT_NEGATIVE, default 0.0;
        /// Share of the shorter of the two times that hides behind the longer.
        overlap: f64, "ω", SHARE, default 1.0;
    }
}

record! {
    /// A step's time as a whole.
    pub struct CombineOut {
        /// Time of one step.
        time: Seconds, "T", NOT_NEGATIVE;
        /// Which of the two takes longer.
        bottleneck: Bottleneck, "bound", SHARE;
    }
}

/// The equation `roofline.combine`.
#[derive(Debug, Clone, Copy)]
pub struct Combine;

impl Equation for Combine {
    type In = CombineIn;
    type Out = CombineOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "roofline.combine",
        wall: 2,
        also: &[1],
        question: "How long does a step take whose arithmetic and traffic overlap?",
        formula: "T = max(T_c, T_m) + (1 − ω) × min(T_c, T_m) + T_o",
        source: SOURCE,
        inputs: CombineIn::FIELDS,
        outputs: CombineOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &CombineIn, convention: Convention, trace: &mut R) -> CombineOut {
        let (longer, shorter) =
            (x.compute_time.max(x.memory_time), x.compute_time.min(x.memory_time));
        let time = longer + shorter * (1.0 - x.overlap) + x.overhead;
        trace.computed(
            "time",
            "T",
            time,
            "max(T_c, T_m) + (1 − ω) × min(T_c, T_m) + T_o",
            &["compute_time", "memory_time", "overlap", "overhead"],
            SOURCE,
        );
        // Upstream takes anything under an attosecond for nothing.
        let least =
            if convention == Convention::Upstream030 { Seconds(1e-18) } else { Seconds::ZERO };
        let memory_is_longer = x.memory_time > x.compute_time && x.memory_time >= least;
        let bottleneck = if memory_is_longer { Bottleneck::Memory } else { Bottleneck::Compute };
        trace.computed(
            "bottleneck",
            "bound",
            bottleneck,
            "Memory if T_m > T_c",
            &["compute_time", "memory_time"],
            SOURCE,
        );
        CombineOut { time, bottleneck }
    }
}

record! {
    /// A step of work on a machine.
    pub struct StepIn {
        /// Operations of one step.
        ops: Flop, "OPs", NOT_NEGATIVE;
        /// Bytes that one step reads and writes.
        bytes_moved: Bytes, "V", NOT_NEGATIVE;
        /// Rate of the machine's arithmetic units in the number format used.
        peak: FlopPerSecond, "Peak", POSITIVE;
        /// Bandwidth of its memory.
        bandwidth: BytesPerSecond, "BW", POSITIVE;
        /// Share of the peak that the code reaches.
        efficiency: f64, "η", EFFICIENCY, default 0.5;
        /// Share of the bandwidth that streams sustain.
        memory_efficiency: f64, "η_m", EFFICIENCY, default 1.0;
        /// Time per step that neither arithmetic nor traffic explains.
        overhead: Seconds, "T_o", NOT_NEGATIVE, default 0.0;
        /// Share of the shorter of the two times that hides behind the longer.
        overlap: f64, "ω", SHARE, default 1.0;
    }
}

record! {
    /// The time of a step and what it is made of.
    pub struct StepOut {
        /// Time that arithmetic takes.
        compute_time: Seconds, "T_c", NOT_NEGATIVE;
        /// Time that memory traffic takes.
        memory_time: Seconds, "T_m", NOT_NEGATIVE;
        /// Time of one step.
        time: Seconds, "T", NOT_NEGATIVE;
        /// Steps per second; 0 if a step takes no time.
        step_rate: Hertz, "1/T", NOT_NEGATIVE;
        /// Which of the two takes longer.
        bottleneck: Bottleneck, "bound", SHARE;
        /// Operations per byte; infinite without traffic.
        arithmetic_intensity: FlopPerByte, "I", UNBOUNDED;
        /// Intensity at which the two sustained rates take equally long.
        ridge_point: FlopPerByte, "I*", NOT_NEGATIVE;
        /// Share of the peak that the step reaches as a whole.
        utilization: f64, "MFU", SHARE;
    }
}

/// The equation `roofline.step`: both walls and their combination.
#[derive(Debug, Clone, Copy)]
pub struct Step;

impl Equation for Step {
    type In = StepIn;
    type Out = StepOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "roofline.step",
        wall: 2,
        also: &[1],
        question: "How long does one step take, and does arithmetic or memory limit it?",
        formula: "T = max(OPs / (Peak × η), V / (BW × η_m)) + T_o, at full overlap",
        source: SOURCE,
        inputs: StepIn::FIELDS,
        outputs: StepOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &StepIn, convention: Convention, trace: &mut R) -> StepOut {
        let arithmetic = ComputeIn { ops: x.ops, peak: x.peak, efficiency: x.efficiency };
        let ComputeOut { sustained_peak, compute_time } =
            compute::StepTime::compute(&arithmetic, convention, trace);
        let traffic = TrafficIn {
            bytes_moved: x.bytes_moved,
            bandwidth: x.bandwidth,
            memory_efficiency: x.memory_efficiency,
        };
        let TrafficOut { sustained_bandwidth, memory_time } =
            memory::StepTime::compute(&traffic, convention, trace);
        let parts =
            CombineIn { compute_time, memory_time, overhead: x.overhead, overlap: x.overlap };
        let CombineOut { time, bottleneck } = Combine::compute(&parts, convention, trace);

        let work = IntensityIn { ops: x.ops, bytes_moved: x.bytes_moved };
        let IntensityOut { arithmetic_intensity } =
            ArithmeticIntensity::compute(&work, convention, trace);
        let ridge_point = sustained_peak / sustained_bandwidth;
        let rates: &'static [&'static str] = &["sustained_peak", "sustained_bandwidth"];
        trace.computed("ridge_point", "I*", ridge_point, "Peak·η / BW·η_m", rates, SOURCE);
        let step_rate = if time > Seconds::ZERO { 1.0 / time } else { Hertz::ZERO };
        trace.computed("step_rate", "1/T", step_rate, "1 / T", &["time"], SOURCE);
        let utilization = utilization(x.ops, x.peak, time);
        trace.computed(
            "utilization",
            "MFU",
            utilization,
            "OPs / (Peak × T)",
            &["ops", "peak", "time"],
            SOURCE,
        );
        StepOut {
            compute_time,
            memory_time,
            time,
            step_rate,
            bottleneck,
            arithmetic_intensity,
            ridge_point,
            utilization,
        }
    }
}

/// Operations per second as a share of the peak: 0 if nothing takes time, at most 1.
#[must_use]
#[inline]
pub fn utilization(ops: Flop, peak: FlopPerSecond, time: Seconds) -> f64 {
    if time > Seconds::ZERO { ((ops / peak) / time).min(1.0) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::walls::solve;

    const A100: (FlopPerSecond, BytesPerSecond) = (FlopPerSecond(312e12), BytesPerSecond(2.039e12));

    #[test]
    fn ridge_of_an_a100_by_hand() {
        let out = solve::<RidgePoint>(
            &RidgeIn { peak: A100.0, bandwidth: A100.1 },
            Convention::Reference,
        )
        .unwrap();
        // 312 / 2.039
        assert!((out.ridge_point.0 - 153.016_184_404_119_68).abs() < 1e-12);
    }

    #[test]
    fn a_step_by_hand() {
        // 156 TFLOP/s sustained: 1.56 TFLOP take 10 ms; 20.39 GB take 10 ms at full bandwidth, 12.5 ms at 80 %.
        let x = StepIn {
            ops: Flop(1.56e12),
            bytes_moved: Bytes(20.39e9),
            peak: A100.0,
            bandwidth: A100.1,
            efficiency: 0.5,
            memory_efficiency: 0.8,
            overhead: Seconds(0.001),
            overlap: 0.5,
        };
        let out = solve::<Step>(&x, Convention::Reference).unwrap();
        assert!((out.compute_time.0 - 0.010).abs() < 1e-12);
        assert!((out.memory_time.0 - 0.0125).abs() < 1e-12);
        // 12.5 + half of 10 + 1
        assert!((out.time.0 - 0.0185).abs() < 1e-12);
        assert_eq!(out.bottleneck, Bottleneck::Memory);
    }

    #[test]
    fn no_work_takes_no_time() {
        let x = StepIn {
            ops: Flop(0.0),
            bytes_moved: Bytes(0.0),
            peak: A100.0,
            bandwidth: A100.1,
            efficiency: 0.5,
            memory_efficiency: 1.0,
            overhead: Seconds(0.0),
            overlap: 1.0,
        };
        let out = solve::<Step>(&x, Convention::Reference).unwrap();
        assert_eq!((out.time, out.step_rate, out.utilization), (Seconds(0.0), Hertz(0.0), 0.0));
        assert_eq!(out.arithmetic_intensity, FlopPerByte(0.0));
    }
}
