//! The bank's expression language: small, total, dimension-checked.
//!
//! Templates use it for derived parameters (`P*1e9`), for conditions on a variant (`hq % hkv == 0`) and for the
//! independent closed form that guards each answer key; the built-in equations are written in it too.
//! There are numbers, names, `+ - * / % ^`, comparisons, `and or not` and functions; no loops but the
//! search of [`Function::Least`], no assignment, no strings but quantities in quotes (`'64 MHz'`). Every sub-expression carries its dimension, so bytes are never added to seconds.
//!
//! ```
//! use staffml_bank::expr::{Expr, Scope, Value};
//! use staffml_bank::quantity::Quantity;
//!
//! struct OneModel;
//! impl Scope for OneModel {
//!     fn get(&self, name: &str) -> Option<Value> {
//!         (name == "n_weights").then(|| Value::Quantity(Quantity::pure(8970.0)))
//!     }
//! }
//!
//! let value = Expr::parse("ceil(n_weights / 1024)")?.eval(&OneModel)?;
//! assert_eq!(value, Value::Quantity(Quantity::pure(9.0)));
//! # Ok::<(), staffml_bank::expr::ExprError>(())
//! ```

mod eval;
mod parse;
mod print;
mod queue;
mod search;
#[cfg(test)]
mod tests;

pub use eval::{FORMATS, Scope, Value};
pub use print::Style;

use crate::quantity::Quantity;

/// An expression.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Expr {
    /// A literal number.
    Number(f64),
    /// A literal quantity in single quotes: `'64 MHz'`.
    Quantity {
        /// Its value.
        value: Quantity,
        /// The number in front of its unit.
        number: f64,
        /// As it was written.
        text: String,
    },
    /// A name, possibly with fields: `layers`, `hw.mem_bw`.
    Name(String),
    /// `-a`
    Negate(Box<Self>),
    /// `not a`
    Not(Box<Self>),
    /// `a op b`
    Binary(BinaryOp, Box<Self>, Box<Self>),
    /// `f(a, b, ...)`
    Call(Function, Vec<Self>),
}

/// An operator between two expressions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BinaryOp {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
    /// `%`, with the sign of the dividend
    Rem,
    /// `^`
    Pow,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// `==`
    Eq,
    /// `!=`
    Ne,
    /// `and`
    And,
    /// `or`
    Or,
}

/// A function of the language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Function {
    /// Least of its arguments.
    Min,
    /// Greatest of its arguments.
    Max,
    /// Largest whole number not above.
    Floor,
    /// Smallest whole number not below.
    Ceil,
    /// Nearest whole number, ties away from zero.
    Round,
    /// Square root; halves the dimension.
    Sqrt,
    /// Natural logarithm.
    Ln,
    /// Exponential.
    Exp,
    /// Logarithm to base 2.
    Log2,
    /// Bytes of one value in a number format: `bytes_of(fmt)`.
    BytesOf,
    /// Probability that a request waits: `erlang_c(servers, load)`.
    ErlangC,
    /// Probability of exactly so many events: `poisson(n, mean)`.
    Poisson,
    /// Probability of fewer events: `poisson_below(n, mean)`.
    PoissonBelow,
    /// Smallest whole number from a start on that satisfies a condition: `least(c, 1, c*rate > arrivals)`.
    ///
    /// The condition must stay satisfied once it is: the search doubles its step, then halves the gap.
    Least,
}

impl Function {
    const ALL: [(&'static str, Self); 14] = [
        ("min", Self::Min),
        ("max", Self::Max),
        ("floor", Self::Floor),
        ("ceil", Self::Ceil),
        ("round", Self::Round),
        ("sqrt", Self::Sqrt),
        ("ln", Self::Ln),
        ("exp", Self::Exp),
        ("log2", Self::Log2),
        ("bytes_of", Self::BytesOf),
        ("erlang_c", Self::ErlangC),
        ("poisson", Self::Poisson),
        ("poisson_below", Self::PoissonBelow),
        ("least", Self::Least),
    ];

    /// Returns how many arguments it takes: least and most.
    const fn arity(self) -> (usize, usize) {
        match self {
            Self::Min | Self::Max => (2, usize::MAX),
            Self::ErlangC | Self::Poisson | Self::PoissonBelow => (2, 2),
            Self::Least => (3, 3),
            _ => (1, 1),
        }
    }

    /// Returns the name it is called by.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, f)| *f == self).map_or("", |(name, _)| name)
    }
}

