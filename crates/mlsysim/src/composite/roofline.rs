//! The roofline: a step takes the longer of its arithmetic and its traffic.
//!
//! Dividing operations by bytes gives the arithmetic intensity of the work; dividing peak by bandwidth gives the
//! ridge point of the machine. Work left of the ridge waits for memory, work right of it for arithmetic.

use crate::convention::Convention;
use crate::trace::Recorder;
use crate::units::{Bytes, BytesPerSecond, Flop, FlopPerByte, FlopPerSecond, Hertz, Seconds};
use crate::walls::equation::{Equation, EquationInfo, Record, labels, record};

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

/// The equation `roofline.step`.
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
        formula: "T = max(T_c, T_m) + (1 − ω) × min(T_c, T_m) + T_o",
        source: SOURCE,
        inputs: StepIn::FIELDS,
        outputs: StepOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &StepIn, _: Convention, trace: &mut R) -> StepOut {
        let peak = x.peak * x.efficiency;
        let compute_time = x.ops / peak;
        trace.computed(
            "compute_time",
            "T_c",
            compute_time,
            "OPs / (Peak × η)",
            &["ops", "peak", "efficiency"],
            SOURCE,
        );
        let bandwidth = x.bandwidth * x.memory_efficiency;
        let memory_time = x.bytes_moved / bandwidth;
        trace.computed(
            "memory_time",
            "T_m",
            memory_time,
            "V / (BW × η_m)",
            &["bytes_moved", "bandwidth", "memory_efficiency"],
            SOURCE,
        );
        let (longer, shorter) = (compute_time.max(memory_time), compute_time.min(memory_time));
        let time = longer + shorter * (1.0 - x.overlap) + x.overhead;
        trace.computed(
            "time",
            "T",
            time,
            "max(T_c, T_m) + (1 − ω) × min(T_c, T_m) + T_o",
            &["compute_time", "memory_time", "overlap", "overhead"],
            SOURCE,
        );
        let bottleneck =
            if memory_time > compute_time { Bottleneck::Memory } else { Bottleneck::Compute };
        trace.computed(
            "bottleneck",
            "bound",
            bottleneck,
            "Memory if T_m > T_c",
            &["compute_time", "memory_time"],
            SOURCE,
        );
        let arithmetic_intensity = intensity(x.ops, x.bytes_moved);
        trace.computed(
            "arithmetic_intensity",
            "I",
            arithmetic_intensity,
            "OPs / V",
            &["ops", "bytes_moved"],
            SOURCE,
        );
        let ridge_point = peak / bandwidth;
        trace.computed(
            "ridge_point",
            "I*",
            ridge_point,
            "(Peak × η) / (BW × η_m)",
            &["peak", "efficiency", "bandwidth", "memory_efficiency"],
            SOURCE,
        );
        let step_rate = if time > Seconds::ZERO { 1.0 / time } else { Hertz::ZERO };
        trace.computed("step_rate", "1/T", step_rate, "1 / T", &["time"], SOURCE);
        let utilization =
            if time > Seconds::ZERO { ((x.ops / x.peak) / time).min(1.0) } else { 0.0 };
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
