//! Wall 22, synthesis: the machine that a target asks for.
//!
//! The roofline read backwards: a time, a piece of work, and out come the least bandwidth, peak and memory.
//! Fixed time comes off the target first; if nothing is left, no machine with that overhead meets it, and that is another
//! answer than a machine that is merely large.
//! Work is taken to split evenly over several devices, without the time to exchange results.

use crate::convention::Convention;
use crate::error::Result;
use crate::trace::Recorder;
use crate::units::{Bytes, BytesPerSecond, Flop, FlopPerByte, FlopPerSecond, Seconds};
use crate::walls::equation::{Equation, EquationInfo, Record, labels, record, solve};

const SOURCE: &str = "Williams, Waterman & Patterson (2009), Roofline, CACM 52(4); Jouppi et al. (2017), In-Datacenter \
Performance Analysis of a Tensor Processing Unit, ISCA";
const COUNTING: &str = "counting";

/// Returns the least machine that does a step in the time asked for.
///
/// `BW = V / (T − T_o)`, `Peak = OPs / ((T − T_o) × η)`.
///
/// # Errors
///
/// - [`crate::Error::OutOfRange`] naming the first input that is not what its field allows, such as a target of 0.
/// - [`crate::Error::Overflow`] if a size does not fit a 64-bit float.
///
/// # Source
///
/// Williams, Waterman & Patterson (2009), "Roofline", CACM 52(4).
///
/// # Examples
///
/// ```
/// use mlsysim::units::{Bytes, BytesPerSecond, Flop, FlopPerSecond, Seconds};
/// use mlsysim::walls::analysis::synthesis::{Outcome, RequirementsIn, requirements};
///
/// let x = RequirementsIn {
///     ops: Flop(16e9),
///     bytes_moved: Bytes(16e9),
///     memory: Bytes(20e9),
///     target: Seconds(0.012),
///     overhead: Seconds(0.002),
///     efficiency: 0.5,
/// };
/// let out = requirements(&x)?;
/// assert_eq!((out.bandwidth, out.peak), (BytesPerSecond(1.6e12), FlopPerSecond(3.2e12)));
/// let hasty = requirements(&RequirementsIn { target: Seconds(0.001), ..x })?;
/// assert_eq!(hasty.outcome, Outcome::OverheadTooLong);
/// # Ok::<(), mlsysim::Error>(())
/// ```
pub fn requirements(x: &RequirementsIn) -> Result<RequirementsOut> {
    solve::<Requirements>(x, Convention::Reference)
}

labels! {
    /// Whether some machine meets a target.
    pub enum Outcome {
        /// One that is fast and large enough does.
        Reachable = "reachable",
        /// None does: the fixed time alone takes as long.
        OverheadTooLong = "overhead_too_long",
    }
}

record! {
    /// A step and the time it may take.
    pub struct RequirementsIn {
        /// Operations of the step.
        ops: Flop, "OPs", NOT_NEGATIVE;
        /// Bytes that it reads and writes.
        bytes_moved: Bytes, "V", NOT_NEGATIVE;
        /// Bytes that must be in memory at once.
        memory: Bytes, "Q", NOT_NEGATIVE;
        /// Time that the step may take.
        target: Seconds, "T", POSITIVE;
        /// Time that neither arithmetic nor traffic explains.
        overhead: Seconds, "T_o", NOT_NEGATIVE, default 0.0;
        /// Share of the peak that the code reaches.
        efficiency: f64, "η", EFFICIENCY, default 0.5;
    }
}

record! {
    /// The least machine.
    pub struct RequirementsOut {
        /// Whether some machine meets the target.
        outcome: Outcome, "outcome", ONE_OF_2;
        /// Time left for arithmetic and traffic; 0 if none.
        budget: Seconds, "T−T_o", NOT_NEGATIVE;
        /// Least bandwidth; infinite if no machine meets the target.
        bandwidth: BytesPerSecond, "BW", UNBOUNDED;
        /// Least peak; infinite if no machine meets the target.
        peak: FlopPerSecond, "Peak", UNBOUNDED;
        /// Least memory.
        capacity: Bytes, "M", NOT_NEGATIVE;
        /// Peak over bandwidth of that machine; infinite without traffic.
        balance: FlopPerByte, "Peak/BW", UNBOUNDED;
    }
}

