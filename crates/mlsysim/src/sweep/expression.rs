//! Conditions and formulas over the columns of a table, checked for units before they run.
//!
//! ```text
//! condition := and ("or" and)*          and   := not ("and" not)*      not := "not" not | comparison
//! comparison := sum (("<" | "<=" | ">" | ">=" | "==" | "!=") sum)?
//! sum := product (("+" | "-") product)*  product := factor (("*" | "/") factor)*
//! factor := "-" factor | number unit? | column | word | "(" condition ")"
//! ```
//!
//! A unit follows its number: `10 ms`, `3.35 TB/s`. Words, as in `bottleneck == Memory`, may stand in quotes.
//! A comparison with a value that is not known is false.

use super::axis::Kind;
use crate::near::nearest;
use crate::units::{Dimension, parse};
use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// A condition or a formula, read and checked against the columns of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Expression {
    text: String,
    root: Node,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq)]
enum Node {
    Number(f64),
    Column(usize),
    Negate(Box<Self>),
    Not(Box<Self>),
    Binary(Operator, Box<Self>, Box<Self>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Or,
    And,
    Less,
    AtMost,
    More,
    AtLeast,
    Equal,
    Unequal,
    Add,
    Subtract,
    Multiply,
    Divide,
}

impl Expression {
    /// Reads `text` over columns of these names and kinds.
    ///
    /// # Errors
    ///
    /// One line that names the column of the text and what is expected there.
    pub fn new(text: &str, columns: &[(&str, &Kind)]) -> Result<Self, String> {
        let mut parser = Parser { text, at: 0, depth: 0, columns };
        let whole = parser.or().and_then(|typed| {
            parser.space();
            if parser.at < text.len() {
                Err(parser.wrong("expected an operator"))
            } else {
                Ok(typed)
            }
        });
        let (root, kind) = match whole? {
            Typed::Value(node, kind) => (node, kind),
            Typed::Word(word, at) => return Err(parser.unknown(&word, at)),
        };
        Ok(Self { text: text.into(), root, kind })
    }

    /// As [`Expression::new`], for a condition.
    ///
    /// # Errors
    ///
    /// As [`Expression::new`]; an amount or a word is no condition.
    pub fn condition(text: &str, columns: &[(&str, &Kind)]) -> Result<Self, String> {
        let expression = Self::new(text, columns)?;
        if expression.kind == Kind::Flag {
            return Ok(expression);
        }
        Err(format!("`{text}` is no condition: compare it with something, as in `time < 10 ms`"))
    }

    /// The text it was read from.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What its value is.
    #[must_use]
    pub const fn kind(&self) -> &Kind {
        &self.kind
    }

    /// The value in one row, with one number per column; NaN stands for a value that is not known.
    #[must_use]
    pub fn value(&self, row: &[f64]) -> f64 {
        value(&self.root, row)
    }

    /// Whether the condition holds in one row.
    #[must_use]
    pub fn holds(&self, row: &[f64]) -> bool {
        self.value(row) > 0.5
    }
}

fn value(node: &Node, row: &[f64]) -> f64 {
    let truth = |truth: bool| f64::from(u8::from(truth));
    match node {
        Node::Number(number) => *number,
        Node::Column(index) => row.get(*index).copied().unwrap_or(f64::NAN),
        Node::Negate(inner) => -value(inner, row),
        // Unknown stays unknown, which no condition takes for true.
        Node::Not(inner) => 1.0 - value(inner, row),
        Node::Binary(operator, left, right) => {
            let left = value(left, row);
            match operator {
                Operator::Or if left > 0.5 => return 1.0,
                Operator::And if left < 0.5 => return 0.0,
                _ => {}
            }
            let right = value(right, row);
            let unknown = left.is_nan() || right.is_nan();
            match operator {
                // What is not known decides nothing, unless the other side does (Kleene 1938).
                Operator::Or if right > 0.5 => 1.0,
                Operator::And if right < 0.5 => 0.0,
                Operator::Or | Operator::And if unknown => f64::NAN,
                Operator::Or => 0.0,
                Operator::And => 1.0,
                Operator::Add => left + right,
                Operator::Subtract => left - right,
                Operator::Multiply => left * right,
                Operator::Divide => left / right,
                _ if unknown => f64::NAN,
                Operator::Less => truth(left < right),
                Operator::AtMost => truth(left <= right),
                Operator::More => truth(left > right),
                Operator::AtLeast => truth(left >= right),
                #[expect(clippy::float_cmp, reason = "the user asks for equality")]
                Operator::Equal => truth(left == right),
                #[expect(clippy::float_cmp, reason = "the user asks for equality")]
                Operator::Unequal => truth(left != right),
            }
        }
    }
}

/// A part that has been read: a value, or a word whose list is known only from what it is compared with.
enum Typed {
    Value(Node, Kind),
    Word(String, usize),
}

/// Brackets, minus signs and `not` may be nested so deep.
const DEEPEST: usize = 64;

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    columns: &'a [(&'a str, &'a Kind)],
}

