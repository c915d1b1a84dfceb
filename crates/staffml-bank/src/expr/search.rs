//! The search for the least whole number that satisfies a condition.

use super::eval::{finite, wrong_type};
use super::{Expr, ExprError, Scope, Value};
use crate::quantity::{Dim, Quantity};

/// How far from its start a search goes.
const MOST: f64 = 100_000.0;

/// What is around a condition, and the number tried.
struct With<'s> {
    outer: &'s dyn Scope,
    name: &'s str,
    value: f64,
}

impl Scope for With<'_> {
    fn get(&self, name: &str) -> Option<Value> {
        if name == self.name {
            return Some(Value::Quantity(Quantity::pure(self.value)));
        }
        self.outer.get(name)
    }

    fn is_plain(&self) -> bool {
        self.outer.is_plain()
    }
}

/// `least(name, from, condition)`.
pub(super) fn least(args: &[Expr], scope: &impl Scope) -> Result<Quantity, ExprError> {
    let [Expr::Name(name), from, condition] = args else {
        return Err(wrong_type("least", "a name, a start and a condition", &Value::Bool(false)));
    };
    let start = from.quantity(scope, "least")?;
    if !start.dim().is_none() {
        return Err(wrong_type("least", "a pure number", &Value::Quantity(start)));
    }
    let first = libm::ceil(start.value());
    let holds = |value: f64| condition.truth(&With { outer: scope, name, value }, "least");
    let (mut below, mut above, mut step) = (first - 1.0, first, 1.0);
    while !holds(above)? {
        below = above;
        above += step;
        step *= 2.0;
        if above - first > MOST {
            return finite(f64::INFINITY, Dim::NONE, "least", &[start]);
        }
    }
    while above - below > 1.0 {
        let middle = libm::floor((above + below) / 2.0);
        if holds(middle)? {
            above = middle;
        } else {
            below = middle;
        }
    }
    Ok(Quantity::pure(above))
}
