//! Expression to value, with dimensions.

use crate::quantity::{Dim, Quantity};

use super::{BinaryOp, Expr, ExprError, Function, queue, search};

/// What an expression gives.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// A number with its dimension.
    Quantity(Quantity),
    /// A truth value.
    Bool(bool),
    /// The name of a number format or of a device.
    Text(String),
}

/// Where an expression finds its names.
///
/// Implementers return the same value for the same name as long as the scope lives.
pub trait Scope {
    /// Returns the value of a name, or nothing if it has none.
    fn get(&self, name: &str) -> Option<Value>;

    /// Returns whether all names are bare numbers in the units they are printed in, as in arithmetic on paper.
    ///
    /// `bytes_of` is then a bare number too.
    fn is_plain(&self) -> bool {
        false
    }
}

impl<S: Scope + ?Sized> Scope for &S {
    fn get(&self, name: &str) -> Option<Value> {
        S::get(self, name)
    }

    fn is_plain(&self) -> bool {
        S::is_plain(self)
    }
}

/// Number formats with the bytes of one value.
pub const FORMATS: [(&str, f64); 11] = [
    ("FP64", 8.0),
    ("FP32", 4.0),
    ("TF32", 4.0),
    ("FP16", 2.0),
    ("BF16", 2.0),
    ("INT16", 2.0),
    ("FP8", 1.0),
    ("INT8", 1.0),
    ("FP4", 0.5),
    ("INT4", 0.5),
    ("INT2", 0.25),
];

impl Expr {
    /// Returns the value of the expression, with the names of `scope`.
    ///
    /// # Numerics
    ///
    /// Left to right in `f64`; transcendental functions are those of `libm`, with equal bits on every target.
    ///
    /// # Errors
    ///
    /// - [`ExprError::UnknownName`] if the scope does not know a name.
    /// - [`ExprError::Dimension`] or [`ExprError::Type`] if operands do not fit.
    /// - [`ExprError::NonFinite`] on division by zero and its like.
    pub fn eval(&self, scope: &impl Scope) -> Result<Value, ExprError> {
        let value = match self {
            Self::Number(n) => Quantity::pure(*n),
            Self::Quantity { number, .. } if scope.is_plain() => Quantity::pure(*number),
            Self::Quantity { value, .. } => *value,
            Self::Name(name) => {
                return scope
                    .get(name)
                    .ok_or_else(|| ExprError::UnknownName { name: name.clone() });
            }
            Self::Negate(a) => {
                let a = a.quantity(scope, "-")?;
                Quantity::canonical(-a.value(), a.dim())
            }
            Self::Not(a) => return a.truth(scope, "not").map(|a| Value::Bool(!a)),
            Self::Binary(BinaryOp::And, a, b) => {
                return Ok(Value::Bool(a.truth(scope, "and")? && b.truth(scope, "and")?));
            }
            Self::Binary(BinaryOp::Or, a, b) => {
                return Ok(Value::Bool(a.truth(scope, "or")? || b.truth(scope, "or")?));
            }
            Self::Binary(op, a, b) => {
                let (a, b) = (a.quantity(scope, op.text())?, b.quantity(scope, op.text())?);
                return op.apply(a, b);
            }
            Self::Call(Function::BytesOf, args) => return bytes_of(args, scope),
            Self::Call(Function::Least, args) => search::least(args, scope)?,
            Self::Call(f, args) => {
                let args: Result<Vec<Quantity>, ExprError> =
                    args.iter().map(|a| a.quantity(scope, f.name())).collect();
                f.apply(&args?)?
            }
        };
        Ok(Value::Quantity(value))
    }

    /// Returns the value as a quantity; `op` is named if it is none.
    pub(crate) fn quantity(&self, scope: &impl Scope, op: &str) -> Result<Quantity, ExprError> {
        match self.eval(scope)? {
            Value::Quantity(q) => Ok(q),
            other => Err(wrong_type(op, "a number", &other)),
        }
    }

    /// Returns the value as a truth value; `op` is named if it is none.
    pub(crate) fn truth(&self, scope: &impl Scope, op: &str) -> Result<bool, ExprError> {
        match self.eval(scope)? {
            Value::Bool(b) => Ok(b),
            other => Err(wrong_type(op, "a truth value", &other)),
        }
    }
}

pub(super) fn wrong_type(op: &str, want: &'static str, got: &Value) -> ExprError {
    let got = match got {
        Value::Quantity(q) => format!("a number ({})", q.dim()),
        Value::Bool(_) => "a truth value".to_owned(),
        Value::Text(t) => format!("the name `{t}`"),
    };
    ExprError::Type { op: op.to_owned(), want, got }
}

fn bytes_of(args: &[Expr], scope: &impl Scope) -> Result<Value, ExprError> {
    let value = match args {
        [arg] => arg.eval(scope)?,
        _ => Value::Bool(false), // the parser admits one argument only
    };
    let bytes = match &value {
        Value::Text(name) => FORMATS.iter().find(|(format, _)| format == name),
        _ => None,
    };
    let Some((_, bytes)) = bytes else {
        return Err(wrong_type("bytes_of", "a number format such as FP16", &value));
    };
    let dim = if scope.is_plain() { Dim::NONE } else { Dim::INFO };
    Ok(Value::Quantity(Quantity::canonical(*bytes, dim)))
}

