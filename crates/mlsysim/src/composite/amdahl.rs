//! What making one stage of many faster does to the whole.

use crate::convention::Convention;
use crate::error::{Error, Result};
use crate::near::nearest;
use crate::trace::Recorder;
use crate::units::Seconds;
use crate::walls::equation::{Equation, EquationInfo, Record, record, solve};

const SOURCE: &str = "Amdahl (1967), Validity of the single processor approach to achieving large scale computing capabilities, AFIPS 30";

/// Returns what making the stage of that name `speedup` times faster does to the sum of all stages.
///
/// # Errors
///
/// - [`Error::UnknownEntry`] if there is no stage of that name.
/// - [`Error::OutOfRange`] unless times are at least 0 and `speedup` is above 0, all finite.
/// - [`Error::Overflow`] if a result does not fit a 64-bit float.
///
/// # Source
///
/// Amdahl (1967), Validity of the single processor approach to achieving large scale computing capabilities, AFIPS 30.
///
/// # Examples
///
/// ```
/// use mlsysim::{composite::amdahl, units::Seconds};
///
/// // Inference is 6 of 8 ms; three times as fast it takes 2, and the whole 4.
/// let stages = [("read", Seconds(0.0015)), ("infer", Seconds(0.006)), ("write", Seconds(0.0005))];
/// let out = amdahl::upgrade(&stages, "infer", 3.0)?;
/// assert_eq!((out.overall_speedup, out.speedup_bound), (2.0, 4.0));
/// # Ok::<(), mlsysim::Error>(())
/// ```
pub fn upgrade(stages: &[(&str, Seconds)], stage: &str, speedup: f64) -> Result<UpgradeOut> {
    let stage_time = stages.iter().find(|(name, _)| *name == stage).map(|(_, time)| *time);
    let stage_time = stage_time.ok_or_else(|| Error::UnknownEntry {
        what: "stage",
        name: stage.into(),
        near: nearest(stage, stages.iter().map(|(name, _)| *name)),
    })?;
    let rest_time = stages.iter().filter(|(name, _)| *name != stage).map(|(_, time)| *time).sum();
    solve::<Upgrade>(&UpgradeIn { stage_time, rest_time, speedup }, Convention::Reference)
}

record! {
    /// A stage among others.
    pub struct UpgradeIn {
        /// Time of the stage.
        stage_time: Seconds, "t", NOT_NEGATIVE;
        /// Time of all others.
        rest_time: Seconds, "r", NOT_NEGATIVE;
        /// How many times faster the stage becomes.
        speedup: f64, "s", POSITIVE;
    }
}

record! {
    /// The whole before and after.
    pub struct UpgradeOut {
        /// Time of all stages.
        total_time: Seconds, "T", NOT_NEGATIVE;
        /// Time of the faster stage.
        upgraded_stage_time: Seconds, "t/s", NOT_NEGATIVE;
        /// Time of all stages with the faster one.
        upgraded_total_time: Seconds, "T'", NOT_NEGATIVE;
        /// Share of the time that the stage takes; 0 of no time at all.
        stage_fraction: f64, "p", SHARE;
        /// How many times faster the whole becomes.
        overall_speedup: f64, "x", NOT_NEGATIVE;
        /// Share of the whole that is saved; negative if the stage became slower.
        end_to_end_reduction: f64, "1−1/x", ANY;
        /// Share of the stage that is saved.
        stage_reduction: f64, "1−1/s", ANY;
        /// Speed-up of the whole that no speed-up of the stage exceeds; infinite if there is no other stage.
        speedup_bound: f64, "T/r", UNBOUNDED;
    }
}

/// The equation `amdahl.upgrade`.
#[derive(Debug, Clone, Copy)]
pub struct Upgrade;

impl Equation for Upgrade {
    type In = UpgradeIn;
    type Out = UpgradeOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "amdahl.upgrade",
        wall: 1,
        also: &[],
        question: "How much faster does the whole become when one stage does?",
        formula: "x = 1 / ((1−p) + p/s)",
        source: SOURCE,
        inputs: UpgradeIn::FIELDS,
        outputs: UpgradeOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &UpgradeIn, _: Convention, trace: &mut R) -> UpgradeOut {
        let total_time = x.stage_time + x.rest_time;
        trace.computed(
            "total_time",
            "T",
            total_time,
            "t + r",
            &["stage_time", "rest_time"],
            SOURCE,
        );
        let upgraded_stage_time = x.stage_time / x.speedup;
        trace.computed(
            "upgraded_stage_time",
            "t/s",
            upgraded_stage_time,
            "t / s",
            &["stage_time", "speedup"],
            SOURCE,
        );
        let upgraded_total_time = upgraded_stage_time + x.rest_time;
        trace.computed(
            "upgraded_total_time",
            "T'",
            upgraded_total_time,
            "t/s + r",
            &["upgraded_stage_time", "rest_time"],
            SOURCE,
        );
        let some = total_time.0 > 0.0;
        let stage_fraction = if some { x.stage_time / total_time } else { 0.0 };
        trace.computed(
            "stage_fraction",
            "p",
            stage_fraction,
            "t / T",
            &["stage_time", "total_time"],
            SOURCE,
        );
        let left = if some { upgraded_total_time / total_time } else { 1.0 };
        let overall_speedup = if some { total_time / upgraded_total_time } else { 1.0 };
        trace.computed(
            "overall_speedup",
            "x",
            overall_speedup,
            "T / T'",
            &["total_time", "upgraded_total_time"],
            SOURCE,
        );
        let end_to_end_reduction = 1.0 - left;
        trace.computed(
            "end_to_end_reduction",
            "1−1/x",
            end_to_end_reduction,
            "1 − T'/T",
            &["total_time", "upgraded_total_time"],
            SOURCE,
        );
        let stage_reduction = 1.0 - 1.0 / x.speedup;
        trace.computed(
            "stage_reduction",
            "1−1/s",
            stage_reduction,
            "1 − 1/s",
            &["speedup"],
            SOURCE,
        );
        let speedup_bound = if some { total_time / x.rest_time } else { 1.0 };
        trace.computed(
            "speedup_bound",
            "T/r",
            speedup_bound,
            "T / r",
            &["total_time", "rest_time"],
            SOURCE,
        );
        UpgradeOut {
            total_time,
            upgraded_stage_time,
            upgraded_total_time,
            stage_fraction,
            overall_speedup,
            end_to_end_reduction,
            stage_reduction,
            speedup_bound,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn edges() {
        let run = |t: f64, r: f64, s: f64| {
            let x = UpgradeIn { stage_time: Seconds(t), rest_time: Seconds(r), speedup: s };
            solve::<Upgrade>(&x, Convention::Reference).unwrap()
        };
        // Nothing else: the whole is the stage.
        let alone = run(4.0, 0.0, 2.0);
        assert_eq!((alone.overall_speedup, alone.speedup_bound), (2.0, f64::INFINITY));
        // Slower: 4 s more of 8.
        let slower = run(4.0, 4.0, 0.5);
        assert_eq!((slower.end_to_end_reduction, slower.stage_reduction), (-0.5, -1.0));
        let nothing = run(0.0, 0.0, 2.0);
        assert_eq!((nothing.overall_speedup, nothing.stage_fraction), (1.0, 0.0));
        let unknown = upgrade(&[("infer", Seconds(1.0))], "infr", 2.0).unwrap_err();
        assert!(unknown.to_string().contains("infer"), "{unknown}");
    }
}
