//! The record of one evaluation: every value, in order, with its formula and source.

use crate::quantity::{Quantity, Unit, format};

/// Where a formula or a value comes from.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub enum Source {
    /// Given in the question.
    Given,
    /// Computed by a formula with this source.
    Formula(String),
}

/// One value of an evaluation.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Name, unique in its trace.
    pub name: String,
    /// Symbol in formulas.
    pub symbol: String,
    /// What it is, in a few words.
    pub meaning: String,
    /// Right-hand side in symbols; empty for inputs.
    pub formula: String,
    /// Right-hand side with numbers and units; empty for inputs.
    pub numbers: String,
    /// The value.
    pub value: Quantity,
    /// A unit to show it in; its prefix may change.
    pub unit: Unit,
    /// Indices of the nodes it is computed from.
    pub uses: Vec<usize>,
    /// Where it comes from.
    pub source: Source,
}

impl Node {
    /// Returns whether the node is an input.
    #[must_use]
    pub fn is_input(&self) -> bool {
        self.formula.is_empty()
    }

    /// Returns the value with four significant figures, in a prefix that suits it. Inputs keep what a stem states, up to nine
    /// figures; those carried over from other steps are cut to five.
    #[must_use]
    pub fn show(&self) -> String {
        // What is counted stands beside the number already.
        let is_count = self.unit.dim().is_none() && !self.unit.nouns().is_none();
        let unit = if is_count { &Unit::pure() } else { &self.unit };
        if !self.is_input() {
            return format::friendly(&self.value, unit, STEP_DIGITS);
        }
        // What a stem says is shown as it says it; what was carried here from other steps has no natural end.
        let exact = format::friendly(&self.value, unit, INPUT_DIGITS);
        let shorter = format::friendly(&self.value, unit, ENDING_DIGITS);
        if exact.contains('.') && exact != shorter {
            return format::friendly(&self.value, unit, CARRIED_DIGITS);
        }
        exact
    }
}

/// Significant figures of a step.
const STEP_DIGITS: usize = 4;
/// Most significant figures of an input.
const INPUT_DIGITS: usize = 9;
/// An input that has more figures than these behind its point was computed, not stated.
const ENDING_DIGITS: usize = 7;
/// Significant figures of such an input.
const CARRIED_DIGITS: usize = 5;

/// The values of one evaluation in topological order, inputs first.
#[derive(Debug, Clone, PartialEq)]
pub struct Trace {
    /// The equation evaluated.
    pub equation: String,
    /// The values.
    pub nodes: Vec<Node>,
    /// Index of the result.
    pub output: usize,
}

impl Trace {
    /// Returns the result.
    #[must_use]
    pub fn result(&self) -> Quantity {
        self.nodes.get(self.output).map_or(Quantity::pure(f64::NAN), |node| node.value)
    }

    /// Returns the node of that name.
    #[must_use]
    pub fn node(&self, name: &str) -> Option<&Node> {
        self.nodes.iter().find(|n| n.name == name)
    }

    /// Returns the computed nodes that the result depends on, in order.
    pub fn steps(&self) -> impl Iterator<Item = &Node> {
        let needed = self.needed();
        self.nodes
            .iter()
            .enumerate()
            .filter(move |(i, n)| needed[*i] && !n.is_input())
            .map(|(_, n)| n)
    }

    /// Returns the inputs that the result depends on, in order.
    pub fn inputs(&self) -> impl Iterator<Item = &Node> {
        let needed = self.needed();
        self.nodes
            .iter()
            .enumerate()
            .filter(move |(i, n)| needed[*i] && n.is_input())
            .map(|(_, n)| n)
    }

    fn needed(&self) -> Vec<bool> {
        let mut needed = vec![false; self.nodes.len()];
        if let Some(last) = needed.get_mut(self.output) {
            *last = true;
        }
        // Uses point backwards, so one sweep from the end reaches everything.
        for i in (0..self.nodes.len()).rev() {
            if needed[i] {
                for &j in &self.nodes[i].uses {
                    if j < i {
                        needed[j] = true;
                    }
                }
            }
        }
        needed
    }

    /// Returns the first node at which two evaluations of one equation part: `(here, there)`.
    ///
    /// A change of an input counts only if no computed node shows it.
    #[must_use]
    pub fn first_difference<'a>(&'a self, other: &'a Self) -> Option<(&'a Node, &'a Node)> {
        let differs = |a: &Node, b: &Node| {
            a.formula != b.formula || a.value.value().to_bits() != b.value.value().to_bits()
        };
        let pairs = || self.nodes.iter().filter_map(|a| Some((a, other.node(&a.name)?)));
        pairs()
            .find(|(a, b)| !a.is_input() && !b.is_input() && differs(a, b))
            .or_else(|| pairs().find(|(a, b)| differs(a, b)))
    }
}
