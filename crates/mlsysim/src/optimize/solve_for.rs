//! Which input gives the output wanted: any registered equation read backwards.
//!
//! Between two values of one input the output must only rise or only fall; halving then finds the input.
//! That is checked at points along the way before anything is answered, so that a target reached twice, or never, is
//! refused and not guessed.

use crate::convention::Convention;
use crate::error::{CallError, Error, Result};
use crate::units::Quantity;
use crate::walls::equation::MAX_FIELDS;
use crate::walls::{EquationInfo, Form, Prepared};
use alloc::string::String;

/// What to find.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Question<'a> {
    /// Identifier of the equation.
    pub equation: &'a str,
    /// The input to find.
    pub unknown: &'a str,
    /// The smallest and the largest value it may have.
    pub between: [Quantity; 2],
    /// The output that is wanted.
    pub output: &'a str,
    /// Its value.
    pub target: Quantity,
    /// The other inputs; those with a default may be left out.
    pub given: &'a [(&'a str, Quantity)],
}

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Solution {
    /// The input.
    pub value: Quantity,
    /// The output that it gives, which may differ from the target by rounding or by a jump of the equation.
    pub reached: Quantity,
    /// Whether the output rises with the input.
    pub rising: bool,
}

/// Points at which the direction is checked.
const POINTS: u32 = 64;

/// A change of the output smaller than this share of it is rounding, of some twenty operations.
const ROUNDING: f64 = 4e-15;

/// Returns the value of one input of an equation that gives one of its outputs a target.
///
/// # Cost
///
/// Some 130 evaluations of the equation.
///
/// # Errors
///
/// - As [`crate::walls::evaluate`] for names, dimensions and ranges, also at values between the two ends.
/// - [`Error::UnknownEntry`] for an output that the equation does not have.
/// - [`Error::Inverse`] if the output turns on the way, is outside of what the two ends reach, does not change, or is no
///   amount, and for an input that takes whole numbers only.
///
/// # Examples
///
/// ```
/// use mlsysim::optimize::solve_for::{Question, solve_for};
/// use mlsysim::units::{Bytes, BytesPerSecond, Seconds};
/// use mlsysim::Convention;
///
/// // Which bandwidth reads 16 GB in 8 ms?
/// let question = Question {
///     equation: "memory.step_time",
///     unknown: "bandwidth",
///     between: [BytesPerSecond(1e9).into(), BytesPerSecond(1e14).into()],
///     output: "memory_time",
///     target: Seconds(0.008).into(),
///     given: &[("bytes_moved", Bytes(16e9).into())],
/// };
/// let solution = solve_for(&question, Convention::Reference)?;
/// assert!((solution.value.value / 2e12 - 1.0).abs() < 1e-14);
/// assert!(!solution.rising);
/// # Ok::<(), mlsysim::Error>(())
/// ```
pub fn solve_for(question: &Question<'_>, convention: Convention) -> Result<Solution> {
    let equation = Prepared::new(question.equation)?;
    let mut search = Search::new(question, equation, convention)?;
    let [low, high] = question.between.map(|end| end.value);
    if low.partial_cmp(&high) != Some(core::cmp::Ordering::Less) {
        return Err(search.refuse("the first end is not below the second".into()));
    }
    let (first, last) = (search.output(low)?, search.output(high)?);
    let rising = last > first;
    search.check_direction(low, high, rising)?;
    let target = question.target.value;
    let (least, most) = if rising { (first, last) } else { (last, first) };
    if !(least..=most).contains(&target) {
        let dimension = question.target.dimension;
        let [least, most] = [least, most].map(|end| Quantity::new(end, dimension));
        return Err(search.refuse(alloc::format!("it is from {least} to {most} there")));
    }
    // Every number between stays a candidate until none is left.
    let (mut below, mut above) = (low, high);
    loop {
        let middle = below + (above - below) / 2.0;
        if middle <= below || middle >= above {
            break;
        }
        let output = search.output(middle)?;
        if (output < target) == rising { below = middle } else { above = middle }
    }
    let (from_below, from_above) = (search.output(below)?, search.output(above)?);
    let nearer = libm::fabs(from_below - target) < libm::fabs(from_above - target);
    let (value, reached) = if nearer { (below, from_below) } else { (above, from_above) };
    Ok(Solution {
        value: Quantity::new(value, question.between[0].dimension),
        reached: Quantity::new(reached, question.target.dimension),
        rising,
    })
}

/// An equation with all inputs but one in place.
struct Search<'a> {
    question: &'a Question<'a>,
    equation: Prepared,
    convention: Convention,
    inputs: [f64; MAX_FIELDS],
    unknown: usize,
    output: usize,
}

