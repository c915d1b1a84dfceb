//! Text to expression: precedence climbing over a borrowed text.

use super::{BinaryOp, Expr, ExprError, Function};
use crate::quantity::Quantity;

/// Nesting no deeper than this.
const DEPTH: u32 = 32;
/// Texts no longer than this, in bytes.
const LENGTH: usize = 1000;

impl Expr {
    /// Reads an expression.
    ///
    /// Precedence, loosest first: `or`, `and`, `not`, comparisons, `+ -`, `* / %`, unary `-`, `^` (to the right).
    /// `fits(bytes, device)` is short for `bytes <= device.capacity`.
    ///
    /// # Errors
    ///
    /// [`ExprError::Syntax`], with the position.
    pub fn parse(text: &str) -> Result<Self, ExprError> {
        let mut parser = Parser { text, pos: 0 };
        if text.len() > LENGTH {
            return Err(parser.error(format!("longer than {LENGTH} characters")));
        }
        let expr = parser.expression(0, 0)?;
        parser.spaces();
        if parser.rest().is_empty() { Ok(expr) } else { Err(parser.error("expected an operator")) }
    }
}

struct Parser<'a> {
    text: &'a str,
    pos: usize,
}

/// Operators by text, longest first, with their binding power.
const OPERATORS: [(&str, BinaryOp, u32); 14] = [
    ("<=", BinaryOp::Le, 4),
    (">=", BinaryOp::Ge, 4),
    ("==", BinaryOp::Eq, 4),
    ("!=", BinaryOp::Ne, 4),
    ("and", BinaryOp::And, 2),
    ("or", BinaryOp::Or, 1),
    ("<", BinaryOp::Lt, 4),
    (">", BinaryOp::Gt, 4),
    ("+", BinaryOp::Add, 5),
    ("-", BinaryOp::Sub, 5),
    ("*", BinaryOp::Mul, 6),
    ("/", BinaryOp::Div, 6),
    ("%", BinaryOp::Rem, 6),
    ("^", BinaryOp::Pow, 8),
];
const NOT_POWER: u32 = 3;
const NEGATE_POWER: u32 = 7;

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.pos..]
    }

    fn spaces(&mut self) {
        self.pos += self.rest().len() - self.rest().trim_start().len();
    }

    fn error(&self, what: impl Into<String>) -> ExprError {
        let at = self.text[..self.pos].chars().count() + 1;
        ExprError::Syntax { text: self.text.to_owned(), at, what: what.into() }
    }

    fn eat(&mut self, token: &str) -> bool {
        self.spaces();
        let rest = self.rest();
        let is_word = token.starts_with(|c: char| c.is_ascii_alphabetic());
        let found = rest.starts_with(token)
            && !(is_word
                && rest[token.len()..]
                    .starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_'));
        if found {
            self.pos += token.len();
        }
        found
    }

    fn expression(&mut self, power: u32, depth: u32) -> Result<Expr, ExprError> {
        if depth >= DEPTH {
            return Err(self.error(format!("nested deeper than {DEPTH}")));
        }
        let mut left = self.operand(depth)?;
        let mut length = 0;
        loop {
            let before = self.pos;
            let found = OPERATORS.iter().find(|(token, _, _)| self.eat(token));
            let Some(&(_, op, binds)) = found.filter(|(_, _, binds)| *binds >= power) else {
                self.pos = before;
                return Ok(left);
            };
            length += 1;
            if length > DEPTH {
                return Err(self.error(format!("more than {DEPTH} operators in a row")));
            }
            // Left-associative, but for powers; comparisons do not chain.
            let right =
                self.expression(if op == BinaryOp::Pow { binds } else { binds + 1 }, depth + 1)?;
            left = Expr::Binary(op, Box::new(left), Box::new(right));
            if binds == 4 && OPERATORS.iter().any(|(token, _, b)| *b == 4 && self.peek(token)) {
                return Err(self.error("comparisons do not chain; write `a < b and b < c`"));
            }
        }
    }

    fn peek(&mut self, token: &str) -> bool {
        let before = self.pos;
        let found = self.eat(token);
        self.pos = before;
        found
    }

    fn operand(&mut self, depth: u32) -> Result<Expr, ExprError> {
        if self.eat("-") {
            return Ok(Expr::Negate(Box::new(self.expression(NEGATE_POWER, depth + 1)?)));
        }
        if self.eat("not") {
            return Ok(Expr::Not(Box::new(self.expression(NOT_POWER, depth + 1)?)));
        }
        if self.eat("(") {
            let inner = self.expression(0, depth + 1)?;
            return if self.eat(")") { Ok(inner) } else { Err(self.error("expected `)`")) };
        }
        let rest = self.rest();
        if let Some(quoted) = rest.strip_prefix('\'') {
            return self.quantity(quoted);
        }
        if rest.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
            return self.number();
        }
        if rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
            let end = rest
                .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.'))
                .unwrap_or(rest.len());
            let name = &rest[..end];
            self.pos += end;
            return if self.eat("(") {
                self.call(name, depth)
            } else {
                Ok(Expr::Name(name.to_owned()))
            };
        }
        Err(self.error("expected a number, a name or `(`"))
    }

    fn quantity(&mut self, quoted: &str) -> Result<Expr, ExprError> {
        let end = quoted.find('\'').ok_or_else(|| self.error("expected a closing `'`"))?;
        let text = &quoted[..end];
        let value = Quantity::parse(text).map_err(|e| self.error(e.to_string()))?;
        let number = text.split(' ').next().and_then(|n| n.parse().ok());
        let number =
            number.ok_or_else(|| self.error("write a plain number, a space and a unit"))?;
        self.pos += end + 2;
        Ok(Expr::Quantity { value, number, text: text.to_owned() })
    }

    fn number(&mut self) -> Result<Expr, ExprError> {
        let rest = self.rest();
        let mut end = rest
            .find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '_'))
            .unwrap_or(rest.len());
        if let Some(exponent) = rest[end..].strip_prefix(['e', 'E']) {
            let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            let n = digits.bytes().take_while(u8::is_ascii_digit).count();
            if n > 0 {
                end += 1 + (exponent.len() - digits.len()) + n;
            }
        }
        let value = rest[..end].replace('_', "").parse::<f64>().ok().filter(|v| v.is_finite());
        let value = value.ok_or_else(|| self.error("not a number"))?;
        self.pos += end;
        Ok(Expr::Number(value))
    }

    fn call(&mut self, name: &str, depth: u32) -> Result<Expr, ExprError> {
        let mut args = Vec::new();
        loop {
            args.push(self.expression(0, depth + 1)?);
            if self.eat(")") {
                break;
            }
            if !self.eat(",") {
                return Err(self.error("expected `,` or `)`"));
            }
        }
        if name == "fits" {
            return match <[Expr; 2]>::try_from(args) {
                Ok([bytes, Expr::Name(device)]) => Ok(Expr::Binary(
                    BinaryOp::Le,
                    Box::new(bytes),
                    Box::new(Expr::Name(format!("{device}.capacity"))),
                )),
                _ => Err(self.error("`fits` takes an amount of data and a device parameter")),
            };
        }
        let function = Function::ALL.iter().find(|(known, _)| *known == name);
        let Some(&(_, function)) = function else {
            let known: Vec<&str> = Function::ALL.iter().map(|(name, _)| *name).collect();
            return Err(self.error(format!("no function `{name}`; there are {}", known.join(", "))));
        };
        let (least, most) = function.arity();
        if !(least..=most).contains(&args.len()) {
            let count = match (least, most) {
                (1, _) => "one argument",
                (2, 2) => "two arguments",
                (3, 3) => "three arguments",
                _ => "at least two arguments",
            };
            return Err(self.error(format!("`{name}` takes {count}")));
        }
        if function == Function::Least && !matches!(args.first(), Some(Expr::Name(_))) {
            return Err(self.error("`least` takes a name, a start and a condition"));
        }
        Ok(Expr::Call(function, args))
    }
}
