//! Reading index equations.

use crate::nostd::prelude::*;
use crate::{Error, Result, Tensor};

/// The letters of the operands and of the result.
#[derive(Debug)]
pub(super) struct Equation {
    pub(super) operands: Vec<Vec<char>>,
    pub(super) output: Vec<char>,
}

impl Equation {
    /// Reads an equation and checks it against the operands.
    pub(super) fn parse(text: &str, operands: &[&Tensor]) -> Result<Self> {
        let bad = |need: String| Error::argument("einsum", "equation", format!("{text:?}"), need);
        let (left, right) = match text.split_once("->") {
            Some((left, right)) => (left, Some(right)),
            None => (text, None),
        };
        let letters = |part: &str| -> Result<Vec<char>> {
            let letter = |c: char| {
                c.is_ascii_alphabetic()
                    .then_some(c)
                    .ok_or_else(|| bad("letters, commas and one ->, without spaces".into()))
            };
            part.chars().map(letter).collect()
        };
        let inputs = left.split(',').map(letters).collect::<Result<Vec<_>>>()?;
        if inputs.len() != operands.len() {
            return Err(bad(format!("a list of {} operands", operands.len())));
        }
        if let Some((t, labels)) =
            operands.iter().zip(&inputs).find(|(t, labels)| t.rank() != labels.len())
        {
            return Err(bad(format!(
                "one letter per axis: {} for shape {}",
                labels.len(),
                t.shape()
            )));
        }
        let output = match right {
            Some(right) => letters(right)?,
            None => once(&inputs),
        };
        let repeated = output.iter().enumerate().any(|(n, l)| output[..n].contains(l));
        if repeated || !output.iter().all(|l| inputs.iter().any(|o| o.contains(l))) {
            return Err(bad("an equation whose result repeats no letter and invents none".into()));
        }
        let out = Self { operands: inputs, output };
        out.check_sizes(operands)?;
        Ok(out)
    }

    fn check_sizes(&self, operands: &[&Tensor]) -> Result<()> {
        let mut sizes: Vec<(char, usize, &Tensor)> = Vec::new();
        for (t, labels) in operands.iter().zip(&self.operands) {
            for (&label, &size) in labels.iter().zip(t.dims()) {
                match sizes.iter().find(|(l, ..)| *l == label) {
                    Some(&(_, other, first)) if other != size => {
                        return Err(Error::shapes(
                            "einsum",
                            (first.shape(), t.shape()),
                            format!("letter {label} stands for {other} and for {size}"),
                            "axes with one letter walk together, so they have one size",
                            "check the order of the letters",
                        ));
                    }
                    Some(_) => {}
                    None => sizes.push((label, size, t)),
                }
            }
        }
        Ok(())
    }
}

/// The letters that occur exactly once, in alphabetical order.
fn once(inputs: &[Vec<char>]) -> Vec<char> {
    let all: Vec<char> = inputs.iter().flatten().copied().collect();
    let mut out: Vec<char> =
        all.iter().filter(|l| all.iter().filter(|m| m == l).count() == 1).copied().collect();
    out.sort_unstable();
    out
}
