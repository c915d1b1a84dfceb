//! The answer key of one variant, and the order in which verdicts are tried.

use super::{Class, Remark, Tolerance, Verdict, diagnose, verdict::MISSING_UNIT};
use crate::quantity::{
    Base, Dim, Expect, Note, Noun, ParseError, Quantity, Typed, Unit, format, parse,
};

/// A wrong answer that has a name.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Wrong {
    /// Identifier of the misconception.
    pub id: String,
    /// The value it leads to, in display units.
    pub value: f64,
}

/// Everything needed to grade an answer to one variant.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Key {
    /// The right value, in display units.
    pub value: f64,
    /// The display unit.
    pub unit: Unit,
    /// How far an answer may be off.
    pub tolerance: Tolerance,
    /// Significant figures that a full answer shows.
    pub min_sigfigs: Option<u32>,
    /// Wrong answers with names, in display units.
    pub wrong: Vec<Wrong>,
}

impl Key {
    /// Returns a key without named wrong answers.
    ///
    /// # Errors
    ///
    /// [`ParseError`] if `unit` is no unit.
    pub fn new(value: f64, unit: &str, tolerance: Tolerance) -> Result<Self, ParseError> {
        let unit = Unit::parse(unit)?;
        Ok(Self { value, unit, tolerance, min_sigfigs: None, wrong: Vec::new() })
    }

    /// Adds a named wrong answer, its value in display units.
    #[must_use]
    pub fn wrong(mut self, id: &str, value: f64) -> Self {
        self.wrong.push(Wrong { id: id.to_owned(), value });
        self
    }

    /// Returns the right value as a quantity.
    #[must_use]
    pub fn quantity(&self) -> Quantity {
        Quantity::new(self.value, &self.unit)
    }

    /// Returns the right answer as text, with three significant figures or as many more as the tolerance asks for.
    #[must_use]
    pub fn display(&self) -> String {
        self.display_value(self.value)
    }

    /// Returns another value as text, in the display unit and with figures enough for this key's tolerance.
    #[must_use]
    pub fn display_value(&self, value: f64) -> String {
        let quantity = Quantity::new(value, &self.unit);
        let least = self.min_sigfigs.map_or(3, |n| usize::try_from(n).unwrap_or(3).max(3));
        // A tenth of the tolerance leaves room for the next reader's rounding.
        let enough = |n: &usize| self.tolerance.admits(format::round_to(value, *n), value, 0.1);
        let digits = (least..=17).find(enough).unwrap_or(17);
        format::in_unit(&quantity, &self.unit, digits)
    }

    /// Returns the verdict on typed text.
    ///
    /// # Cost
    ///
    /// A few microseconds; no more than 256 characters are looked at.
    #[must_use]
    pub fn grade(&self, text: &str) -> Verdict {
        let typed = match parse(text, Expect::dim(self.unit.dim())) {
            Ok(typed) => typed,
            Err(error) => return self.unreadable(&error),
        };
        let mut verdict = self.judge(text.trim(), &typed);
        verdict.understood = Some(typed.quantity);
        if typed.notes.contains(&Note::CapitalK) {
            verdict.remarks.push(Remark::CapitalK);
        }
        verdict
    }

    fn unreadable(&self, error: &ParseError) -> Verdict {
        let mut message = error.to_string();
        if matches!(error, ParseError::Unit { .. }) {
            message.push_str(&format!("; {}", self.wants()));
        }
        Verdict::new(Class::Unparsable, error.code(), message)
    }

    /// `this question wants bytes, for example `2.4 KiB``
    fn wants(&self) -> String {
        let (dim, nouns) = (self.unit.dim(), self.unit.nouns());
        let what = if dim.is_none() && !nouns.is_none() { nouns.to_string() } else { dim.wanted() };
        let what = if dim == Dim::FREQUENCY && !nouns.is_none() {
            format!("{nouns} per second")
        } else {
            what
        };
        format!("this question wants {what}, for example `{}`", dim.example(nouns))
    }

    fn judge(&self, text: &str, typed: &Typed) -> Verdict {
        let (got, want) = (typed.quantity, &self.unit);
        if !typed.has_unit && !want.dim().is_none() {
            let message = format!("{text} of what? {}", self.wants());
            return Verdict::new(Class::WrongUnit, MISSING_UNIT, message);
        }
        if got.dim() != want.dim() {
            let message = format!("{text} is {}; {}", got.dim().phrase(), self.wants());
            return Verdict::new(Class::WrongDimension, "dimension", message);
        }
        if typed.foreign.is_some() && want.dim().exponent(Base::Money) != 0 {
            let message = "there is no exchange rate here; answer in US dollars";
            return Verdict::new(Class::WrongDimension, "currency", message);
        }
        let mut omitted = false;
        for noun in Noun::ALL {
            match (got.nouns().exponent(noun), want.nouns().exponent(noun)) {
                (g, w) if g == w => {}
                (0, _) => omitted = true,
                _ => {
                    let message = format!("{text} counts {}; {}", got.nouns(), self.wants());
                    return Verdict::new(Class::WrongDimension, "kind", message);
                }
            }
        }
        let mut verdict = self.judge_value(got.value() / want.factor(), typed);
        if omitted {
            verdict.remarks.push(Remark::KindOmitted);
            if verdict.is_correct() {
                verdict.code = "kind-omitted".into();
                verdict.message = format!("right; the question counts {}", want.nouns());
            }
        }
        verdict
    }

    /// The value itself, in display units.
    fn judge_value(&self, got: f64, typed: &Typed) -> Verdict {
        let tolerance = self.tolerance;
        if tolerance.admits(got, self.value, 1.0) {
            return match (self.min_sigfigs, typed.sigfigs) {
                (Some(least), Some(figures)) if figures < least => {
                    let message =
                        format!("right so far; give at least {least} significant figures");
                    Verdict::new(Class::Close, "precision", message)
                }
                _ => Verdict::new(Class::Correct, "", "right"),
            };
        }
        let nearest = self
            .wrong
            .iter()
            .filter(|w| tolerance.admits(got, w.value, 1.0))
            .min_by(|a, b| (a.value - got).abs().total_cmp(&(b.value - got).abs()));
        if let Some(wrong) = nearest {
            let message = format!("that is the result of a known wrong turn: {}", wrong.id);
            return Verdict::new(Class::Misconception, wrong.id.clone(), message);
        }
        if let Some(verdict) = diagnose::diagnose(self, got, typed) {
            return verdict;
        }
        if tolerance != Tolerance::Exact && tolerance.admits(got, self.value, 3.0) {
            let message = match tolerance {
                Tolerance::Within { rel, .. } if rel > 0.0 => {
                    format!("close, but more than {} % off", format::number(rel * 100.0, 3))
                }
                _ => "close, but not close enough".to_owned(),
            };
            return Verdict::new(Class::Close, "near-miss", message);
        }
        Verdict::new(Class::Incorrect, "", "wrong")
    }
}