impl<'a> Search<'a> {
    fn new(question: &'a Question<'a>, equation: Prepared, convention: Convention) -> Result<Self> {
        let info = equation.info();
        let unknown = input(info, question.unknown)?;
        let field = &info.inputs[unknown];
        for end in question.between {
            end.expect(info.id, field.name, field.dimension)?;
        }
        let Some(output) = info.outputs.iter().position(|field| field.name == question.output)
        else {
            let near = crate::near::nearest(question.output, info.outputs.iter().map(|f| f.name));
            return Err(Error::UnknownEntry { what: "output", name: question.output.into(), near });
        };
        question.target.expect(
            info.id,
            info.outputs[output].name,
            info.outputs[output].dimension,
        )?;
        let mut inputs = equation.defaults();
        inputs[unknown] = question.between[0].value;
        let mut seen = [false; MAX_FIELDS];
        seen[unknown] = true;
        for (name, quantity) in question.given {
            let index = input(info, name)?;
            if seen[index] {
                return Err(
                    CallError::RepeatedInput { equation: info.id, name: (*name).into() }.into()
                );
            }
            quantity.expect(info.id, name, info.inputs[index].dimension)?;
            seen[index] = true;
            inputs[index] = quantity.value;
        }
        for (index, field) in info.inputs.iter().enumerate() {
            if !seen[index] && field.default.is_none() {
                return Err(CallError::MissingInput {
                    equation: info.id,
                    name: field.name,
                    dimension: field.dimension,
                }
                .into());
            }
        }
        let search = Self { question, equation, convention, inputs, unknown, output };
        if field.form != Form::Amount || field.range.is_whole() {
            return Err(search.refuse(alloc::format!("{} takes whole numbers only", field.name)));
        }
        if info.outputs[output].form != Form::Amount {
            return Err(search.refuse("it is no amount".into()));
        }
        Ok(search)
    }

    fn output(&mut self, value: f64) -> Result<f64> {
        self.inputs[self.unknown] = value;
        let mut outputs = [f64::NAN; MAX_FIELDS];
        self.equation.solve(&self.inputs, self.convention, &mut outputs)?;
        Ok(outputs[self.output])
    }

    /// Refuses an output that turns somewhere between the ends.
    fn check_direction(&mut self, low: f64, high: f64, rising: bool) -> Result<()> {
        let mut before = self.output(low)?;
        let mut changes = false;
        for point in 1..=POINTS {
            let share = f64::from(point) / f64::from(POINTS);
            let value = match (point == POINTS, low > 0.0) {
                (true, _) => high,
                // Even steps of the magnitude, where there is one.
                (false, true) => low * libm::exp(share * libm::log(high / low)),
                (false, false) => low + share * (high - low),
            };
            let after = self.output(value.clamp(low, high))?;
            let step = if rising { after - before } else { before - after };
            if step < -ROUNDING * libm::fabs(before) {
                let at = Quantity::new(value, self.question.between[0].dimension);
                return Err(self.refuse(alloc::format!("it turns near {at}, so there may be two")));
            }
            changes |= step > 0.0;
            before = after;
        }
        if changes { Ok(()) } else { Err(self.refuse("it does not depend on it there".into())) }
    }

    fn refuse(&self, reason: String) -> Error {
        let info = self.equation.info();
        Error::Inverse {
            equation: info.id,
            input: info.inputs[self.unknown].name,
            output: info.outputs[self.output].name,
            target: self.question.target,
            reason,
        }
    }
}

fn input(info: &'static EquationInfo, name: &str) -> Result<usize> {
    info.inputs.iter().position(|field| field.name == name).ok_or_else(|| {
        let known = info.inputs.iter().map(|field| field.name).collect();
        CallError::UnknownInput { equation: info.id, name: name.into(), known }.into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{Bytes, BytesPerSecond, Flop, FlopPerSecond, Seconds};
    use alloc::string::ToString;

    const STEP: [(&str, Quantity); 3] = [
        ("ops", Quantity::new(1e12, <Flop as crate::units::Unit>::DIMENSION)),
        ("bytes_moved", Quantity::new(1e9, <Bytes as crate::units::Unit>::DIMENSION)),
        ("bandwidth", Quantity::new(1e12, <BytesPerSecond as crate::units::Unit>::DIMENSION)),
    ];

    fn peak_for(target: f64, most: f64) -> Result<Solution> {
        let question = Question {
            equation: "roofline.step",
            unknown: "peak",
            between: [FlopPerSecond(1e12).into(), FlopPerSecond(most).into()],
            output: "time",
            target: Seconds(target).into(),
            given: &STEP,
        };
        solve_for(&question, Convention::Reference)
    }

    #[test]
    fn a_peak_for_a_time_by_hand() {
        // 1e12 operations at half of the peak in 10 ms: 2e14 per second.
        let solution = peak_for(0.01, 1e16).unwrap();
        assert!((solution.value.value / 2e14 - 1.0).abs() < 1e-14);
        assert!((solution.reached.value / 0.01 - 1.0).abs() < 1e-14);
    }

    #[test]
    fn what_cannot_be_reached_is_told() {
        // Traffic alone takes 1 ms.
        let message = peak_for(0.0005, 1e16).unwrap_err().to_string();
        assert_eq!(
            message,
            "roofline.step: no peak gives time 500 us: it is from 1 ms to 2 s there"
        );
    }

    #[test]
    fn what_turns_is_refused() {
        let question = Question {
            equation: "complexity.train",
            unknown: "parameters",
            between: [crate::units::Params(1e6).into(), crate::units::Params(1e13).into()],
            output: "loss",
            target: Quantity::number(2.5),
            given: &[("budget", Flop(1e21).into())],
        };
        let message = solve_for(&question, Convention::Reference).unwrap_err().to_string();
        assert!(message.contains("it turns near"), "{message}");
    }

    #[test]
    fn names_and_kinds_are_checked() {
        let ask = |unknown, output| {
            let question = Question {
                equation: "roofline.step",
                unknown,
                between: [FlopPerSecond(1e12).into(), FlopPerSecond(1e13).into()],
                output,
                target: Seconds(1.0).into(),
                given: &STEP,
            };
            solve_for(&question, Convention::Reference).unwrap_err().to_string()
        };
        assert!(ask("peek", "time").contains("unknown input `peek`"));
        assert_eq!(ask("peak", "tme"), "unknown output `tme`; did you mean time?");
        assert!(ask("bandwidth", "time").contains("data per time"));
    }
}
