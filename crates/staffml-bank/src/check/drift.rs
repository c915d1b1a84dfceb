//! Both computations of every equation that has two, on random inputs.
//!
//! Inputs are those of the questions: drawn as a question draws them, or half to twice as large. So they are numbers that
//! somebody may be asked about, and few are outside the domain of an equation. What is counted only grows: the smallest
//! counts are special (a ring of two has no other way round), and no question asks about them.

use std::sync::Arc;

use serde::Serialize;

use crate::bank::Bank;
use crate::model::{Change, Template};
use crate::oracle::{Builtin, Mlsysim, Oracle as _};
use crate::quantity::Quantity;
use crate::variant::rng::{SplitMix64, fnv1a64, mix};
use crate::variant::{Draw, attempt};

/// Largest relative difference of two computations.
pub const DRIFT: f64 = 1e-12;

/// Draws for each comparison wanted, before giving up.
const PATIENCE: u32 = 20;

/// How far the two computations of one equation are apart.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Drift {
    /// The equation.
    pub equation: String,
    /// The wall that computes the same.
    pub wall: String,
    /// Inputs that both computed.
    pub n_compared: u32,
    /// Inputs that one of them refused.
    pub n_refused: u32,
    /// The largest relative difference.
    pub largest: f64,
    /// The step with that difference; empty if there is none.
    pub step: String,
    /// The inputs that gave it.
    pub inputs: Vec<(String, String)>,
}

impl Drift {
    /// Returns whether the computations differ, or were never compared.
    #[must_use]
    pub fn is_found(&self) -> bool {
        // A difference that is no number is one too.
        self.n_compared == 0 || self.largest.is_nan() || self.largest > DRIFT
    }
}

/// Compares the two computations of each equation on `n` inputs, drawn from `seed`.
#[must_use]
pub fn drift(bank: &Bank, n: u32, seed: u64) -> Vec<Drift> {
    let pairs = Mlsysim::compared().into_iter();
    pairs.map(|(equation, wall)| one(bank, (equation, wall), n, seed)).collect()
}

/// Compares the two computations of one equation, by its name and that of its wall.
#[must_use]
pub fn one(bank: &Bank, (equation, wall): (&str, &str), n: u32, seed: u64) -> Drift {
    let mut out = Drift {
        equation: equation.to_owned(),
        wall: wall.to_owned(),
        n_compared: 0,
        n_refused: 0,
        largest: 0.0,
        step: String::new(),
        inputs: Vec::new(),
    };
    let is_meant = |change: &Change| match change {
        Change::Equation { equation: other, .. } => other == equation,
        _ => false,
    };
    let evaluates = |t: &&Arc<Template>| {
        t.body.computed().iter().any(|(_, c)| {
            c.answer.equation == equation || c.misconceptions.iter().any(|m| is_meant(&m.change))
        })
    };
    let templates: Vec<&Arc<Template>> = bank.templates().iter().filter(evaluates).collect();
    if templates.is_empty() {
        return out;
    }
    let mut rng = SplitMix64::new(mix(seed ^ fnv1a64(equation.as_bytes())));
    for (i, template) in (0..n.saturating_mul(PATIENCE)).zip(templates.iter().cycle()) {
        if out.n_compared >= n {
            break;
        }
        // Questions that a condition refuses say nothing.
        let Ok(question) = attempt(template, &Builtin, &Draw::seed(rng.next_u64()), 0) else {
            continue;
        };
        // Some equations are those of wrong turns only.
        let numbers = question.numbers();
        let mut traces = numbers.iter().flat_map(|number| {
            let wrong = number.wrong.iter().filter_map(|turn| turn.trace.as_ref());
            core::iter::once(&number.trace).chain(wrong)
        });
        let Some(trace) = traces.find(|t| t.equation == equation) else { continue };
        let inputs: Vec<(String, Quantity)> = trace
            .nodes
            .iter()
            .filter(|node| node.is_input())
            .map(|node| {
                let value = if i % 2 == 0 { node.value } else { shifted(node.value, &mut rng) };
                (node.name.clone(), value)
            })
            .collect();
        compare(&mut out, &inputs);
    }
    out
}

/// A value half to twice as large; what is counted grows and stays whole, and a share stays below 1.
fn shifted(value: Quantity, rng: &mut SplitMix64) -> Quantity {
    let number = value.value();
    // 2^53 steps from -1 to 1.
    let share = rng.below(1 << 53) as f64 / (1_u64 << 52) as f64 - 1.0;
    let factor = libm::exp2(share);
    let is_pure = value.dim().is_none();
    let is_whole = is_pure && number >= 1.0 && libm::floor(number).to_bits() == number.to_bits();
    let moved = if is_pure && number > 0.0 && number < 1.0 {
        libm::pow(number, factor)
    } else if is_whole {
        libm::round(number * factor.max(1.0 / factor))
    } else {
        number * factor
    };
    Quantity::canonical(moved, value.dim())
}

fn compare(out: &mut Drift, inputs: &[(String, Quantity)]) {
    let both = Builtin
        .eval(&out.equation, inputs, None, &[])
        .and_then(|trace| Ok((Mlsysim::largest_difference(&trace)?, trace)));
    match both {
        Err(_) => out.n_refused += 1,
        Ok((None, _)) => {}
        Ok((Some((step, difference)), trace)) => {
            out.n_compared += 1;
            if difference.is_nan() || difference > out.largest {
                out.largest = difference;
                step.clone_into(&mut out.step);
                let given = trace.nodes.iter().filter(|node| node.is_input());
                out.inputs = given.map(|node| (node.name.clone(), node.show())).collect();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_computations_agree_on_random_inputs() {
        let bank = Bank::embedded();
        let all = drift(&bank, 20, 1);
        assert_eq!(all.len(), Mlsysim::compared().len());
        for line in &all {
            assert!(!line.is_found() && line.n_compared == 20, "{line:?}");
        }
        assert_eq!(all, drift(&bank, 20, 1), "equal seeds give equal inputs");
    }

    #[test]
    fn what_differs_or_was_never_compared_is_found() {
        let nothing = one(&Bank::embedded().only(&[]), ("compute.time", "compute.step_time"), 5, 1);
        assert!(nothing.is_found() && nothing.n_compared == 0);
        let line = Drift { n_compared: 5, largest: 2.0 * DRIFT, ..nothing.clone() };
        assert!(line.is_found());
        let line = Drift { n_compared: 5, largest: f64::NAN, ..nothing };
        assert!(line.is_found());
    }

    #[test]
    fn shifted_values_stay_what_they_are() {
        let mut rng = SplitMix64::new(7);
        let mut moved = 0;
        for _ in 0..200 {
            // Between the square of 0.3 and its root.
            let share = shifted(Quantity::pure(0.3), &mut rng).value();
            assert!((0.089..=0.548).contains(&share), "{share}");
            let count = shifted(Quantity::pure(8.0), &mut rng).value();
            assert!((8.0..=16.0).contains(&count) && count.fract() == 0.0, "{count}");
            moved += u32::from((count - 8.0).abs() > 0.5);
        }
        assert!(moved > 100);
    }
}