type Read = Result<Typed, String>;

impl Parser<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn space(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn wrong(&self, message: &str) -> String {
        self.wrong_at(self.at, message)
    }

    fn wrong_at(&self, at: usize, message: &str) -> String {
        let column = self.text.get(..at).unwrap_or(self.text).chars().count() + 1;
        format!("`{}`, column {column}: {message}", self.text)
    }

    /// Takes `sign` if it comes next.
    fn sign(&mut self, sign: &str) -> bool {
        self.space();
        let found = self.rest().starts_with(sign);
        if found {
            self.at += sign.len();
        }
        found
    }

    /// Takes the word `wanted` if it comes next as a whole.
    fn keyword(&mut self, wanted: &str) -> bool {
        self.space();
        let found = name_of(self.rest()) == wanted;
        if found {
            self.at += wanted.len();
        }
        found
    }

    fn or(&mut self) -> Read {
        let mut left = self.and()?;
        loop {
            self.space();
            let at = self.at;
            if !self.keyword("or") {
                return Ok(left);
            }
            let right = self.and()?;
            left = self.join(Operator::Or, left, right, at)?;
        }
    }

    fn and(&mut self) -> Read {
        let mut left = self.not()?;
        loop {
            self.space();
            let at = self.at;
            if !self.keyword("and") {
                return Ok(left);
            }
            let right = self.not()?;
            left = self.join(Operator::And, left, right, at)?;
        }
    }

    fn not(&mut self) -> Read {
        let at = self.at;
        if !self.keyword("not") {
            return self.comparison();
        }
        self.deeper()?;
        let inner = self.not()?;
        self.depth -= 1;
        match self.known(inner)? {
            (node, Kind::Flag) => Ok(Typed::Value(Node::Not(Box::new(node)), Kind::Flag)),
            _ => Err(self.wrong_at(at, "`not` wants a condition after it")),
        }
    }

    fn comparison(&mut self) -> Read {
        const SIGNS: [(&str, Operator); 7] = [
            ("<=", Operator::AtMost),
            (">=", Operator::AtLeast),
            ("==", Operator::Equal),
            ("!=", Operator::Unequal),
            ("<", Operator::Less),
            (">", Operator::More),
            ("=", Operator::Equal),
        ];
        let left = self.sum()?;
        self.space();
        let at = self.at;
        for (sign, operator) in SIGNS {
            if self.sign(sign) {
                let right = self.sum()?;
                return self.join(operator, left, right, at);
            }
        }
        Ok(left)
    }

    fn sum(&mut self) -> Read {
        let mut left = self.product()?;
        loop {
            self.space();
            let at = self.at;
            let operator = if self.sign("+") {
                Operator::Add
            } else if self.sign("-") {
                Operator::Subtract
            } else {
                return Ok(left);
            };
            let right = self.product()?;
            left = self.join(operator, left, right, at)?;
        }
    }

    fn product(&mut self) -> Read {
        let mut left = self.factor()?;
        loop {
            self.space();
            let at = self.at;
            let operator = if self.sign("*") {
                Operator::Multiply
            } else if self.sign("/") {
                Operator::Divide
            } else {
                return Ok(left);
            };
            let right = self.factor()?;
            left = self.join(operator, left, right, at)?;
        }
    }

    fn deeper(&mut self) -> Result<(), String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.wrong(&format!("nested more than {DEEPEST} deep")));
        }
        Ok(())
    }

    fn factor(&mut self) -> Read {
        self.space();
        let at = self.at;
        if self.sign("(") {
            self.deeper()?;
            let inner = self.or()?;
            self.depth -= 1;
            if !self.sign(")") {
                return Err(self.wrong("expected `)`"));
            }
            return Ok(inner);
        }
        if self.sign("-") {
            self.deeper()?;
            let inner = self.factor()?;
            self.depth -= 1;
            let (node, kind) = self.known(inner)?;
            if !matches!(kind, Kind::Amount(_)) {
                return Err(self.wrong_at(at, "`-` wants an amount after it"));
            }
            return Ok(Typed::Value(Node::Negate(Box::new(node)), kind));
        }
        let first = self.rest().chars().next();
        match first {
            Some('0'..='9' | '.') => self.number(),
            Some('"' | '\'') => self.quoted(),
            Some(letter) if letter.is_alphabetic() || letter == '_' => {
                let name = String::from(name_of(self.rest()));
                self.at += name.len();
                let column = self.columns.iter().position(|(known, _)| *known == name);
                Ok(match column {
                    Some(index) => Typed::Value(Node::Column(index), self.columns[index].1.clone()),
                    None => Typed::Word(name, at),
                })
            }
            Some(_) => Err(self.wrong("expected a column, a number or `(`")),
            None => Err(self.wrong("expected a column or a number, and there is no more")),
        }
    }

    fn quoted(&mut self) -> Read {
        let at = self.at;
        let mut characters = self.rest().chars();
        let quote = characters.next().unwrap_or('"');
        let inside = characters.as_str();
        let Some(end) = inside.find(quote) else {
            return Err(self.wrong("the quote is not closed"));
        };
        let word = inside[..end].to_string();
        self.at += end + 2;
        Ok(Typed::Word(word, at))
    }

    /// A number, and the unit that follows it at most one gap away.
    fn number(&mut self) -> Read {
        let start = self.at;
        let rest = self.rest();
        let bytes = rest.as_bytes();
        let mut end = bytes
            .iter()
            .take_while(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'_'))
            .count();
        // An exponent: `e`, a sign, digits.
        if matches!(bytes.get(end), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
            let digits =
                bytes.iter().skip(end + 1 + sign).take_while(|byte| byte.is_ascii_digit()).count();
            if digits > 0 {
                end += 1 + sign + digits;
            }
        }
        let tail = &rest[end..];
        let unit_at = end + (tail.len() - tail.trim_start().len());
        let unit = unit_of(&rest[unit_at..]);
        let end = if unit.is_empty() { end } else { unit_at + unit.len() };
        let quantity = parse(&rest[..end]).map_err(|error| {
            let message = error.to_string();
            self.wrong_at(start, message.strip_prefix("quantity: ").unwrap_or(&message))
        })?;
        self.at += end;
        Ok(Typed::Value(Node::Number(quantity.value), Kind::Amount(quantity.dimension)))
    }

    fn known(&self, typed: Typed) -> Result<(Node, Kind), String> {
        match typed {
            Typed::Value(node, kind) => Ok((node, kind)),
            Typed::Word(word, at) => Err(self.unknown(&word, at)),
        }
    }

    fn unknown(&self, word: &str, at: usize) -> String {
        let near = nearest(word, self.columns.iter().map(|(name, _)| *name));
        let remedy = if near.is_empty() {
            let names: Vec<&str> = self.columns.iter().map(|(name, _)| *name).collect();
            format!("there are {}", names.join(", "))
        } else {
            format!("did you mean {}?", near.join(" or "))
        };
        self.wrong_at(at, &format!("there is no column `{word}`; {remedy}"))
    }

    /// Puts two parts together, if their kinds allow it.
    fn join(&self, operator: Operator, left: Typed, right: Typed, at: usize) -> Read {
        let (left, right) = match (left, right) {
            (Typed::Word(word, at), Typed::Value(node, Kind::Words(words)))
            | (Typed::Value(node, Kind::Words(words)), Typed::Word(word, at)) => {
                let code = self.code(&word, at, &words)?;
                let code = Typed::Value(Node::Number(code), Kind::Words(words.clone()));
                (Typed::Value(node, Kind::Words(words)), code)
            }
            pair => pair,
        };
        let (left, left_kind) = self.known(left)?;
        let (right, right_kind) = self.known(right)?;
        let kind = self.result(operator, &left_kind, &right_kind, at)?;
        Ok(Typed::Value(Node::Binary(operator, Box::new(left), Box::new(right)), kind))
    }

    fn code(&self, word: &str, at: usize, words: &[String]) -> Result<f64, String> {
        let found = words.iter().zip(0_u32..).find(|(known, _)| known.eq_ignore_ascii_case(word));
        found.map(|(_, code)| f64::from(code)).ok_or_else(|| {
            self.wrong_at(at, &format!("`{word}` does not occur; there are {}", words.join(", ")))
        })
    }

    fn result(
        &self,
        operator: Operator,
        left: &Kind,
        right: &Kind,
        at: usize,
    ) -> Result<Kind, String> {
        use Kind::{Amount, Flag, Words};
        let unlike = |what: &str| {
            self.wrong_at(at, &format!("{what} {} and {}", describe(left), describe(right)))
        };
        match (operator, left, right) {
            (Operator::And | Operator::Or, Flag, Flag) => Ok(Flag),
            (Operator::And | Operator::Or, ..) => {
                Err(self.wrong_at(at, "`and` and `or` join conditions"))
            }
            (Operator::Multiply, Amount(a), Amount(b)) => Ok(Amount(a.times(*b))),
            (Operator::Divide, Amount(a), Amount(b)) => Ok(Amount(a.per(*b))),
            (Operator::Add | Operator::Subtract, Amount(a), Amount(b)) if a == b => Ok(Amount(*a)),
            (Operator::Multiply | Operator::Divide | Operator::Add | Operator::Subtract, ..) => {
                Err(unlike("cannot calculate with"))
            }
            (Operator::Equal | Operator::Unequal, Words(a), Words(b)) if a == b => Ok(Flag),
            (Operator::Equal | Operator::Unequal, Flag, Flag) => Ok(Flag),
            (_, Amount(a), Amount(b)) if a == b => Ok(Flag),
            _ => Err(unlike("cannot compare")),
        }
    }
}

