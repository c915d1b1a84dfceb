//! The operators by the names of the index.

mod attention;
mod conv;
mod elementwise;
mod graph;
mod index;
mod loss;
mod norm;
mod quant;
mod reduce;
mod shape;

use serde_json::Value;
use tinytorch_core::{DType, Result, Tensor};

use crate::compare;

/// Name, parameters and inputs of a case.
pub(crate) struct Args<'a> {
    pub op: &'a str,
    pub params: &'a Value,
    pub inputs: &'a [(String, Tensor)],
    pub dtype: DType,
}

/// Runs an operator; `None` if it is not known.
pub(crate) fn call(a: &Args<'_>) -> Option<Result<Vec<Tensor>>> {
    elementwise::call(a)
        .or_else(|| reduce::call(a))
        .or_else(|| shape::call(a))
        .or_else(|| index::call(a))
        .or_else(|| conv::call(a))
        .or_else(|| norm::call(a))
        .or_else(|| loss::call(a))
        .or_else(|| attention::call(a))
        .or_else(|| graph::call(a))
        .or_else(|| quant::call(a))
}

/// Compares integer outputs: exactly, except where the index allows a neighbour.
pub(crate) fn integers_agree(
    a: &Args<'_>,
    name: &str,
    got: &Tensor,
    want: &Tensor,
) -> Result<(), String> {
    if a.op.starts_with("quantize") && name == "q" {
        return quant::levels_agree(a, got, want);
    }
    compare::integers(name, got, want)
}

/// Wraps a single result.
pub(crate) fn one(result: Result<Tensor>) -> Option<Result<Vec<Tensor>>> {
    Some(result.map(|t| vec![t]))
}

/// Wraps a pair of results.
pub(crate) fn two(result: Result<(Tensor, Tensor)>) -> Option<Result<Vec<Tensor>>> {
    Some(result.map(|(a, b)| vec![a, b]))
}

impl Args<'_> {
    /// The input of this name, if the case has it.
    pub(crate) fn maybe(&self, name: &str) -> Option<&Tensor> {
        self.inputs.iter().find(|(n, _)| n == name).map(|(_, t)| t)
    }

    /// The input of this name.
    pub(crate) fn input(&self, name: &str) -> &Tensor {
        self.maybe(name).unwrap_or_else(|| panic!("{} needs the input {name}", self.op))
    }

    /// All inputs in order.
    pub(crate) fn all(&self) -> Vec<&Tensor> {
        self.inputs.iter().map(|(_, t)| t).collect()
    }

    pub(crate) fn float(&self, key: &str) -> f64 {
        self.maybe_float(key).unwrap_or_else(|| panic!("{} needs the number {key}", self.op))
    }

    pub(crate) fn maybe_float(&self, key: &str) -> Option<f64> {
        match &self.params[key] {
            Value::String(s) if s == "inf" => Some(f64::INFINITY),
            Value::String(s) if s == "-inf" => Some(f64::NEG_INFINITY),
            v => v.as_f64(),
        }
    }

    pub(crate) fn int(&self, key: &str) -> isize {
        self.params[key].as_i64().unwrap_or_else(|| panic!("{} needs the integer {key}", self.op))
            as isize
    }

    pub(crate) fn size(&self, key: &str) -> usize {
        usize::try_from(self.int(key)).expect("a size")
    }

    pub(crate) fn flag(&self, key: &str) -> bool {
        self.params[key] == true
    }

    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.params[key].as_str()
    }

    pub(crate) fn ints(&self, key: &str) -> Vec<isize> {
        let list = self.params[key]
            .as_array()
            .unwrap_or_else(|| panic!("{} needs the list {key}", self.op));
        list.iter().map(|v| v.as_i64().expect("an integer") as isize).collect()
    }

    pub(crate) fn sizes(&self, key: &str) -> Vec<usize> {
        self.ints(key).into_iter().map(|v| usize::try_from(v).expect("a size")).collect()
    }

    pub(crate) fn pair(&self, key: &str) -> [usize; 2] {
        self.sizes(key).try_into().expect("two sizes")
    }

    /// The axes under `dims`; null stands for all.
    pub(crate) fn axes(&self, rank: usize) -> Vec<isize> {
        if self.params["dims"].is_null() { (0..rank as isize).collect() } else { self.ints("dims") }
    }
}
