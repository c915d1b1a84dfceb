//! An equation as a small graph of named steps, and its evaluation under mutations.

use super::{Bindings, Mutation, Node, NodeSignature, OracleError, Signature, Source, Trace};
use crate::expr::{Expr, ExprError, Scope, Style, Value};
use crate::quantity::{Dim, Quantity, Unit};

/// An input of an equation.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Input {
    /// Name.
    pub name: String,
    /// Symbol in formulas.
    pub symbol: String,
    /// Unit that fixes the dimension and is used for printing.
    pub unit: Unit,
    /// What it is, in a few words.
    pub meaning: String,
}

/// A computed step of an equation.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Step {
    /// Name.
    pub name: String,
    /// Symbol in formulas.
    pub symbol: String,
    /// Unit that fixes the dimension and is used for printing.
    pub unit: Unit,
    /// What it is, in a few words.
    pub meaning: String,
    /// How it follows from inputs and earlier steps.
    pub expr: Expr,
    /// Whether the expression is a bare number that counts the unit.
    pub counts: bool,
}

/// An equation: inputs, steps in order, and where it comes from.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Equation {
    /// Identifier, for example `roofline.attainable`.
    pub id: String,
    /// Author, year, title.
    pub source: String,
    /// Inputs.
    pub inputs: Vec<Input>,
    /// Steps; each uses inputs and earlier steps only.
    pub steps: Vec<Step>,
}

/// Values known so far in an evaluation.
struct Sheet<'a> {
    values: Vec<(&'a str, Quantity)>,
}

impl Scope for Sheet<'_> {
    fn get(&self, name: &str) -> Option<Value> {
        self.values.iter().find(|(n, _)| *n == name).map(|(_, q)| Value::Quantity(*q))
    }
}

impl Equation {
    /// Returns what the equation takes and computes.
    #[must_use]
    pub fn signature(&self) -> Signature {
        let own = |list: Vec<&str>| list.into_iter().map(str::to_owned).collect();
        Signature {
            id: self.id.clone(),
            inputs: self.inputs.iter().map(|i| (i.name.clone(), i.unit.clone())).collect(),
            nodes: self
                .steps
                .iter()
                .map(|s| NodeSignature {
                    name: s.name.clone(),
                    unit: s.unit.clone(),
                    terms: own(s.expr.terms()),
                    uses: own(s.expr.names()),
                    branches: s.expr.branches(),
                })
                .collect(),
        }
    }

    /// Returns the trace of an evaluation, up to and including `output`.
    ///
    /// # Errors
    ///
    /// Every variant of [`OracleError`] but those about unknown equations and drift.
    pub fn eval(
        &self,
        given: &Bindings,
        output: Option<&str>,
        mutations: &[Mutation],
    ) -> Result<Trace, OracleError> {
        let last = match output {
            None => self.steps.len().saturating_sub(1),
            Some(name) => self.steps.iter().position(|s| s.name == name).ok_or_else(|| {
                let known: Vec<&str> = self.steps.iter().map(|s| s.name.as_str()).collect();
                OracleError::UnknownNode {
                    equation: self.id.clone(),
                    node: name.to_owned(),
                    known: known.join(", "),
                }
            })?,
        };
        let inputs = self.bind(given, mutations)?;
        for mutation in mutations {
            self.accepts(mutation)?;
        }
        let mut sheet = Sheet { values: inputs };
        let mut nodes: Vec<Node> = self
            .inputs
            .iter()
            .zip(&sheet.values)
            .map(|(input, (_, value))| Node {
                name: input.name.clone(),
                symbol: input.symbol.clone(),
                meaning: input.meaning.clone(),
                formula: String::new(),
                numbers: String::new(),
                value: *value,
                unit: input.unit.clone(),
                uses: Vec::new(),
                source: Source::Given,
            })
            .collect();
        for step in &self.steps[..=last.min(self.steps.len().saturating_sub(1))] {
            let node = self.step(step, &sheet, &nodes, mutations)?;
            sheet.values.push((&step.name, node.value));
            nodes.push(node);
        }
        let output = nodes.len().saturating_sub(1);
        Ok(Trace { equation: self.id.clone(), nodes, output })
    }

    /// Orders the given values as the inputs, checks them, and applies the mutations of inputs.
    fn bind(
        &self,
        given: &Bindings,
        mutations: &[Mutation],
    ) -> Result<Vec<(&str, Quantity)>, OracleError> {
        for (name, _) in given {
            if !self.inputs.iter().any(|i| i.name == *name) {
                let known: Vec<&str> = self.inputs.iter().map(|i| i.name.as_str()).collect();
                return Err(OracleError::ExtraInput {
                    equation: self.id.clone(),
                    input: name.clone(),
                    known: known.join(", "),
                });
            }
        }
        let mut values = Vec::with_capacity(self.inputs.len() + self.steps.len());
        for input in &self.inputs {
            let found = given.iter().find(|(name, _)| *name == input.name);
            let (_, value) = found.ok_or_else(|| OracleError::MissingInput {
                equation: self.id.clone(),
                input: input.name.clone(),
            })?;
            self.fits(&input.name, input.unit.dim(), *value)?;
            values.push((input.name.as_str(), *value));
        }
        let at =
            |values: &[(&str, Quantity)], name: &str| values.iter().position(|(n, _)| *n == name);
        for mutation in mutations {
            match mutation {
                Mutation::Set { name, value } => {
                    if let Some(i) = at(&values, name) {
                        self.fits(name, values[i].1.dim(), *value)?;
                        values[i].1 = *value;
                    }
                }
                Mutation::Scale { name, factor } => {
                    if let Some(i) = at(&values, name) {
                        values[i].1 = scaled(values[i].1, *factor);
                    }
                }
                Mutation::Swap { a, b } => {
                    if let (Some(i), Some(j)) = (at(&values, a), at(&values, b)) {
                        self.fits(a, values[i].1.dim(), values[j].1)?;
                        let kept = values[i].1;
                        values[i].1 = values[j].1;
                        values[j].1 = kept;
                    }
                }
                Mutation::Drop { .. } => {}
            }
        }
        Ok(values)
    }