fn describe(kind: &Kind) -> String {
    match kind {
        Kind::Amount(dimension) => family(*dimension),
        Kind::Flag => "a condition".into(),
        Kind::Words(_) => "a word".into(),
    }
}

fn family(dimension: Dimension) -> String {
    match (dimension.family(), dimension.is_none()) {
        (Some(family), true) => family.into(),
        (Some(family), false) => format!("{family} ({dimension})"),
        (None, _) => dimension.to_string(),
    }
}

/// The letters, digits and underscores at the start.
fn name_of(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len());
    &text[..end]
}

/// The unit at the start: letters, then `/`, `*` or `^` with what follows without a gap. Words of the language are none.
fn unit_of(text: &str) -> &str {
    let starts = |c: char| c.is_alphabetic() || matches!(c, '%' | '$');
    if !text.starts_with(starts) || matches!(name_of(text), "and" | "or" | "not") {
        return "";
    }
    let mut end = 0;
    let mut characters = text.char_indices().peekable();
    while let Some((index, c)) = characters.next() {
        let joins = matches!(c, '/' | '*' | '·')
            && characters.peek().is_some_and(|(_, next)| next.is_alphabetic());
        if !(starts(c) || c.is_ascii_digit() || c == '^' || joins) {
            break;
        }
        end = index + c.len_utf8();
    }
    &text[..end]
}

#[cfg(test)]
mod tests;
