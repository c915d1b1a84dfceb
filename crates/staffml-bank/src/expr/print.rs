//! Expression to text, for worked solutions.

use super::{BinaryOp, Expr, Function};
use crate::quantity::format;

/// How names and products are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// `2·N·b/f`: symbols, tight.
    Symbols,
    /// `2 × 8970 × 1 B / 64 MHz`: numbers, with room around them.
    Numbers,
}

impl Expr {
    /// Returns the expression as text; `name` gives what to write for a name.
    #[must_use]
    pub fn print(&self, style: Style, name: &dyn Fn(&str) -> String) -> String {
        self.write(style, name, 0)
    }

    fn write(&self, style: Style, name: &dyn Fn(&str) -> String, outer: u32) -> String {
        let (text, power) = match self {
            Self::Number(n) => (format::full(*n), ATOM),
            Self::Quantity { text, .. } => (text.clone(), ATOM),
            Self::Name(n) => (name(n), ATOM),
            Self::Negate(a) => (format!("−{}", a.write(style, name, 7)), 7),
            Self::Not(a) => (format!("not {}", a.write(style, name, 3)), 3),
            Self::Binary(op, a, b) => {
                let power = op.power();
                // A quotient or difference needs brackets on its right, a power on its left.
                let (left, right) =
                    if *op == BinaryOp::Pow { (power + 1, power) } else { (power, power + 1) };
                let (left, right) = match op {
                    BinaryOp::Add | BinaryOp::Mul => (left, power),
                    _ => (left, right),
                };
                let (a, b) = (a.write(style, name, left), b.write(style, name, right));
                (format!("{a}{}{b}", op.sign(style)), power)
            }
            Self::Call(Function::Least, args) if args.len() == 3 => {
                let part = |i: usize| args[i].write(style, name, 0);
                (format!("least {} from {} on with {}", part(0), part(1), part(2)), 0)
            }
            Self::Call(f, args) => {
                let args: Vec<String> = args.iter().map(|a| a.write(style, name, 0)).collect();
                (format!("{}({})", f.name(), args.join(", ")), ATOM)
            }
        };
        if power < outer { format!("({text})") } else { text }
    }
}

const ATOM: u32 = 10;

impl BinaryOp {
    const fn power(self) -> u32 {
        match self {
            Self::Or => 1,
            Self::And => 2,
            Self::Lt | Self::Le | Self::Gt | Self::Ge | Self::Eq | Self::Ne => 4,
            Self::Add | Self::Sub => 5,
            Self::Mul | Self::Div | Self::Rem => 6,
            Self::Pow => 8,
        }
    }

    const fn sign(self, style: Style) -> &'static str {
        match (self, style) {
            (Self::Add, _) => " + ",
            (Self::Sub, _) => " − ",
            (Self::Mul, Style::Symbols) => "·",
            (Self::Mul, Style::Numbers) => " × ",
            (Self::Div, Style::Symbols) => "/",
            (Self::Div, Style::Numbers) => " / ",
            (Self::Rem, _) => " mod ",
            (Self::Pow, _) => "^",
            (Self::Lt, _) => " < ",
            (Self::Le, _) => " ≤ ",
            (Self::Gt, _) => " > ",
            (Self::Ge, _) => " ≥ ",
            (Self::Eq, _) => " = ",
            (Self::Ne, _) => " ≠ ",
            (Self::And, _) => " and ",
            (Self::Or, _) => " or ",
        }
    }
}