    /// Checks that a mutation speaks of things the equation has.
    fn accepts(&self, mutation: &Mutation) -> Result<(), OracleError> {
        let is_input = |name: &str| self.inputs.iter().any(|i| i.name == name);
        let step = |name: &str| self.steps.iter().find(|s| s.name == name);
        let why = match mutation {
            Mutation::Set { name, .. } | Mutation::Scale { name, .. } => {
                (!is_input(name) && step(name).is_none()).then(|| format!("there is no `{name}`"))
            }
            Mutation::Swap { a, b } => {
                [a, b].into_iter().find(|n| !is_input(n)).map(|n| format!("`{n}` is no input"))
            }
            Mutation::Drop { node, term } => match step(node) {
                None => Some(format!("there is no step `{node}`")),
                Some(s) if s.expr.without(term).is_none() => {
                    Some(format!("`{term}` is no term of it; its terms are {:?}", s.expr.terms()))
                }
                Some(_) => None,
            },
        };
        why.map_or(Ok(()), |why| {
            Err(OracleError::Mutation {
                equation: self.id.clone(),
                mutation: mutation.to_string(),
                why,
            })
        })
    }

    fn step(
        &self,
        step: &Step,
        sheet: &Sheet<'_>,
        nodes: &[Node],
        mutations: &[Mutation],
    ) -> Result<Node, OracleError> {
        let mut expr = std::borrow::Cow::Borrowed(&step.expr);
        let mut set = None;
        let mut factor = 1.0;
        for mutation in mutations {
            match mutation {
                Mutation::Drop { node, term } if *node == step.name => {
                    if let Some(rest) = expr.without(term) {
                        expr = std::borrow::Cow::Owned(rest);
                    }
                }
                Mutation::Set { name, value } if *name == step.name => set = Some(*value),
                Mutation::Scale { name, factor: f } if *name == step.name => factor *= f,
                _ => {}
            }
        }
        let value = match set {
            Some(value) => value,
            None => {
                let value = expr.quantity(sheet, &step.name).map_err(|e| self.failed(step, &e))?;
                if step.counts && value.dim().is_none() {
                    Quantity::canonical(value.value() * step.unit.factor(), step.unit.dim())
                } else {
                    value
                }
            }
        };
        self.fits(&step.name, step.unit.dim(), value)?;
        let value =
            if factor.to_bits() == 1.0_f64.to_bits() { value } else { scaled(value, factor) };
        if !value.value().is_finite() {
            let why = "the result is not finite".to_owned();
            return Err(OracleError::Domain {
                equation: self.id.clone(),
                node: step.name.clone(),
                why,
            });
        }
        let node = |name: &str| nodes.iter().position(|n| n.name == name);
        let symbol =
            |name: &str| node(name).map_or_else(|| name.to_owned(), |i| nodes[i].symbol.clone());
        let number = |name: &str| node(name).map_or_else(|| name.to_owned(), |i| nodes[i].show());
        let mut formula = expr.print(Style::Symbols, &symbol);
        let mut numbers = expr.print(Style::Numbers, &number);
        if set.is_some() {
            formula = "set to another value".to_owned();
            numbers.clear();
        } else if factor.to_bits() != 1.0_f64.to_bits() {
            let factor = crate::quantity::format::number(factor, 6);
            formula = format!("({formula})·{factor}");
            numbers = format!("({numbers}) × {factor}");
        }
        let uses = expr.names().into_iter().filter_map(node).collect();
        Ok(Node {
            name: step.name.clone(),
            symbol: step.symbol.clone(),
            meaning: step.meaning.clone(),
            formula,
            numbers,
            value,
            unit: step.unit.clone(),
            uses,
            source: Source::Formula(self.source.clone()),
        })
    }

    fn fits(&self, name: &str, want: Dim, got: Quantity) -> Result<(), OracleError> {
        if want == got.dim() {
            return Ok(());
        }
        Err(OracleError::Dimension {
            equation: self.id.clone(),
            name: name.to_owned(),
            want: want.phrase(),
            got: got.dim().phrase(),
        })
    }

    fn failed(&self, step: &Step, error: &ExprError) -> OracleError {
        OracleError::Domain {
            equation: self.id.clone(),
            node: step.name.clone(),
            why: error.to_string(),
        }
    }
}

fn scaled(value: Quantity, factor: f64) -> Quantity {
    Quantity::canonical(value.value() * factor, value.dim())
}