/// What is wrong with an expression.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ExprError {
    /// The text is not an expression.
    #[error("`{text}`, character {at}: {what}")]
    Syntax {
        /// The whole text.
        text: String,
        /// Where, counted from 1.
        at: usize,
        /// What was expected.
        what: String,
    },
    /// A name that nothing defines.
    #[error("`{name}` is not defined here")]
    UnknownName {
        /// The name.
        name: String,
    },
    /// Operands whose dimensions do not fit the operation.
    #[error("{op}: {left} and {right} do not fit")]
    Dimension {
        /// The operation.
        op: String,
        /// Dimension of the left operand, in words.
        left: String,
        /// Dimension of the right operand, in words.
        right: String,
    },
    /// A truth value where a number is needed, or the reverse.
    #[error("{op} needs {want}, got {got}")]
    Type {
        /// The operation.
        op: String,
        /// What it takes.
        want: &'static str,
        /// What it was given.
        got: String,
    },
    /// No finite result: division by zero, logarithm of zero, overflow.
    #[error("{op} of {operands} is not finite")]
    NonFinite {
        /// The operation.
        op: String,
        /// Its operands.
        operands: String,
    },
}

impl Expr {
    /// Returns the names used, each once, in order of appearance.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        let mut out = Vec::new();
        self.collect(&mut out);
        out
    }

    fn collect<'a>(&'a self, out: &mut Vec<&'a str>) {
        match self {
            Self::Number(_) | Self::Quantity { .. } => {}
            Self::Name(name) => {
                if !out.contains(&name.as_str()) {
                    out.push(name);
                }
            }
            Self::Negate(a) | Self::Not(a) => a.collect(out),
            Self::Binary(_, a, b) => {
                a.collect(out);
                b.collect(out);
            }
            Self::Call(Function::Least, args) => {
                let mut inner = Vec::new();
                args.iter().skip(1).for_each(|a| a.collect(&mut inner));
                for name in inner {
                    let is_bound = matches!(args.first(), Some(Self::Name(b)) if b == name);
                    if !is_bound && !out.contains(&name) {
                        out.push(name);
                    }
                }
            }
            Self::Call(_, args) => args.iter().for_each(|a| a.collect(out)),
        }
    }

    /// Returns the names that stand as whole terms of the outermost sum, or as arguments of the outermost `min` or
    /// `max`: what a learner can forget.
    #[must_use]
    pub fn terms(&self) -> Vec<&str> {
        match self {
            Self::Binary(BinaryOp::Add | BinaryOp::Sub, a, b) => {
                let mut out =
                    if let Self::Name(name) = &**a { vec![name.as_str()] } else { a.terms() };
                if let Self::Name(name) = &**b {
                    out.push(name);
                }
                out
            }
            Self::Call(Function::Min | Function::Max, args) => args
                .iter()
                .filter_map(|a| if let Self::Name(name) = a { Some(name.as_str()) } else { None })
                .collect(),
            _ => Vec::new(),
        }
    }

    /// Returns the expression without one of its [terms](Self::terms), or nothing if there is no such term or
    /// nothing else is left.
    #[must_use]
    pub fn without(&self, term: &str) -> Option<Self> {
        let is_it = |e: &Self| matches!(e, Self::Name(name) if name == term);
        match self {
            Self::Binary(op @ (BinaryOp::Add | BinaryOp::Sub), a, b) => {
                if is_it(b) {
                    return Some((**a).clone());
                }
                if is_it(a) {
                    let rest = (**b).clone();
                    let negate = *op == BinaryOp::Sub;
                    return Some(if negate { Self::Negate(Box::new(rest)) } else { rest });
                }
                a.without(term).map(|a| Self::Binary(*op, Box::new(a), b.clone()))
            }
            Self::Call(f @ (Function::Min | Function::Max), args) if args.iter().any(is_it) => {
                let mut rest: Vec<Self> = args.iter().filter(|a| !is_it(a)).cloned().collect();
                match rest.len() {
                    0 => None,
                    1 => rest.pop(),
                    _ => Some(Self::Call(*f, rest)),
                }
            }
            _ => None,
        }
    }

    /// Counts the operations and function calls.
    #[must_use]
    pub fn n_operations(&self) -> usize {
        match self {
            Self::Number(_) | Self::Quantity { .. } | Self::Name(_) => 0,
            Self::Negate(a) | Self::Not(a) => 1 + a.n_operations(),
            Self::Binary(_, a, b) => 1 + a.n_operations() + b.n_operations(),
            Self::Call(_, args) => 1 + args.iter().map(Self::n_operations).sum::<usize>(),
        }
    }

    /// Returns whether the expression chooses: `min`, `max`, `floor`, `ceil`, `round`, `least` or a
    /// comparison.
    #[must_use]
    pub fn branches(&self) -> bool {
        match self {
            Self::Number(_) | Self::Quantity { .. } | Self::Name(_) => false,
            Self::Negate(a) | Self::Not(a) => a.branches(),
            Self::Binary(op, a, b) => {
                use BinaryOp::{Add, Div, Mul, Pow, Sub};
                !matches!(op, Add | Sub | Mul | Div | Pow) || a.branches() || b.branches()
            }
            Self::Call(f, args) => {
                use Function::{Ceil, Floor, Least, Max, Min, Round};
                matches!(f, Min | Max | Floor | Ceil | Round | Least)
                    || args.iter().any(Self::branches)
            }
        }
    }
}