/// The equation `synthesis.requirements`.
#[derive(Debug, Clone, Copy)]
pub struct Requirements;

impl Equation for Requirements {
    type In = RequirementsIn;
    type Out = RequirementsOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "synthesis.requirements",
        wall: 22,
        also: &[1, 2],
        question: "Which machine does a step in a given time?",
        formula: "BW = V / (T − T_o); Peak = OPs / ((T − T_o) × η); M = Q",
        source: SOURCE,
        inputs: RequirementsIn::FIELDS,
        outputs: RequirementsOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(
        x: &RequirementsIn,
        convention: Convention,
        trace: &mut R,
    ) -> RequirementsOut {
        let overhead = match convention {
            Convention::Reference => x.overhead,
            // Upstream gives the whole target to arithmetic and traffic.
            Convention::Upstream030 => Seconds::ZERO,
        };
        let budget = (x.target - overhead).max(Seconds::ZERO);
        let reads: &'static [&'static str] = &["target", "overhead"];
        trace.computed("budget", "T−T_o", budget, "max(0, T − T_o)", reads, SOURCE);
        let reachable = budget > Seconds::ZERO;
        let outcome = if reachable { Outcome::Reachable } else { Outcome::OverheadTooLong };
        trace.computed("outcome", "outcome", outcome, "reachable if T > T_o", reads, SOURCE);
        let endless = f64::INFINITY;
        let bandwidth = if reachable { x.bytes_moved / budget } else { BytesPerSecond(endless) };
        let reads: &'static [&'static str] = &["bytes_moved", "budget"];
        trace.computed("bandwidth", "BW", bandwidth, "V / (T − T_o)", reads, SOURCE);
        let sustained = Flop(x.ops.0 / x.efficiency);
        let peak = if reachable { sustained / budget } else { FlopPerSecond(endless) };
        let reads: &'static [&'static str] = &["ops", "efficiency", "budget"];
        trace.computed("peak", "Peak", peak, "OPs / ((T − T_o) × η)", reads, SOURCE);
        trace.computed("capacity", "M", x.memory, "Q", &["memory"], SOURCE);
        let balance = crate::composite::roofline::intensity(sustained, x.bytes_moved);
        let reads: &'static [&'static str] = &["ops", "efficiency", "bytes_moved"];
        trace.computed("balance", "Peak/BW", balance, "OPs / (η × V)", reads, SOURCE);
        RequirementsOut { outcome, budget, bandwidth, peak, capacity: x.memory, balance }
    }
}

labels! {
    /// What asks for the most devices.
    pub enum Need {
        /// Arithmetic.
        Peak = "peak",
        /// Traffic.
        Bandwidth = "bandwidth",
        /// Memory.
        Capacity = "capacity",
    }
}

record! {
    /// What a target asks for, and a part.
    pub struct DevicesIn {
        /// Peak needed.
        needed_peak: FlopPerSecond, "Peak*", NOT_NEGATIVE;
        /// Bandwidth needed.
        needed_bandwidth: BytesPerSecond, "BW*", NOT_NEGATIVE;
        /// Memory needed.
        needed_capacity: Bytes, "M*", NOT_NEGATIVE;
        /// Peak of one device.
        peak: FlopPerSecond, "Peak", POSITIVE;
        /// Bandwidth of one device.
        bandwidth: BytesPerSecond, "BW", POSITIVE;
        /// Memory of one device.
        capacity: Bytes, "M", POSITIVE;
    }
}

record! {
    /// How many of the part.
    pub struct DevicesOut {
        /// Devices that arithmetic asks for, unrounded.
        for_peak: f64, "n_Peak", NOT_NEGATIVE;
        /// Devices that traffic asks for, unrounded.
        for_bandwidth: f64, "n_BW", NOT_NEGATIVE;
        /// Devices that memory asks for, unrounded.
        for_capacity: f64, "n_M", NOT_NEGATIVE;
        /// Fewest devices that are enough for all three.
        devices: f64, "n", COUNT;
        /// What asks for the most.
        binding: Need, "bound", ONE_OF_3;
    }
}

/// The equation `synthesis.devices`.
#[derive(Debug, Clone, Copy)]
pub struct Devices;