pub(super) fn finite(
    value: f64,
    dim: Dim,
    op: &str,
    operands: &[Quantity],
) -> Result<Quantity, ExprError> {
    if value.is_finite() {
        return Ok(Quantity::canonical(value, dim));
    }
    let operands: Vec<String> = operands.iter().map(|q| format!("{}", q.value())).collect();
    Err(ExprError::NonFinite { op: op.to_owned(), operands: operands.join(" and ") })
}

fn misfit(op: &str, a: Quantity, b: Quantity) -> ExprError {
    ExprError::Dimension { op: op.to_owned(), left: a.dim().phrase(), right: b.dim().phrase() }
}

impl BinaryOp {
    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Sub => "-",
            Self::Mul => "*",
            Self::Div => "/",
            Self::Rem => "%",
            Self::Pow => "^",
            Self::Lt => "<",
            Self::Le => "<=",
            Self::Gt => ">",
            Self::Ge => ">=",
            Self::Eq => "==",
            Self::Ne => "!=",
            Self::And => "and",
            Self::Or => "or",
        }
    }

    fn apply(self, a: Quantity, b: Quantity) -> Result<Value, ExprError> {
        let (x, y) = (a.value(), b.value());
        let dim = match self {
            Self::Mul => a.dim().times(b.dim()),
            Self::Div => a.dim().per(b.dim()),
            Self::Pow => power_dim(a, b),
            _ => (a.dim() == b.dim()).then_some(a.dim()),
        };
        let dim = dim.ok_or_else(|| misfit(self.text(), a, b))?;
        let value = match self {
            Self::Add => x + y,
            Self::Sub => x - y,
            Self::Mul => x * y,
            Self::Div => x / y,
            Self::Rem => x % y,
            Self::Pow => libm::pow(x, y),
            Self::Lt => return Ok(Value::Bool(x < y)),
            Self::Le => return Ok(Value::Bool(x <= y)),
            Self::Gt => return Ok(Value::Bool(x > y)),
            Self::Ge => return Ok(Value::Bool(x >= y)),
            // The parameters compared are short decimals and whole numbers: equality is meant bit for bit.
            Self::Eq => return Ok(Value::Bool(x.to_bits() == y.to_bits())),
            Self::Ne => return Ok(Value::Bool(x.to_bits() != y.to_bits())),
            Self::And | Self::Or => {
                return Err(wrong_type(self.text(), "a truth value", &Value::Quantity(a)));
            }
        };
        finite(value, dim, self.text(), &[a, b]).map(Value::Quantity)
    }
}

fn power_dim(a: Quantity, b: Quantity) -> Option<Dim> {
    if !b.dim().is_none() {
        return None;
    }
    if a.dim().is_none() {
        return Some(Dim::NONE);
    }
    let n = (-8..=8_i8).find(|n| (f64::from(*n) - b.value()).abs() < 1e-12)?;
    a.dim().pow(n)
}

impl Function {
    fn apply(self, args: &[Quantity]) -> Result<Quantity, ExprError> {
        let Some(&first) = args.first() else {
            return Err(wrong_type(self.name(), "a number", &Value::Bool(false)));
        };
        if matches!(self, Self::Min | Self::Max) {
            return args.iter().skip(1).try_fold(first, |best, &next| {
                if best.dim() != next.dim() {
                    return Err(misfit(self.name(), best, next));
                }
                let better = if self == Self::Min {
                    next.value() < best.value()
                } else {
                    next.value() > best.value()
                };
                Ok(if better { next } else { best })
            });
        }
        if self == Self::Sqrt {
            let dim = first.dim().sqrt().ok_or_else(|| misfit("sqrt", first, first))?;
            return finite(libm::sqrt(first.value()), dim, "sqrt", args);
        }
        if let Some(&odd) = args.iter().find(|a| !a.dim().is_none()) {
            return Err(wrong_type(self.name(), "a pure number", &Value::Quantity(odd)));
        }
        let x = first.value();
        let second = args.get(1).copied().unwrap_or(first);
        let value = match self {
            Self::Floor => libm::floor(x),
            Self::Ceil => libm::ceil(x),
            Self::Round => libm::round(x),
            Self::Ln => libm::log(x),
            Self::Exp => libm::exp(x),
            Self::Log2 => libm::log2(x),
            Self::ErlangC => queue::erlang_c(first, second),
            Self::Poisson => queue::poisson(first, second),
            Self::PoissonBelow => queue::poisson_below(first, second),
            // Handled above and in `eval`.
            Self::Min | Self::Max | Self::Sqrt | Self::BytesOf | Self::Least => x,
        };
        finite(value, Dim::NONE, self.name(), args)
    }
}