impl Equation for Devices {
    type In = DevicesIn;
    type Out = DevicesOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "synthesis.devices",
        wall: 22,
        also: &[1, 2],
        question: "How many devices of a given part meet a need?",
        formula: "n = ⌈max(Peak* / Peak, BW* / BW, M* / M)⌉",
        source: COUNTING,
        inputs: DevicesIn::FIELDS,
        outputs: DevicesOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &DevicesIn, _: Convention, trace: &mut R) -> DevicesOut {
        let for_peak = x.needed_peak / x.peak;
        let reads: &'static [&'static str] = &["needed_peak", "peak"];
        trace.computed("for_peak", "n_Peak", for_peak, "Peak* / Peak", reads, COUNTING);
        let for_bandwidth = x.needed_bandwidth / x.bandwidth;
        let reads: &'static [&'static str] = &["needed_bandwidth", "bandwidth"];
        trace.computed("for_bandwidth", "n_BW", for_bandwidth, "BW* / BW", reads, COUNTING);
        let for_capacity = x.needed_capacity / x.capacity;
        let reads: &'static [&'static str] = &["needed_capacity", "capacity"];
        trace.computed("for_capacity", "n_M", for_capacity, "M* / M", reads, COUNTING);
        let most = for_peak.max(for_bandwidth).max(for_capacity);
        // A part that is just enough is enough, whatever the last bit of the ratio.
        let devices = libm::ceil(most * (1.0 - 1e-12)).max(1.0);
        let reads: &'static [&'static str] = &["for_peak", "for_bandwidth", "for_capacity"];
        trace.computed("devices", "n", devices, "⌈max(n_Peak, n_BW, n_M)⌉", reads, COUNTING);
        let binding = if for_peak >= most {
            Need::Peak
        } else if for_bandwidth >= most {
            Need::Bandwidth
        } else {
            Need::Capacity
        };
        trace.computed("binding", "bound", binding, "the largest", reads, COUNTING);
        DevicesOut { for_peak, for_bandwidth, for_capacity, devices, binding }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_asked_for_meets_the_target_exactly() {
        let x = RequirementsIn {
            ops: Flop(3e12),
            bytes_moved: Bytes(5e9),
            memory: Bytes(7e9),
            target: Seconds(0.02),
            overhead: Seconds(0.004),
            efficiency: 0.4,
        };
        let out = requirements(&x).unwrap();
        // Both sides of the roofline take the 16 ms that are left.
        assert!((x.ops.0 / (out.peak.0 * 0.4) - 0.016).abs() < 1e-15);
        assert!((x.bytes_moved.0 / out.bandwidth.0 - 0.016).abs() < 1e-15);
        let upstream = solve::<Requirements>(&x, Convention::Upstream030).unwrap();
        assert!((upstream.bandwidth.0 - 5e9 / 0.02).abs() < 1e-3);
    }

    #[test]
    fn a_target_of_nothing_is_refused_and_one_of_the_overhead_unreachable() {
        let x = RequirementsIn {
            ops: Flop(1.0),
            bytes_moved: Bytes(1.0),
            memory: Bytes(1.0),
            target: Seconds(0.01),
            overhead: Seconds(0.01),
            efficiency: 0.5,
        };
        let out = requirements(&x).unwrap();
        assert_eq!(
            (out.outcome, out.peak),
            (Outcome::OverheadTooLong, FlopPerSecond(f64::INFINITY))
        );
        assert!(requirements(&RequirementsIn { target: Seconds(0.0), ..x }).is_err());
    }

    #[test]
    fn devices_by_hand() {
        let x = DevicesIn {
            needed_peak: FlopPerSecond(250.0),
            needed_bandwidth: BytesPerSecond(30.0),
            needed_capacity: Bytes(320.0),
            peak: FlopPerSecond(100.0),
            bandwidth: BytesPerSecond(10.0),
            capacity: Bytes(80.0),
        };
        // 2.5, 3 and 4 devices.
        let out = solve::<Devices>(&x, Convention::Reference).unwrap();
        assert_eq!((out.devices, out.binding), (4.0, Need::Capacity));
        let out =
            solve::<Devices>(&DevicesIn { capacity: Bytes(400.0), ..x }, Convention::Reference);
        assert_eq!(out.map(|out| (out.devices, out.binding)), Ok((3.0, Need::Bandwidth)));
    }
}
